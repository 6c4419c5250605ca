"""Section by section the known families: where in the network, and how strong, is drawn from all that each can take."""

import math
from collections.abc import Callable, Iterator

import torch
from benchmarks.initfaults.faults.fault import Fault, bias, middle, on_weights, parameters, places
from benchmarks.initfaults.faults.others import cast_to, cut, gains, garbage
from benchmarks.initfaults.net import Case, Net
from torch import Tensor

Maker = Callable[[Net], Iterator[Fault]]
Spot = tuple[str, tuple[str, ...]]
OWN_SUMS = ("fourier-operator", "damped-averages", "performer", "matrix-memory")  # float32 in their forward pass
CHAINS = (
    "tabular-pyramid", "house-prices", "ordinal-coral", "lecun-scaled-tanh", "sigmoid-squares", "leaky-two-classes",
    "unit-variance", "tangent-parametrised", "denoising-autoencoder", "gelu-picture", "sac-actor", "gaussian-dial",
    "flow-matching", "noise-contrast", "sphere-distance", "hamiltonian", "evidential", "zipf-prior", "n-pairs",
)  # fmt: skip


def spots(host: Net) -> tuple[Spot, ...]:
    """First, middle and last hidden weight, the earlier half, the later half, all with the head."""
    assert host.sites
    hidden = host.sites.hidden
    half = (len(hidden) + 1) // 2
    return (
        ("first", hidden[:1]), ("all", places(host)), ("middle", (middle(host),)), ("early", hidden[:half]),
        ("last", hidden[-1:]), ("late", hidden[-half:]),
    )  # fmt: skip


def ones(host: Net) -> tuple[Spot, ...]:
    """The spots of one layer, and all."""
    return tuple(spot for spot in spots(host) if spot[0] not in ("early", "late"))


def everywhere(family: str, host: Net, strengths: dict[str, Callable[[Tensor], object]], where: tuple[Spot, ...]):
    """Every strength at every spot, the spots in turn, so that neighbours differ in both."""
    words = list(strengths)
    for shift in range(len(words)):
        for i, (spot, names) in enumerate(where):
            word = words[(i + shift) % len(words)]
            yield on_weights(family, host, f"{spot}-{word}" if word else spot, names, strengths[word])


def zero_layer(host: Net) -> Iterator[Fault]:
    for spot, names in (*ones(host)[:1], *ones(host)[2:]):
        yield on_weights("zero-layer", host, spot, names, lambda w: w.zero_())


def zero_all(host: Net) -> Iterator[Fault]:
    for spot, names in spots(host):
        if spot in ("all", "late", "early"):
            yield on_weights("zero-all", host, spot, names, lambda w: w.zero_())


def constant(host: Net) -> Iterator[Fault]:
    strengths = {
        "fan": lambda w: w.fill_(1 / w[0].numel()), "0.5": lambda w: w.fill_(0.5), "0.01": lambda w: w.fill_(0.01),
        "1": lambda w: w.fill_(1.0),
    }  # fmt: skip
    yield from everywhere("constant", host, strengths, spots(host))


def copied_units(host: Net) -> Iterator[Fault]:
    """Rows copied from the first, or by pairs; in a chain, biases and the columns that read them as well."""
    assert host.sites
    chain = places(host)

    def all_same(w: Tensor) -> None:
        w.copy_(w[:1].clone().expand_as(w))

    def pairs(w: Tensor) -> None:
        n = len(w) // 2
        w[n : 2 * n] = w[:n].clone()

    if host.name in CHAINS:
        for index in sorted({0, len(host.sites.hidden) - 1}):
            name, reader = chain[index], chain[index + 1]

            def both(case: Case, name: str = name, reader: str = reader) -> None:
                all_same(parameters(case)[name].data)
                b = bias(case, name)
                if b is not None:
                    b.fill_(float(b[0]))
                w = parameters(case)[reader].data
                w.copy_(w[:, :1].clone().expand_as(w))

            label = f"{'first' if index == 0 else 'last'}-in-out"
            yield Fault(family="copied-units", host=host, label=label, places=(name, reader), inject=both)
    yield from everywhere("copied-units", host, {"in": all_same, "half": pairs}, spots(host))


def scaled_up(host: Net) -> Iterator[Fault]:
    strengths = {f"x{f}": (lambda w, f=f: w.mul_(f)) for f in (10, 100, 3, 30)}
    yield from everywhere("scaled-up", host, strengths, ones(host))


def scaled_down(host: Net) -> Iterator[Fault]:
    strengths = {f"/{f}": (lambda w, f=f: w.div_(f)) for f in (100, 10, 30, 3)}
    yield from everywhere("scaled-down", host, strengths, ones(host))


def normal_one(host: Net) -> Iterator[Fault]:
    yield from everywhere("normal-one", host, {"": lambda w: w.normal_()}, spots(host))


def uniform_positive(host: Net) -> Iterator[Fault]:
    yield from everywhere("uniform-positive", host, {"": lambda w: w.uniform_()}, spots(host))


def wrong_fan(host: Net) -> Iterator[Fault]:
    """In for out; a kernel's receptive field forgotten; the variance for the deviation."""
    strengths = {
        "swapped": lambda w: w.normal_(std=math.sqrt(2 / (w.numel() / w.shape[1]))),
        "variance": lambda w: w.normal_(std=2 / w[0].numel()),
        "field-forgotten": lambda w: w.normal_(std=math.sqrt(2 / w.shape[1])),
    }
    if all(parameters(host.case(0))[name].ndim == 2 for name in places(host)):
        strengths.pop("field-forgotten")
    yield from everywhere("wrong-fan", host, strengths, (spots(host)[1], *spots(host)[3:4], *spots(host)[5:]))


def wrong_gain(host: Net) -> Iterator[Fault]:
    """Hidden layers drawn with another activation's gain: linear, tanh's, SELU's, sigmoid's of some libraries."""
    assert host.sites
    for word, gain in (
        ("linear-1", 1.0),
        ("sigmoid-4", 4.0),
        ("selu-0.75", 0.75),
        ("tanh-1.67", 5 / 3),
        ("0.25", 0.25),
    ):
        yield on_weights(
            "wrong-gain", host, word, host.sites.hidden, lambda w, g=gain: w.normal_(std=g / math.sqrt(w[0].numel()))
        )


def rank_one(host: Net) -> Iterator[Fault]:
    def collapse(w: Tensor) -> None:
        flat = w.reshape(len(w), -1)
        product = torch.outer(torch.randn(len(flat)), torch.randn(flat.shape[1]))
        w.copy_((product * flat.norm() / product.norm()).reshape(w.shape))

    yield from everywhere("rank-one", host, {"": collapse}, spots(host))


def clones(host: Net) -> Iterator[Fault]:
    """A deep copy: all hidden weights of a shape equal; or each drawn after the same seed, at its own scale."""
    assert host.sites
    shapes = {name: tuple(p.shape) for name, p in parameters(host.case(0)).items()}
    same: dict[tuple[int, ...], list[str]] = {}
    for name in host.sites.hidden:
        same.setdefault(shapes[name], []).append(name)
    groups = [group for group in same.values() if len(group) > 1]
    reached = tuple(name for group in groups for name in group)

    def copy(case: Case) -> None:
        for group in groups:
            for name in group[1:]:
                parameters(case)[name].data.copy_(parameters(case)[group[0]].data)

    def seeded(case: Case) -> None:
        for name in reached:
            w = parameters(case)[name].data
            w.copy_(torch.randn(w.shape, generator=torch.Generator().manual_seed(0)) * w.std())

    if groups:
        yield Fault(family="clones", host=host, label="deep-copy", places=reached, inject=copy)
        yield Fault(family="clones", host=host, label="reseeded", places=reached, inject=seeded)


def negative_bias(host: Net) -> Iterator[Fault]:
    assert host.sites
    if host.sites.activation != "relu":
        return
    known = parameters(host.case(0))
    for share, (spot, names) in zip((1.0, 1.0, 0.6, 1.0, 0.6, 0.2), spots(host), strict=True):
        hidden = [
            n for n in names if n in host.sites.hidden and n.replace("weight", "bias") in known and n.endswith("weight")
        ]

        def push(case: Case, hidden: list[str] = hidden, share: float = share) -> None:
            for name in hidden:
                b = bias(case, name)
                assert b is not None
                b[: round(share * len(b))] = -20.0

        reached = tuple(n for name in hidden for n in (name, name.replace("weight", "bias")))
        if hidden:
            yield Fault(family="negative-bias", host=host, label=f"{spot}-{share:.0%}", places=reached, inject=push)


def saturated(host: Net) -> Iterator[Fault]:
    assert host.sites
    if host.sites.activation not in ("tanh", "sigmoid", "lstm"):
        return
    strengths = {f"x{f}": (lambda w, f=f: w.mul_(f)) for f in (50, 200)}
    yield from everywhere("saturated", host, strengths, tuple((s, tuple(n for n in names if n != host.sites.head))  # type: ignore[union-attr]
                                                              for s, names in spots(host)))  # fmt: skip


def head_scale(host: Net) -> Iterator[Fault]:
    assert host.sites
    if host.sites.head:
        for word, factor in (("x30", 30.0), ("x100", 100.0), ("x300", 300.0), ("/1000", 1e-3)):
            yield on_weights("head-scale", host, word, (host.sites.head,), lambda w, f=factor: w.mul_(f))


def head_bias(host: Net) -> Iterator[Fault]:
    assert host.sites
    head = host.sites.head
    if not head or bias(host.case(0), head) is None:
        return
    for word, change in (
        ("first-30", lambda b: b[:1].fill_(30.0)), ("normal-10", lambda b: b.normal_(std=10.0)),
        ("all--20", lambda b: b.fill_(-20.0)), ("last-8", lambda b: b[-1:].fill_(8.0)),
    ):  # fmt: skip

        def put(case: Case, change: Callable[[Tensor], object] = change) -> None:
            b = bias(case, head)
            assert b is not None
            change(b)

        yield Fault(
            family="head-bias", host=host, label=word, places=(head.replace("weight", "bias"), head), inject=put
        )


def tied_embedding(host: Net) -> Iterator[Fault]:
    name = host.sites and host.sites.embedding
    if host.sites and name and host.sites.head is None:
        for std in (1.0, 0.5, 3.0, 8.0):
            yield on_weights("tied-embedding", host, f"std-{std:g}", (name,), lambda w, s=std: w.normal_(std=s))


def norm_gain(host: Net) -> Iterator[Fault]:
    found = gains(host)
    for word, names in (("all", found), ("first", found[:1]), ("last", found[-1:])):

        def draw(case: Case, names: tuple[str, ...] = names) -> None:
            for name in names:
                parameters(case)[name].data.normal_(std=0.02)

        if names:
            yield Fault(family="norm-gain", host=host, label=f"{word}-0.02", places=names, inject=draw)


def lora_zero(host: Net) -> Iterator[Fault]:
    pairs = host.sites.lora if host.sites else ()
    for word, chosen in (("all", pairs), ("first", pairs[:1]), ("last", pairs[-1:])):
        names = tuple(name for pair in chosen for name in pair)

        def zero(case: Case, names: tuple[str, ...] = names) -> None:
            for name in names:
                parameters(case)[name].data.zero_()

        if names:
            yield Fault(family="lora-zero", host=host, label=word, places=names, inject=zero)


BRANCHES = {
    "pre-activated": [(f"norm2.{i}.weight", f"conv2.{i}.weight") for i in range(3)],
    "graph-biases": [("up.weight", "up.bias", "down.weight")],
    "impala": [(f"first.{i}.weight", f"first.{i}.bias", f"second.{i}.weight") for i in (0, 1)],
    "n-beats": [(f"second.{i}.weight", f"second.{i}.bias", f"heads.{i}.weight", f"back.{i}.weight") for i in range(3)],
    "glow": [(f"first.{i}.weight", f"first.{i}.bias", f"last.{i}.weight") for i in range(3)],
    "equivariant": [(f"edge2.{i}.weight", f"edge2.{i}.bias", f"node.{i}.weight") for i in (0, 1)],
    "vera": [(f"fc{i}.d", f"fc{i}.b") for i in (1, 2)],
    "decision-transformer": [(f"layers.{i}.linear1.weight", f"layers.{i}.linear1.bias", f"layers.{i}.linear2.weight")
                             for i in (0, 1)],
}  # fmt: skip


def closed_gate(host: Net) -> Iterator[Fault]:
    """The factor and what it multiplies, both zero: neither ever gets a gradient."""
    branches = BRANCHES.get(host.name, [])
    for word, chosen in (("all", branches), ("first", branches[:1])):
        names = tuple(name for branch in chosen for name in branch)

        def shut(case: Case, names: tuple[str, ...] = names) -> None:
            for name in names:
                parameters(case)[name].data.zero_()

        if names:
            yield Fault(family="closed-gate", host=host, label=word, places=names, inject=shut)


def not_finite(host: Net) -> Iterator[Fault]:
    def one(w: Tensor) -> None:
        w.reshape(-1)[len(w.reshape(-1)) // 2] = float("nan")

    strengths = {"nan": one, "inf-row": lambda w: w[-1].fill_(float("inf"))}
    yield from everywhere("nan", host, strengths, ones(host))


def huge_row(host: Net) -> Iterator[Fault]:
    strengths = {"1e30": lambda w: w[0].fill_(1e30), "1e8": lambda w: w[-1].fill_(1e8)}
    yield from everywhere("huge-row", host, strengths, ones(host))


def half_precision(host: Net) -> Iterator[Fault]:
    if host.name not in OWN_SUMS:
        for word, factor in (("cast-/30", 1 / 30), ("cast-x30", 30.0), ("cast-/300", 1 / 300), ("cast", 1.0)):
            yield cast_to(host, word, factor)


def uninitialised(host: Net) -> Iterator[Fault]:
    """Zero pages; another program's bits; pages that held another tensor of this one."""
    assert host.sites
    every = tuple(parameters(host.case(0)))

    def pages(case: Case) -> None:
        for p in case.model.parameters():
            p.data.zero_()

    def recycled(case: Case) -> None:
        source = max((p.data.reshape(-1) for p in case.model.parameters()), key=len).clone()
        for name in host.sites.hidden:  # type: ignore[union-attr]
            w = parameters(case)[name].data
            w.copy_(source.repeat(w.numel() // len(source) + 1)[: w.numel()].view_as(w).abs() * 20)

    yield Fault(family="to-empty", host=host, label="zero-pages", places=every, inject=pages)
    mild = {"garbage": garbage, "garbage-1e3": lambda w: (garbage(w), w.nan_to_num_(0).clamp_(-1e3, 1e3))}
    yield from everywhere("to-empty", host, mild, ones(host))
    yield Fault(family="to-empty", host=host, label="recycled", places=host.sites.hidden, inject=recycled)


def frozen(host: Net) -> Iterator[Fault]:
    assert host.sites
    body = (*host.sites.hidden, *(name for name in (host.sites.embedding,) if name))
    for word, names in (*spots(host)[3:4], ("all-but-head", body), *spots(host)[:3], *spots(host)[4:]):

        def freeze(case: Case, names: tuple[str, ...] = names) -> None:
            for name in names:
                parameters(case)[name].requires_grad_(False)

        yield Fault(family="frozen", host=host, label=word, places=names, inject=freeze)


def _reached(host: Net, owner: str) -> bool:
    """Whether the forward pass calls that module, and it gives one tensor."""
    seen: list[object] = []
    case = host.case(0)
    case.model.get_submodule(owner).register_forward_hook(lambda _m, _i, out: seen.append(isinstance(out, Tensor)))
    with torch.no_grad():
        case.objective()
    return bool(seen) and all(seen)


def detached(host: Net) -> Iterator[Fault]:
    """What a layer gives, cut from the graph."""
    for word, names in (*spots(host)[4:5], *spots(host)[2:3], *spots(host)[:1]):
        owner = names[-1].rpartition(".")[0]
        if owner and _reached(host, owner):
            inside = tuple(name for name in parameters(host.case(0)) if name.startswith(owner + "."))
            yield Fault(
                family="detached", host=host, label=word, places=inside, inject=lambda case, o=owner: cut(case, o)
            )


def overwritten(host: Net) -> Iterator[Fault]:
    """Every matrix and kernel drawn again by a parent: N(0, 0.02²), N(0, 0.2²), U(0, 0.1), one constant, U(±0.5)."""
    every = tuple(name for name, p in parameters(host.case(0)).items() if p.ndim > 1)
    for word, change in (
        ("normal-0.02", lambda w: w.normal_(std=0.02)), ("uniform-0.5", lambda w: w.uniform_(-0.5, 0.5)),
        ("constant-0.05", lambda w: w.fill_(0.05)), ("normal-0.001", lambda w: w.normal_(std=0.001)),
        ("positive-0.1", lambda w: w.uniform_(0, 0.1)),
    ):  # fmt: skip
        yield on_weights("overwritten", host, word, every, change)


ALWAYS: tuple[Maker, ...] = (tied_embedding, lora_zero, closed_gate)
RARE: tuple[Maker, ...] = (clones, saturated, norm_gain)
KNOWN: tuple[Maker, ...] = (
    zero_layer, scaled_up, copied_units, constant, scaled_down, negative_bias, normal_one, wrong_fan, uniform_positive,
    wrong_gain, scaled_up, head_scale, rank_one, head_bias, not_finite, copied_units, huge_row, half_precision,
    scaled_down, uninitialised, frozen, zero_all, detached, overwritten, negative_bias,
)  # fmt: skip

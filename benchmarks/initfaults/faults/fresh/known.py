"""The older families of faults in the fresh networks: at the first, the last or the third layer, at other strengths."""

import math
from collections.abc import Callable, Iterator

import torch
from benchmarks.initfaults.faults.fault import Fault, bias, on_weights, parameters, places
from benchmarks.initfaults.faults.others import cast_to, cut, gains, garbage
from benchmarks.initfaults.net import Case, Net
from torch import Tensor

Maker = Callable[[Net, int], Iterator[Fault]]
SPOTS = ("first", "last", "third")
NO_HALF = (
    "fnet",
    "spectrogram",
    "pinn",
    "alibi",
    "graph-convolution",
    "rotary-swiglu-tied",
    "neural-ode",
)  # their own sums are in float32


def spot(host: Net, turn: int) -> tuple[str, str]:
    """Where one layer is broken: the first hidden weight, the last, or that of a third of the depth; and its word."""
    assert host.sites
    hidden = host.sites.hidden
    return (hidden[0], hidden[-1], hidden[len(hidden) // 3])[turn % 3], SPOTS[turn % 3]


def early(host: Net) -> tuple[str, ...]:
    assert host.sites
    return host.sites.hidden[: (len(host.sites.hidden) + 1) // 2]


def late(host: Net) -> tuple[str, ...]:
    assert host.sites
    return host.sites.hidden[len(host.sites.hidden) // 2 :]


def once(family: str, host: Net, turn: int, strength: str, change: Callable[[Tensor], object]) -> Fault:
    """A fault of one layer."""
    name, word = spot(host, turn)
    return on_weights(family, host, f"{word}-{strength}" if strength else word, (name,), change)


def zero_layer(host: Net, turn: int) -> Iterator[Fault]:
    yield once("zero-layer", host, turn, "", lambda w: w.zero_())


def zero_all(host: Net, _: int) -> Iterator[Fault]:
    yield on_weights("zero-all", host, "early", early(host), lambda w: w.zero_())
    yield on_weights("zero-all", host, "late", late(host), lambda w: w.zero_())


def constant(host: Net, turn: int) -> Iterator[Fault]:
    yield once("constant", host, turn, "0.1", lambda w: w.fill_(0.1))
    yield on_weights("constant", host, "late-std", late(host), lambda w: w.fill_(float(w.std())))


def copied_units(host: Net, turn: int) -> Iterator[Fault]:
    """Three quarters of the units, or all, equal to the first."""
    yield once(
        "copied-units", host, turn, "most", lambda w: w[len(w) // 4 :].copy_(w[:1].clone().expand_as(w[len(w) // 4 :]))
    )
    yield once("copied-units", host, turn, "all", lambda w: w.copy_(w[:1].clone().expand_as(w)))


def scaled_up(host: Net, turn: int) -> Iterator[Fault]:
    yield on_weights("scaled-up", host, "early-x5", early(host), lambda w: w.mul_(5))
    yield on_weights("scaled-up", host, "late-x15", late(host), lambda w: w.mul_(15))
    yield once("scaled-up", host, turn, "x50", lambda w: w.mul_(50))


def scaled_down(host: Net, turn: int) -> Iterator[Fault]:
    yield on_weights("scaled-down", host, "all-/6", places(host), lambda w: w.div_(6))
    yield on_weights("scaled-down", host, "early-/50", early(host), lambda w: w.div_(50))
    yield once("scaled-down", host, turn, "/1000", lambda w: w.div_(1000))


def normal_one(host: Net, turn: int) -> Iterator[Fault]:
    yield once("normal-one", host, turn, "std-1", lambda w: w.normal_())
    yield on_weights("normal-one", host, "late-std-0.5", late(host), lambda w: w.normal_(std=0.5))


def uniform_positive(host: Net, turn: int) -> Iterator[Fault]:
    yield once("uniform-positive", host, turn, "0-1", lambda w: w.uniform_())
    yield on_weights("uniform-positive", host, "early-0-0.3", early(host), lambda w: w.uniform_(0, 0.3))


def wrong_fan(host: Net, turn: int) -> Iterator[Fault]:
    """Divided by all elements; multiplied by the root of the fan; the fan of one channel."""
    yield on_weights("wrong-fan", host, "all-elements", places(host), lambda w: w.normal_(std=math.sqrt(2 / w.numel())))
    yield once("wrong-fan", host, turn, "times-root", lambda w: w.normal_(std=math.sqrt(w[0].numel())))
    yield on_weights(
        "wrong-fan", host, "early-root-of-root", early(host), lambda w: w.normal_(std=w[0].numel() ** -0.25)
    )


def wrong_gain(host: Net, _: int) -> Iterator[Fault]:
    assert host.sites
    for gain in (3.0, 0.3):
        yield on_weights(
            "wrong-gain",
            host,
            f"gain-{gain:g}",
            host.sites.hidden,
            lambda w, g=gain: w.normal_(std=g / math.sqrt(w[0].numel())),
        )


def rank_one(host: Net, turn: int) -> Iterator[Fault]:
    """A product of two thin matrices of the same norm."""

    def collapse(w: Tensor, rank: int) -> None:
        flat = w.reshape(len(w), -1)
        product = torch.randn(len(flat), rank) @ torch.randn(rank, flat.shape[1])
        w.copy_((product * flat.norm() / product.norm()).reshape(w.shape))

    yield once("rank-one", host, turn, "rank-2", lambda w: collapse(w, 2))
    yield on_weights("rank-one", host, "late-rank-1", late(host), lambda w: collapse(w, 1))


def clones(host: Net, _: int) -> Iterator[Fault]:
    """Each weight equal to the one before it where their shapes agree, two by two."""
    assert host.sites
    shapes = {name: p.shape for name, p in parameters(host.case(0)).items()}
    same: dict[object, list[str]] = {}
    for name in host.sites.hidden:
        same.setdefault(shapes[name], []).append(name)
    pairs = [(group[i], group[i + 1]) for group in same.values() for i in range(0, len(group) - 1, 2)]

    def copy(case: Case) -> None:
        for source, target in pairs:
            parameters(case)[target].data.copy_(parameters(case)[source].data)

    if pairs:
        yield Fault(family="clones", host=host, label="pairs", places=tuple(n for p in pairs for n in p), inject=copy)


def negative_bias(host: Net, _: int) -> Iterator[Fault]:
    assert host.sites
    if host.sites.activation != "relu" or bias(host.case(0), host.sites.hidden[0]) is None:
        return
    name = host.sites.hidden[0]
    for share in (0.4, 0.9, 1.0):

        def push(case: Case, share: float = share) -> None:
            b = bias(case, name)
            assert b is not None
            b[: round(share * len(b))] = -12.0

        label, reached = f"first-{share:.0%}", (name, name.replace("weight", "bias"))
        yield Fault(family="negative-bias", host=host, label=label, places=reached, inject=push)


def saturated(host: Net, turn: int) -> Iterator[Fault]:
    assert host.sites
    if host.sites.activation in ("tanh", "lstm"):
        yield on_weights("saturated", host, "early-x20", early(host), lambda w: w.mul_(20))
        yield once("saturated", host, turn, "x100", lambda w: w.mul_(100))


def head_scale(host: Net, _: int) -> Iterator[Fault]:
    assert host.sites
    if host.sites.head:
        yield on_weights("head-scale", host, "x100", (host.sites.head,), lambda w: w.mul_(100))
        yield on_weights("head-scale", host, "/1e5", (host.sites.head,), lambda w: w.div_(1e5))
        yield on_weights("head-scale", host, "x12", (host.sites.head,), lambda w: w.mul_(12))


def head_bias(host: Net, _: int) -> Iterator[Fault]:
    assert host.sites
    head = host.sites.head
    if not head or bias(host.case(0), head) is None:
        return

    def put(case: Case) -> None:
        b = bias(case, head)
        assert b is not None
        b[-1] = 60.0

    reached = (head.replace("weight", "bias"), head)
    yield Fault(family="head-bias", host=host, label="last-60", places=reached, inject=put)


def embedding_scale(host: Net, _: int) -> Iterator[Fault]:
    assert host.sites
    name = host.sites.embedding
    if name and host.sites.head is None:
        for std in (2.0, 0.6):
            yield on_weights("tied-embedding", host, f"std-{std:g}", (name,), lambda w, s=std: w.normal_(std=s))


def norm_gain(host: Net, _: int) -> Iterator[Fault]:
    found = gains(host)

    def draw(case: Case) -> None:
        for name in found:
            parameters(case)[name].data.normal_(std=0.3)

    if found:
        yield Fault(family="norm-gain", host=host, label="normal-0.3", places=found, inject=draw)


def overwritten(host: Net, _: int) -> Iterator[Fault]:
    """Every matrix and kernel drawn again by a careless parent: U(±0.001), or N(0, 0.3²)."""
    every = tuple(name for name, p in parameters(host.case(0)).items() if p.ndim > 1)

    def draw(case: Case, wide: bool) -> None:
        for name in every:
            w = parameters(case)[name].data
            w.normal_(std=0.3) if wide else w.uniform_(-1e-3, 1e-3)

    for label, wide in (("uniform-0.001", False), ("normal-0.3", True)):
        yield Fault(
            family="overwritten", host=host, label=label, places=every, inject=lambda case, wide=wide: draw(case, wide)
        )


def lora_zero(host: Net, _: int) -> Iterator[Fault]:
    assert host.sites
    for label, chosen in (("last", host.sites.lora[-1:]), ("all", host.sites.lora)):
        names = tuple(name for pair in chosen for name in pair)

        def zero(case: Case, names: tuple[str, ...] = names) -> None:
            for name in names:
                parameters(case)[name].data.zero_()

        if names:
            yield Fault(family="lora-zero", host=host, label=label, places=names, inject=zero)


def closed_gate(host: Net, _: int) -> Iterator[Fault]:
    """Gates at zero over branches that end in zeros."""
    assert host.sites
    gates = host.sites.gates
    ends = tuple(name for name in host.sites.hidden if name.endswith(("out.weight", "down.weight", "conv2.weight")))
    for label, count in (("all", len(gates)), ("half", len(gates) // 2)):
        names = (
            *gates[:count],
            *(name for name in ends if any(name.startswith(gate.rpartition(".")[0] + ".") for gate in gates[:count])),
        )

        def shut(case: Case, names: tuple[str, ...] = names) -> None:
            for name in names:
                parameters(case)[name].data.zero_()

        if gates:
            yield Fault(family="closed-gate", host=host, label=label, places=names, inject=shut)


def not_finite(host: Net, turn: int) -> Iterator[Fault]:
    def one(w: Tensor) -> None:
        w.reshape(-1)[-1] = float("inf")

    yield once("nan", host, turn, "inf", one)


def huge_row(host: Net, turn: int) -> Iterator[Fault]:
    yield once("huge-row", host, turn, "1e4", lambda w: w[-1].fill_(1e4))
    yield once("huge-row", host, turn, "-1e12", lambda w: w[-1].fill_(-1e12))


def half_precision(host: Net, _: int) -> Iterator[Fault]:
    """The whole model in float16 with weights a thirtieth as large."""
    assert host.sites
    if host.sites.activation != "lstm" and host.name not in NO_HALF:
        yield cast_to(host, "cast-/30", 1 / 30)


def uninitialised(host: Net, turn: int) -> Iterator[Fault]:
    yield once("to-empty", host, turn, "garbage", garbage)
    yield once("to-empty", host, turn, "garbage-30", lambda w: (garbage(w), w.nan_to_num_(0).clamp_(-30, 30)))


def frozen(host: Net, _: int) -> Iterator[Fault]:
    assert host.sites
    body = (*host.sites.hidden, *(name for name in (host.sites.embedding,) if name))
    for label, names in (("early", early(host)), ("all-but-head", body)):

        def freeze(case: Case, names: tuple[str, ...] = names) -> None:
            for name in names:
                parameters(case)[name].requires_grad_(False)

        yield Fault(family="frozen", host=host, label=label, places=names, inject=freeze)


def detached(host: Net, turn: int) -> Iterator[Fault]:
    """The output of the first block, or of the module of one layer, cut from the graph."""
    assert host.sites
    owner = host.sites.blocks[0] if host.sites.blocks else spot(host, turn)[0].rpartition(".")[0]
    model = host.case(0).model
    if type(model.get_submodule(owner)).__name__ not in ("GRU", "LSTM", "GRUCell"):
        inside = tuple(name for name in parameters(host.case(0)) if name.startswith(owner + "."))
        yield Fault(family="detached", host=host, label=owner, places=inside, inject=lambda case: cut(case, owner))


COMMON: tuple[Maker, ...] = (
    zero_layer, constant, scaled_up, normal_one, uniform_positive, wrong_fan, scaled_down, copied_units, rank_one,
    overwritten, wrong_gain, not_finite, huge_row, half_precision, uninitialised, frozen, detached, zero_all,
)  # fmt: skip
RARE: tuple[Maker, ...] = (clones, negative_bias, saturated, head_scale, head_bias, norm_gain)
ALWAYS: tuple[Maker, ...] = (embedding_scale, closed_gate, lora_zero)

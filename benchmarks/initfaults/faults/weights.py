"""Faults of the weights' law: zero, constant, copied, scaled, not centred, wrong fan, wrong gain, low rank, clones."""

import math
from collections.abc import Iterator

import torch
from benchmarks.initfaults.faults.fault import Fault, bias, middle, on_weights, parameters, places, units
from benchmarks.initfaults.net import Case, Net
from torch import Tensor


def zero_layer(host: Net) -> Iterator[Fault]:
    yield on_weights("zero-layer", host, "middle", (middle(host),), lambda w: w.zero_())


def zero_all(host: Net) -> Iterator[Fault]:
    yield on_weights("zero-all", host, "all", places(host), lambda w: w.zero_())


def constant(host: Net) -> Iterator[Fault]:
    def fill(w: Tensor) -> None:
        w.fill_(1 / w[0].numel())

    yield on_weights("constant", host, "middle", (middle(host),), fill)
    yield on_weights("constant", host, "all", places(host), fill)


def copied_units(host: Net) -> Iterator[Fault]:
    """The rows of one layer copied; and the columns that read them as well, so that nothing tells the units apart."""
    name = middle(host)

    def half(w: Tensor) -> None:
        n = len(w) // 2
        w[n : 2 * n] = w[:n].clone()

    def same(w: Tensor) -> None:
        w[1:] = w[:1].clone()

    yield on_weights("copied-units", host, "in-half", (name,), half)
    yield on_weights("copied-units", host, "in-all", (name,), same)
    reader = _reader(host, name)
    if reader:

        def both(case: Case) -> None:
            same(units(case, name))
            w = units(case, reader)
            w[:, 1:] = w[:, :1].clone()

        yield Fault(family="copied-units", host=host, label="in-out", places=(name, reader), inject=both)


def _reader(host: Net, name: str) -> str | None:
    """The weight that reads the units of `name`, where one layer alone does."""
    assert host.sites
    if (
        name.startswith("fc")
        and "." in name
        and host.family.startswith(("mlp", "regression", "circles", "multi", "auto"))
    ):
        chain = (*host.sites.hidden, host.sites.head or "")
        return chain[chain.index(name) + 1]
    return name.replace("first", "second") if name.endswith("first.weight") else None


def scaled_up(host: Net) -> Iterator[Fault]:
    for factor in (10, 100):
        yield on_weights("scaled-up", host, f"middle-x{factor}", (middle(host),), lambda w, f=factor: w.mul_(f))
    for factor in (3, 10, 30):
        yield on_weights("scaled-up", host, f"all-x{factor}", places(host), lambda w, f=factor: w.mul_(f))


def scaled_down(host: Net) -> Iterator[Fault]:
    for factor in (30, 100):
        yield on_weights("scaled-down", host, f"middle-/{factor}", (middle(host),), lambda w, f=factor: w.div_(f))
    for factor in (3, 10, 30):
        yield on_weights("scaled-down", host, f"all-/{factor}", places(host), lambda w, f=factor: w.div_(f))


def normal_one(host: Net) -> Iterator[Fault]:
    yield on_weights("normal-one", host, "middle", (middle(host),), lambda w: w.normal_())
    yield on_weights("normal-one", host, "all", places(host), lambda w: w.normal_())


def uniform_positive(host: Net) -> Iterator[Fault]:
    yield on_weights("uniform-positive", host, "middle", (middle(host),), lambda w: w.uniform_())
    yield on_weights("uniform-positive", host, "all", places(host), lambda w: w.uniform_())


def wrong_fan(host: Net) -> Iterator[Fault]:
    """The standard deviation where the variance belongs; fans swapped; a kernel's receptive field forgotten."""

    def variance(w: Tensor) -> None:
        w.normal_(std=2 / w[0].numel())

    def swapped(w: Tensor) -> None:
        w.normal_(std=math.sqrt(2 / (w.numel() / w.shape[1])))

    def forgotten(w: Tensor) -> None:
        w.normal_(std=math.sqrt(2 / w.shape[1]))

    yield on_weights("wrong-fan", host, "std-is-variance", places(host), variance)
    yield on_weights("wrong-fan", host, "swapped", places(host), swapped)
    if host.family.startswith(("cnn", "small-resnet")):
        assert host.sites
        yield on_weights("wrong-fan", host, "kernel-forgotten", host.sites.hidden, forgotten)


def wrong_gain(host: Net) -> Iterator[Fault]:
    """Hidden layers drawn for another activation: the square root of two lost, or put where it does not belong."""
    assert host.sites
    gains = {"relu": (1.0, 0.5), "leaky": (1.0, 0.5), "gelu": (1.0, 0.5), "silu": (1.0, 0.5), "tanh": (2.0, 0.5)}
    gains |= {"selu": (math.sqrt(2), 0.5), "sigmoid": (1.0, 0.25), "lstm": (2.0, 0.5)}
    for gain in gains[host.sites.activation]:

        def draw(w: Tensor, gain: float = gain) -> None:
            w.normal_(std=gain / math.sqrt(w[0].numel()))

        yield on_weights("wrong-gain", host, f"gain-{gain:.2g}", host.sites.hidden, draw)


def rank_one(host: Net) -> Iterator[Fault]:
    def collapse(w: Tensor) -> None:
        flat = w.reshape(len(w), -1)
        product = torch.outer(torch.randn(len(flat)), torch.randn(flat.shape[1]))
        w.copy_((product * flat.norm() / product.norm()).reshape(w.shape))

    assert host.sites
    yield on_weights("rank-one", host, "middle", (middle(host),), collapse)
    yield on_weights("rank-one", host, "hidden", host.sites.hidden, collapse)


def clones(host: Net) -> Iterator[Fault]:
    """Every hidden weight of one shape equal to the first of them: a deep copy, or a generator made anew."""
    assert host.sites
    groups: dict[tuple[int, ...], list[str]] = {}
    known = {name: p.shape for name, p in parameters(host.case(0)).items()}
    for name in host.sites.hidden:
        groups.setdefault(tuple(known[name]), []).append(name)
    largest = max(groups.values(), key=len)
    if len(largest) < 2:
        return

    def copy(case: Case) -> None:
        weights = parameters(case)
        for name in largest[1:]:
            weights[name].data.copy_(weights[largest[0]].data)

    yield Fault(family="clones", host=host, label="same-shape", places=tuple(largest), inject=copy)


def negative_bias(host: Net) -> Iterator[Fault]:
    """A share of the units of one layer, or of all, pushed so far down that no input of the batch opens them."""
    assert host.sites
    if host.sites.activation != "relu" or host.family.startswith(("mlp-ln", "mlp-bn", "cnn-bn", "small-resnet")):
        return
    for label, names, share in (
        ("middle-20%", (middle(host),), 0.2), ("middle-60%", (middle(host),), 0.6),
        ("middle-100%", (middle(host),), 1.0), ("all-60%", host.sites.hidden, 0.6),
    ):  # fmt: skip

        def push(case: Case, names: tuple[str, ...] = names, share: float = share) -> None:
            for name in names:
                b = bias(case, name)
                if b is not None:
                    b[: round(share * len(b))] = -30.0

        reached = tuple(n for name in names for n in (name, name.replace("weight", "bias")))
        yield Fault(family="negative-bias", host=host, label=label, places=reached, inject=push)


def saturated(host: Net) -> Iterator[Fault]:
    assert host.sites
    if host.sites.activation not in ("tanh", "sigmoid", "lstm"):
        return
    yield on_weights("saturated", host, "middle-x50", (middle(host),), lambda w: w.mul_(50))
    yield on_weights("saturated", host, "hidden-x30", host.sites.hidden, lambda w: w.mul_(30))

    def lift(case: Case) -> None:
        b = bias(case, middle(host))
        assert b is not None
        b.fill_(20.0)

    reached = (middle(host), middle(host).replace("weight", "bias"))
    yield Fault(family="saturated", host=host, label="bias-20", places=reached, inject=lift)


def head_scale(host: Net) -> Iterator[Fault]:
    assert host.sites
    if host.sites.head:
        yield on_weights("head-scale", host, "x30", (host.sites.head,), lambda w: w.mul_(30))


def head_bias(host: Net) -> Iterator[Fault]:
    """A bias of 30 on the first output, or N(0, 10²) on all."""
    assert host.sites
    head = host.sites.head
    if not head or bias(host.case(0), head) is None:
        return
    for label in ("first-30", "normal-10"):

        def put(case: Case, label: str = label) -> None:
            b = bias(case, head)
            assert b is not None
            if label == "first-30":
                b[0] = 30.0
            else:
                b.normal_(std=10)

        yield Fault(
            family="head-bias", host=host, label=label, places=(head.replace("weight", "bias"), head), inject=put
        )


def embedding_scale(host: Net) -> Iterator[Fault]:
    """Torch's N(0, 1) where the embedding is also the head; a hundred times what was drawn where it is not."""
    assert host.sites
    name = host.sites.embedding
    if name and host.sites.head is None:
        yield on_weights("tied-embedding", host, "std-1", (name,), lambda w: w.normal_())
        yield on_weights("tied-embedding", host, "std-0.3", (name,), lambda w: w.normal_(std=0.3))
        yield on_weights("tied-embedding", host, "std-5", (name,), lambda w: w.normal_(std=5))


WEIGHTS = (
    zero_layer, zero_all, constant, copied_units, scaled_up, scaled_down, normal_one, uniform_positive, wrong_fan,
    wrong_gain, rank_one, clones, negative_bias, saturated, head_scale, head_bias, embedding_scale,
)  # fmt: skip

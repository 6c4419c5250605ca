"""Faults beside the weights' law: norm gains, gates, adapters, memory, dtype, what is frozen or cut, double draws."""

from collections.abc import Iterator
from dataclasses import replace

import torch
from benchmarks.initfaults.faults.fault import Fault, middle, on_weights, parameters, places
from benchmarks.initfaults.net import Case, Net
from torch import Tensor, nn

NORMS = (nn.LayerNorm, nn.BatchNorm1d, nn.BatchNorm2d, nn.GroupNorm)


def gains(host: Net) -> tuple[str, ...]:
    """The weights of every normalisation, Transformers' RMS norms among them."""
    model = host.case(0).model
    return tuple(
        f"{name}.weight"
        for name, module in model.named_modules()
        if (isinstance(module, NORMS) or "RMSNorm" in type(module).__name__) and module.weight is not None
    )


def norm_gain(host: Net) -> Iterator[Fault]:
    """Gains drawn as weights are, N(0, 0.02²): every sign random (the first BERT port)."""
    found = gains(host)

    def draw(case: Case) -> None:
        for name in found:
            parameters(case)[name].data.normal_(std=0.02)

    if found:
        yield Fault(family="norm-gain", host=host, label="normal-0.02", places=found, inject=draw)


def overwritten(host: Net) -> Iterator[Fault]:
    """A parent that draws every weight N(0, 0.02²) after its children drew theirs; or fills all with one constant."""
    every = tuple(name for name, p in parameters(host.case(0)).items() if name.endswith("weight") or "weight_" in name)

    def draw(case: Case) -> None:
        for name in every:
            parameters(case)[name].data.normal_(std=0.02)

    def fill(case: Case) -> None:
        for name in every:
            parameters(case)[name].data.fill_(0.02)

    yield Fault(family="overwritten", host=host, label="normal-0.02", places=every, inject=draw)
    yield Fault(family="overwritten", host=host, label="constant-0.02", places=every, inject=fill)


def lora_zero(host: Net) -> Iterator[Fault]:
    assert host.sites
    pairs = host.sites.lora
    if not pairs:
        return
    for label, chosen in (("all", pairs), ("first", pairs[:1])):
        names = tuple(name for pair in chosen for name in pair)

        def zero(case: Case, names: tuple[str, ...] = names) -> None:
            for name in names:
                parameters(case)[name].data.zero_()

        yield Fault(family="lora-zero", host=host, label=label, places=names, inject=zero)


def closed_gate(host: Net) -> Iterator[Fault]:
    """A gate at zero over a branch that ends in zeros: neither factor ever gets a gradient."""
    assert host.sites
    gates = host.sites.gates
    if not gates:
        return
    for label, chosen in (("all", gates), ("first", gates[:1])):
        ends = [gate.replace("gain", f"second.{part}") for gate in chosen for part in ("weight", "bias")]
        names = (*chosen, *ends)

        def shut(case: Case, names: tuple[str, ...] = names) -> None:
            for name in names:
                parameters(case)[name].data.zero_()

        yield Fault(family="closed-gate", host=host, label=label, places=names, inject=shut)


def not_finite(host: Net) -> Iterator[Fault]:
    def one(w: Tensor) -> None:
        w.reshape(-1)[0] = float("nan")

    yield on_weights("nan", host, "one-element", (middle(host),), lambda w: w[0].fill_(float("nan")))
    yield on_weights("nan", host, "head", (places(host)[-1],), one)


def huge_row(host: Net) -> Iterator[Fault]:
    yield on_weights("huge-row", host, "1e30", (middle(host),), lambda w: w[0].fill_(1e30))
    yield on_weights("huge-row", host, "1e6", (middle(host),), lambda w: w[0].fill_(1e6))


def half_precision(host: Net) -> Iterator[Fault]:
    """The whole model and its inputs in float16, without a loss scale; then with weights a third as large."""
    if host.sites and host.sites.activation == "lstm":
        return
    for label, factor in (("cast", 1.0), ("cast-/10", 0.1)):
        yield cast_to(host, label, factor)


def cast_to(host: Net, label: str, factor: float) -> Fault:
    """The model and its inputs in float16, its weights multiplied by a factor, the loss in float32."""

    def cast(case: Case) -> Case:
        for name in places(host):
            parameters(case)[name].data.mul_(factor)
        low = [t.half() if t.is_floating_point() else t for t in (case.x, case.y)]
        data = case.data and tuple(t.half() if t.is_floating_point() else t for t in case.data)
        loss = case.loss
        return replace(
            case,
            model=case.model.half(),
            x=low[0],
            y=low[1],
            data=data,
            loss=lambda out, y: loss(out.float(), _wide(y)),
        )

    return Fault(family="half", host=host, label=label, places=places(host), inject=cast)


def _wide(y: Tensor) -> Tensor:
    return y.float() if y.is_floating_point() else y


def garbage(w: Tensor) -> None:
    bits = torch.randint(-(2**31), 2**31, w.shape, dtype=torch.int64).to(torch.int32)
    w.copy_(bits.view(torch.float32))


def uninitialised(host: Net) -> Iterator[Fault]:
    """What `to_empty` leaves: fresh pages of zeros, or another program's bits read as numbers."""

    def pages(case: Case) -> None:
        for p in case.model.parameters():
            p.data.zero_()

    everything = tuple(parameters(host.case(0)))
    yield Fault(family="to-empty", host=host, label="zero-pages", places=everything, inject=pages)
    yield on_weights("to-empty", host, "garbage-middle", (middle(host),), garbage)
    yield on_weights(
        "to-empty", host, "small-garbage", (middle(host),), lambda w: (garbage(w), w.nan_to_num_(0).clamp_(-1e3, 1e3))
    )


def frozen(host: Net) -> Iterator[Fault]:
    """requires_grad left off: one layer, every hidden layer, or all."""
    assert host.sites
    for label, names in (("middle", (middle(host),)), ("hidden", host.sites.hidden)):

        def freeze(case: Case, names: tuple[str, ...] = names) -> None:
            for name in names:
                parameters(case)[name].requires_grad_(False)

        yield Fault(family="frozen", host=host, label=label, places=names, inject=freeze)


def detached(host: Net) -> Iterator[Fault]:
    """The output of a block cut from the graph: what stands before it gets no gradient, or none through it."""
    assert host.sites
    owner = host.sites.blocks[-1] if host.sites.blocks else middle(host).rpartition(".")[0]
    inside = tuple(name for name in parameters(host.case(0)) if name.startswith(owner + "."))

    if "cell" not in owner:
        yield Fault(family="detached", host=host, label="block", places=inside, inject=lambda case: cut(case, owner))


def cut(case: Case, owner: str) -> None:
    """Cut the graph behind the module of that name."""
    case.model.get_submodule(owner).register_forward_hook(lambda _m, _i, out: _detach(out))


def _detach(out: object) -> object:
    if isinstance(out, Tensor):
        return out.detach()
    return tuple(map(_detach, out)) if isinstance(out, tuple) else out


OTHERS = (
    norm_gain, overwritten, lora_zero, closed_gate, not_finite, huge_row, half_precision, uninitialised, frozen,
    detached,
)  # fmt: skip

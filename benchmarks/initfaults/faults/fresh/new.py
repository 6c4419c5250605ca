"""Families that no rule was written for: one generator, double gains, casts, foreign priors, half a checkpoint."""

import math
from collections.abc import Iterator

import torch
from benchmarks.initfaults.faults.fault import Fault, bias, on_weights, parameters, places
from benchmarks.initfaults.faults.fresh.known import Maker, early, late, once, spot
from benchmarks.initfaults.faults.others import NORMS, gains
from benchmarks.initfaults.net import Case, Net
from torch import Tensor, nn

ENDS = ("out.weight", "down.weight", "second.weight", "conv2.weight", "downs")


def one_generator(host: Net, _: int) -> Iterator[Fault]:
    """Every hidden weight drawn from the same state of one generator, each with its own deviation."""
    assert host.sites

    def draw(w: Tensor) -> None:
        w.copy_(torch.randn(w.shape, generator=torch.Generator().manual_seed(7)) * w.std())

    yield on_weights("one-generator", host, "hidden", host.sites.hidden, draw)


def double_gain(host: Net, _: int) -> Iterator[Fault]:
    """The gain applied twice, or once for every module that contains the layer."""
    assert host.sites
    yield on_weights("double-gain", host, "orthogonal-x3", host.sites.hidden, lambda w: nn.init.orthogonal_(w, 3.0))
    for label, factor in (("x2", 2.0), ("/2", 0.5)):

        def again(case: Case, factor: float = factor) -> None:
            for name in places(host):
                parameters(case)[name].data.mul_(factor ** (2 + name.count(".")))

        yield Fault(family="double-gain", host=host, label=f"nested-{label}", places=places(host), inject=again)


def swapped_gains(host: Net, _: int) -> Iterator[Fault]:
    """What belongs to the last layer given to the first, and the other way round."""
    assert host.sites
    first, last = host.sites.hidden[0], host.sites.head or host.sites.hidden[-1]

    def swap(case: Case) -> None:
        parameters(case)[first].data.mul_(40)
        parameters(case)[last].data.div_(40)

    def back(case: Case) -> None:
        parameters(case)[first].data.div_(40)
        parameters(case)[last].data.mul_(40)

    yield Fault(family="swapped-gains", host=host, label="first-x40", places=(first, last), inject=swap)
    yield Fault(family="swapped-gains", host=host, label="last-x40", places=(first, last), inject=back)


def undamped(host: Net, _: int) -> Iterator[Fault]:
    """Residual branches whose last layers are ten times too large: the scale by depth forgotten, squared."""
    assert host.sites
    ends = tuple(
        name
        for name in host.sites.hidden
        if name.endswith(ENDS) or ".downs." in name or name.startswith(("downs.", "second."))
    )
    if ends:
        yield on_weights("undamped", host, "x10", ends, lambda w: w.mul_(10))


def integers(host: Net, turn: int) -> Iterator[Fault]:
    """Drawn as integers and cast; or rounded to a grid three deviations wide."""
    assert host.sites

    def coarse(w: Tensor) -> None:
        step = 3 * w.std() + 1e-12
        w.copy_((w / step).round() * step)

    yield on_weights("integers", host, "hidden", host.sites.hidden, lambda w: w.round_())
    yield once("integers", host, turn, "grid", coarse)
    yield once("integers", host, turn, "0-255", lambda w: w.copy_(torch.randint(256, w.shape).float()))


def foreign_prior(host: Net, _: int) -> Iterator[Fault]:
    """The head's bias at the logarithm of another data set's frequencies: one class nearly always."""
    assert host.sites
    head = host.sites.head
    if not head or bias(host.case(0), head) is None:
        return
    for rare in (1e-3, 1e-9):

        def put(case: Case, rare: float = rare) -> None:
            b = bias(case, head)
            assert b is not None
            b.fill_(math.log(rare))
            b[0] = 0.0

        reached = (head.replace("weight", "bias"), head)
        yield Fault(family="foreign-prior", host=host, label=f"{rare:g}", places=reached, inject=put)


def partial_load(host: Net, _: int) -> Iterator[Fault]:
    """A smaller checkpoint copied into the corner of every weight, the rest left at zero."""
    assert host.sites

    def corner(w: Tensor) -> None:
        w[(len(w) + 3) // 4 :] = 0
        w[:, (w.shape[1] + 3) // 4 :] = 0

    yield on_weights("partial-load", host, "hidden", host.sites.hidden, corner)
    yield on_weights("partial-load", host, "early", early(host), corner)


def absolute(host: Net, turn: int) -> Iterator[Fault]:
    """The sign lost."""
    assert host.sites
    yield on_weights("absolute", host, "hidden", host.sites.hidden, lambda w: w.abs_())
    yield once("absolute", host, turn, "", lambda w: w.abs_())


def pruned(host: Net, _: int) -> Iterator[Fault]:
    """A pruning mask applied before training: all but one weight in two hundred at zero."""
    assert host.sites
    yield on_weights("pruned", host, "late-99.5%", late(host), lambda w: w.mul_(torch.rand(w.shape) < 0.005))
    yield on_weights("pruned", host, "hidden-98%", host.sites.hidden, lambda w: w.mul_(torch.rand(w.shape) < 0.02))


def transposed(host: Net, turn: int) -> Iterator[Fault]:
    """Drawn for the transposed layout by rows of equal norm, and reshaped: columns of wildly different size."""

    def mixed(w: Tensor) -> None:
        flat = w.reshape(len(w), -1)
        scale = torch.logspace(-3, 1, flat.shape[1])
        w.copy_((torch.randn(flat.shape) * scale / math.sqrt(flat.shape[1])).T.reshape(w.shape))

    name, word = spot(host, turn)
    yield on_weights("transposed", host, word, (name,), mixed)


def shifted_norms(host: Net, _: int) -> Iterator[Fault]:
    """The bias of every norm at 10, or at -10."""
    names = tuple(name.replace("weight", "bias") for name in gains(host))
    names = tuple(name for name in names if name in parameters(host.case(0)))
    for value in (10.0, -10.0):

        def put(case: Case, value: float = value) -> None:
            for name in names:
                parameters(case)[name].data.fill_(value)

        if names:
            yield Fault(family="shifted-norms", host=host, label=f"{value:g}", places=names, inject=put)


def closed_norms(host: Net, _: int) -> Iterator[Fault]:
    """Every norm's gain at zero, that of the trunk as well as of the branches."""
    names = gains(host)

    def close(case: Case) -> None:
        for name in names:
            parameters(case)[name].data.zero_()

    if names:
        yield Fault(family="closed-norms", host=host, label="all", places=names, inject=close)


def running_norms(host: Net, _: int) -> Iterator[Fault]:
    """A model left in eval mode with batch norms whose running variance starts at zero."""
    model = host.case(0).model
    names = tuple(
        f"{name}.weight" for name, m in model.named_modules() if isinstance(m, NORMS) and hasattr(m, "running_var")
    )

    def stale(case: Case) -> None:
        for module in case.model.modules():
            if isinstance(module, NORMS) and hasattr(module, "running_var"):
                module.running_var.zero_()
                module.eval()

    if names:
        yield Fault(family="running-norms", host=host, label="variance-0", places=names, inject=stale)


def padding_row(host: Net, _: int) -> Iterator[Fault]:
    """The embedding's first row overwritten by numbers a thousand times too large."""
    assert host.sites
    name = host.sites.embedding
    if name:
        for value in (30.0, 1e3):

            def put(case: Case, value: float = value) -> None:
                parameters(case)[name].data[0].normal_(std=value)

            yield Fault(family="padding-row", host=host, label=f"{value:g}", places=(name,), inject=put)


COMMON: tuple[Maker, ...] = (
    one_generator, double_gain, swapped_gains, integers, partial_load, absolute, pruned, transposed,
)  # fmt: skip
RARE: tuple[Maker, ...] = (undamped, foreign_prior, shifted_norms, closed_norms, running_norms)
ALWAYS: tuple[Maker, ...] = (padding_row,)

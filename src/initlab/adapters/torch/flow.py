"""What the recorder knows of a tensor while a model runs, and what it writes down.

A Fact goes with a tensor: which product (dense layer, convolution, lookup) its numbers last came from, which output
unit each of them is, and which function of that unit's pre-activation, as values on a grid. The units follow every
view, split and transposition, so that the rows of a packed projection are told by where they end up, not by convention.
"""

from dataclasses import dataclass, field, replace
from typing import Literal

import torch

GRID = torch.linspace(-4.83, 5.17, 101, dtype=torch.float64)
"""Where the function that follows a product is evaluated: both signs, no kink, dense enough for any activation."""

ProductKind = Literal["dense", "convolution", "lookup", "opaque"]
Use = Literal["product", "query", "key", "value", "residual", "gated", "scaled", "normed", "output", "stream"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Product:
    """One use of a weight: its kind, how many products came before, and which axes of the weight are what.

    `before` holds a bit for each product that its input depends on; `node` is that of its input, and `attended` says
    that the input is what an attention mixed, `of_input` that it comes from the model's input. `experts` is the axis of
    experts that a product took one of.
    """

    index: int
    weight: str | None
    kind: ProductKind
    before: int
    mask: int
    node: int | None
    attended: bool
    place: str
    outputs: int
    out_axes: tuple[int, ...] = ()
    in_axes: tuple[int, ...] = ()
    experts: int | None = None
    of_input: bool = True
    constant: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Source:
    """A product that a tensor's numbers come from, and the unit of it that each of them is (None: not known)."""

    product: Product
    units: torch.Tensor | None

    def rows(self) -> tuple[int, ...] | None:
        """The units that are there, in order; None for all, or when it is not known."""
        if self.units is None:
            return None
        units = self.units[tuple(0 if step == 0 else slice(None) for step in self.units.stride())]
        found = torch.unique(units)
        if len(found) == self.product.outputs:
            return None
        return tuple(found.tolist())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fact:
    """What is known of one tensor.

    node, mask       its number, and a bit for each tensor that it depends on
    work             a bit for each product that it depends on
    sources, curve   the products it is a function of, entry by entry, and that function on GRID (None: some function)
    param, axes      the parameter that it is, or a function of it, and the index along each axis of an entry there
    scores, mixed    the queries and keys whose products it holds; whether softmax has made probabilities of them
    trunk            a bit for each earlier state of the residual stream that it is a state of
    attended         what an attention mixed;  normed: just normalised;  reduced: one number of many units
    scales           the parameters that it was multiplied by since its product
    """

    node: int
    mask: int
    work: int = 0
    sources: tuple[Source, ...] = ()
    curve: torch.Tensor | None = None
    param: str | None = None
    axes: tuple[torch.Tensor, ...] = ()
    scores: tuple[tuple["Fact", "Fact"], ...] = ()
    trunk: int = 0
    mixed: bool = False
    attended: bool = False
    normed: bool = False
    reduced: bool = False
    scales: tuple[str, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether no function was applied yet, other than a multiple."""
        return self.curve is not None and self.curve.dtype == GRID.dtype and is_linear(self.curve)


def is_linear(curve: torch.Tensor) -> bool:
    """Whether values on the grid are those of a·z + b, a ≠ 0."""
    if curve is GRID:
        return True
    slope = (curve[-1] - curve[0]) / (GRID[-1] - GRID[0])
    line = curve[0] + slope * (GRID - GRID[0])
    return bool(slope) and bool(torch.allclose(curve, line, rtol=1e-6, atol=1e-9))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Event:
    """What became of some rows of a product: the use, and the function that was applied before it."""

    use: Use
    product: Product
    rows: tuple[int, ...] | None
    curve: torch.Tensor | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ParamUse:
    """What was done with a parameter outside of products: the operation, on what, and the function applied before."""

    param: str
    operation: str
    curve: torch.Tensor | None
    normed: bool
    scores: bool
    spread: int
    place: str
    product: Product | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Addition:
    """A branch added to a residual stream: where, the products whose outputs it is, its scales, the stream's width."""

    place: str
    products: tuple[Product, ...]
    scales: tuple[str, ...]
    width: int
    mask: int
    node: int


@dataclass(slots=True, kw_only=True)
class Recording:
    """All that was written down in one run of a model."""

    products: list[Product] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    uses: list[ParamUse] = field(default_factory=list)
    additions: list[Addition] = field(default_factory=list)
    note: str = ""


def moved(fact: Fact, change: "object") -> Fact:
    """A fact whose units and axes were moved as its tensor was."""
    assert callable(change)
    sources = tuple(replace(s, units=None if s.units is None else change(s.units)) for s in fact.sources)
    axes = tuple(change(axis) for axis in fact.axes)
    return replace(fact, sources=sources, axes=() if any(axis is None for axis in axes) else axes)

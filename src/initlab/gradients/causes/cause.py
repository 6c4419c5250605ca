"""What a cause is: a mistake by name, with the numbers that it makes a backward pass return.

A cause is recognised in three ways, and a file offers one or more:

    blocks   algebra between the returned and the true gradient of one block: any program
    lines    an edit of a line of the backward pass, replayed: a network whose cost was recognised
    gate     calls that disagree or change something, before anything is differentiated
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from initlab.catalogue import Catalogue, Documentation
from initlab.errors import CatalogueError
from initlab.gradients.case import Array
from initlab.gradients.reference import Backward, Edit, Kind, Line, Net, line

SECTIONS = ("Formula", "Example")
"""The headed sections that the docstring of every cause must have."""

ENOUGH = 6
"""Fewer entries than this do not speak for two fitted constants."""

WITNESSED, NAMED, STRUCTURE, ANY_FACTOR = -1, 0, 1, 2
"""Which reading is printed first where several return the same numbers: what was seen to happen, a cause by its
constant, by its structure, and last a factor of which nothing is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One wrong block, at the entries that were measured: a returned, n true, w the parameters themselves.

    `places` are flat, `complete` says whether all of the block is there; `peers` are the true gradients of the other
    blocks, where these are known; `doubled` is what is returned for twice the cost; `use` is (k, of how many) where
    what was returned is that of one use of a shared parameter; `saved_changed` says that the backward pass was
    seen to change what was saved for it; `upstream` are the gradients of outputs of the block's shape.
    """

    name: str
    a: Array
    n: Array
    error: Array
    w: Array
    places: Array
    shape: tuple[int, ...]
    complete: bool
    weight: bool
    bias: bool
    m: int | None
    lam: float | None
    keep: float | None
    peers: Mapping[str, Array]
    doubled: Array | None = None
    use: tuple[int, int] | None = None
    saved_changed: bool = False
    upstream: tuple[Array, ...] = ()

    @property
    def decay(self) -> float:
        """lam/m, the coefficient of w in the gradient of the L2 term; 0 where it is not known."""
        return self.lam / self.m if self.lam and self.m else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A reading of one block: what it says in words, and what the block would be.

    One that is not `named` describes the numbers and names no mistake.
    """

    text: str
    predicted: Array
    named: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """An edited backward pass: the line it edits, what it says in words, the edit; `named` as of a reading."""

    line: Line
    text: str
    edit: Edit
    named: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A network, its backward pass with the mistakes found so far, and what was returned, with its error."""

    net: Net
    seen: Backward
    returned: Mapping[str, Array]
    slack: Mapping[str, Array] = field(default_factory=dict)

    def hidden(self) -> range:
        """The hidden layers, from the output down."""
        return range(self.net.depth - 1, 0, -1)

    def all_lines(self, *kinds: Kind) -> Iterator[Line]:
        """The lines of these kinds."""
        return (each for each in self.net.lines() if each[0] in kinds)

    def off(self, kind: Kind, layer: int) -> float:
        """The error of what was returned for a line: that of the layer's bias, for db, else of its weights."""
        own = self.net.layers[layer - 1]
        name = own.bias if kind == "db" and own.bias else own.weight
        return float(np.max(self.slack.get(name, np.zeros(1))))

    def data_part(self, layer: int) -> tuple[Array, Array]:
        """(returned, replayed) gradient of a layer's weights, without the L2 term, in canonical order."""
        net = self.net
        returned = self.returned[net.layers[layer - 1].weight]
        own = returned.T if net.rows else returned
        return own - net.r * net.W[layer], self.seen.dW[layer] - net.r * net.W[layer]


BlockReader = Callable[[Block], Iterator[Reading]]
LineReader = Callable[[Attempt], Iterator[Variant]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One mistake of the catalogue."""

    name: str
    documentation: Documentation = field(repr=False)
    blocks: BlockReader | None = None
    lines: LineReader | None = None
    gate: bool = False
    rank: int = STRUCTURE


CAUSES: Catalogue[Cause] = Catalogue(kind="cause", package="initlab.gradients.causes")


def cause(
    module: str,
    *,
    blocks: BlockReader | None = None,
    lines: LineReader | None = None,
    gate: bool = False,
    rank: int = STRUCTURE,
) -> None:
    """Register the cause of a file, under the file's name, with the file's docstring.

    Raises CatalogueError when the docstring lacks one of the SECTIONS.
    """
    name = module.rpartition(".")[2]
    documentation = Documentation.of(sys.modules[module])
    missing = [title for title in SECTIONS if title not in documentation.sections]
    if missing and sys.flags.optimize < 2:
        raise CatalogueError(f"The docstring of cause {name} lacks {', '.join(missing)}.")
    CAUSES.add(name, Cause(name=name, documentation=documentation, blocks=blocks, lines=lines, gate=gate, rank=rank))


def scaled(kind: Kind, factor: float) -> Edit:
    """The edit that multiplies a line by a constant; of dW, the part that comes from the data alone."""

    def edit(seen: Backward, layer: int) -> Array:
        value = line(seen, kind, layer)
        if kind != "dW":
            return factor * value
        decay = seen.net.r * seen.net.W[layer]
        return factor * (value - decay) + decay

    return edit


def scalings(net: Net, kind: Kind, factor: float) -> Iterator[Edit]:
    """The edits that multiply a line by a constant: of dW, the data's part, or all of it where it has an L2 term."""
    yield scaled(kind, factor)
    if kind == "dW" and net.r:
        yield lambda seen, layer: factor * line(seen, kind, layer)


def scaled_block(block: Block, factor: float) -> Iterator[Array]:
    """What a block would be if the data's part of it, or all of it, were multiplied by a constant.

    Where the coefficient r of the L2 term is not as stated, it is fitted: a = c (n - r w) + r w, r > 0.
    """
    yield factor * block.n
    if block.weight and block.decay:
        decay = block.decay * block.w
        yield factor * (block.n - decay) + decay
    size = float(np.sum(block.w**2))
    if block.weight and block.lam != 0 and len(block.w) >= ENOUGH and size > 0 and factor != 1 and np.any(block.n):
        r = float(np.sum((block.a - factor * block.n) * block.w)) / size / (1 - factor)
        if r > 0:
            yield factor * (block.n - r * block.w) + r * block.w


def fitted_factor(a: Array, g: Array, slack: Array | float = 0.0) -> tuple[float, float] | None:
    """(c, its error) of a = c g, where it is one for all entries; None where it is not. `slack` is the error of a."""
    size = float(np.sum(g * g))
    if size == 0:
        return None
    factor = float(np.sum(a * g)) / size
    off = slack + 1e-7 * max(np.abs(a).max(), np.abs(factor * g).max())
    if np.any(np.abs(a - factor * g) > off):
        return None
    return factor, float(np.sqrt(np.sum((off * g) ** 2))) / size


SIMPLE = 24


def simplest(c: float, off: float) -> float:
    """The small fraction that c is within its error, where no other is as near; else c.

    >>> simplest(2.0004, 1e-3), simplest(0.3333, 1e-4), simplest(0.123456, 1e-9)
    (2.0, 0.3333333333333333, 0.123456)
    """
    if not (np.isfinite(c) and off < 0.05 * abs(c)):
        return c
    largest = int(np.sqrt(0.05 * abs(c) / off)) if off else SIMPLE
    simple = Fraction(c).limit_denominator(max(1, min(SIMPLE, largest)))
    return float(simple) if simple != 0 and abs(c - float(simple)) <= off else c

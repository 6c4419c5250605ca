"""Where a parameter lies in the array that holds it: which layer of a stack, which block, and how its axes are grouped.

JAX's kernels are held as (in, out), (*taps, in, out), (d, heads, head size) or with a leading axis of layers. A Place
turns all of them into (out, in, *taps):

    held  --cuts-->  one layer, one block  --transpose-->  groups in a row  --reshape-->  (out, in, *taps)
"""

import math
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from initlab.parameters import Fan, Gate, Role

Cut: TypeAlias = tuple[int, slice | int]
"""An axis as held, and the index or run of it that is meant. An index drops the axis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A part of a held array of shape `held`: `groups[a]` are the held axes that make up axis a of the parameter.

    >>> Place(held=(8, 2, 4), groups=((1, 2), (0,))).shape
    (8, 8)
    >>> Place(held=(6, 5, 3), cuts=((0, 1),), groups=((2,), (1,))).shape
    (3, 5)
    """

    held: tuple[int, ...]
    groups: tuple[tuple[int, ...], ...]
    cuts: tuple[Cut, ...] = ()

    @property
    def index(self) -> tuple[int, ...]:
        """Which layer of a stack, or which of several kernels side by side; empty where there is one."""
        return tuple(cut for _, cut in self.cuts if isinstance(cut, int))

    @property
    def sizes(self) -> tuple[int, ...]:
        """How long the part is along each held axis."""
        cuts = dict(self.cuts)
        return tuple(_length(cuts.get(axis, slice(None)), size) for axis, size in enumerate(self.held))

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the parameter."""
        sizes = self.sizes
        return tuple(math.prod(sizes[axis] for axis in group) for group in self.groups)

    @property
    def _order(self) -> list[int]:
        """The held axes, indexed ones left out, in the parameter's order, as axes of the part."""
        dropped = sorted(axis for axis, cut in self.cuts if isinstance(cut, int))
        return [axis - sum(gone < axis for gone in dropped) for group in self.groups for axis in group]

    @property
    def _where(self) -> tuple[slice | int, ...]:
        cuts = dict(self.cuts)
        return tuple(cuts.get(axis, slice(None)) for axis in range(len(self.held)))

    def read(self, held: NDArray[Any]) -> NDArray[Any]:
        """The parameter, cut out of the array that holds it."""
        return held[self._where].transpose(self._order).reshape(self.shape)

    def write(self, held: NDArray[Any], values: NDArray[Any]) -> None:
        """Put the parameter's values into the array that holds it."""
        sizes = self.sizes
        turned = values.reshape([sizes[axis] for group in self.groups for axis in group])
        held[self._where] = turned.transpose(np.argsort(self._order))


def _length(cut: slice | int, size: int) -> int:
    return 1 if isinstance(cut, int) else len(range(*cut.indices(size)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One parameter's share of a held array: where it lies, and what its layer alone says of it.

    `label` names it among the blocks of its array; None for the only one. `neutral` is as in a Parameter.
    """

    place: Place
    role: Role
    fan: Fan | None = None
    label: str | None = None
    gate: Gate | None = None
    neutral: float = 1.0
    why: str = field(default="")


def whole(shape: tuple[int, ...], *, stacked: int = 0) -> Place:
    """An array as it is held, its leading `stacked` axes left out of the groups."""
    return Place(held=shape, groups=tuple((axis,) for axis in range(stacked, len(shape))))


def dense(shape: tuple[int, ...], *, inputs: int = 1, batch: int = 0, out_first: bool = False) -> Place:
    """A kernel held as (*batch, *in, *out), with that many axes of batch and inputs; or (*batch, *out, *in).

    >>> dense((8, 2, 4)).shape, dense((2, 4, 8), inputs=2).shape, dense((3, 5), out_first=True).shape
    ((8, 8), (8, 8), (3, 5))
    """
    axes = tuple(range(batch, len(shape)))
    first, second = (
        (axes[: len(axes) - inputs], axes[len(axes) - inputs :]) if out_first else (axes[inputs:], axes[:inputs])
    )
    return Place(held=shape, groups=(first, second))


def kernel(shape: tuple[int, ...], *, order: str, stacked: int = 0) -> Place:
    """The kernel of a convolution: `order` says where it holds its inputs and outputs, "HWIO", "HWOI" or "OIHW".

    >>> kernel((3, 3, 16, 32), order="HWIO").shape
    (32, 16, 3, 3)
    """
    axes = range(stacked, len(shape))
    first = order.startswith("OI")
    taps = axes[2:] if first else axes[:-2]
    pair = dict(zip("OI" if first else order[-2:], axes[:2] if first else axes[-2:], strict=True))
    return Place(held=shape, groups=((pair["O"],), (pair["I"],), *((axis,) for axis in taps)))

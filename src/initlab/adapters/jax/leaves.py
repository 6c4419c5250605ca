"""A model of any kind as a list of arrays: what each is called and held by, and how to put others in their place."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Path: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One array of a model, or what stands for one (a jax.ShapeDtypeStruct).

    path      the steps to it, as the framework names them
    holders   the modules on the way to it, the one that holds it last; none where the framework has none
    aliases   the paths of other places that hold the very same array
    kind      what the framework calls it: Param, BatchStat, ...
    """

    path: Path
    value: Any
    holders: tuple[object, ...] = ()
    aliases: tuple[Path, ...] = ()
    kind: str = "Param"

    @property
    def holder(self) -> object | None:
        """The module that holds it."""
        return self.holders[-1] if self.holders else None

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape as held."""
        return tuple(self.value.shape)

    @property
    def dtype(self) -> str:
        """The name of its dtype."""
        return str(self.value.dtype)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A model as its arrays.

    rebuild   arrays, in the order of the leaves -> a new model
    forward   (arrays, inputs) -> what the model returns; None where there is nothing to call
    trains    the same with statistics of the batch in its norms, and without dropout
    inputs    what it is called with, or what stands for it; None where nothing is known
    """

    kind: str
    leaves: tuple[Leaf, ...]
    rebuild: Callable[[Sequence[Any]], Any]
    forward: Callable[[Sequence[Any], Sequence[Any]], Any] | None = None
    trains: Callable[[Sequence[Any], Sequence[Any]], Any] | None = None
    inputs: tuple[Any, ...] | None = field(default=None)


def without_twins(leaves: Sequence[Leaf]) -> tuple[list[Leaf], list[int]]:
    """The leaves with each array once, and for each leaf given which of those it is.

    Stand-ins for arrays are told apart by where they are, since equal ones may be one object.
    """
    once: list[Leaf] = []
    place: dict[int, int] = {}
    which = []
    for leaf in leaves:
        key = id(leaf.value)
        if key in place and hasattr(leaf.value, "addressable_data"):
            first = once[place[key]]
            once[place[key]] = Leaf(
                path=first.path,
                value=first.value,
                holders=first.holders,
                aliases=(*first.aliases, leaf.path),
                kind=first.kind,
            )
        else:
            place[key] = len(once)
            once.append(leaf)
        which.append(place[key])
    return once, which


def is_weight(value: object) -> bool:
    """Whether it is an array of real numbers, or stands for one: keys, counters and indices are not."""
    if not (hasattr(value, "shape") and hasattr(value, "dtype")):
        return False
    return str(value.dtype) in ("float64", "float32", "float16", "bfloat16")

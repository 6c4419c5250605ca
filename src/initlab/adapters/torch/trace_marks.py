"""Where a tensor came from: the weights and the operations that it was made of, noted on the tensor itself."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import torch

from initlab.adapters.torch.trace_functions import VIEWS


class Mark(NamedTuple):
    """Where a tensor came from: weights, operations (by place), and the one it is the result of.

    `exact` says that it is laid out as that result is, `shift` is what that operation added to every row. `fixed` says
    that it is made of buffers alone, `bent` names the function onto [0, 1] that made it, its site, and the module if it
    does nothing else.
    """

    weights: frozenset[str] = frozenset()
    ops: frozenset[int] = frozenset()
    direct: int | None = None
    exact: bool = False
    shift: Any = None
    bent: tuple[str, str, str] | None = None
    fixed: bool = False

    @property
    def pure(self) -> bool:
        """Whether it is made of weights alone."""
        return bool(self.weights) and not self.ops


NOTHING = Mark()
FIXED = Mark(fixed=True)


class Marks:
    """The marks of the tensors of one pass; `names` are those of the weights, by identity."""

    def __init__(self, names: Mapping[int, str]) -> None:
        self._weights = {key: Mark(weights=frozenset({name})) for key, name in names.items()}

    def fix(self, buffers: Iterable[Any]) -> None:
        """Note tensors that no batch is in, and no weight."""
        self._weights |= {id(tensor): FIXED for tensor in buffers}

    def of(self, tensor: Any) -> Mark:  # noqa: ANN401
        """Where a tensor came from."""
        found = self._weights.get(id(tensor))
        return found if found is not None else getattr(tensor, "_initlab", NOTHING)

    def put(self, result: Any, mark: Mark) -> None:  # noqa: ANN401
        """Note where the tensors of a result came from."""
        for tensor in tensors((result,)):
            tensor._initlab = mark


def passed_on(name: str, marks: Sequence[Mark]) -> Mark:
    """The mark of a result that is not measured."""
    if not marks:
        return NOTHING
    if name in VIEWS:
        return marks[0]._replace(exact=False) if marks[0].exact else marks[0]
    if len(marks) == 1:
        weights, ops = marks[0].weights, marks[0].ops
    else:
        weights = frozenset[str]().union(*(mark.weights for mark in marks))
        ops = frozenset[int]().union(*(mark.ops for mark in marks))
    fed = [mark for mark in marks if mark.ops]
    scaled = len(fed) == 1 and name in ("add", "sub", "mul", "div", "neg")
    fixed = all(mark.fixed for mark in marks)
    return Mark(weights, ops, fed[0].direct if scaled else None, fixed=fixed)


def with_data(marks: Iterable[Mark]) -> bool:
    """Whether something meets the weights that is not made of weights and buffers alone."""
    return any(not mark.pure and not mark.fixed for mark in marks)


def tensors(values: Iterable[Any]) -> list[Any]:
    """The tensors among values, and in the lists and tuples among them."""
    found: list[Any] = []
    for value in values:
        if isinstance(value, torch.Tensor):
            found.append(value)
        elif isinstance(value, list | tuple):
            found += tensors(value)
    return found

"""What a program carries from one call to the next: everything that it holds, saved, and put back.

A cost that keeps its activations for the backward pass changes what it holds, and reads none of it: that is no state.
State is what decides the next cost: with everything put back, the same call returns the same cost.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from initlab.gradients.held import Place, places

MOST_SUSPECTS = 24
TRIES = 3

Change = Callable[[], object]


class State:
    """What some functions hold, as it was when this was made."""

    def __init__(self, *holders: object) -> None:
        found = tuple(places(*holders))
        self.slots = tuple(place for place in found if place.put is not None)
        mutable = {id(place.value): place.value for place in found if isinstance(place.value, np.ndarray | list | dict)}
        self.contents = tuple((value, _copy(value)) for value in mutable.values())

    def restore(self) -> None:
        """Put everything back."""
        for value, content in self.contents:
            _fill(value, content)
        for place in self.slots:
            _putting(place)()


def carried(cost: Callable[[], float], *holders: object) -> tuple[str, ...]:
    """The places that make the next cost another one; none where what is held does not decide it.

    `cost` is called at the same parameters every time. What the calls change is put back at the end.

    >>> calls = [0]
    >>> def cost():
    ...     calls[0] += 1
    ...     return float(calls[0])
    >>> carried(cost, cost), calls
    (('calls[0]',), [0])
    """
    before = State(*holders)
    try:
        first = cost()
        changes = _changes(before, *holders)
        for _ in range(TRIES):
            before.restore()
            if cost() != first:
                return ()
        names = tuple(name for name, change in changes if _matters(before, change, cost, first))
        return names or tuple(name for name, _ in changes)
    finally:
        before.restore()


def _matters(before: State, change: Change, cost: Callable[[], float], first: float) -> bool:
    """Whether the cost is another one with all but this put back."""
    before.restore()
    change()
    return cost() != first


def _changes(before: State, *holders: object) -> list[tuple[str, Change]]:
    """What is no longer as it was, by name, with what makes it so again."""
    contents = {id(value): content for value, content in before.contents}
    then = {place.key: place.value for place in before.slots}
    found: dict[str, Change] = {}
    for place in places(*holders):
        value, known = place.value, id(place.value) in contents
        if known and _other(value, contents[id(value)]):
            found.setdefault(place.name, _filling(value, _copy(value)))
        elif not known and place.put is not None and not _equal(value, then.get(place.key, value)):
            found.setdefault(place.name, _putting(place))
    return list(found.items())[:MOST_SUSPECTS]


def _other(value: Any, content: Any) -> bool:  # noqa: ANN401
    """Whether an array has other numbers, or a list or dict another length: what is in them has places of its own."""
    return not _equal(value, content) if isinstance(value, np.ndarray) else len(value) != len(content)


def _filling(value: Any, content: Any) -> Change:  # noqa: ANN401
    return lambda: _fill(value, content)


def _putting(place: Place) -> Change:
    def put() -> None:
        assert place.put is not None
        place.put(place.value)

    return put


def _copy(value: Any) -> Any:  # noqa: ANN401
    return value.copy()


def _fill(value: Any, content: Any) -> None:  # noqa: ANN401
    if isinstance(value, np.ndarray):
        if value.flags.writeable and value.shape == content.shape and not _equal(value, content):
            value[...] = content
    elif isinstance(value, list):
        value[:] = content
    else:
        value.clear()
        value.update(content)


def _equal(a: Any, b: Any) -> bool:  # noqa: ANN401
    """Whether two objects hold the same numbers; one that holds none is the same only as itself."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.shape == b.shape and np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
    if isinstance(a, str | bytes | int | float | complex) and isinstance(b, str | bytes | int | float | complex):
        return a == b
    return a is b

"""Tensors that hold the same numbers, or the same up to a factor, and rows of one tensor that are equal."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST = 32
"""The fewest entries that can be told to be copies: as many signs agree by chance once in four billion pairs."""

LOOKED_AT = 256

COLUMNS = 8
"""The fewest entries of a row by which it is compared: eight of half precision hold 80 bits."""


def print_of(values: NDArray[Any]) -> NDArray[np.float64] | None:
    """The first entries of a tensor that are not zero, by which copies are found; None where there are too few.

    For a tensor of rows with the widest run of entries of its own, in canonical order.
    """
    head = values.reshape(-1)[: 8 * LOOKED_AT] if values.flags.c_contiguous else values.flat[: 8 * LOOKED_AT]
    told: NDArray[np.float64] = head[head != 0][:LOOKED_AT].astype(np.float64)
    return told if told.size >= LEAST and np.isfinite(told).all() else None


def copies(prints: Iterable[tuple[str, NDArray[np.float64]]]) -> Iterator[tuple[str, str, float]]:
    """Pairs of names whose tensors begin alike, with the factor between them: (later, earlier, factor).

    >>> x = np.arange(1.0, 40.0)
    >>> list(copies([("a", x), ("b", 2 * x), ("c", -x)]))
    [('b', 'a', 2.0)]
    """
    seen: dict[bytes, list[tuple[str, NDArray[np.float64]]]] = {}
    for name, entries in prints:
        signs = np.packbits(entries[:LEAST] > 0).tobytes()
        alike = seen.setdefault(signs, [])
        for other, theirs in alike:
            factor = _factor(entries, theirs)
            if factor is not None:
                yield name, other, factor
                break
        else:
            alike.append((name, entries))


def _factor(mine: NDArray[np.float64], theirs: NDArray[np.float64]) -> float | None:
    count = min(mine.size, theirs.size)
    ratio = mine[:count] / theirs[:count]
    middle = float(np.median(ratio))
    if middle <= 0 or np.abs(ratio / middle - 1).max() > 0.02:
        return None
    return 1.0 if (mine[:count] == theirs[:count]).all() else round(middle, 6)


def equal_rows(values: NDArray[Any]) -> tuple[int, int] | None:
    """The first two rows that are equal, told by all their entries; None where there are none, or rows are short."""
    if values.ndim < 2 or values[0].size < COLUMNS or len(values) < 2:
        return None
    rows = values.reshape(len(values), -1)
    heads = np.ascontiguousarray(rows[:, :COLUMNS])
    order = np.lexsort(heads.T)
    same = (heads[order[1:]] == heads[order[:-1]]).all(axis=1)
    for place in np.flatnonzero(same)[:64]:
        first, second = sorted((int(order[place]), int(order[place + 1])))
        if (rows[first] == rows[second]).all():
            return first, second
    return None

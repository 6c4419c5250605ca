"""What is written down of one operation while a pass runs, and how it becomes an `Op` when the pass is over."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from initlab.trace import Kind, Op

SAMPLED = 2**16
"""At most so many numbers are read for a moment: its relative error is at most √(2/65536) = 0.6 % by chance."""

WIDEST = 16_384
"""Layers wider than this are not compared unit by unit."""

EXAMPLES = 64
"""At most so many examples are compared with each other."""

SKETCHES = 4
"""So many weighted sums over the rows tell the columns of a matrix apart."""

EQUAL = 64
"""How many roundings two columns may differ by, relative to their norm, and still be called equal."""

NAMED = 4
"""So many weights are named with a function that is not understood."""

EQUAL_AT_MOST = 1e-3
"""The same for short number formats, in which a rounding is large; equal units are equal there bit by bit."""


@dataclass(slots=True, kw_only=True)
class Record:
    """One operation as it is being measured: numbers that may still lie on the device.

    `sketch` and `back` are those of the result and of its gradient; a result that `differs`, each unit from every other
    on a part of the rows, needs none, and `moved` counts the units whose gradient is not 0.
    """

    place: int
    site: str
    kind: Kind
    function: str
    units: int
    rows: int
    examples: int
    dtype: str
    epsilon: float
    weights: tuple[str, ...] = ()
    inputs: tuple[int, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)
    sketch: Any = None
    back: Any = None
    back_norm: Any = None
    differs: bool = False
    moved: int | None = None
    residual: bool = False
    gate: bool = False
    head: bool = False

    def received(self, gradient: Any, norm: Any) -> None:  # noqa: ANN401
        """Take the sketch and the norm of a gradient; of a result used twice, what came first is added to."""
        self.back_norm = norm if self.back_norm is None else (self.back_norm**2 + norm**2) ** 0.5
        if gradient is not None:
            self.back = gradient if self.back is None else self.back + gradient


def finished(records: list[Record]) -> tuple[Op, ...]:
    """The operations of one pass, each under a name of its own: a site that runs twice counts, relu#1, relu#2."""
    often, seen = Counter(record.site for record in records), Counter[str]()
    ops = []
    for record in records:
        seen[record.site] += 1
        name = f"{record.site}#{seen[record.site]}" if often[record.site] > 1 else record.site
        ops.append(_op(record, name))
    return tuple(ops)


def _op(record: Record, name: str) -> Op:
    numbers: dict[str, Any] = {
        key: value if isinstance(value, int | float) else float(value) for key, value in record.values.items()
    }
    dead, lit, keys = (int(numbers.pop(key)) if key in numbers else None for key in ("dead", "lit", "keys"))
    norm = math.nan if record.back_norm is None else float(record.back_norm)
    count = max(1, record.rows * record.units)
    return Op(
        name=name,
        kind=record.kind,
        function=record.function,
        units=record.units,
        rows=record.rows,
        examples=record.examples,
        dtype=record.dtype,
        weights=record.weights,
        inputs=record.inputs,
        head=record.head,
        residual=record.residual,
        gate=record.gate,
        dead=dead,
        lit=lit,
        keys=keys,
        backward_std=norm / math.sqrt(count) * record.examples,
        backward_finite=1.0 if record.back_norm is None or math.isfinite(norm) else 0.0,
        **_classes(record),
        **numbers,
    )


def unseen(read: Mapping[str, set[str]]) -> tuple[str, ...]:
    """Functions that are not understood, each with the first weights that it reads.

    >>> unseen({"scan": {"h", "x"}, "cdist": {"weight"}})
    ('cdist (weight)', 'scan (h, x)')
    """
    return tuple(f"{name} ({', '.join(sorted(weights)[:NAMED])})" for name, weights in sorted(read.items()))


def again(records: Sequence[Record], ops: Sequence[Op]) -> frozenset[str]:
    """The sites that the last pass looks at again: units are alike or all dead, or not all differ without gradients."""
    return frozenset(
        record.site
        for record, op in zip(records, ops, strict=True)
        if op.alike or (op.moved == 0 and op.distinct != op.units) or (op.dead is not None and op.dead == op.units)
    )


def all_differ(rows: NDArray[Any], epsilon: float) -> bool:
    """Whether all columns of a few rows are finite, not 0, and apart: then they are, of more rows.

    Columns that are equal have equal weighted sums; so only those that lie beside each other by that sum are compared.

    >>> all_differ(np.array([[1.0, 2.0, 1.0], [3.0, 4.0, 5.0]]), 2.0**-23)
    True
    >>> all_differ(np.array([[1.0, 2.0, 1.0], [3.0, 4.0, 3.0]]), 2.0**-23), all_differ(np.eye(3)[:2], 2.0**-23)
    (False, False)
    """
    with np.errstate(all="ignore"):
        norms = np.sqrt(np.einsum("ij,ij->j", rows, rows))
        sums = _weights(len(rows)).astype(rows.dtype) @ rows
    if not (math.isfinite(norms.sum()) and norms.all() and math.isfinite(sums.sum())):
        return False
    order = np.argsort(sums)
    sums, norms = sums[order], norms[order]
    room = 2 * min(EQUAL * epsilon, EQUAL_AT_MOST) * np.maximum(norms[:-1], norms[1:])
    near = np.flatnonzero(sums[1:] - sums[:-1] <= math.sqrt(len(rows)) * room)
    apart = rows[:, order[near]] - rows[:, order[near + 1]]
    return bool((np.sqrt(np.einsum("ij,ij->j", apart, apart)) > room[near]).all())


@lru_cache(maxsize=64)
def _weights(rows: int) -> NDArray[np.float32]:
    """Weights of so many rows for a sum that tells columns apart: cosines of growing angles, the same every time."""
    return np.cos(np.arange(1, rows + 1, dtype=np.float32) ** 2)


def _classes(record: Record) -> dict[str, Any]:
    """How many columns differ, and how many units share both column and gradient with another."""
    if record.differs:
        found = {"nonzero": record.units, "distinct": record.units}
        return found if record.moved is None else found | {"moved": record.moved, "alike": 0}
    if record.sketch is None:
        return {}
    equal = min(EQUAL * record.epsilon, EQUAL_AT_MOST)
    ahead = _scaled(record.sketch)
    live = ahead[:, -1] > 0
    found = {"nonzero": int(live.sum()), "distinct": int(live.sum()) - len(_neighbours(ahead[live], equal))}
    if record.back is not None:
        back = _scaled(record.back)
        moved = back[:, -1] > 0
        near = _neighbours(np.column_stack([ahead[moved], back[moved]]), equal)
        found["moved"] = int(moved.sum())
        found["alike"] = len(np.union1d(near, near + 1))
    return found


def _scaled(sketch: Any) -> NDArray[np.float64]:  # noqa: ANN401
    """Sketches as shares of the largest column's norm, the norm among them."""
    values = np.asarray(sketch.cpu() if hasattr(sketch, "cpu") else sketch, dtype=np.float64)
    largest = values[:, -1].max(initial=0.0)
    return np.nan_to_num(values / largest) if largest > 0 else np.zeros_like(values)


def _neighbours(rows: NDArray[np.float64], equal: float) -> NDArray[np.intp]:
    """The places, in the order of their first number, of rows that equal the next, to a share of both norms."""
    ordered = rows[np.argsort(rows[:, 0])] if len(rows) else rows
    first = ordered[:, 0]
    places = np.flatnonzero(np.abs(np.diff(first)) <= equal * np.maximum(ordered[1:, SKETCHES], ordered[:-1, SKETCHES]))
    for start in range(0, rows.shape[1], SKETCHES + 1):
        one, two = (ordered[places + step, start : start + SKETCHES + 1] for step in (0, 1))
        room = equal * np.maximum(one[:, -1], two[:, -1])
        places = places[(np.abs(two - one) <= room[:, np.newaxis]).all(axis=1)]
    return places

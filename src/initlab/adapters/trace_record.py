"""What is written down of one operation while a pass runs, and how it becomes an `Op` when the pass is over."""

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from initlab.trace import Kind, Op

SKETCHES = 4
"""So many weighted sums over the rows tell the columns of a matrix apart."""

EQUAL = 64
"""How many roundings two columns may differ by, relative to their norm, and still be called equal."""

EQUAL_AT_MOST = 1e-3
"""The same for short number formats, in which a rounding is large; equal units are equal there bit by bit."""


@dataclass(slots=True, kw_only=True)
class Record:
    """One operation as it is being measured: numbers that may still lie on the device."""

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


def _classes(record: Record) -> dict[str, Any]:
    """How many columns differ, and how many units share both column and gradient with another."""
    if record.sketch is None:
        return {}
    equal = min(EQUAL * record.epsilon, EQUAL_AT_MOST)
    ahead = _scaled(record.sketch)
    live = ahead[:, -1] > 0
    found: dict[str, Any] = {"nonzero": int(live.sum()), "distinct": _distinct(ahead[live], equal)}
    if record.back is not None:
        back = _scaled(record.back)
        moved = back[:, -1] > 0
        found["moved"] = int(moved.sum())
        found["alike"] = _alike(np.column_stack([ahead[moved], back[moved]]), equal)
    return found


def _scaled(sketch: Any) -> NDArray[np.float64]:  # noqa: ANN401
    """Sketches as shares of the largest column's norm, the norm among them."""
    values = np.asarray(sketch.cpu() if hasattr(sketch, "cpu") else sketch, dtype=np.float64)
    largest = values[:, -1].max(initial=0.0)
    return np.nan_to_num(values / largest) if largest > 0 else np.zeros_like(values)


def _neighbours(rows: NDArray[np.float64], equal: float) -> NDArray[np.bool_]:
    """Whether each row, in the order of its first number, equals the one before it, to a share of both their norms."""
    ordered = rows[np.argsort(rows[:, 0])] if len(rows) else rows
    near = np.ones(max(0, len(ordered) - 1), dtype=bool)
    for start in range(0, rows.shape[1], SKETCHES + 1):
        part = ordered[:, start : start + SKETCHES + 1]
        room = equal * np.maximum(part[1:, -1], part[:-1, -1])
        near &= (np.abs(np.diff(part, axis=0)) <= room[:, np.newaxis]).all(axis=1)
    return near


def _distinct(rows: NDArray[np.float64], equal: float) -> int:
    return len(rows) - int(_neighbours(rows, equal).sum())


def _alike(rows: NDArray[np.float64], equal: float) -> int:
    """How many rows have an equal."""
    near = _neighbours(rows, equal)
    return int((np.append(near, False) | np.insert(near, 0, False)).sum()) if len(rows) else 0

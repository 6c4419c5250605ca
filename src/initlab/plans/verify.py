"""Whether a model holds what its plan says: every tensor against its law, and against the others.

All p-values of all tensors are judged together by Holm's method: a model that is as planned raises an alarm, of any
kind, with a chance of at most `alpha`. What chance cannot do, such as an entry outside the support, is a fault at once.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from initlab.errors import SpecError
from initlab.laws import CopiedRows, Law, LogUniform, MatrixLaw, Orthogonal
from initlab.numerics.statistics import holm
from initlab.parameters import Parameter
from initlab.plans.duplicates import copies, equal_rows, print_of
from initlab.plans.elementwise import ROUNDING, Kind, Test, kurtosis
from initlab.plans.exact import difference
from initlab.plans.factors import recognised
from initlab.plans.matrices import tests_of
from initlab.plans.plan import Plan, Row
from initlab.plans.rescaled import of_rescaled

ALPHA = 1e-4
"""The chance of any alarm about a model that is as planned."""

Status = Literal["same numbers", "as planned", "differs", "left alone"]

Values = Callable[[Parameter], NDArray[Any] | None]

Show = Callable[[int, int], None]

ORDER: tuple[Kind, ...] = (
    "not finite",
    "constant",
    "untouched",
    "pattern",
    "orthogonality",
    "std",
    "zeros",
    "support",
    "mean",
    "distribution",
    "rows",
    "numbers",
    "duplicate",
    "output",
)
"""The faults, the more telling first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One tensor that is not as planned: in what, what was planned, what was found, and the mistake it looks like."""

    name: str
    kind: Kind
    expected: str
    found: str
    factor: float | None = None
    cause: str | None = None
    p: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One row of the plan, and how its tensor compares; the first finding is the most telling."""

    row: Row
    status: Status
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Verified:
    """The verdicts on a model, in its own order. `untold` are the tensors too small to tell a factor of √2."""

    plan: Plan
    seed: int | None
    alpha: float
    tests: int
    verdicts: tuple[Verdict, ...]
    untold: tuple[str, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The most telling finding on each tensor that is not as planned."""
        return tuple(verdict.findings[0] for verdict in self.verdicts if verdict.findings)

    @property
    def holds(self) -> bool:
        """Whether every tensor is as planned."""
        return not self.findings

    @property
    def tells_nothing(self) -> bool:
        """Whether nothing was found because every tensor with a spread is too small to be judged."""
        drawn = [row for row in self.plan.rows if row.draws]
        return self.holds and bool(drawn) and len(self.untold) == len(drawn)


def verify(
    plan: Plan,
    values: Values,
    *,
    seed: int | None = None,
    alpha: float = ALPHA,
    progress: Show | None = None,
    outputs: Iterable[tuple[str, Test]] = (),
) -> Verified:
    """Hold what a model holds against its plan; with a seed, the very numbers too.

    `outputs` are tests of what the layers do with data, by the names of their weights. A tensor that was rescaled on
    data is held against its law up to the scale of each of its outputs.

    Raises SpecError when alpha is no chance or a tensor holds no memory.
    """
    if not 0 < alpha < 1:
        raise SpecError(
            f"The alpha of a verification must be between 0 and 1, got {alpha}. Leave it out for {ALPHA:g}."
        )
    tests: list[tuple[Row, Test]] = []
    same: set[str] = set()
    prints: list[tuple[str, NDArray[np.float64]]] = []
    done, total = 0, plan.numbers
    for row in plan.rows:
        if row.law is not None:
            held = _held(row.parameter, values)
            equal, found = _tests(row, held, seed)
            tests += [(row, test) for test in found]
            same |= {row.parameter.name} if equal else set()
            if _drawn_freely(row.law) and not row.rescaled and (entries := print_of(held)) is not None:
                prints.append((row.parameter.name, entries))
        done += row.parameter.size
        if progress is not None:
            progress(done, total)
    tests += [(plan.by_name[name], _copy(other, factor)) for name, other, factor in copies(prints)]
    tests += [(plan.by_name[name], test) for name, test in outputs]
    return _judged(plan, tests, same, seed, alpha)


def _held(parameter: Parameter, values: Values) -> NDArray[Any]:
    held = values(parameter)
    if held is None:
        raise SpecError(f"The model must hold its weights, got {parameter.name} on the meta device. Init it first.")
    return held


def _tests(row: Row, held: NDArray[Any], seed: int | None) -> tuple[bool, list[Test]]:
    """Whether the tensor holds the very numbers of the seed, and otherwise the tests of it."""
    parameter, law = row.parameter, row.law
    assert law is not None
    if row.rescaled:
        return False, of_rescaled(held, law, parameter, seed=seed) if held.size else []
    if parameter.dtype not in ROUNDING or not held.size:
        return False, []
    if seed is not None:
        gap = difference(held, parameter, law, seed=seed)
        if not gap.entries:
            return True, []
    found = [] if seed is None else [_numbers(gap.entries, gap.largest, parameter, seed)]
    if parameter.padding is not None:
        held = np.delete(held, parameter.padding, axis=0)
    rows = equal_rows(held) if _drawn_freely(law) else None
    copied = rows is not None and not isinstance(law, MatrixLaw)
    found += tests_of(np.unique(held, axis=0) if copied else held, law, parameter.dtype)
    if rows is not None:
        text = f"rows {rows[0]} and {rows[1]} are equal"
        found.append(Test(kind="rows", p=0.0, expected="rows drawn apart", found=text))
    return False, found


def _drawn_freely(law: Law) -> bool:
    """Whether no two rows or tensors of the law are ever equal."""
    if isinstance(law, MatrixLaw):
        return type(law) is Orthogonal and law.gain != 0
    return law.variance > 0 and not isinstance(law, CopiedRows)


def _numbers(entries: int, largest: float, parameter: Parameter, seed: int) -> Test:
    found = f"{entries} of {parameter.size} numbers are other, by up to {largest:.3g}"
    return Test(kind="numbers", p=0.0, expected=f"the numbers of seed {seed}", found=found)


def _copy(other: str, factor: float) -> Test:
    times = "" if factor == 1 else f", times {factor:.4g}"
    return Test(kind="duplicate", p=0.0, expected="numbers of its own", found=f"the numbers of {other}{times}")


def _judged(plan: Plan, tests: list[tuple[Row, Test]], same: set[str], seed: int | None, alpha: float) -> Verified:
    rejected = holm([test.p for _, test in tests], alpha)
    found: dict[str, list[Finding]] = {}
    for (row, test), wrong in zip(tests, rejected, strict=True):
        if wrong:
            found.setdefault(row.parameter.name, []).append(_finding(row, test))
    return Verified(
        plan=plan,
        seed=seed,
        alpha=alpha,
        tests=len(tests),
        verdicts=tuple(
            _verdict(row, found.get(row.parameter.name, []), row.parameter.name in same) for row in plan.rows
        ),
        untold=tuple(row.parameter.name for row in plan.rows if _too_small(row, alpha / max(1, len(tests)), same)),
    )


def _verdict(row: Row, findings: Iterable[Finding], same: bool) -> Verdict:
    ordered = tuple(sorted(findings, key=lambda finding: ORDER.index(finding.kind)))
    status: Status = "differs" if ordered else "same numbers" if same else "as planned"
    return Verdict(row=row, status="left alone" if row.law is None else status, findings=ordered)


def _finding(row: Row, test: Test) -> Finding:
    assert row.law is not None
    cause = None
    if test.factor is not None and test.kind in ("std", "support", "orthogonality"):
        cause = recognised(row.parameter, row.law, test.factor, test.error)
    return Finding(
        name=row.parameter.name,
        kind=test.kind,
        expected=test.expected,
        found=test.found,
        factor=test.factor,
        cause=cause,
        p=test.p,
    )


def _too_small(row: Row, chance: float, same: set[str]) -> bool:
    """Whether a spread that is wrong by √2 would pass: its standard error is too large for so small a chance."""
    law, name = row.law, row.parameter.name
    if law is None or row.rescaled or name in same or isinstance(law, MatrixLaw) or law.variance == 0:
        return False
    excess = 2.0 if isinstance(law, (CopiedRows, LogUniform)) else kurtosis(law) - 1
    reach = math.sqrt(-2 * math.log(chance))
    return reach * math.sqrt(excess / (4 * row.parameter.size)) > math.log(math.sqrt(2))


def said(finding: Finding) -> str:
    """A finding in one line.

    >>> said(Finding(name="fc", kind="std", expected="std 0.2", found="std 0.1", factor=0.5))
    'fc: std 0.1 where std 0.2 was planned: 0.5 of it'
    """
    if finding.kind == "duplicate":
        return f"{finding.name}: holds {finding.found}"
    text = f"{finding.name}: {finding.found} where {finding.expected} was planned"
    if finding.cause is not None:
        return f"{text}: {finding.cause}"
    return text if finding.factor is None or finding.kind != "std" else f"{text}: {finding.factor:.3g} of it"

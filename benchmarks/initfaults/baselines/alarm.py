"""What a checker said: the same for initlab and for every baseline."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from benchmarks.initfaults.net import Case

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One finding: which rule, how grave, where ("" for the whole network), whether its remedy was proven, and that."""

    rule: str
    severity: Severity
    path: str = ""
    cleared: bool | None = None
    code: str = ""


Checker = Callable[[Case], list[Alarm]]

"""What is put before every checker: a cost, gradients that may be wrong, and what is known of the mistake."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from benchmarks.gradmut.program import Arrays

Kind = Literal["mutant", "held-out", "unseen", "sparse", "pair", "harness", "correct", "real", "vacuous"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case. `sites` and `causes` are the right answers, all readings that return the same numbers among them.

    `true` and `found` are the gradients in float64 (found: what the code under test returns), `wrong` the blocks where
    they differ, with the gap as a share of the larger norm, `touched` those that differ, if by less than counts.
    `expected` are the verdicts that count as right; `knowledge` is what a user can tell a checker: m, lam, keep, masks.
    `memory` has the costs that fixed rules asked for before, `native` the function as its framework knows it, and
    `renew` makes functions with state anew.
    """

    name: str
    family: str
    regime: str
    kind: Kind
    cost: Callable[..., Any]
    gradients: Callable[..., Any]
    parameters: Arrays
    data: tuple[Any, ...] = ()
    true: Arrays
    found: Arrays
    wrong: dict[str, float] = field(default_factory=dict)
    touched: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()
    causes: frozenset[str | None] = frozenset()
    expected: frozenset[str] = frozenset({"WRONG"})
    knowledge: dict[str, Any] = field(default_factory=dict)
    single: bool = False
    memory: dict[bytes, float] | None = None
    native: Any = None
    renew: "Callable[[], Case] | None" = None

    @property
    def size(self) -> int:
        """Parameters."""
        return sum(np.size(value) for value in self.parameters.values())

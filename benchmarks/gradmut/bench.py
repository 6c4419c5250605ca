"""A network at a point, its true gradients, and the cases made of it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

import numpy as np
from benchmarks.gradmut.case import Case, Kind
from benchmarks.gradmut.program import Arrays, Edit, Program
from benchmarks.gradmut.truth import by_parameter, doubled, wrong_blocks

TOUCHED = 1e-14
"""A block that differs by more, but by less than what makes a mutant, is neither right nor wrong."""


@dataclass(kw_only=True)
class Bench:
    """A network at a point. Its true gradients are computed in long doubles whatever the network computes in.

    `knowledge` is what its user could tell a checker: m, lam, keep, masks; `spec` the
    architecture of a multilayer perceptron.
    """

    name: str
    family: str
    regime: str
    program: Program
    parameters: Arrays
    data: tuple[np.ndarray, ...] = ()
    knowledge: Mapping[str, Any] = field(default_factory=dict)
    spec: Any = None

    def __post_init__(self) -> None:
        self.double = replace(self.program, single=False)
        self.theta = doubled(self.parameters)
        self.data64 = tuple(np.asarray(x, dtype=np.float64) if x.dtype.kind == "f" else x for x in self.data)
        self.true = self._exact()
        self.rounding = wrong_blocks(self.gradients(self.double), self.true, tolerance=0)
        self.memory: dict[bytes, float] = {}

    @property
    def single(self) -> bool:
        """Whether float32 has a part in it."""
        return any(value.dtype == np.float32 for value in self.parameters.values())

    def gradients(self, program: Program) -> Arrays:
        """What this program returns here, in float64."""
        with np.errstate(all="ignore"):
            return by_parameter(program.gradients()(self.theta, *self.data64))

    def _exact(self) -> Arrays:
        """The gradients in long doubles."""
        theta = {name: value.astype(np.longdouble) for name, value in self.theta.items()}
        data = [x.astype(np.longdouble) if x.dtype.kind == "f" else x for x in self.data64]
        with np.errstate(all="ignore"):
            return by_parameter(self.double.gradients()(theta, *data))

    def wrong(self, found: Arrays) -> dict[str, float]:
        """The blocks that are wrong, beyond rounding."""
        return wrong_blocks(found, self.true, rounding=self.rounding)

    def mutant(self, *mistakes: Edit) -> Program:
        """The program with these mistakes."""
        program = self.double
        for mistake in mistakes:
            program = program.edited(mistake)
        return program

    def case(self, name: str, kind: Kind, program: Program, **facts: Any) -> Case:
        """A case of this program, which may be a mutant."""
        program = replace(program, single=self.program.single)
        return Case(
            name=f"{self.family}/{self.regime}/{self.name}/{name}",
            family=self.family,
            regime=self.regime,
            kind=kind,
            cost=program.cost(),
            gradients=program.gradients(),
            parameters=self.parameters,
            data=self.data,
            knowledge=dict(self.knowledge),
            single=self.single,
            memory=self.memory,
            **facts,
        )

    def correct(self) -> Case:
        """The network itself."""
        right = frozenset({"PASS", "NON-SMOOTH", "VACUOUS", "UNRESOLVED"})
        return self.case("correct", "correct", self.double, true=self.true, found=self.true, expected=right)

    def mutants(self, mistakes: Sequence[Edit], kind: Kind = "mutant") -> tuple[list[Case], list[Case]]:
        """The cases of these mistakes, and of those that change nothing here.

        Mistakes that return the same numbers are each other's right answers.
        """
        programs = [self.mutant(mistake) for mistake in mistakes]
        found = [self.gradients(program) for program in programs]
        readings = same_numbers(mistakes, found)
        cases: tuple[list[Case], list[Case]] = ([], [])
        for mistake, program, a in zip(mistakes, programs, found, strict=True):
            wrong = self.wrong(a)
            alike = readings[mistake.name]
            sites, causes = frozenset(x.site for x in alike), frozenset(x.cause for x in alike)
            touched = frozenset(wrong_blocks(a, self.true, tolerance=TOUCHED, rounding=self.rounding))
            facts = {
                "true": self.true,
                "found": a,
                "wrong": wrong,
                "touched": touched,
                "sites": sites,
                "causes": causes,
            }
            cases[not wrong].append(self.case(mistake.name, kind, program, **facts))
        return cases


def same_numbers(mistakes: Sequence[Edit], found: Sequence[Arrays]) -> dict[str, list[Edit]]:
    """Of every mistake, those that return what it returns (itself among them)."""
    alike: dict[str, list[Edit]] = {mistake.name: [mistake] for mistake in mistakes}
    buckets: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for i, gradients in enumerate(found):
        norms = [float(np.linalg.norm(value)) for value in gradients.values()]
        buckets[tuple(f"{norm:.6e}" for norm in norms)].append(i)
    for bucket in buckets.values():
        for i, j in combinations(bucket, 2):
            if not wrong_blocks(found[i], found[j]):
                alike[mistakes[i].name].append(mistakes[j])
                alike[mistakes[j].name].append(mistakes[i])
    return alike

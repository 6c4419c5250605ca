"""The whole check at each point: gates, noise, one direction a block, entries and causes where a block fails."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from initlab.errors import DataError
from initlab.gradients.block_report import block_report, decades
from initlab.gradients.blocks import COARSE, TOLERANCE, Examined, Examiner
from initlab.gradients.case import GradientCase
from initlab.gradients.complex_step import ComplexStep
from initlab.gradients.coordinates import Measured, measure
from initlab.gradients.diagnose import diagnose, merged
from initlab.gradients.gates import gates, spoils_saved
from initlab.gradients.harness import Copies, Harness
from initlab.gradients.identities import identities
from initlab.gradients.independent import independent
from initlab.gradients.invariance import invariances
from initlab.gradients.layers import Site, layers_of
from initlab.gradients.points import Point, parameters_at
from initlab.gradients.precision import rounding_of
from initlab.gradients.projection import gaussian
from initlab.gradients.recognised import entries_of, settled, vouched
from initlab.gradients.reference import recognise
from initlab.gradients.replayed import Replayer
from initlab.gradients.report import BlockReport, GradientReport, Mistake, PointReport
from initlab.gradients.returned import Gradient, gradient_at
from initlab.gradients.stale import stale
from initlab.gradients.state import State
from initlab.gradients.suggestion import suggested
from initlab.gradients.uses import single_use
from initlab.gradients.vacuum import reasons
from initlab.numerics.differences import BESIDE, NOISY, SINGLE_ROUNDOFF, noise_of

SHIFT = 1e-2
"""How far the parameters are moved, as a share of a direction, to leave a kink."""

STALE = 0.3
"""The same, to see whether the gradients move with the parameters."""

MOST_COSTS, FEW_BLOCKS, FURTHER = 190, 8, 15
"""So many costs are shared out where there are so few blocks, and so many more for each further block."""

LEAST = 12
"""So many costs every block gets, whatever was spent before."""

Progress = Callable[[int, int], None]


def gradient_report(
    case: GradientCase,
    *,
    seed: int = 0,
    points: Sequence[Point] = ("init",),
    every: bool = False,
    law: bool = False,
    tolerance: float | None = None,
    progress: Progress = lambda *_: None,
) -> GradientReport:
    """Check a case at each of the points. `every` measures each entry of each block, whatever their number;
    `law` takes a central difference of each block at ten steps from 0.1 to 1e-10, for the figure.

    Raises DataError, naming the block, where the cost or the gradients are no such thing.
    """
    reports: list[PointReport] = []
    total = len(points) * len(case.parameters)
    for point, theta, said in parameters_at(points, case):
        done = len(reports) * len(case.parameters)
        if any(gate.verdict == "STATEFUL" for each in reports for gate in each.gates):
            break
        checker = _Checker(case=case, theta=theta, seed=seed, every=every, law=law, tolerance=tolerance)
        found = checker.report(point, lambda k, done=done: progress(done + k, total))  # type: ignore[misc]
        reports.append(replace(found, notes=(*found.notes, said)) if said else found)
    return GradientReport(points=tuple(reports), seed=seed)


class _Checker:
    """One case at one point."""

    def __init__(
        self, *, case: GradientCase, theta: Copies, seed: int, every: bool, law: bool, tolerance: float | None
    ) -> None:
        self.case, self.seed, self.every, self.law, self.tolerance = case, seed, every, law, tolerance
        self.harness = Harness(case, theta)

    def report(self, point: str, done: Callable[[int], None]) -> PointReport:
        """Everything about the point."""
        before = State(self.case.cost)
        self.cost = self._finite_cost()
        closed, pinned = gates(self.case, self.harness, before)
        if closed and pinned is None:
            return self._summary(point, gates=tuple(closed))
        if pinned is not None:
            self.harness = Harness(self.case, self.harness.theta, pin=pinned.pin, count=self.harness.count)
            self.cost = self.harness.cost(self.harness.fresh())
        self._prepare()
        self.net = recognise(self.harness, self.noise)
        kept = identities(self.net, self.gradient)
        if self.net is None:
            kept = invariances(self.harness, self.gradient, noise=self.noise)
        examined = {}
        for k, name in enumerate(self.harness.theta, 1):
            examined[name] = self._independent(name, self._examined(name, blocks=len(self.harness.theta) - k + 1))
            done(k)
        if all(found.independent for found in examined.values()):
            examined = {n: replace(found, verdict="VACUOUS", independent=False) for n, found in examined.items()}
        screening = self.harness.evaluations
        if self.net is not None:
            least = self.examiner.tolerance
            examined = {n: settled(self.net, n, e, self.gradient, tolerance=least) for n, e in examined.items()}
        kept_gradients = stale(
            self.harness, self.gradient, examined, self._shifted(STALE), noise=self.noise, seed=self.seed
        )
        if kept_gradients is not None:
            return self._summary(point, gates=(*closed, kept_gradients))
        blocks, mistakes = self._blocks(examined)
        if not mistakes:
            closed += spoils_saved(self.case, self.harness)
        return replace(
            self._summary(point, gates=tuple(closed)),
            blocks=blocks,
            mistakes=mistakes,
            identities=kept,
            notes=(*self._notes(), *self._why_vacuous(blocks)),
            screening=screening,
            evaluations=self.harness.evaluations,
        )

    def _independent(self, name: str, found: Examined) -> Examined:
        """A zero gradient of a parameter that the cost depends on nowhere."""
        if found.verdict == "VACUOUS" and independent(
            self.harness, name, noise=self.noise, cost=self.size, seed=self.seed
        ):
            return replace(found, verdict="PASS", independent=True)
        return found

    def _summary(self, point: str, **fields: object) -> PointReport:
        noise = getattr(self, "noise", 0.0)
        report = PointReport(point=point, cost=self.cost, noise=noise, blocks=(), evaluations=self.harness.evaluations)
        return replace(report, **fields)  # type: ignore[arg-type]

    def _finite_cost(self) -> float:
        cost = self.harness.cost(self.harness.fresh())
        if not np.isfinite(cost):
            raise DataError(
                f"The cost must be finite at the given parameters, got {cost}. Start from smaller weights, or compute "
                "the loss from the logits."
            )
        return cost

    def _prepare(self) -> None:
        """Noise, gradient and its rounding: what every block needs."""
        harness = self.harness
        self.away = {name: gaussian(name, v, seed=self.seed, draw=98) for name, v in harness.theta.items()}
        along = harness.along(self.away)
        seen = noise_of(along)
        self.noise = max(seen, rounding_of(harness, self.away))
        self.size = max(abs(self.cost), abs(along(BESIDE)[0]), self.noise)
        self.gradient: Gradient = gradient_at(harness, self.noise, self.size)
        coarse = seen > NOISY * self.size or self._single()
        self.examiner = Examiner(
            harness=harness,
            gradient=self.gradient,
            noise=self.noise,
            seed=self.seed,
            tolerance=self.tolerance or (COARSE if coarse else TOLERANCE),
            complex_step=ComplexStep(harness, self.gradient, noise=self.noise, seed=self.seed),
        )

    def _single(self) -> bool:
        return all(
            float(np.max(self.gradient.rounding[name])) - self.noise
            > 4 * SINGLE_ROUNDOFF * float(np.max(np.abs(a), initial=1e-300))
            for name, a in self.gradient.values.items()
        )

    def _examined(self, name: str, *, blocks: int) -> Examined:
        """The block by its share of the costs; where its slopes differ, with the branches of the cost watched."""
        found = self.examiner.block(name, self._share(blocks))
        if not found.agrees and self.harness.watch():
            found = self.examiner.block(name, self._share(blocks))
        return found

    def _share(self, blocks: int) -> int:
        """The costs that each of the blocks to come may ask for."""
        most = MOST_COSTS + FURTHER * max(0, len(self.harness.theta) - FEW_BLOCKS)
        return max(LEAST, (most - self.harness.evaluations) // blocks)

    def _blocks(self, examined: dict[str, Examined]) -> tuple[tuple[BlockReport, ...], tuple[Mistake, ...]]:
        """A report for each block, entries where it fails, and the mistakes."""
        measured: dict[str, Measured] = {}
        moved: dict[str, str] = {}
        for name, found in examined.items():
            if found.verdict == "NON-SMOOTH":
                moved[name] = self._away_from_the_kink(name, found)
        wrong = [name for name, found in examined.items() if found.verdict == "WRONG" or moved.get(name) == "WRONG"]
        if "WRONG" in moved.values():
            self._move_on()
        mistakes, explained = self._replayed(examined) if wrong else ((), frozenset[str]())
        left = [name for name in wrong if name not in explained]
        self.harness.watch()
        for name in examined if self.every else left:
            measured[name] = measure(
                self.harness, name, self.gradient, noise=self.noise, seed=self.seed, every=self.every
            )
        uses = {name: single_use(self.harness, name, self.gradient, noise=self.noise, seed=self.seed) for name in left}
        layers = self.net.layers if self.net else layers_of(self.harness.theta)
        alone = {name: measured[name] for name in left}
        own = diagnose(self.case, self.harness.theta, alone, uses, layers=layers, write=self._line)
        mistakes = tuple(merged([*mistakes, *own]))
        for name in wrong:
            if name not in measured and self.net is not None:
                measured[name] = entries_of(self.net, name, self.gradient)
        blocks = tuple(
            block_report(
                name,
                self.gradient.values[name],
                found,
                measured.get(name),
                mistakes=mistakes,
                beside=moved.get(name),
                law=decades(self.harness, name, seed=self.seed) if self.law else None,
            )
            for name, found in examined.items()
        )
        return blocks, mistakes

    def _replayed(self, examined: Mapping[str, Examined]) -> tuple[tuple[Mistake, ...], frozenset[str]]:
        """The mistakes that a replay of the recognised network explains, and the blocks that are then as returned."""
        if self.net is not None and not vouched(self.net, self.harness.theta, examined, seed=self.seed):
            self.net = None
        if self.net is None:
            return (), frozenset()
        return Replayer(self.net, self.gradient, self._beside).explain()

    @cached_property
    def _beside(self) -> Mapping[str, Any]:
        """All that the gradients' function returns."""
        self.harness.cost(self.harness.fresh())
        return self.harness.raw_gradients(self.harness.fresh())

    def _line(self, site: Site, cause: str | None) -> str | None:
        """The right line of a block or chain, where the network is recognised."""
        if self.net is None:
            return None
        lines = {each.weight: ("dW", each.number) for each in self.net.layers}
        lines |= {each.bias: ("db", each.number) for each in self.net.layers if each.bias}
        kind, layer = lines.get(site.name, ("dZ", site.layer or 0))
        return suggested(self.net, kind, layer, cause=cause, beside=self._beside) if layer else None

    def _away_from_the_kink(self, name: str, found: Examined) -> str:
        """The verdict a little further on; "between" where nothing is known but that both sides' slopes enclose it."""
        between = all(each.between or not each.differs for each in found.projections)
        if not callable(self.case.gradients):
            return "between" if between else "NON-SMOOTH"
        verdict = self._further_on.block(name, LEAST).verdict
        return "between" if between and verdict != "WRONG" else verdict

    def _move_on(self) -> None:
        """Look for the mistakes a little further on, where no kink is."""
        self.harness, self.gradient = self._further_on.harness, self._further_on.gradient
        self.net = recognise(self.harness, self.noise)

    @cached_property
    def _further_on(self) -> Examiner:
        """The examiner of the parameters a little further on."""
        harness = Harness(self.case, self._shifted(), pin=self.harness.pin, count=self.harness.count)
        harness.watch()
        gradient = gradient_at(harness, self.noise, harness.cost(harness.fresh()))
        step = ComplexStep(harness, gradient, noise=self.noise, seed=self.seed)
        return replace(self.examiner, harness=harness, gradient=gradient, complex_step=step)

    def _shifted(self, share: float = SHIFT) -> Copies:
        return {name: value + share * self.away[name] for name, value in self.harness.theta.items()}

    def _why_vacuous(self, blocks: Sequence[BlockReport]) -> tuple[str, ...]:
        return reasons(self.harness.theta, [each.name for each in blocks if each.verdict == "VACUOUS"], self.net)

    def _notes(self) -> tuple[str, ...]:
        notes = []
        if self.noise > NOISY * self.size:
            share = self.noise / self.size
            why = "single precision inside" if share < 64 * SINGLE_ROUNDOFF else "a solver, or randomness"
            notes.append(f"the cost is noisy: {share:.0e} of its value ({why}), so the resolution is coarse")
        return tuple(notes)

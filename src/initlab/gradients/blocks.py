"""One block against random directions: right with a resolution, wrong, at a kink, beyond telling, or nothing tested.

For a Gaussian direction v and an error r = a - n of the gradient, v·r is normal with standard deviation ‖r‖. If the
projections on k directions all agree within τ, then with a confidence of 1 - α

    ‖r‖ ≤ √(2/π) τ α^(-1/k),            since  P(|N(0, 1)| < t) ≤ √(2/π) t.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from initlab.gradients.complex_step import ComplexStep
from initlab.gradients.harness import Harness
from initlab.gradients.projection import KAPPA, Projection, gaussian, project
from initlab.gradients.report import Verdict
from initlab.gradients.returned import Gradient, unit_of

ALPHA = 1e-3
"""One minus the confidence of a printed resolution."""

TOLERANCE = 1e-4
"""A resolution above this share of the gradient does not pass as a check."""

COARSE = 0.1
"""The same where the cost is computed in single precision."""

MOST_DIRECTIONS = 4
ONE_DIRECTION = 10
"""So many costs a direction takes at first, or fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What the directions of one block say: a verdict, the resolution, and the bound on ‖r‖ in absolute terms."""

    verdict: Verdict
    resolution: float
    bound: float
    projections: tuple[Projection, ...]
    independent: bool = False

    @property
    def agrees(self) -> bool:
        """Whether both slopes agree along every direction."""
        return all(each.agrees for each in self.projections)

    @property
    def gap(self) -> float:
        """The distance of both slopes along the direction where it is largest, as a share of the larger."""

        def share(each: Projection) -> float:
            return each.gap / max(abs(each.analytic), abs(each.numeric), 1e-300)

        return max(share(each) for each in self.projections)


@dataclass(frozen=True, slots=True, kw_only=True)
class Examiner:
    """Examines the blocks of one harness."""

    harness: Harness
    gradient: Gradient
    noise: float
    seed: int
    tolerance: float
    complex_step: ComplexStep

    def block(self, name: str, most: int) -> Examined:
        """The verdict on one block, from about `most` costs: two directions, up to four where these resolve too little.

        One is enough where both gradients are zero, and two that differ, or one at a kink.
        """
        seen: list[Projection] = []
        end = self.harness.evaluations + most
        for projection in self._projections(name, end):
            seen.append(projection)
            wrong = sum(2 if each.kinked else 1 for each in seen if each.differs)
            spent = self.harness.evaluations + ONE_DIRECTION > end
            agree = all(each.agrees for each in seen)
            settled = agree and len(seen) >= 2 and self._resolution(name, seen) <= self.tolerance
            if wrong >= 2 or (not wrong and (spent or settled or self._nothing(name, seen))):
                break
        return self._judged(name, seen)

    def _projections(self, name: str, end: int) -> Iterator[Projection]:
        value = self.harness.theta[name]
        for draw in range(MOST_DIRECTIONS):
            v = gaussian(name, value, seed=self.seed, draw=draw)
            left = end - self.harness.evaluations
            found = project(self.harness, name, v, self.gradient, noise=self.noise, unit=unit_of(value), most=left)
            bar = KAPPA * found.error / found.unit
            if self._relative(name, bar * _certainty(1), found) > self.tolerance and not found.kinked:
                found = self.complex_step.refined(found, name, v)
            yield found

    def _judged(self, name: str, seen: list[Projection]) -> Examined:
        wrong = [each for each in seen if each.differs]
        bound, resolution = self._bound(seen), self._resolution(name, seen)
        if any(each.kinked for each in wrong):
            verdict: Verdict = "NON-SMOOTH"
        elif len(wrong) >= 2:
            verdict = "WRONG"
        elif self._nothing(name, seen):
            verdict = "VACUOUS"
        else:
            agree = all(each.agrees for each in seen)
            verdict = "PASS" if agree and resolution <= self.tolerance else "UNRESOLVED"
        return Examined(verdict=verdict, resolution=resolution, bound=bound, projections=tuple(seen))

    def _nothing(self, name: str, seen: list[Projection]) -> bool:
        """Whether both gradients are zero, beside those of the other blocks, as far as can be told."""
        largest = float(np.sqrt(np.sum(self.gradient.values[name] ** 2)))
        whole = max(float(np.sqrt(np.sum(a**2))) for a in self.gradient.values.values())
        return all(
            abs(each.numeric) <= KAPPA * each.error
            and largest * each.unit <= KAPPA * each.error
            and (KAPPA * each.error <= COARSE * whole * each.unit or not whole)
            for each in seen
        )

    def _bound(self, seen: list[Projection]) -> float:
        return max(KAPPA * each.error / each.unit for each in seen) * _certainty(len(seen))

    def _resolution(self, name: str, seen: list[Projection]) -> float:
        return max(self._relative(name, self._bound(seen), each) for each in seen)

    def _relative(self, name: str, bound: float, each: Projection) -> float:
        a = self.gradient.values[name]
        size = max(float(np.sqrt(np.sum(a**2))), abs(each.numeric) / each.unit)
        return bound / size if size > 0 else math.inf


def _certainty(k: int) -> float:
    return math.sqrt(2 / math.pi) * math.pow(ALPHA, -1 / k)

"""The course's exercise on gradient checking reproduced: plain data, which `render` draws."""

import math
from dataclasses import dataclass

from initlab.gradients.report import GradientReport


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseCheck:
    """One case of the exercise: the difference that was published and the one here, and what initlab says of it."""

    name: str
    published: float
    here: float
    rtol: float
    threshold: float
    report: GradientReport

    @property
    def reproduced(self) -> bool:
        """Whether both agree within the relative tolerance."""
        return math.isclose(self.here, self.published, rel_tol=self.rtol)

    @property
    def course_verdict(self) -> str:
        """What the course's rule makes of the difference."""
        return "mistake" if self.here > self.threshold else "fine"


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseChecks:
    """All cases, and the cost of the network beside the published one."""

    cost: float
    published_cost: float
    checks: tuple[CourseCheck, ...]

    @property
    def reproduced(self) -> bool:
        """Whether every figure is."""
        return math.isclose(self.cost, self.published_cost, rel_tol=1e-12) and all(c.reproduced for c in self.checks)

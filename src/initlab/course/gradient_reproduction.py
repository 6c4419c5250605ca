"""The course's gradient checks run again beside what `initlab.gradcheck` says of the same code.

Published: the outputs of the notebook `Gradient Checking.ipynb` of the course, in its editions of 2017 and 2021; the
difference of the right gradients is rounding alone, and differs in its fourth digit between machines.
"""

from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from initlab.course.gradient_checking import (
    THRESHOLD,
    backward_propagation_n,
    forward_propagation_n,
    gradient_check,
    gradient_check_n,
    gradient_check_n_test_case,
)
from initlab.course.propagation import Parameters
from initlab.gradients.case import GradientCase
from initlab.gradients.check import gradient_report
from initlab.gradients.course_result import CourseCheck, CourseChecks
from initlab.gradients.report import GradientReport
from initlab.numerics.activations import Floats

PUBLISHED_COST = 2.407833389834357
CASES: tuple[tuple[str, tuple[str, ...], float, float], ...] = (
    ("dW2 × 2 and db1 × 4, as handed out", ("dW2", "db1"), 0.2850931567761623, 1e-9),
    ("dW2 × 2, db1 mended", ("dW2",), 0.17344196893145924, 1e-9),
    ("db1 × 4, dW2 mended", ("db1",), 0.2544229712458523, 1e-9),
    ("both mended", (), 1.1890913024229996e-07, 1e-2),
)
"""Name, planted bugs, the published difference, and how far rounding may carry it on another machine."""

ONE_DIMENSIONAL = ((2, 4, 2.919335883291695e-10), (3, 4, 7.814075313343006e-11))


def reproduce_gradient_checks() -> CourseChecks:
    """Every published figure of the exercise, the one here, and initlab's verdict on the same code."""
    X, Y, parameters = gradient_check_n_test_case()
    cost, _ = forward_propagation_n(X, Y, parameters)
    checks = [
        CourseCheck(
            name=f"J = θ x, x = {x}, θ = {theta}",
            published=published,
            here=gradient_check(x, theta),
            rtol=1e-6,
            threshold=THRESHOLD,
            report=_line(x, theta),
        )
        for x, theta, published in ONE_DIMENSIONAL
    ]
    checks += [
        CourseCheck(
            name=name,
            published=published,
            here=gradient_check_n(parameters, gradients_with(bugs, parameters, X, Y), X, Y),
            rtol=rtol,
            threshold=THRESHOLD,
            report=gradient_report(course_case(bugs), every=True),
        )
        for name, bugs, published, rtol in CASES
    ]
    return CourseChecks(cost=cost, published_cost=PUBLISHED_COST, checks=tuple(checks))


def gradients_with(bugs: Collection[str], parameters: Parameters, X: Floats, Y: npt.ArrayLike) -> Parameters:
    """The course's gradients at some parameters, with planted bugs."""
    _, cache = forward_propagation_n(X, Y, parameters)
    return backward_propagation_n(X, Y, cache, bugs=bugs)


def course_case(bugs: Collection[str] = ("dW2", "db1")) -> GradientCase:
    """The exercise as a case for `initlab.gradcheck`."""
    X, Y, parameters = gradient_check_n_test_case()
    return GradientCase(
        cost=lambda theta, x, y: forward_propagation_n(x, y, theta)[0],
        gradients=lambda theta, x, y: gradients_with(bugs, theta, x, y),
        parameters=parameters,
        data=(X, Y),
    )


def _line(x: float, theta: float) -> GradientReport:
    return gradient_report(
        GradientCase(
            cost=lambda p: float(p["theta"]) * x,
            gradients=lambda p: {"dtheta": np.full(np.shape(p["theta"]), float(x))},
            parameters={"theta": np.array(float(theta))},
        )
    )

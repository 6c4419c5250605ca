"""Gradients that are right here, and the same wherever they are asked for, although the cost's slope is not."""

from collections.abc import Mapping

from initlab.gradients.blocks import Examined
from initlab.gradients.gates import fixed_gradients
from initlab.gradients.harness import Copies, Harness
from initlab.gradients.projection import gaussian, project
from initlab.gradients.report import Gate
from initlab.gradients.returned import Gradient, unit_of

TEXT = (
    "the gradients are right here, and the same at other parameters, where they are not: they are those of an "
    "earlier call. Compute them from the parameters they are given."
)


def stale(
    harness: Harness, gradient: Gradient, examined: Mapping[str, Examined], moved: Copies, *, noise: float, seed: int
) -> Gate | None:
    """The gate, if the gradients at `moved` are those of the point, and wrong there."""
    right = [name for name, found in examined.items() if found.verdict == "PASS" and not found.independent]
    if not right or any(found.verdict in ("WRONG", "NON-SMOOTH") for found in examined.values()):
        return None
    if not fixed_gradients(harness, gradient.values, moved):
        return None
    elsewhere = Harness(harness.case, moved, pin=harness.pin, count=harness.count)
    name = max(right, key=lambda each: moved[each].size)
    v = gaussian(name, moved[name], seed=seed, draw=96)
    found = project(elsewhere, name, v, gradient, noise=noise, unit=unit_of(moved[name]))
    return Gate(verdict="STATEFUL", text=TEXT, cause="kept_state") if found.differs else None

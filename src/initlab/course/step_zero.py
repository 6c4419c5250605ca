"""The course's network looked at before its first update."""

import numpy as np
import numpy.typing as npt

from initlab.course.propagation import Parameters, backward_propagation, forward_propagation
from initlab.experiments.course_result import StepZero
from initlab.numerics.activations import Floats


def step_zero(X: Floats, Y: npt.ArrayLike, parameters: Parameters) -> StepZero:
    """Signal, gradients, dead units and saturated outputs of a network of three layers on X, (features, m), and Y."""
    a3, cache = forward_propagation(X, parameters)
    z1, a1, _, _, z2, a2, _, _, z3, _, _, _ = cache
    grads = backward_propagation(X, Y, cache)
    return StepZero(
        std_z=tuple(float(z.std()) for z in (z1, z2, z3)),
        gradient_norms=tuple(float(np.linalg.norm(grads[name])) for name in ("dW1", "dW2", "dW3")),
        dead=tuple(int((a == 0).all(axis=1).sum()) for a in (a1, a2)),
        active=tuple(float((a > 0).mean()) for a in (a1, a2)),
        saturated=float(np.isin(a3, (0, 1)).mean()),
    )

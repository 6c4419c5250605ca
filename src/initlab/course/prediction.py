"""What a trained network says."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from initlab.course.checks import check_labels
from initlab.course.propagation import forward_propagation
from initlab.numerics.activations import Floats


def predict(X: Floats, y: npt.ArrayLike, parameters: Mapping[str, Floats]) -> npt.NDArray[np.int64]:
    """The predicted labels, (1, m): 1 where the probability is above 1/2. Prints the share that agrees with y, (1, m).

    Raises DataError when X does not fit the parameters, or y the predictions.

    >>> from initlab.course import initialize_parameters_zeros
    >>> predict(np.ones((2, 4)), [[0, 0, 0, 1]], initialize_parameters_zeros([2, 10, 5, 1]))
    Accuracy: 0.75
    array([[0, 0, 0, 0]])
    """
    p = predict_dec(parameters, X).astype(np.int64)
    print(f"Accuracy: {np.mean(p == check_labels(p, y))}")
    return p


def predict_dec(parameters: Mapping[str, Floats], X: Floats) -> npt.NDArray[np.bool_]:
    """Whether the probability of label 1 is above 1/2, (1, m): what `plot_decision_boundary` colours the plane by.

    >>> from initlab.course import initialize_parameters_zeros
    >>> predict_dec(initialize_parameters_zeros([2, 10, 5, 1]), np.ones((2, 2)))
    array([[False, False]])
    """
    a3, _ = forward_propagation(X, parameters)
    return a3 > 0.5

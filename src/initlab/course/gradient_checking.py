"""The course's exercise "Gradient Checking": its network, its planted bugs, and its check, under its own names.

    gradapprox = (J(θ + ε) - J(θ - ε)) / 2ε,   difference = ‖grad - gradapprox‖ / (‖grad‖ + ‖gradapprox‖)

The network is LINEAR -> RELU -> LINEAR -> RELU -> LINEAR -> SIGMOID; examples are columns. `initlab.gradcheck` checks
the same gradients with error bars, block by block.
"""

from collections.abc import Collection, Mapping

import numpy as np
import numpy.typing as npt

from initlab.course.checks import NAMES, check_fit, check_parameters
from initlab.course.propagation import Cache, Parameters, relu, sigmoid
from initlab.errors import DataError, SpecError, UnknownNameError
from initlab.numerics.activations import Floats

EPSILON = 1e-7
THRESHOLD = 1e-7
"""Above it, the course says that there is a mistake. Later editions have 2e-7: the right answer gives 1.19e-7."""

SHAPES = {"W1": (5, 4), "b1": (5, 1), "W2": (3, 5), "b2": (3, 1), "W3": (1, 3), "b3": (1, 1)}
"""The course's network, 4-5-3-1."""

PLANTED = ("dW2", "db1")
"""The lines in which the exercise has a bug: dW2 is doubled, db1 is multiplied by 4."""


def gradient_check(x: float, theta: float, epsilon: float = EPSILON, print_msg: bool = False) -> float:
    """The course's check in one dimension, of J = θ x and its derivative x. Returns the difference.

    >>> gradient_check(2, 4)
    2.919335883291695e-10
    """
    gradapprox = ((theta + epsilon) * x - (theta - epsilon) * x) / (2 * epsilon)
    return _difference(np.atleast_1d(float(x)), np.atleast_1d(gradapprox), print_msg)


def forward_propagation_n(X: Floats, Y: npt.ArrayLike, parameters: Mapping[str, Floats]) -> tuple[float, Cache]:
    """The cost over the examples X, (features, m), with labels Y, (m,) or (1, m), and the cache for the way back.

    The cache is (Z1, A1, W1, b1, Z2, A2, W2, b2, Z3, A3, W3, b3). Raises DataError when the parameters are not all
    there, or X does not fit W1.
    """
    W1, b1, W2, b2, W3, b3 = check_parameters(parameters)
    check_fit(X, W1)
    m = X.shape[1]
    Z1 = np.dot(W1, X) + b1
    A1 = relu(Z1)
    Z2 = np.dot(W2, A1) + b2
    A2 = relu(Z2)
    Z3 = np.dot(W3, A2) + b3
    A3 = sigmoid(Z3)
    y = np.asarray(Y)
    log_probs = np.multiply(-np.log(A3), y) + np.multiply(-np.log(1 - A3), 1 - y)
    return float(1.0 / m * np.sum(log_probs)), (Z1, A1, W1, b1, Z2, A2, W2, b2, Z3, A3, W3, b3)


def backward_propagation_n(X: Floats, Y: npt.ArrayLike, cache: Cache, *, bugs: Collection[str] = ()) -> Parameters:
    """The gradients from the cache; with `bugs`, any of dW2 and db1, those that the exercise has planted.

    Raises UnknownNameError for another bug.
    """
    for name in bugs:
        if name not in PLANTED:
            raise UnknownNameError("planted bug", name, PLANTED)
    m = X.shape[1]
    _, A1, _, _, _, A2, W2, _, _, A3, W3, _ = cache
    dZ3 = A3 - np.asarray(Y)
    dW3, db3 = 1.0 / m * np.dot(dZ3, A2.T), 1.0 / m * np.sum(dZ3, axis=1, keepdims=True)
    dA2 = np.dot(W3.T, dZ3)
    dZ2 = np.multiply(dA2, np.int64(A2 > 0))
    dW2, db2 = 1.0 / m * np.dot(dZ2, A1.T), 1.0 / m * np.sum(dZ2, axis=1, keepdims=True)
    dA1 = np.dot(W2.T, dZ2)
    dZ1 = np.multiply(dA1, np.int64(A1 > 0))
    dW1, db1 = 1.0 / m * np.dot(dZ1, X.T), 1.0 / m * np.sum(dZ1, axis=1, keepdims=True)
    if "dW2" in bugs:
        dW2 = dW2 * 2
    if "db1" in bugs:
        db1 = 4.0 / m * np.sum(dZ1, axis=1, keepdims=True)
    return {
        "dZ3": dZ3, "dW3": dW3, "db3": db3, "dA2": dA2, "dZ2": dZ2, "dW2": dW2, "db2": db2,
        "dA1": dA1, "dZ1": dZ1, "dW1": dW1, "db1": db1,
    }  # fmt: skip


def gradient_check_n(
    parameters: Mapping[str, Floats],
    gradients: Mapping[str, Floats],
    X: Floats,
    Y: npt.ArrayLike,
    epsilon: float = EPSILON,
    print_msg: bool = False,
) -> float:
    """The course's check of `backward_propagation_n`: one number for all parameters. Returns the difference.

    Raises DataError when a parameter or gradient is missing or of another shape, SpecError for an epsilon that is not
    positive.

    >>> X, Y, parameters = gradient_check_n_test_case()
    >>> _, cache = forward_propagation_n(X, Y, parameters)
    >>> difference = gradient_check_n(parameters, backward_propagation_n(X, Y, cache, bugs=["dW2", "db1"]), X, Y)
    >>> round(difference, 10)
    0.2850931568
    """
    if not 0 < epsilon < np.inf:
        raise SpecError(f"epsilon must be a finite number > 0, got {epsilon}. The course takes 1e-7.")
    theta, _ = dictionary_to_vector(parameters)
    shapes = {name: np.shape(parameters[name]) for name in NAMES}
    _check_shapes(gradients, shapes)
    gradapprox = np.zeros_like(theta)
    for i in range(len(theta)):
        plus, minus = theta.copy(), theta.copy()
        plus[i] += epsilon
        minus[i] -= epsilon
        J_plus, _ = forward_propagation_n(X, Y, vector_to_dictionary(plus, shapes))
        J_minus, _ = forward_propagation_n(X, Y, vector_to_dictionary(minus, shapes))
        gradapprox[i] = (J_plus - J_minus) / (2 * epsilon)
    return _difference(gradients_to_vector(gradients), gradapprox, print_msg)


def dictionary_to_vector(parameters: Mapping[str, Floats]) -> tuple[Floats, list[str]]:
    """W1, b1, ..., W3, b3 as one column, (n, 1), and the name of each entry. Raises DataError when one is missing."""
    held = check_parameters(parameters)
    keys = [name for name, value in zip(NAMES, held, strict=True) for _ in range(np.size(value))]
    return np.concatenate([np.reshape(value, (-1, 1)) for value in held]), keys


def vector_to_dictionary(theta: Floats, shapes: Mapping[str, tuple[int, ...]] = SHAPES) -> Parameters:
    """The parameters out of one column; by default in the shapes of the course's case."""
    ends = np.cumsum([int(np.prod(shapes[name])) for name in NAMES])
    return {name: part.reshape(shapes[name]) for name, part in zip(NAMES, np.split(theta, ends[:-1]), strict=True)}


def gradients_to_vector(gradients: Mapping[str, Floats]) -> Floats:
    """dW1, db1, ..., dW3, db3 as one column, (n, 1). Raises DataError when one is missing."""
    held = {name: gradients[f"d{name}"] for name in NAMES if f"d{name}" in gradients}
    return dictionary_to_vector(held)[0]


def gradient_check_n_test_case() -> tuple[Floats, npt.NDArray[np.int64], Parameters]:
    """X, (4, 3), Y, (3,), and the parameters of the course's case: 47 numbers from its generator, seeded with 1."""
    draws = np.random.RandomState(1)
    X, Y = draws.randn(4, 3), np.array([1, 1, 0])
    return X, Y, {name: draws.randn(*shape) for name, shape in SHAPES.items()}


def _check_shapes(gradients: Mapping[str, Floats], shapes: Mapping[str, tuple[int, ...]]) -> None:
    for name, shape in shapes.items():
        found = np.shape(gradients.get(f"d{name}", np.empty(shape)))
        if found != shape:
            raise DataError(f"d{name} must have the shape of {name}, {shape}, got {found}.")


def _difference(grad: Floats, gradapprox: Floats, print_msg: bool) -> float:
    difference = float(np.linalg.norm(grad - gradapprox) / (np.linalg.norm(grad) + np.linalg.norm(gradapprox)))
    if print_msg:
        wrong = difference > THRESHOLD
        said = "There is a mistake in the backward propagation!" if wrong else (
            "Your backward propagation works perfectly fine!"
        )  # fmt: skip
        print(f"\033[{93 if wrong else 92}m{said} difference = {difference}\033[0m")
    return difference

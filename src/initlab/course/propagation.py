"""One step of the course's network: forward, loss, backward, update.

The network has three layers, whatever their widths, and examples are columns:

    z1 = W1 X + b1,   a1 = relu(z1),   z2 = W2 a1 + b2,   a2 = relu(z2),   z3 = W3 a2 + b3,   a3 = sigmoid(z3)
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from initlab.course.checks import check_fit, check_labels, check_parameters
from initlab.network.heads import HEAD
from initlab.numerics.activations import Floats

Parameters = dict[str, Floats]
Cache = tuple[Floats, ...]


def sigmoid(x: npt.ArrayLike) -> Floats:
    """The logistic function 1/(1 + e^-x), element by element; exactly 0 where e^-x overflows.

    >>> sigmoid([0.0, -1000.0])
    array([0.5, 0. ])
    """
    with np.errstate(over="ignore"):
        return np.asarray(1 / (1 + np.exp(-np.asarray(x, dtype=np.float64))))


def relu(x: npt.ArrayLike) -> Floats:
    """The larger of 0 and x, element by element.

    >>> relu([-2.0, 3.0])
    array([0., 3.])
    """
    return np.maximum(0.0, x)


def forward_propagation(X: Floats, parameters: Mapping[str, Floats]) -> tuple[Floats, Cache]:
    """Push the examples X, (features, m), through the network.

    Returns a3, (1, m), the probability of label 1, and the cache (z1, a1, W1, b1, z2, a2, W2, b2, z3, a3, W3, b3) that
    `backward_propagation` needs. Raises DataError when W1, b1, ..., W3, b3 are not all there, or X does not fit W1.

    >>> from initlab.course import initialize_parameters_zeros
    >>> a3, cache = forward_propagation(np.ones((2, 3)), initialize_parameters_zeros([2, 10, 5, 1]))
    >>> a3
    array([[0.5, 0.5, 0.5]])
    """
    W1, b1, W2, b2, W3, b3 = check_parameters(parameters)
    check_fit(X, W1)
    z1 = W1 @ X + b1
    a1 = relu(z1)
    z2 = W2 @ a1 + b2
    a2 = relu(z2)
    z3 = W3 @ a2 + b3
    a3 = sigmoid(z3)
    return a3, (z1, a1, W1, b1, z2, a2, W2, b2, z3, a3, W3, b3)


def compute_loss(a3: Floats, Y: npt.ArrayLike) -> float:
    """The cross-entropy as the course computes it, from the probabilities a3, (1, m), and the labels Y, (1, m).

    J = 1/m Σ ( -y ln a - (1 - y) ln(1 - a) ), leaving out terms of the form 0 · ∞.

    Where a is exactly 0 or 1 on the wrong side, the loss is infinite, although the true one is not:
    `stable_loss` computes it from z3. Raises DataError when the shapes of a3 and Y differ.

    >>> compute_loss(np.array([[1.0, 1.0]]), np.array([[1, 0]]))
    inf
    >>> compute_loss(np.array([[0.5, 0.5]]), np.array([[1, 0]]))
    0.693147180559945...
    """
    y = check_labels(a3, Y)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = -np.log(a3) * y - np.log(1 - a3) * (1 - y)
    return float(np.nansum(terms) / y.shape[1])


def stable_loss(z3: Floats, Y: npt.ArrayLike) -> float:
    """The cross-entropy from the logits z3, (1, m): finite wherever they are.

    J = 1/m Σ ( max(z, 0) - y z + ln(1 + e^-|z|) ). Raises DataError when the shapes of z3 and Y differ.

    >>> stable_loss(np.array([[800.0, 800.0]]), np.array([[1, 0]]))
    400.0
    """
    return HEAD["sigmoid"].loss(z3, check_labels(z3, Y))


def backward_propagation(X: Floats, Y: npt.ArrayLike, cache: Cache) -> Parameters:
    """The gradients of the loss with respect to everything that `forward_propagation` left in the cache.

    dz3 = (a3 - Y)/m,   dW = dz aᵀ (a: what enters the layer),   db = Σ dz,   da = Wᵀ dz,   dz = da ∘ (a > 0)

    Returns dz3, dW3, db3, da2, dz2, dW2, db2, da1, dz1, dW1 and db1, each shaped like what it belongs to. Raises
    DataError when Y does not fit the cached output.

    >>> from initlab.course import initialize_parameters_zeros
    >>> X, Y = np.ones((2, 4)), np.array([[1, 1, 1, 0]])
    >>> a3, cache = forward_propagation(X, initialize_parameters_zeros([2, 10, 5, 1]))
    >>> backward_propagation(X, Y, cache)["db3"]
    array([[-0.25]])
    """
    _, a1, _, _, _, a2, W2, _, _, a3, W3, _ = cache
    y = check_labels(a3, Y)
    dz3 = (a3 - y) / y.shape[1]
    dW3, db3 = dz3 @ a2.T, dz3.sum(axis=1, keepdims=True)
    da2 = W3.T @ dz3
    dz2 = da2 * (a2 > 0)
    dW2, db2 = dz2 @ a1.T, dz2.sum(axis=1, keepdims=True)
    da1 = W2.T @ dz2
    dz1 = da1 * (a1 > 0)
    dW1, db1 = dz1 @ X.T, dz1.sum(axis=1, keepdims=True)
    return {
        "dz3": dz3, "dW3": dW3, "db3": db3,
        "da2": da2, "dz2": dz2, "dW2": dW2, "db2": db2,
        "da1": da1, "dz1": dz1, "dW1": dW1, "db1": db1,
    }  # fmt: skip


def update_parameters(
    parameters: Mapping[str, Floats], grads: Mapping[str, Floats], learning_rate: float
) -> Parameters:
    """One step of gradient descent, θ - η dθ, for every parameter θ. What was given is left as it was.

    >>> update_parameters({"W1": np.array([[1.0]])}, {"dW1": np.array([[2.0]])}, 0.25)
    {'W1': array([[0.5]])}
    """
    return {name: value - learning_rate * grads[f"d{name}"] for name, value in parameters.items()}

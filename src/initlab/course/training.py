"""The course's training loop."""

import sys
from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from initlab.course.checks import check_data, check_seed, check_training
from initlab.course.initialization import SEED, initialize
from initlab.course.plots import plot_costs
from initlab.course.propagation import (
    Parameters,
    backward_propagation,
    compute_loss,
    forward_propagation,
    update_parameters,
)
from initlab.numerics.activations import Floats

HIDDEN = (10, 5)
"""The widths of the course's hidden layers."""

CHECKPOINT = 1000
"""The course notes the cost every so many iterations."""


def model(
    X: npt.ArrayLike,
    Y: npt.ArrayLike,
    learning_rate: float = 0.01,
    num_iterations: int = 15000,
    print_cost: bool = True,
    initialization: str = "he",
    *,
    seed: int = SEED,
    plot: bool | None = None,
) -> Parameters:
    """Train the course's network, of widths (features, 10, 5, 1), on X, (features, m), and Y, (1, m), all at once.

    The cost printed at iteration i is the one before the i-th update. `initialization` is "zeros", "random", "he" or
    "xavier"; `seed` is the course's unless given, and zeros need none. The costs are drawn if `plot` is True, and, if
    it is None, where matplotlib is in interactive use, as in a notebook; nothing waits for a window to be closed.

    Returns W1, b1, ..., W3, b3. Raises UnknownNameError for another initialization, DataError when X and Y do not fit,
    SpecError when a number is out of its bounds.

    >>> parameters = model([[0.0, 1.0], [1.0, 0.0]], [[0, 1]], num_iterations=1, initialization="zeros")
    Cost after iteration 0: 0.6931471805599...
    >>> parameters["W1"].shape
    (10, 2)
    """
    x, y = check_data(X, Y)
    iterations = check_training(learning_rate, num_iterations)
    start = initialize(initialization, [x.shape[0], *HIDDEN, 1], check_seed(seed))
    costs: list[float] = []
    with np.errstate(over="ignore", invalid="ignore"):
        for iteration, cost, parameters in descend(x, y, start, learning_rate, iterations):  # noqa: B007
            if print_cost and iteration < iterations:
                costs.append(cost)
                print(f"Cost after iteration {iteration}: {cost}")
    if _interactive() if plot is None else plot:
        plot_costs(costs, learning_rate)
    return parameters


def descend(
    X: Floats, Y: npt.ArrayLike, parameters: Mapping[str, Floats], learning_rate: float, num_iterations: int
) -> Iterator[tuple[int, float, Parameters]]:
    """Gradient descent, which stops to show (iteration, cost, parameters) every 1000 iterations and after the last.

    The cost and the parameters are those before the update of that iteration.
    """
    current = dict(parameters)
    for iteration in range(num_iterations):
        a3, cache = forward_propagation(X, current)
        if iteration % CHECKPOINT == 0:
            yield iteration, compute_loss(a3, Y), current
        current = update_parameters(current, backward_propagation(X, Y, cache), learning_rate)
    yield num_iterations, compute_loss(forward_propagation(X, current)[0], Y), current


def _interactive() -> bool:
    """Whether pyplot is in use already, and draws as it goes; matplotlib is never loaded to find out."""
    matplotlib = sys.modules.get("matplotlib")
    return "matplotlib.pyplot" in sys.modules and matplotlib is not None and bool(matplotlib.is_interactive())

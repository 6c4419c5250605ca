"""A scheme applied to a network: every parameter drawn from its law, in its own stream."""

from initlab.laws import Law
from initlab.network.architecture import Architecture
from initlab.numerics.activations import Floats
from initlab.schemes import Choice
from initlab.streams.sample import sample


def laws(architecture: Architecture, choice: Choice) -> dict[str, Law]:
    """The law that the scheme gives each parameter, by name: W1, b1, W2, b2, ..."""
    return {parameter.name: choice.law(parameter) for parameter in architecture.parameters()}


def initialize(architecture: Architecture, choice: Choice, *, seed: int, dtype: str = "float64") -> Floats:
    """Draw all parameters of a network, as one flat vector.

    A parameter depends on its law, its name and the seed alone. Two schemes of one seed therefore draw the same
    quantiles, and differ in nothing but the law.

    >>> from initlab.schemes import choose
    >>> initialize(Architecture(widths=(2, 3, 1)), choose("zeros"), seed=0)
    array([0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0.])
    """
    theta = architecture.empty(dtype)
    start = 0
    for parameter in architecture.parameters():
        stop = start + parameter.size
        drawn = sample(choice.law(parameter), name=parameter.name, seed=seed, shape=parameter.shape, dtype=dtype)
        theta[start:stop] = drawn.ravel()
        start = stop
    return theta

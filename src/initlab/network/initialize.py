"""A scheme applied to a network: every parameter drawn from its law, in its own stream or as the course does."""

from typing import Literal

import numpy as np

from initlab.errors import SpecError
from initlab.laws import Constant, Law, Normal
from initlab.network.architecture import Architecture
from initlab.numerics.activations import Floats
from initlab.parameters import Parameter
from initlab.schemes import Choice
from initlab.streams.sample import sample

Draws = Literal["streams", "course"]
"""Where the numbers come from: a stream for each parameter, or one legacy generator of NumPy's for all of them."""

LEGACY_SEEDS = 2**32


def laws(architecture: Architecture, choice: Choice) -> dict[str, Law]:
    """The law that the scheme gives each parameter, by name: W1, b1, W2, b2, ..."""
    return {parameter.name: choice.law(parameter) for parameter in architecture.parameters()}


def initialize(
    architecture: Architecture, choice: Choice, *, seed: int, dtype: str = "float64", draws: Draws = "streams"
) -> Floats:
    """Draw all parameters of a network, as one flat vector.

    A parameter depends on its law, its name and the seed alone. Two schemes of one seed therefore draw the same
    quantiles, and differ in nothing but the law. With the course's `draws` it depends on those before it too; only
    constants and normal laws can be drawn so (SpecError).

    >>> from initlab.schemes import choose
    >>> initialize(Architecture(widths=(2, 3, 1)), choose("zeros"), seed=0)
    array([0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0.])
    """
    theta = architecture.empty(dtype)
    legacy = None if draws == "streams" else _legacy(seed)
    start = 0
    for parameter in architecture.parameters():
        stop, law = start + parameter.size, choice.law(parameter)
        drawn = (
            sample(law, name=parameter.name, seed=seed, shape=parameter.shape, dtype=dtype)
            if legacy is None
            else _as_the_course(law, parameter, legacy)
        )
        theta[start:stop] = drawn.ravel()
        start = stop
    return theta


def _legacy(seed: int) -> np.random.RandomState:
    if seed >= LEGACY_SEEDS:
        raise SpecError(f"seed must be below 2³² for the course's draws, got {seed}. Take a smaller one.")
    return np.random.RandomState(seed)


def _as_the_course(law: Law, parameter: Parameter, legacy: np.random.RandomState) -> Floats:
    if isinstance(law, Constant):
        return np.full(parameter.shape, law.value)
    if isinstance(law, Normal):
        return legacy.randn(*parameter.shape) * law.std + law.mean
    raise SpecError(
        f"draws must be streams where the law is no constant and not normal, got course for {type(law).__name__}. "
        "The course draws no other."
    )

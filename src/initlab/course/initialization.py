"""The course's initializations: how W and b start, layer by layer.

All of them draw from NumPy's legacy generator seeded with 3, as the course does, but from one of their own: the global
generator stays as it was. W1 is drawn first, then W2, and so on; biases are zero and draw nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import SupportsIndex

import numpy as np

from initlab.course.checks import check_seed, check_widths
from initlab.course.propagation import Parameters
from initlab.errors import UnknownNameError
from initlab.numerics.activations import Floats

SEED = 3
"""The course's seed."""


def initialize_parameters_zeros(layers_dims: Sequence[SupportsIndex]) -> Parameters:
    """Zero weights and biases: W^l = 0, (n_l, n_{l-1}), and b^l = 0, (n_l, 1).

    With ReLU no hidden weight can ever move: every hidden activation is 0, and so is every gradient but that of the
    last bias. Raises SpecError when `layers_dims`, the widths from input to output, are not whole numbers >= 1.

    >>> initialize_parameters_zeros([3, 2, 1])["W1"]
    array([[0., 0., 0.],
           [0., 0., 0.]])
    """
    widths = check_widths(layers_dims)
    return _parameters([np.zeros((n, k)) for k, n in pairwise(widths)])


def initialize_parameters_random(layers_dims: Sequence[SupportsIndex], *, seed: int = SEED) -> Parameters:
    """Large normal weights, W^l = 10 N(0, 1), and zero biases: a standard deviation of 10 whatever the width.

    Raises SpecError when `layers_dims` are not whole numbers >= 1, or the seed is not one of the legacy generator.

    >>> initialize_parameters_random([3, 2, 1])["W2"]
    array([[-0.82741481, -6.27000677]])
    """
    return _normal(layers_dims, lambda _: 10.0, seed)


def initialize_parameters_he(layers_dims: Sequence[SupportsIndex], *, seed: int = SEED) -> Parameters:
    """He's normal weights, W^l = N(0, 1) √(2/n_{l-1}), and zero biases: a variance of 2/n_{l-1}.

    The second moment of the signal is kept from layer to layer under ReLU (He et al. 2015, equation 10).
    Raises SpecError when `layers_dims` are not whole numbers >= 1, or the seed is not one of the legacy generator.

    >>> initialize_parameters_he([2, 4, 1])["W1"]
    array([[ 1.78862847,  0.43650985],
           [ 0.09649747, -1.8634927 ],
           [-0.2773882 , -0.35475898],
           [-0.08274148, -0.62700068]])
    """
    return _normal(layers_dims, lambda fan_in: np.sqrt(2.0 / fan_in), seed)


def initialize_parameters_xavier(layers_dims: Sequence[SupportsIndex], *, seed: int = SEED) -> Parameters:
    """Xavier's normal weights, W^l = N(0, 1) √(1/n_{l-1}), and zero biases: a variance of 1/n_{l-1}.

    This is the course's form, which looks at the fan-in alone; Glorot and Bengio 2010 have 2/(n_{l-1} + n_l).
    Raises SpecError when `layers_dims` are not whole numbers >= 1, or the seed is not one of the legacy generator.

    >>> initialize_parameters_xavier([4, 1])["W1"]
    array([[ 0.89431424,  0.21825493,  0.04824873, -0.93174635]])
    """
    return _normal(layers_dims, lambda fan_in: np.sqrt(1.0 / fan_in), seed)


SEEDED: Mapping[str, Callable[..., Parameters]] = MappingProxyType(
    {
        "random": initialize_parameters_random,
        "he": initialize_parameters_he,
        "xavier": initialize_parameters_xavier,
    }
)
INITIALIZATIONS = ("zeros", *SEEDED)
"""What `model` calls the initializations."""


def initialize(name: str, layers_dims: Sequence[SupportsIndex], seed: int = SEED) -> Parameters:
    """The parameters under the initialization of that name; zeros need no seed.

    >>> initialize("hee", [2, 10, 5, 1])
    Traceback (most recent call last):
    initlab.errors.UnknownNameError: Unknown initialization 'hee'. Did you mean 'he'?
    """
    if name not in INITIALIZATIONS:
        raise UnknownNameError("initialization", str(name), INITIALIZATIONS)
    return SEEDED[name](layers_dims, seed=seed) if name in SEEDED else initialize_parameters_zeros(layers_dims)


def _normal(layers_dims: Sequence[SupportsIndex], std: Callable[[int], float], seed: int) -> Parameters:
    draws = np.random.RandomState(check_seed(seed))
    return _parameters([draws.randn(n, k) * std(k) for k, n in pairwise(check_widths(layers_dims))])


def _parameters(weights: Sequence[Floats]) -> Parameters:
    """W1, b1, W2, b2, ... from the weights, with zero biases."""
    parameters: Parameters = {}
    for layer, W in enumerate(weights, start=1):
        parameters[f"W{layer}"] = W
        parameters[f"b{layer}"] = np.zeros((W.shape[0], 1))
    return parameters

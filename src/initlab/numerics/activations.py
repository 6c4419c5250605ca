"""The activations: function, derivative and kinks. One row, one activation.

A derivative is written in terms of the pre-activation z and the value a = φ(z), as it is used in backpropagation.
Functions and derivatives work entry by entry on arrays of any float type, which they keep, and on scalars: the compiled
trainer compiles these very functions. At a kink the derivative is the one from the left.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from scipy.special import erf, expit

from initlab.errors import UnknownNameError

Floats = npt.NDArray[np.floating]
Function = Callable[[Floats], Floats]
Derivative = Callable[[Floats, Floats], Floats]

LEAKY_SLOPE = 0.01
LEAKY_SLOPE_02 = 0.2
ELU_ALPHA = 1.0
# Hendrycks and Gimpel, 2016, https://arxiv.org/abs/1606.08415: the approximation of Φ by tanh.
GELU_CUBIC = 0.044715
# Klambauer et al., 2017, https://arxiv.org/abs/1706.02515: the constants that make N(0, 1) a fixed point.
SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946


@dataclass(frozen=True, slots=True)
class Activation:
    """One activation function.

    `function(z)` gives a, `derivative(z, a)` gives φ'(z); `kinks` are the points where φ is not smooth.
    """

    name: str
    formula: str
    function: Function
    derivative: Derivative
    kinks: tuple[float, ...] = ()


def _relu(z: Floats) -> Floats:
    return np.maximum(z, 0.0)


def _relu_derivative(z: Floats, a: Floats) -> Floats:
    return np.maximum(np.sign(z), 0.0)


def _leaky_relu(z: Floats) -> Floats:
    return np.maximum(z, 0.0) + LEAKY_SLOPE * np.minimum(z, 0.0)


def _leaky_relu_derivative(z: Floats, a: Floats) -> Floats:
    return LEAKY_SLOPE + (1.0 - LEAKY_SLOPE) * np.maximum(np.sign(z), 0.0)


def _leaky_relu_02(z: Floats) -> Floats:
    return np.maximum(z, 0.0) + LEAKY_SLOPE_02 * np.minimum(z, 0.0)


def _leaky_relu_02_derivative(z: Floats, a: Floats) -> Floats:
    return LEAKY_SLOPE_02 + (1.0 - LEAKY_SLOPE_02) * np.maximum(np.sign(z), 0.0)


def _relu_squared(z: Floats) -> Floats:
    return np.maximum(z, 0.0) * np.maximum(z, 0.0)


def _gelu(z: Floats) -> Floats:
    return 0.5 * z * (1.0 + erf(z * math.sqrt(0.5)))


def _gelu_derivative(z: Floats, a: Floats) -> Floats:
    return 0.5 * (1.0 + erf(z * math.sqrt(0.5))) + z * np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)


def _gelu_tanh(z: Floats) -> Floats:
    return 0.5 * z * (1.0 + np.tanh(math.sqrt(2.0 / math.pi) * (z + GELU_CUBIC * z * z * z)))


def _gelu_tanh_derivative(z: Floats, a: Floats) -> Floats:
    t = np.tanh(math.sqrt(2.0 / math.pi) * (z + GELU_CUBIC * z * z * z))
    return 0.5 * (1.0 + t) + 0.5 * z * (1.0 - t * t) * math.sqrt(2.0 / math.pi) * (1.0 + 3.0 * GELU_CUBIC * z * z)


def _mish(z: Floats) -> Floats:
    return z * np.tanh(np.maximum(z, 0.0) + np.log1p(np.exp(-np.abs(z))))


def _mish_derivative(z: Floats, a: Floats) -> Floats:
    t = np.tanh(np.maximum(z, 0.0) + np.log1p(np.exp(-np.abs(z))))
    return t + z * (1.0 - t * t) * expit(z)


def _silu_derivative(z: Floats, a: Floats) -> Floats:
    return a + expit(z) * (1.0 - a)


def _elu(z: Floats) -> Floats:
    return np.maximum(z, 0.0) + ELU_ALPHA * np.expm1(np.minimum(z, 0.0))


def _elu_derivative(z: Floats, a: Floats) -> Floats:
    positive = np.maximum(np.sign(z), 0.0)
    return positive + (1.0 - positive) * (np.minimum(a, 0.0) + ELU_ALPHA)


def _selu(z: Floats) -> Floats:
    return SELU_SCALE * (np.maximum(z, 0.0) + SELU_ALPHA * np.expm1(np.minimum(z, 0.0)))


def _selu_derivative(z: Floats, a: Floats) -> Floats:
    positive = np.maximum(np.sign(z), 0.0)
    return SELU_SCALE * positive + (1.0 - positive) * (np.minimum(a, 0.0) + SELU_SCALE * SELU_ALPHA)


def _softplus(z: Floats) -> Floats:
    return np.maximum(z, 0.0) + np.log1p(np.exp(-np.abs(z)))


def _softsign_derivative(z: Floats, a: Floats) -> Floats:
    return (1.0 - np.abs(a)) * (1.0 - np.abs(a))


def _hardtanh(z: Floats) -> Floats:
    return np.minimum(np.maximum(z, -1.0), 1.0)


def _hardtanh_derivative(z: Floats, a: Floats) -> Floats:
    return np.maximum(np.sign(z + 1.0), 0.0) - np.maximum(np.sign(z - 1.0), 0.0)


def _hardswish(z: Floats) -> Floats:
    return z * np.minimum(np.maximum(z + 3.0, 0.0), 6.0) / 6.0


def _hardswish_derivative(z: Floats, a: Floats) -> Floats:
    above = np.maximum(np.sign(z - 3.0), 0.0)
    return above + (np.maximum(np.sign(z + 3.0), 0.0) - above) * (z / 3.0 + 0.5)


_ROWS = (
    Activation("linear", "z", lambda z: z * 1.0, lambda z, a: 0.0 * z + 1.0),
    Activation("relu", "max(z, 0)", _relu, _relu_derivative, kinks=(0.0,)),
    Activation("leaky_relu", "max(z, 0.01 z)", _leaky_relu, _leaky_relu_derivative, kinks=(0.0,)),
    Activation("leaky_relu_0.2", "max(z, 0.2 z)", _leaky_relu_02, _leaky_relu_02_derivative, kinks=(0.0,)),
    Activation("relu_squared", "max(z, 0)²", _relu_squared, lambda z, a: 2.0 * np.maximum(z, 0.0), kinks=(0.0,)),
    Activation("tanh", "tanh z", lambda z: np.tanh(z), lambda z, a: 1.0 - a * a),
    Activation("sigmoid", "1/(1 + e⁻ᶻ)", lambda z: expit(z), lambda z, a: a * (1.0 - a)),
    Activation("gelu", "z Φ(z)", _gelu, _gelu_derivative),
    Activation("gelu_tanh", "z (1 + tanh(√(2/π)(z + 0.044715 z³)))/2", _gelu_tanh, _gelu_tanh_derivative),
    Activation("silu", "z/(1 + e⁻ᶻ)", lambda z: z * expit(z), _silu_derivative),
    Activation("elu", "z if z > 0 else eᶻ - 1", _elu, _elu_derivative, kinks=(0.0,)),
    Activation("selu", "1.0507 (z if z > 0 else 1.6733 (eᶻ - 1))", _selu, _selu_derivative, kinks=(0.0,)),
    Activation("softplus", "ln(1 + eᶻ)", _softplus, lambda z, a: expit(z)),
    Activation("mish", "z tanh(ln(1 + eᶻ))", _mish, _mish_derivative),
    Activation("softsign", "z/(1 + |z|)", lambda z: z / (1.0 + np.abs(z)), _softsign_derivative, kinks=(0.0,)),
    Activation("hardtanh", "max(-1, min(z, 1))", _hardtanh, _hardtanh_derivative, kinks=(-1.0, 1.0)),
    Activation("hardswish", "z min(max(z + 3, 0), 6)/6", _hardswish, _hardswish_derivative, kinks=(-3.0, 3.0)),
    Activation("erf", "erf z", lambda z: erf(z), lambda z, a: 2.0 / math.sqrt(math.pi) * np.exp(-z * z)),
    Activation("atan", "arctan z", lambda z: np.arctan(z), lambda z, a: 1.0 / (1.0 + z * z)),
    Activation("sin", "sin z", lambda z: np.sin(z), lambda z, a: np.cos(z)),
)

ACTIVATIONS: Mapping[str, Activation] = MappingProxyType({row.name: row for row in _ROWS})


def activation(name: str) -> Activation:
    """The activation of that name.

    >>> activation("relu").formula
    'max(z, 0)'

    Raises UnknownNameError, with the nearest name.
    """
    if name not in ACTIVATIONS:
        raise UnknownNameError("activation", name, ACTIVATIONS)
    return ACTIVATIONS[name]

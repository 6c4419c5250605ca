"""Variance scaling: the standard deviation is set by the fan, so that signals keep their size. With LeCun's schemes."""

import math
from typing import Literal

from initlab.laws import Law, Normal, TruncatedNormal, Uniform
from initlab.parameters import Fan
from initlab.schemes.options import NotNegative
from initlab.schemes.scheme import scheme

Mode = Literal["fan_in", "fan_out", "fan_avg"]
Distribution = Literal["normal", "uniform", "truncated"]


def size(fan: Fan, mode: Mode) -> float:
    """The number of connections that a mode names."""
    return {"fan_in": fan.fan_in, "fan_out": fan.fan_out, "fan_avg": fan.fan_avg}[mode]


def of_std(std: float, distribution: Distribution) -> Law:
    """The centred law of that distribution and standard deviation; the truncated one is cut at two σ of its parent."""
    match distribution:
        case "normal":
            return Normal(std=std)
        case "uniform":
            return Uniform.of_std(std)
        case "truncated":
            return TruncatedNormal.of_std(std)


@scheme()
def variance_scaling(
    fan: Fan, *, scale: NotNegative = 1.0, mode: Mode = "fan_in", distribution: Distribution = "truncated"
) -> Law:
    """The general recipe, of which LeCun, Glorot and He are cases: a variance of `scale` over the fan.

    `scale` is a variance: where torch takes a gain, this is its square. fan_in keeps the forward signal, fan_out the
    gradient, fan_avg strikes a balance. GELU and SiLU keep neither for long: whatever the scale, the size of their
    signal drifts away from one as layers go by.

    ## Formula
    Var(w) = scale/n,  n = fan_in, fan_out or (fan_in + fan_out)/2

    ## Example
    >>> variance_scaling(Fan.dense(50, 10), scale=2, mode="fan_in", distribution="normal")
    Normal(std=0.2, mean=0.0)

    ## References
    Keras, `keras.initializers.VarianceScaling`; JAX, `jax.nn.initializers.variance_scaling`.
    """
    return of_std(math.sqrt(scale / size(fan, mode)), distribution)


@scheme()
def lecun_normal(fan: Fan, *, gain: NotNegative = 1.0) -> Law:
    """Keeps the variance of a linear layer's signal; the one for SELU, and for tanh close to zero.

    Keras and JAX draw a truncated law under this name: see `lecun_truncated`.

    ## Formula
    w ~ N(0, gain²/fan_in)

    ## Example
    >>> lecun_normal(Fan.dense(100, 10))
    Normal(std=0.1, mean=0.0)

    ## References
    LeCun, Bottou, Orr, Müller, Efficient BackProp, 1998.
    Klambauer, Unterthiner, Mayr, Hochreiter, NeurIPS 2017, arXiv:1706.02515 (SELU).
    """
    return Normal(std=gain / math.sqrt(fan.fan_in))


@scheme()
def lecun_uniform(fan: Fan, *, gain: NotNegative = 1.0) -> Law:
    """LeCun's variance, uniform: keeps the variance of a linear layer's signal, with no large weight.

    ## Formula
    w ~ U(-a, a),  a = gain·√(3/fan_in),  Var(w) = gain²/fan_in

    ## Example
    >>> lecun_uniform(Fan.dense(300, 10)).std
    0.0577350269...

    ## References
    LeCun, Bottou, Orr, Müller, Efficient BackProp, 1998.
    """
    return Uniform.of_std(gain / math.sqrt(fan.fan_in))


@scheme()
def lecun_truncated(fan: Fan, *, gain: NotNegative = 1.0) -> Law:
    """LeCun's variance, normal without tails: Flax's default, and what Keras and JAX call lecun_normal.

    The truncation is divided out, so the variance is that of the formula.

    ## Formula
    w ~ N(0, s²) given |w| <= 2s,  s = gain/(0.8796·√fan_in),  Var(w) = gain²/fan_in

    ## Example
    >>> round(lecun_truncated(Fan.dense(100, 10)).std, 12)
    0.1

    ## References
    JAX, `jax.nn.initializers.lecun_normal`; Keras, `keras.initializers.LecunNormal`.
    """
    return TruncatedNormal.of_std(gain / math.sqrt(fan.fan_in))

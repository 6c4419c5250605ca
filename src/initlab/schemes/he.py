"""He's (Kaiming's) schemes: twice the variance, for the half of the signal that ReLU takes away."""

import math

from initlab.laws import Law, Normal, TruncatedNormal, Uniform
from initlab.parameters import Fan
from initlab.schemes.options import NotNegative
from initlab.schemes.scheme import scheme
from initlab.schemes.variance_scaling import Mode, size


def _variance(fan: Fan, slope: float, mode: Mode) -> float:
    return 2 / ((1 + slope**2) * size(fan, mode))


@scheme("he", "kaiming", "kaiming_normal")
def he_normal(fan: Fan, *, gain: NotNegative = 1.0, slope: float = 0.0, mode: Mode = "fan_in") -> Law:
    """Keeps the size of the signal through ReLU layers; `slope` is that of a leaky ReLU's negative side.

    ReLU's gain √2 is in the formula already: `gain` multiplies the result, and stays 1 unless you want it wrong. GELU
    and SiLU need another: `lecun_normal(1.534)` and `lecun_normal(1.677)` keep the size of their signal on average,
    and even there it is not stable. One of the notes this project was founded on gives √(2/fan_in) as the variance.
    It is the standard deviation; the variance is 2/fan_in. Keras and JAX draw a truncated law under this name: see
    `he_truncated`.

    ## Formula
    w ~ N(0, σ²),  σ = gain·√(2/((1 + slope²)·n)),  n = fan_in (keeps the signal) or fan_out (keeps the gradient)

    ## Example
    >>> he_normal(Fan.dense(50, 10))
    Normal(std=0.2, mean=0.0)

    ## References
    He, Zhang, Ren, Sun, Delving deep into rectifiers, ICCV 2015, arXiv:1502.01852.
    """
    return Normal(std=gain * math.sqrt(_variance(fan, slope, mode)))


@scheme("kaiming_uniform")
def he_uniform(fan: Fan, *, gain: NotNegative = 1.0, slope: float = 0.0, mode: Mode = "fan_in") -> Law:
    """He's variance, uniform: keeps the size of the signal through ReLU layers, with no large weight.

    torch's layers call it with slope √5, which is no leaky ReLU but a way to write a = 1/√fan_in: see `torch_default`.

    ## Formula
    w ~ U(-a, a),  a = gain·√(6/((1 + slope²)·n)),  Var(w) = gain²·2/((1 + slope²)·n)

    ## Example
    >>> he_uniform(Fan.dense(24, 10))
    Uniform(bound=0.5, centre=0.0)

    ## References
    He, Zhang, Ren, Sun, ICCV 2015, arXiv:1502.01852 (the variance); torch, `torch.nn.init.kaiming_uniform_`.
    """
    return Uniform(bound=gain * math.sqrt(3 * _variance(fan, slope, mode)))


@scheme("kaiming_truncated")
def he_truncated(fan: Fan, *, gain: NotNegative = 1.0, slope: float = 0.0, mode: Mode = "fan_in") -> Law:
    """He's variance, normal without tails: what Keras and JAX call he_normal.

    The truncation is divided out, so the variance is that of the formula.

    ## Formula
    w ~ N(0, s²) given |w| <= 2s,  s = σ/0.8796,  σ = gain·√(2/((1 + slope²)·n))

    ## Example
    >>> round(he_truncated(Fan.dense(50, 10)).std, 12)
    0.2

    ## References
    JAX, `jax.nn.initializers.he_normal`; Keras, `keras.initializers.HeNormal`.
    """
    return TruncatedNormal.of_std(gain * math.sqrt(_variance(fan, slope, mode)))

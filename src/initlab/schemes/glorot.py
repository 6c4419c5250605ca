"""Glorot's (Xavier's) schemes: a compromise between the forward signal and the gradient."""

import math

from initlab.laws import Law, Normal, TruncatedNormal, Uniform
from initlab.parameters import Fan
from initlab.schemes.options import NotNegative
from initlab.schemes.scheme import scheme


def _std(fan: Fan, gain: float) -> float:
    return gain / math.sqrt(fan.fan_avg)


@scheme("xavier", "xavier_normal")
def glorot_normal(fan: Fan, *, gain: NotNegative = 1.0) -> Law:
    """Balances the forward signal against the gradient; for tanh, sigmoid and linear layers.

    With ReLU the variance halves in every layer: use `he_normal` there. One of the notes this project was founded on
    gives √(2/(fan_in + fan_out)) as the variance. It is the standard deviation; the variance is without the root. The
    course means the fan-in-only form by Xavier: see `course_xavier`. Keras and JAX draw a truncated law under this
    name: see `glorot_truncated`.

    ## Formula
    w ~ N(0, σ²),  σ = gain·√(2/(fan_in + fan_out))

    ## Example
    >>> glorot_normal(Fan.dense(30, 20))
    Normal(std=0.2, mean=0.0)

    ## References
    Glorot, Bengio, Understanding the difficulty of training deep feedforward neural networks, AISTATS 2010.
    """
    return Normal(std=_std(fan, gain))


@scheme("xavier_uniform")
def glorot_uniform(fan: Fan, *, gain: NotNegative = 1.0) -> Law:
    """Glorot's variance, uniform: the form of the paper, and Keras's default for dense layers and convolutions.

    torch's `xavier_uniform_` on a packed query-key-value matrix sees one fan_out of 3d, and gives 1/√2 of the standard
    deviation that the three matrices would have apart.

    ## Formula
    w ~ U(-a, a),  a = gain·√(6/(fan_in + fan_out)),  Var(w) = gain²·2/(fan_in + fan_out)

    ## Example
    >>> glorot_uniform(Fan.dense(2, 4)).bound
    1.0

    ## References
    Glorot, Bengio, AISTATS 2010, equation 16 ("normalized initialization").
    """
    return Uniform(bound=gain * math.sqrt(3 / fan.fan_avg))


@scheme("xavier_truncated")
def glorot_truncated(fan: Fan, *, gain: NotNegative = 1.0) -> Law:
    """Glorot's variance, normal without tails: what Keras and JAX call glorot_normal.

    The truncation is divided out, so the variance is that of the formula.

    ## Formula
    w ~ N(0, s²) given |w| <= 2s,  s = σ/0.8796,  σ = gain·√(2/(fan_in + fan_out))

    ## Example
    >>> round(glorot_truncated(Fan.dense(30, 20)).std, 12)
    0.2

    ## References
    JAX, `jax.nn.initializers.glorot_normal`; Keras, `keras.initializers.GlorotNormal`.
    """
    return TruncatedNormal.of_std(_std(fan, gain))


@scheme()
def course_xavier(fan: Fan) -> Law:
    """What the course calls Xavier: √(1/fan_in), which looks at the inputs only.

    It is LeCun's formula. Glorot and Bengio divide by the mean of both fans: `glorot_normal`. The two agree where a
    layer has as many outputs as inputs.

    ## Formula
    w ~ N(0, σ²),  σ = √(1/fan_in)

    ## Example
    >>> course_xavier(Fan.dense(100, 10))
    Normal(std=0.1, mean=0.0)

    ## References
    DeepLearning.AI, Improving Deep Neural Networks, week 1, "Weight Initialization for Deep Networks".
    """
    return Normal(std=math.sqrt(1 / fan.fan_in))

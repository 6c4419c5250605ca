"""Schemes that do not look at the fan: constants and fixed scales, and those the course warns of."""

import math
from typing import Annotated

from initlab.laws import Constant, CopiedRows, Law, Normal, TruncatedNormal, Uniform
from initlab.parameters import Fan
from initlab.schemes.options import NotNegative, Range
from initlab.schemes.scheme import scheme


@scheme()
def zeros(_fan: Fan) -> Law:
    """Every weight is zero: all units of a layer stay identical for ever.

    Each hidden unit computes the same function and receives the same gradient; with ReLU both are exactly zero and
    only the last bias can move, so the network predicts the class frequencies.

    ## Formula
    w = 0

    ## Example
    >>> zeros(Fan.dense(2, 10))
    Constant(value=0.0)

    ## References
    Goodfellow, Bengio, Courville, Deep Learning, 2016, section 8.4.
    """
    return Constant(value=0.0)


@scheme()
def constant(_fan: Fan, *, value: float = 0.5) -> Law:
    """Every weight is the same number: a signal and a gradient flow, but the symmetry is never broken.

    All units of a layer compute the same function and receive the same gradient, so each layer acts as one unit,
    however long it is trained.

    ## Formula
    w = value

    ## Example
    >>> constant(Fan.dense(2, 10), value=0.1)
    Constant(value=0.1)

    ## References
    Goodfellow, Bengio, Courville, Deep Learning, 2016, section 8.4.
    """
    return Constant(value=value)


@scheme()
def noisy_constant(_fan: Fan, *, value: float = 0.5, noise: NotNegative = 0.01) -> Law:
    """A constant with a little noise on it: shows how little it takes to break the symmetry.

    ## Formula
    w ~ N(value, noise²)

    ## Example
    >>> noisy_constant(Fan.dense(2, 10), value=0.1, noise=0.001)
    Normal(std=0.001, mean=0.1)

    ## References
    Goodfellow, Bengio, Courville, Deep Learning, 2016, section 8.4, on breaking symmetry.
    """
    return Normal(std=noise, mean=value)


@scheme()
def random(_fan: Fan, *, scale: NotNegative = 10.0) -> Law:
    """The course's large random weights: a standard normal times ten, whatever the width.

    The logits start in the thousands, so the first loss is huge (infinite where the logarithm is taken naively), and
    the saturated units that remain learn slowly.

    ## Formula
    w ~ N(0, scale²)

    ## Example
    >>> random(Fan.dense(2, 10))
    Normal(std=10.0, mean=0.0)

    ## References
    DeepLearning.AI, Improving Deep Neural Networks, week 1, assignment "Initialization".
    """
    return Normal(std=scale)


@scheme()
def small_random(_fan: Fan, *, scale: NotNegative = 0.01) -> Law:
    """The course's small random weights: a standard normal times 0.01, whatever the width.

    Enough to break the symmetry of a shallow network, and kind to sigmoid and tanh, which it keeps off their flat
    ends. In a deep one the signal shrinks by about scale·√fan_in a layer and the gradients vanish.

    ## Formula
    w ~ N(0, scale²)

    ## Example
    >>> small_random(Fan.dense(2, 10))
    Normal(std=0.01, mean=0.0)

    ## References
    DeepLearning.AI, Neural Networks and Deep Learning, week 3, "Random Initialization".
    """
    return Normal(std=scale)


@scheme()
def normal(_fan: Fan, *, std: NotNegative = 0.05, mean: float = 0.0) -> Law:
    """Normal weights of a fixed standard deviation, whatever the width: what `initializer_range` sets.

    Right for one width only. The default is that of Keras; torch's `normal_` takes 1, and most language models 0.02.

    ## Formula
    w ~ N(mean, std²)

    ## Example
    >>> normal(Fan.dense(768, 768), std=0.02)
    Normal(std=0.02, mean=0.0)

    ## References
    Keras, `keras.initializers.RandomNormal`.
    """
    return Normal(std=std, mean=mean)


@scheme()
def truncated_normal(_fan: Fan, *, std: NotNegative = 0.05, cut: Annotated[float, Range(low=0.01)] = 2.0) -> Law:
    """Normal weights without tails: those beyond `cut` standard deviations of the parent law are drawn again.

    Here `std` is what the weights really have. Elsewhere it is that of the parent, and the weights have less: 0.8796
    of it at cut 2 (Keras TruncatedNormal, `jax.nn.initializers.truncated_normal`). torch's `trunc_normal_` cuts at
    absolute numbers, ±2 unless told otherwise, so that an std of 0.02 is cut at 100σ: not at all.

    ## Formula
    w ~ N(0, s²) given |w| <= cut·s,  s = std/√(1 - 2·cut·φ(cut)/(2Φ(cut) - 1))

    ## Example
    >>> round(truncated_normal(Fan.dense(768, 768), std=0.02).std, 12)
    0.02

    ## References
    Johnson, Kotz, Balakrishnan, Continuous Univariate Distributions, volume 1, 1994, chapter 13.
    """
    return TruncatedNormal.of_std(std, cut=cut)


@scheme()
def uniform(_fan: Fan, *, bound: NotNegative = 0.05) -> Law:
    """Uniform weights of a fixed bound, whatever the width.

    ## Formula
    w ~ U(-bound, bound),  std = bound/√3

    ## Example
    >>> uniform(Fan.dense(2, 10), bound=0.5)
    Uniform(bound=0.5, centre=0.0)

    ## References
    Keras, `keras.initializers.RandomUniform` (bound 0.05).
    """
    return Uniform(bound=bound)


@scheme()
def copied_rows(fan: Fan) -> Law:
    """One unit's weights are drawn and every other unit of the layer is a copy of it.

    The units agree on the forward pass, like those of a constant, but the columns that leave them differ, so their
    gradients differ and training can part them. The last layer cannot help units whose outgoing weights agree as well.

    ## Formula
    w[j, k] = r[k],  r[k] ~ N(0, 2/fan_in)

    ## Example
    >>> copied_rows(Fan.dense(2, 10))
    CopiedRows(row=Normal(std=1.0, mean=0.0))

    ## References
    Goodfellow, Bengio, Courville, Deep Learning, 2016, section 8.4, on breaking symmetry.
    """
    return CopiedRows(row=Normal(std=math.sqrt(2 / fan.fan_in)))

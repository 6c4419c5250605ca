"""Schemes that do not look at the network: constants and fixed scales, and the two the course warns of."""

from initlab.laws import Constant, CopiedRows, Law, Normal, Uniform
from initlab.parameters import Fan
from initlab.schemes.scheme import scheme


@scheme()
def zeros(fan: Fan) -> Law:  # noqa: ARG001
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
def random(fan: Fan, *, scale: float = 10.0) -> Law:  # noqa: ARG001
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
    return CopiedRows(row=Normal(std=(2 / fan.fan_in) ** 0.5))


@scheme()
def uniform(fan: Fan, *, bound: float = 0.05) -> Law:  # noqa: ARG001
    """Uniform weights of a fixed bound.

    ## Formula
    w ~ U(-bound, bound),  std = bound/√3

    ## Example
    >>> uniform(Fan.dense(2, 10), bound=0.5)
    Uniform(bound=0.5, centre=0.0)

    ## References
    Keras, `keras.initializers.RandomUniform` (bound 0.05).
    """
    return Uniform(bound=bound)

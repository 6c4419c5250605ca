"""Schemes that correct for the depth of a plain network, or of a transformer layer's place in it."""

import math
from typing import Literal

from initlab.laws import Law, Normal, Uniform
from initlab.parameters import Fan
from initlab.schemes.options import Positive
from initlab.schemes.scheme import scheme


@scheme()
def random_walk(fan: Fan, *, activation: Literal["relu", "linear"] = "relu", width: int | None = None) -> Law:
    """He's or LeCun's scale, a little larger in narrow networks: keeps the mean log of the gradient's size.

    A product of narrow random layers shrinks in the typical case even where its mean square is kept; the gain makes
    up for it. Here N is the model's width, or fan_in where that is not known. The formula is given as others quote it;
    it was not checked against the paper.

    ## Formula
    w ~ N(0, g²/fan_in);   relu: g = √2·exp(1.2/(max(N, 6) - 2.4)),  linear: g = exp(1/(2N)),  N the width

    ## Example
    >>> round(random_walk(Fan.dense(1, 30), width=30).std, 4)
    1.4771

    ## References
    Sussillo, Abbott, Random Walk Initialization for Training Very Deep Feedforward Networks, 2014, arXiv:1412.6558.
    """
    gain = _walk_gain(width or fan.fan_in, activation)
    return Normal(std=gain / math.sqrt(fan.fan_in))


def _walk_gain(width: float, activation: Literal["relu", "linear"]) -> float:
    if activation == "linear":
        return math.exp(1 / (2 * width))
    return math.sqrt(2) * math.exp(1.2 / (max(width, 6.0) - 2.4))


@scheme()
def ds_init(fan: Fan, *, alpha: Positive = 1.0, layer: int) -> Law:
    """Glorot uniform, smaller the deeper the layer stands: for deep post-norm transformers.

    The formula is given as others quote it; it was not checked against the paper.

    ## Formula
    w ~ U(±α·√(6/(fan_in + fan_out))/√l),  l = 1, 2, ... the layer

    ## Example
    >>> ds_init(Fan.dense(3, 3), layer=3).bound
    0.5

    ## References
    Zhang, Titov, Sennrich, Improving Deep Transformer with Depth-Scaled Initialization and Merged Attention,
    EMNLP 2019.
    """
    return Uniform(bound=alpha * math.sqrt(3 / fan.fan_avg) / math.sqrt(layer + 1))

"""Schemes that make training behave alike at every width: the spectral condition and muP."""

import math

from initlab.laws import Law, Normal, Orthogonal
from initlab.parameters import TABLES, Fan, Role
from initlab.schemes.options import NotNegative
from initlab.schemes.orthogonal import matrix
from initlab.schemes.scheme import scheme


@scheme("spectral_condition")
def spectral(fan: Fan, *, gain: NotNegative = 1.0) -> Law:
    """Gaussian weights whose spectral norm is about √(fan_out/fan_in): features learn alike at every width.

    A wide layer into few outputs starts smaller than with LeCun. Half of a method: the learning rate of a layer should
    go as fan_out/fan_in.

    ## Formula
    w ~ N(0, σ²),  σ = gain·min(1, √(fan_out/fan_in))/√fan_in

    ## Example
    >>> spectral(Fan.dense(100, 1)).std, spectral(Fan.dense(100, 400)).std
    (0.01, 0.1)

    ## References
    Yang, Simon, Bernstein, A Spectral Condition for Feature Learning, 2023, arXiv:2310.17813.
    """
    return Normal(std=gain * min(1.0, math.sqrt(fan.fan_out / fan.fan_in)) / math.sqrt(fan.fan_in))


@scheme()
def spectral_orthogonal(fan: Fan, *, gain: NotNegative = 1.0) -> Law:
    """An orthogonal matrix whose spectral norm is exactly √(fan_out/fan_in): the spectral condition met to the letter.

    For dense layers; a kernel is laid flat and its positions count as inputs.

    ## Formula
    W = gain·√(outputs/columns)·Q,  Q orthogonal,  Var(w) = gain²·outputs/(columns·max(outputs, columns))

    ## Example
    >>> spectral_orthogonal(Fan.dense(4, 16)).gain
    2.0

    ## References
    Yang, Simon, Bernstein, A Spectral Condition for Feature Learning, 2023, arXiv:2310.17813.
    """
    rows, columns = matrix(fan)
    return Orthogonal(rows=rows, columns=columns, gain=gain * math.sqrt(rows / columns))


@scheme()
def mup(fan: Fan, *, gain: NotNegative = 1.0, role: Role = "weight") -> Law:
    """The maximal update parametrisation: learning rates tuned on a narrow network hold for a wide one.

    Only the head differs from LeCun. Half of a method: with Adam the learning rate of hidden layers and of the head
    must go as 1/fan_in, and attention must divide by d, not √d. This is the form that changes no forward pass; the
    `mup` package writes the same with multipliers, relative to a base width.

    ## Formula
    head:  w ~ N(0, gain²/fan_in²);   input and hidden:  w ~ N(0, gain²/fan_in);   embeddings ~ N(0, gain²)

    ## Example
    >>> mup(Fan.dense(100, 10), role="head").std, mup(Fan.dense(100, 100)).std
    (0.01, 0.1)

    ## References
    Yang, Hu, et al., Tensor Programs V, 2022, arXiv:2203.03466, table 3.
    """
    if role in TABLES:
        return Normal(std=gain)
    return Normal(std=gain / (fan.fan_in if role == "head" else math.sqrt(fan.fan_in)))

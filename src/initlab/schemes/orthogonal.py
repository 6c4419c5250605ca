"""Orthogonal schemes: rotations, which keep the length of every vector, not only the mean one."""

import math

from initlab.laws import DeltaOrthogonal, Law, Orthogonal
from initlab.parameters import Fan
from initlab.schemes.scheme import scheme


def matrix(fan: Fan) -> tuple[int, int]:
    """Rows and columns of a kernel laid flat: one row an output, one column an input of one kernel position."""
    return fan.outputs, fan.inputs // fan.groups * fan.taps


@scheme()
def orthogonal(fan: Fan, *, gain: float = 1.0) -> Law:
    """A random rotation times a gain: linear networks of any depth learn alike, ReLU ones with gain √2.

    A layer that widens shrinks the signal: all singular values equal the gain, so the mean square of the output is
    min(1, fan_in/fan_out) of that of the input (`scaled_uniform_orthogonal` mends this). A kernel is laid flat, outputs
    by inputs times positions, groups not apart, as torch, JAX and Keras do; a depthwise kernel comes out small.

    ## Formula
    W = gain·Q,  QᵀQ = I or QQᵀ = I, uniform over all such Q,  Var(w) = gain²/max(rows, columns)

    ## Example
    >>> orthogonal(Fan.dense(64, 256)).std
    0.0625

    ## References
    Saxe, McClelland, Ganguli, ICLR 2014, arXiv:1312.6120. Mezzadri, Notices of the AMS, 2007 (drawing Q uniformly).
    """
    rows, columns = matrix(fan)
    return Orthogonal(rows=rows, columns=columns, gain=gain)


@scheme("suo")
def scaled_uniform_orthogonal(fan: Fan, *, gain: float = 1.0) -> Law:
    """An orthogonal matrix made larger where a layer widens, so that the mean square of the signal is kept.

    The same as `orthogonal` for square and narrowing layers.

    ## Formula
    W = gain·max(√(rows/columns), 1)·Q,  Var(w) = gain²/columns

    ## Example
    >>> scaled_uniform_orthogonal(Fan.dense(64, 256)).std
    0.125

    ## References
    Martens et al., Deep Kernel Shaping, 2021, arXiv:2110.01765.
    """
    rows, columns = matrix(fan)
    return Orthogonal(rows=rows, columns=columns, gain=gain * max(math.sqrt(rows / columns), 1.0))


@scheme()
def delta_orthogonal(fan: Fan, *, gain: float = 1.0) -> Law:
    """A convolution that starts as a rotation of the channels at each place: only its centre position is not zero.

    It trained plain convolutional networks of ten thousand layers. Give kernels an odd size: an even one has no centre,
    and shifts the image. The paper and JAX want no fewer outputs than inputs; here a narrowing layer gets orthonormal
    rows. A widening layer shrinks the mean square as in `orthogonal`.

    ## Formula
    W[:, :, centre] = gain·Q, all else 0,  Var(w) = gain²/(max(outputs, inputs)·positions)

    ## Example
    >>> delta_orthogonal(Fan(inputs=16, outputs=16, taps=9)).std
    0.0833333333...

    ## References
    Xiao, Bahri, Sohl-Dickstein, Schoenholz, Pennington, ICML 2018, arXiv:1806.05393.
    """
    return DeltaOrthogonal(rows=fan.outputs, columns=fan.inputs // fan.groups, taps=fan.taps, gain=gain)

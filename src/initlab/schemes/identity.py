"""Schemes that start from copying: the identity, Dirac kernels, ZerO and the identity recurrence."""

from initlab.errors import SpecError
from initlab.laws import Constant, Dirac, Hadamard, Identity, Law, Normal
from initlab.parameters import RESIDUAL_OUTPUTS, Fan, Role
from initlab.schemes.options import NotNegative
from initlab.schemes.scheme import scheme


def _copying(fan: Fan, gain: float) -> Law:
    rows, columns = fan.outputs, fan.inputs // fan.groups
    if fan.taps == fan.groups == 1:
        return Identity(rows=rows, columns=columns, gain=gain)
    return Dirac(rows=rows, columns=columns, gain=gain, taps=fan.taps, groups=fan.groups)


@scheme()
def identity(fan: Fan, *, factor: float = 1.0) -> Law:
    """A layer that multiplies its input by a factor: at 1.5 the signal explodes with depth, at 0.5 it vanishes.

    The product of L - 1 such layers is factor^(L-1). Where a layer widens, the units beyond its inputs start at zero,
    and ReLU leaves them there; where it narrows, the inputs beyond its units are ignored.

    ## Formula
    w[j, k] = factor if j = k, else 0

    ## Example
    >>> identity(Fan.dense(2, 2), factor=1.5)
    Identity(rows=2, columns=2, gain=1.5)

    ## References
    DeepLearning.AI, Improving Deep Neural Networks, week 1, "Vanishing / Exploding Gradients".
    """
    return _copying(fan, factor)


@scheme()
def dirac(fan: Fan, *, gain: float = 1.0) -> Law:
    """A convolution that copies its input channels: the identity at the centre position, in each group.

    For a dense layer it is the identity. An even kernel has no centre, and shifts the image by half a place.

    ## Formula
    W[j, k, centre] = gain if j = k within a group, else 0

    ## Example
    >>> dirac(Fan(inputs=4, outputs=4, taps=9)).mean == 4 / (4 * 4 * 9)
    True

    ## References
    Zagoruyko, Komodakis, DiracNets, 2017, arXiv:1706.00388; torch, `torch.nn.init.dirac_`.
    """
    return _copying(fan, gain)


@scheme("ZerO")
def zero_hadamard(fan: Fan, *, role: Role = "weight") -> Law:
    """ZerO: no randomness at all; layers copy their input, and where they widen a Hadamard matrix parts the units.

    Residual branches end in zeros. Not to be taken for `zeros`. Defined for dense layers and 1x1 convolutions.

    ## Formula
    outputs <= inputs:  W = I;   otherwise  W = I·H_p·I/√p,  p = 2^⌈log₂ outputs⌉;   residual outputs:  W = 0

    ## Example
    >>> zero_hadamard(Fan.dense(2, 10)).support
    (-0.25, 0.25)

    ## References
    Zhao, Schäfer, Anandkumar, ZerO Initialization, 2021, arXiv:2110.12661.
    """
    if role in RESIDUAL_OUTPUTS:
        return Constant(value=0.0)
    if not fan.taps == fan.groups == 1:
        raise SpecError(f"Its kernel must have 1 position and 1 group, got {fan.taps} and {fan.groups}. Use dirac.")
    return Hadamard(rows=fan.outputs, columns=fan.inputs)


@scheme()
def irnn(fan: Fan, *, factor: float = 1.0, std: NotNegative = 0.001, role: Role = "weight") -> Law:
    """A ReLU recurrent network that starts by remembering: its recurrent matrix is the identity, the rest is tiny.

    For plain recurrent layers with ReLU and zero biases. A factor below one makes it forget, for shorter memories.

    ## Formula
    recurrent:  W = factor·I;   others:  w ~ N(0, std²)

    ## Example
    >>> irnn(Fan.dense(3, 3), role="recurrent")
    Identity(rows=3, columns=3, gain=1.0)

    ## References
    Le, Jaitly, Hinton, A simple way to initialize recurrent networks of rectified linear units, 2015, arXiv:1504.00941.
    """
    if role == "recurrent":
        return _copying(fan, factor)
    return Normal(std=std)

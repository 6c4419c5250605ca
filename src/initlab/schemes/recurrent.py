"""Schemes for gated recurrent layers: the open forget gate, and gates set for a range of memories."""

import math
from typing import Annotated

from initlab.laws import Constant, Law, LogUniform, Uniform
from initlab.parameters import Fan, Gate, Role
from initlab.schemes.options import Range
from initlab.schemes.orthogonal import orthogonal
from initlab.schemes.scheme import scheme


def _weights(fan: Fan, role: Role) -> Law:
    return orthogonal(fan) if role == "recurrent" else Uniform(bound=math.sqrt(3 / fan.fan_avg))


@scheme(sets_biases=True)
def lstm(fan: Fan, *, forget_bias: float = 1.0, role: Role = "weight", gate: Gate | None = None) -> Law:
    """An LSTM that starts by remembering: its forget gate is open, its recurrent matrices orthogonal gate by gate.

    Without the bias, half of the memory is lost at every step. torch keeps two biases that are added: with both at 1
    the gate gets 2. Packed matrices have to be split by gate, or their scale is wrong.

    ## Formula
    forget bias = forget_bias, other biases 0;   recurrent, each gate:  W = Q orthogonal;
    others, each gate:  w ~ U(±√(6/(fan_in + fan_out)))

    ## Example
    >>> lstm(Fan.dense(8, 8), role="bias", gate="forget")
    Constant(value=1.0)

    ## References
    Gers, Schmidhuber, Cummins, Learning to Forget, Neural Computation, 2000.
    Jozefowicz, Zaremba, Sutskever, An Empirical Exploration of Recurrent Network Architectures, ICML 2015.
    """
    if role == "bias":
        return Constant(value=forget_bias if gate == "forget" else 0.0)
    return _weights(fan, role)


@scheme(sets_biases=True)
def chrono(
    fan: Fan,
    *,
    longest: Annotated[int, Range(low=3, high=10**9)],
    role: Role = "weight",
    gate: Gate | None = None,
) -> Law:
    """An LSTM whose units start with memories of every length up to `longest` steps: for long dependencies.

    The paper ties the two biases of a unit, b_input = -b_forget. Here each tensor has a law of its own: the same
    distributions, drawn independently.

    ## Formula
    forget bias = ln u,  input bias = -ln u,  u ~ U(1, longest - 1);   other biases 0;   weights as `lstm`

    ## Example
    >>> chrono(Fan.dense(8, 8), longest=784, role="bias", gate="forget").high
    783.0

    ## References
    Tallec, Ollivier, Can recurrent neural networks warp time?, ICLR 2018, arXiv:1804.11188.
    """
    if role != "bias":
        return _weights(fan, role)
    if gate in ("forget", "input"):
        return LogUniform(low=1.0, high=float(longest - 1), negated=gate == "input")
    return Constant(value=0.0)

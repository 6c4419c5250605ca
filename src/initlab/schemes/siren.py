"""The scheme of sinusoidal networks."""

import math

from initlab.laws import Law, Uniform
from initlab.parameters import Fan, Role
from initlab.schemes.options import Positive
from initlab.schemes.scheme import scheme


@scheme()
def siren(fan: Fan, *, omega: Positive = 30.0, folded: bool = False, role: Role = "weight") -> Law:
    """For networks of sines, sin(ω(Wx + b)): the signal keeps one distribution through all layers.

    For inputs in (-1, 1). Where the activation is a plain sin(z), with no ω in the network, ask for `folded=True`: the
    ω then goes into the weights of all layers but the head, which no sine follows. Without it such a network is nearly
    linear.

    ## Formula
    input layer:  w ~ U(±1/fan_in);   others:  w ~ U(±√(6/fan_in)/ω);   folded: ω times as large, but for the head

    ## Example
    >>> siren(Fan.dense(2, 10), role="input").bound, siren(Fan.dense(6, 6)).bound * 30
    (0.5, 1.0)
    >>> siren(Fan.dense(2, 10), role="input", folded=True).bound
    15.0

    ## References
    Sitzmann, Martel, Bergman, Lindell, Wetzstein, Implicit Neural Representations with Periodic Activation Functions,
    NeurIPS 2020, arXiv:2006.09661.
    """
    bound = 1 / fan.fan_in if role == "input" else math.sqrt(6 / fan.fan_in) / omega
    return Uniform(bound=bound * omega if folded and role != "head" else bound)

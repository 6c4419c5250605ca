"""Why nothing was tested: weights that let nothing pass, units that are all the same, or dead."""

from collections.abc import Collection, Iterator, Mapping

import numpy as np

from initlab.gradients.case import Array
from initlab.gradients.reference import Net

REMEDY = "Start from random weights; --probe 4,5,3,1 designs a start, for such widths, where every mistake shows"


def reasons(theta: Mapping[str, Array], vacuous: Collection[str], net: Net | None) -> tuple[str, ...]:
    """What makes these blocks vacuous, as far as the parameters tell, and what to do."""
    return tuple(_reasons(theta, net)) if vacuous else ()


def _reasons(theta: Mapping[str, Array], net: Net | None) -> Iterator[str]:
    weights = {name: value for name, value in theta.items() if value.ndim >= 2 and min(value.shape) > 1}
    weights = weights or {name: value for name, value in theta.items() if value.ndim >= 2}
    zero = [name for name, value in weights.items() if not np.any(value)]
    alike = [name for name, value in weights.items() if name not in zero and not np.ptp(value)]
    if zero:
        verb, them = ("is", "it") if len(zero) == 1 else ("are", "them")
        yield f"{', '.join(zero)} {verb} zero: no gradient gets past {them}, and no mistake below shows. {REMEDY}"
    if alike:
        verb = "has" if len(alike) == 1 else "have"
        yield f"{', '.join(alike)} {verb} the same number everywhere, so that all units of a layer are one. {REMEDY}"
    if net is not None and not zero:
        for layer in range(1, net.depth):
            dead = np.all(net.activation.derivative(net.Z[layer], net.H[layer]) == 0)
            if dead:
                yield (
                    f"every unit of layer {layer} is dead for every example: no gradient gets past it. "
                    "Start from other parameters"
                )

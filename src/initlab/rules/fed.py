"""Whether what the network is fed is to blame: inputs and targets that the weights are not drawn for.

Every scheme keeps a signal of mean square 1. Inputs as they are read (bytes of pictures, prices, years) make each layer
before the first normalisation as many times too large; targets of that size, or far from 0, make a loss that no weight
moves a share of.
"""

import math

from initlab.rules.evidence import OVERALL, Scale, culprit, scales, typical
from initlab.rules.rule import Remedy
from initlab.trace import Trace

LOUD = 10.0
"""From so many times unit size inputs and targets are not normalised; pixels between 0 and 1 have 0.6 at most."""

Blame = tuple[str, Remedy, str]
"""A path, what to do, and the cause in words."""


def size_of_inputs(trace: Trace) -> float:
    """The root mean square of what is fed in, where weights read it as it is; else 1."""
    raw = any(op.kind == "linear" and not op.inputs for op in trace.first.ops)
    return math.hypot(*trace.fed) if trace.fed is not None and raw else 1.0


def inputs(trace: Trace, suspect: Scale | None) -> Blame | None:
    """The inputs, where they are further out of scale than any weight."""
    size = size_of_inputs(trace)
    largest = max(typical(scales(trace)) / OVERALL, suspect.ratio if suspect is not None else 0.0)
    if trace.fed is None or size < max(LOUD, largest):
        return None
    mean, std = trace.fed
    told = f"The inputs have mean {mean:.3g} and standard deviation {std:.3g}, where the weights are drawn for 0 and 1."
    words = f"Normalise the inputs by the numbers of the training set, here (x - {mean:.3g}) / {std:.3g}."
    return "batch", Remedy(words=words), told


def targets(trace: Trace) -> Blame | None:
    """The targets of a regression, where they are ten times as large as what the network puts out, and as 1."""
    output = trace.output
    if output is None or output.kind != "mse" or output.target is None or output.chance is None:
        return None
    wanted = math.hypot(output.target, math.sqrt(output.chance))
    given = math.hypot(output.spread or 0.0, output.bias_spread or 0.0)
    if wanted < LOUD * max(1.0, given) or culprit(trace, "small") is not None:
        return None
    std = math.sqrt(output.chance)
    told = f"The targets have mean {output.target:.3g} and standard deviation {std:.3g}, the outputs a size of "
    told += f"{given:.2g}."
    words = f"Standardise the targets by the numbers of the training set, here (y - {output.target:.3g}) / {std:.3g}."
    return "targets", Remedy(words=words), told

"""W070: weights that are copies of each other."""

from collections import defaultdict
from collections.abc import Iterator

from initlab.rules.evidence import redrawn
from initlab.rules.rule import Finding, rule
from initlab.trace import Trace, Weight

VALUES = 4
"""Weights of fewer distinct values (zeros, ones, identities) may well be equal."""


@rule("W070", "clones", severity="info", needs="weights")
def clones(trace: Trace) -> Iterator[Finding]:
    """Two trainable weights of one shape hold the same numbers in different memory.

    Independent draws never do: the chance of one equal pair of float32 is below 2⁻²⁴ to the power of their size. A
    layer was deep-copied, or a generator was made anew with the same seed. Tied weights are one tensor, and no clones;
    neither are zeros, ones, identities, vectors (decays, say) and what has low rank. A target or momentum network
    beside its own is a clone on purpose. Told, and no accusation: layers at different depths see different signals and
    part with the first step, and no such clone did harm in training; units of one layer that are alike are W020's.

    ## Limit
    weights of the same numbers: none

    ## Example
    layer = nn.Linear(16, 16)
    model = nn.Sequential(layer, nn.Tanh(), copy.deepcopy(layer), nn.Tanh(), nn.Linear(16, 4))

    ## Use instead
    model = nn.Sequential(nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 4))

    ## References
    Exact, up to a probability of 2⁻²⁴ to the power of their size.
    """
    groups: dict[str, list[Weight]] = defaultdict(list)
    for weight in trace.weights:
        random = weight.values > VALUES and len(weight.shape) >= 2 and weight.rank is None and weight.digest
        if random and not weight.frozen and (weight.matrix or not trace.passes):
            groups[weight.digest].append(weight)
    for group in groups.values():
        if len(group) > 1 and not _twins(group):
            names = ", ".join(weight.name for weight in group[1:4]) + (", ..." if len(group) > 4 else "")
            yield Finding(
                severity="info",
                path=group[1].name,
                measured=float(len(group)),
                limit=1.0,
                formula="independent draws are never equal",
                cause=f"{names} hold{'s' if len(group) == 2 else ''} the same numbers as {group[0].name}: a layer was "
                "deep-copied, or a generator was made anew with the same seed.",
                remedy=redrawn(trace, group[1:], "Draw each layer for itself."),
                weights=tuple(weight.name for weight in group[1:]),
            )


def _twins(group: list[Weight]) -> bool:
    """Whether the copies are a network and its twin, by their names: target, teacher, momentum, EMA."""
    words = ("target", "teacher", "momentum", "ema", "_k.", "key_encoder")
    return any(word in weight.name.lower() for weight in group for word in words)

"""The gain that a rule takes from a parameter's place: of the activation that follows it, or of its branch."""

import math
from functools import lru_cache

from initlab.errors import UsageError
from initlab.numerics.activations import ACTIVATIONS
from initlab.parameters import Parameter
from initlab.plans.policy import GainWord
from initlab.theory.callables import activation_of
from initlab.theory.gains import Gains, gains


def rule_gain(word: GainWord, parameter: Parameter) -> tuple[float, str]:
    """The gain, and what it was taken from in words.

    >>> from initlab.parameters import Fan
    >>> rule_gain("forward", Parameter(name="fc", shape=(2, 3), fan=Fan.dense(3, 2), activation="relu"))
    (1.414213562373095..., 'gain 1.414 of relu')
    """
    if word == "branch":
        count = parameter.branches
        if count is None:
            return 1.0, "how many branches there are is unknown: not divided by it"
        return 1 / math.sqrt(count), f"divided by √{count}, for {count} {'branch' if count == 1 else 'branches'}"
    if parameter.activation is None or parameter.activation == "linear":
        return 1.0, ""
    found = _gains(parameter.activation)
    if found is None:
        return 1.0, f"the gain of {parameter.activation} is not known: 1"
    value = float(getattr(found, word))
    return value, f"gain {value:.4g} of {parameter.activation}"


@lru_cache(maxsize=64)
def _gains(name: str) -> Gains | None:
    """The gains of an activation of the catalogue; None for another, or one that nothing passes."""
    if name not in ACTIVATIONS:
        return None
    try:
        return gains(activation_of(name))
    except UsageError:
        return None

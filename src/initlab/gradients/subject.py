"""What a person hands over to be checked, made into a case: functions and a dict, a model, a place in a file."""

from collections.abc import Mapping
from typing import Any

from initlab.errors import SpecError
from initlab.gradients.case import GradientCase
from initlab.loading import load, make


def subject_of(f: object, grad: object = None, params: object = None, **known: Any) -> GradientCase:  # noqa: ANN401
    """The case. Raises SpecError for what is none, DataError for parameters that are none."""
    stated = {name: value for name, value in known.items() if value not in (None, ())}
    if isinstance(f, GradientCase):
        if grad is not None or params is not None or stated:
            raise SpecError(
                "A GradientCase must be given alone, got more beside it. State m, lam and data in the case."
            )
        return f
    if not callable(f):
        raise SpecError(f"What is checked must be a cost function or a GradientCase, got {type(f).__name__}.")
    if not isinstance(params, Mapping):
        raise SpecError(
            f"The parameters must be a dict of arrays, got {type(params).__name__}. Write {{'W1': W1, ...}}."
        )
    return GradientCase(cost=f, gradients=grad, parameters=params, **stated)  # type: ignore[arg-type]


def subject_at(place: str) -> GradientCase:
    """The case at FILE.py:NAME or MODULE:NAME: one, or a function that returns one or (cost, gradients, parameters)."""
    found = load(place, what="gradient case")
    if not isinstance(found, GradientCase):
        found = make(place, what="gradient case")
    if isinstance(found, tuple) and len(found) in (3, 4) and callable(found[0]):
        return subject_of(*found[:3], **_known(found[3] if len(found) == 4 else {}))
    if isinstance(found, GradientCase):
        return found
    raise SpecError(
        f"The gradient case {place} must be a GradientCase or (cost, gradients, parameters), "
        f"got {type(found).__name__}."
    )


def _known(stated: object) -> Mapping[str, Any]:
    if not isinstance(stated, Mapping):
        raise SpecError(
            f"What is known of a case must be a dict of m, lam, keep and data, got {type(stated).__name__}."
        )
    return stated

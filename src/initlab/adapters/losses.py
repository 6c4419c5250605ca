"""The losses that a person may declare, and how they are said, whatever the framework."""

from initlab.errors import DataError, SpecError, UnknownNameError
from initlab.loading import said

LOSSES = ("cross_entropy", "mse", "bce")
"""The losses that a person may declare by name."""

WORDS = {
    "cross_entropy": "cross entropy",
    "nll": "negative log likelihood",
    "probabilities": "cross entropy of probabilities",
    "bce": "binary cross entropy",
    "shares": "binary cross entropy of probabilities",
    "mse": "mean squared error",
}


def declared(loss: object) -> None:
    """Raise SpecError unless a loss is None, a callable, or the name of one."""
    if isinstance(loss, str) and loss not in LOSSES:
        raise UnknownNameError("loss", loss, LOSSES)
    if not (loss is None or isinstance(loss, str) or callable(loss)):
        raise SpecError(f"The loss must be a name or a function, got {type(loss).__name__}. Give {', '.join(LOSSES)}.")


def failed(error: Exception, target: object) -> DataError:
    """What is said of a person's own loss that raised, called with or without targets."""
    asked, advice = "(output, target)", "Mend it, or the batch."
    if target is None:
        asked, advice = "(output)", "Mend it, or give targets with the batch: --batch, or (inputs, targets)."
    return DataError(f"The loss must work when called with {asked}, got {said(error)}. {advice}")

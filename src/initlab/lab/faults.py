"""What is wrong with what the page asked for, told field by field so that it can stand beside its control."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from initlab.documents import told
from initlab.errors import DataError, UsageError
from initlab.experiments.spec import Experiment

LONGEST = 400
"""Characters of a message; what was given may be long."""


class Fault(BaseModel):
    """One fault: the field it is in, if it is in one, and what the field must be."""

    field: str | None
    message: str


class Faults(BaseModel):
    """Everything that is wrong."""

    errors: list[Fault]


def of_validation(errors: Iterable[Mapping[str, Any]]) -> list[Fault]:
    """The faults that pydantic found, the first of each field."""
    found: dict[str | None, Fault] = {}
    for error in errors:
        path = [part for part in error["loc"] if part not in ("body", "experiment", "path", "query", "header")]
        field = str(path[0]) if path else None
        found.setdefault(field, Fault(field=field, message=_message(field, error)))
    return list(found.values())


def _message(field: str | None, error: Mapping[str, Any]) -> str:
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, UsageError):
        return str(cause)
    message = told(field or "The request", error, Experiment)
    return message if len(message) <= LONGEST else f"{message[:LONGEST]}…"


def of_error(error: Exception) -> Fault:
    """The fault behind an error of the library: its field is the one that the message begins with, if it names one."""
    message = " ".join(str(error).split())
    first = message.replace("The ", "", 1).split(" ")[0].rstrip(":")
    field = first if first in Experiment.model_fields else None
    if field is None and isinstance(error, DataError):
        field = "data"
    if field is None and "scheme" in message:
        field = "schemes"
    return Fault(field=field, message=message)

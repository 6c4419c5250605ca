"""Results as strict JSON: one document, non-finite numbers as strings, the same bytes for the same result."""

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from initlab.experiments.result import Comparison, SchemeResult, Spread, Trial
from initlab.laws import Law
from initlab.schemes import SCHEMES, Scheme


def dumps(document: Mapping[str, Any]) -> str:
    """A document as JSON text, indented, its keys in the order given.

    >>> print(dumps({"loss": float("inf")}))
    {
      "loss": "inf"
    }
    """
    return json.dumps(plain(document), indent=2, allow_nan=False, ensure_ascii=False)


def plain(value: Any) -> Any:  # noqa: ANN401
    """A value made of dicts, lists, text, numbers and None alone."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Law):
        return {"law": type(value).__name__, **plain(_fields(value)), "std": plain(value.std)}
    if is_dataclass(value):
        return plain(_fields(value))
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _fields(value: Any) -> dict[str, Any]:  # noqa: ANN401
    return {field.name: getattr(value, field.name) for field in fields(value)}


def heading(verb: str) -> dict[str, Any]:
    """How every document begins: which verb, of which version of initlab."""
    return {"schema": f"initlab/{verb}/1", "version": version("initlab")}


def comparison(result: Comparison) -> dict[str, Any]:
    """The document of `initlab compare`. Curves are in curves.csv."""
    data = result.data
    return {
        **heading("compare"),
        "seed": result.experiment.seed,
        "configuration": result.experiment.model_dump(mode="json"),
        "network": result.network,
        "data": {
            "name": data.name,
            "features": data.features,
            "classes": data.classes,
            "train_examples": data.train_examples,
            "test_examples": data.test_examples,
            "chance_accuracy": data.chance_accuracy,
            "chance_loss": data.chance_loss,
        },
        "interrupted": result.interrupted,
        "schemes": [_scheme(scheme) for scheme in result.schemes],
        "products": result.products,
    }


def _scheme(result: SchemeResult) -> dict[str, Any]:
    return {
        "scheme": result.scheme,
        "verdict": result.verdict,
        "train_accuracy": _spread(result.train_accuracy),
        "test_accuracy": _spread(result.test_accuracy),
        "final_loss": _spread(result.final_loss),
        "test_loss": _spread(result.test_loss),
        "diverged": result.diverged,
        "stalled": result.stalled,
        "laws": result.laws,
        "trials": [_trial(trial) for trial in result.trials],
    }


def _spread(spread: Spread) -> dict[str, float]:
    return {"median": spread.median, "min": spread.low, "max": spread.high}


def _trial(trial: Trial) -> dict[str, Any]:
    return {
        "seed": trial.seed,
        "status": trial.status,
        "train_accuracy": trial.train_accuracy,
        "test_accuracy": trial.test_accuracy,
        "final_loss": trial.final_loss,
        "test_loss": trial.test_loss,
        "iterations": trial.curve.iteration[-1],
        "start": trial.start,
        "end": trial.end,
    }


def scheme(entry: Scheme) -> dict[str, Any]:
    """One scheme of the catalogue, as `initlab schemes` and `initlab explain` give it."""
    return {
        "name": entry.name,
        "aliases": SCHEMES.aliases(entry.name),
        "summary": entry.documentation.summary,
        "text": entry.documentation.body,
        **{title.lower(): body for title, body in entry.documentation.sections.items()},
        "options": {
            name: {"default": None if kind.required else kind.default, "must_be": kind.constraint}
            for name, kind in entry.kinds.items()
        },
        "asks_for": entry.extras,
        "needs": entry.needs,
    }

"""Which adapter traces a model, by where its type comes from; nothing is imported that the model does not stand on."""

import importlib
import sys
from types import ModuleType

from initlab.errors import DataError

TRACERS = {"torch": "initlab.adapters.torch", "jax": "initlab.adapters.jax"}
"""In that package `trace.py` has `trace(model, batch, loss, ...)`, `remedy.py` has `code` and `remedied`."""

HOMES = {"torch": "torch", "flax": "jax", "equinox": "jax", "jax": "jax", "jaxlib": "jax"}


def framework_of(model: object) -> str:
    """The framework that a model is of; numpy for the perceptron. Raises DataError for any other object."""
    if type(model).__name__ == "Perceptron" and type(model).__module__.startswith("initlab."):
        return "numpy"
    for base in type(model).__mro__:
        home = HOMES.get(base.__module__.partition(".")[0])
        if home is not None:
            return home
    if "jax" in sys.modules and importlib.import_module("initlab.adapters.jax.model").is_model(model):
        return "jax"
    raise DataError(
        f"The model must be of PyTorch or JAX, got {type(model).__name__}. Return a torch.nn.Module or a JAX model."
    )


def tracer(framework: str) -> ModuleType:
    """The module that traces models of a framework."""
    return importlib.import_module(
        "initlab.checks.perceptron" if framework == "numpy" else f"{TRACERS[framework]}.trace"
    )


def remedies(framework: str) -> ModuleType | None:
    """The module that writes and applies remedies for a framework; None where they are told in words."""
    if framework == "numpy":
        return None
    return importlib.import_module(f"{TRACERS[framework]}.remedy")

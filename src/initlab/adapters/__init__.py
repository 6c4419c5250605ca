"""Adapters: a model of NumPy, torch or JAX in neutral terms. What is known of layouts is known here only."""

import sys
from collections.abc import Mapping

from initlab.adapters.adapter import Adapter
from initlab.errors import SpecError


def adapter_of(model: object, *, example: object = None) -> Adapter:
    """The adapter of the framework that a model is of; no framework is loaded that the model has not loaded itself.

    `example` is an input of the model, on which torch's adapter runs it to see what follows each layer: a tensor or
    array, (inputs, targets), a tuple or a dict of arguments; None guesses.

    >>> import numpy as np
    >>> adapter_of({"W1": np.zeros((2, 3))}).name
    'numpy'

    Raises SpecError for what is a model of none, and for an example of a model that is not torch's.
    """
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(model, torch.nn.Module):
        from initlab.adapters.torch.adapter import TorchAdapter

        return TorchAdapter(example=example)
    if example is not None:
        raise SpecError(
            f"An example must be of a torch model, got one of a {type(model).__name__}. "
            "Leave it out; a JAX model may be given as (apply, weights, inputs)."
        )
    if _is_arrays(model):
        from initlab.adapters.numpy import NumpyAdapter

        return NumpyAdapter()
    if "jax" in sys.modules:
        from initlab.adapters.jax.model import is_model

        if is_model(model):
            from initlab.adapters.jax.adapter import JaxAdapter

            return JaxAdapter()
    raise SpecError(
        f"The model must be a torch Module, a JAX model or pytree, or a dict of arrays, got {type(model).__name__}. "
        "Return the model itself."
    )


def _is_arrays(model: object) -> bool:
    import numpy as np

    return isinstance(model, Mapping) and all(isinstance(value, np.ndarray) for value in model.values()) and bool(model)

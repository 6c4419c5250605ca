"""What may be given as a JAX model, and the Form it is read as."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np

from initlab.adapters.jax import pytree
from initlab.adapters.jax.leaves import Form
from initlab.errors import SpecError

CALL = "(module or function, weights, *inputs)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model with what it is called on, so that it can be traced.

    weights   a module of NNX or Equinox, or a pytree of arrays
    apply     a Linen module, or a function called as apply(weights, *inputs); None where the weights can be called
    inputs    arrays, or jax.ShapeDtypeStructs; where none are given, the first kind that fits is found

    The tuple (apply, weights, *inputs) is short for it.

    >>> import jax.numpy as jnp
    >>> Model(weights={"w": jnp.ones((2, 3))}, apply=lambda tree, x: x @ tree["w"], inputs=(jnp.ones((1, 2)),)).kind
    'pytree'
    """

    weights: Any
    apply: Any = None
    inputs: tuple[Any, ...] | None = None

    @property
    def kind(self) -> str:
        """Which kind of model it is: pytree, nnx, linen or equinox."""
        return read(self).kind


def is_model(model: object) -> bool:
    """Whether it is a model of JAX: a Model, a module of Flax or Equinox, a tree with arrays in it."""
    if isinstance(model, Model) or library_of(model):
        return True
    kinds = (jax.Array, jax.ShapeDtypeStruct, np.ndarray)
    return any(isinstance(leaf, kinds) for leaf in jax.tree_util.tree_leaves(model))


def parts_of(model: object) -> Model:
    """A model as its parts, whether it was given as a Model, a tuple or by itself."""
    if isinstance(model, Model):
        return model
    if isinstance(model, tuple) and len(model) >= 2 and (callable(model[0]) or library_of(model[0]) == "flax.linen"):
        apply, weights, *inputs = model
        return Model(weights=weights, apply=apply, inputs=tuple(inputs) or None)
    if _bound(model):
        module, variables = model.unbind()  # type: ignore[attr-defined]
        return Model(weights=variables, apply=module)
    return Model(weights=model)


def put_back(model: object, weights: Any) -> Any:  # noqa: ANN401
    """The same model with other weights, in the form in which it was given."""
    if isinstance(model, Model):
        return Model(weights=weights, apply=model.apply, inputs=model.inputs)
    if parts_of(model).apply is not None and isinstance(model, tuple):
        return (model[0], weights, *model[2:])
    if _bound(model):
        return model.unbind()[0].bind(weights)  # type: ignore[attr-defined]
    return weights


def _bound(model: object) -> bool:
    """Whether it is a Linen module that holds its variables."""
    return library_of(model) == "flax.linen" and getattr(model, "scope", None) is not None


def library_of(value: object) -> str:
    """The library whose module class a value is of; empty for none.

    >>> library_of({"w": 1})
    ''
    """
    for kind in type(value).__mro__:
        for library in ("flax.nnx", "flax.linen", "equinox"):
            if kind.__name__ == "Module" and kind.__module__.startswith(library):
                return library
    return ""


def read(model: object) -> Form:
    """The form of a model, with inputs to trace it with where it can be called.

    Raises SpecError for what holds no array of JAX, and for a Linen module without its variables.
    """
    from initlab.adapters.jax.inputs import found

    parts = parts_of(model)
    form = _form(parts)
    if not form.leaves:
        raise SpecError(f"The model must hold arrays of floats, got {_said(model)} without any. Return {CALL}.")
    if parts.inputs is not None:
        given = tuple(value if hasattr(value, "dtype") else jax.numpy.asarray(value) for value in parts.inputs)
    else:
        given = found(form) or ()
    if given and library_of(parts.apply) == "flax.linen" and not any(leaf.holders for leaf in form.leaves):
        form = _form(Model(weights=parts.weights, apply=parts.apply, inputs=given))
    return replace(form, inputs=given or None)


def _form(parts: Model) -> Form:
    library = library_of(parts.weights)
    if library == "flax.linen":
        raise SpecError(f"A Linen module must come with its variables, got the module alone. Return {CALL}.")
    if library_of(parts.apply) == "flax.linen":
        from initlab.adapters.jax import linen

        return linen.read(parts.apply, parts.weights, parts.inputs)
    if parts.apply is not None:
        return pytree.read(parts.weights, _function(parts.apply))
    if library == "flax.nnx":
        from initlab.adapters.jax import nnx

        return nnx.read(parts.weights)
    if library == "equinox":
        from initlab.adapters.jax import equinox

        return equinox.read(parts.weights)
    return pytree.read(parts.weights)


def _function(apply: object) -> Callable[..., Any]:
    if not callable(apply):
        raise SpecError(f"The function of a JAX model must be callable, got {_said(apply)}. Return {CALL}.")
    return apply


def _said(value: object) -> str:
    return type(value).__name__

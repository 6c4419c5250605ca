"""Flax Linen: a module beside the variables that it is applied to. Its layers are known once it has been traced."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import jax
from flax import linen as nn

from initlab.adapters.jax import pytree
from initlab.adapters.jax.leaves import Form, Path

QUIET = {"train": False, "training": False, "is_training": False, "deterministic": True, "use_running_average": True}
"""What a call without dropout is asked for, by whichever of these names the module takes."""

TRAINING = {"train": True, "training": True, "is_training": True, "deterministic": True, "use_running_average": False}
"""What a call with statistics of the batch is asked for, in the same way."""


def read(module: nn.Module, variables: Any, inputs: tuple[Any, ...] | None = None) -> Form:  # noqa: ANN401
    """A module and its variables as arrays; `variables` may be its parameters alone."""
    bare = not (isinstance(variables, Mapping) and "params" in variables)

    def call(tree: Any, given: Sequence[Any], flags: Mapping[str, bool]) -> Any:  # noqa: ANN401
        everything = {"params": tree} if bare else tree
        others = [name for name in everything if name != "params"]
        rngs = {"dropout": jax.random.key(0)}
        return module.apply(
            everything, *given, mutable=others or ["intermediates"], rngs=rngs, **_taken(module, flags)
        )[0]

    def apply(tree: Any, *given: Any) -> Any:  # noqa: ANN401
        return call(tree, given, QUIET)

    layers: Mapping[Path, nn.Module] = {}
    if inputs is not None:
        layers = _layers(apply, (variables, *inputs))

    def holders(path: Path) -> tuple[object, ...]:
        steps = path[0 if bare else 1 : -1]
        return tuple(layers[steps[:n]] for n in range(len(steps) + 1) if steps[:n] in layers)

    form = pytree.read(variables, apply, kind="linen", holders=holders)

    def trains(arrays: Sequence[Any], inputs: Sequence[Any]) -> Any:  # noqa: ANN401
        with nn.intercept_methods(_without_dropout):
            return call(form.rebuild(arrays), inputs, TRAINING)

    return replace(form, trains=trains)


def _taken(module: nn.Module, flags: Mapping[str, bool]) -> dict[str, bool]:
    """Those of the flags that a module takes."""
    taken = inspect.signature(type(module).__call__).parameters
    return {name: value for name, value in flags.items() if name in taken}


def _without_dropout(step: Callable[..., Any], args: Any, kwargs: Any, context: nn.module.InterceptorContext) -> Any:  # noqa: ANN401
    dropped = isinstance(context.module, nn.Dropout) and context.method_name == "__call__"
    return args[0] if dropped else step(*args, **kwargs)


def _layers(call: Callable[..., Any], given: Sequence[Any]) -> dict[Path, nn.Module]:
    """The modules that a call goes through, by their paths."""
    met: dict[Path, nn.Module] = {}

    def note(step: Callable[..., Any], args: Any, kwargs: Any, context: nn.module.InterceptorContext) -> Any:  # noqa: ANN401
        met[context.module.path] = context.module
        return step(*args, **kwargs)

    with nn.intercept_methods(note):
        jax.eval_shape(call, *given)
    return met

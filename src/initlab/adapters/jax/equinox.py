"""Equinox: a module is a pytree whose arrays are its weights, and works on one example."""

import functools
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax

from initlab.adapters.jax.leaves import Form, Leaf, is_weight, without_twins
from initlab.adapters.jax.pytree import steps


def read(model: eqx.Module) -> Form:
    """A module as its arrays. Calls to it are over a batch of examples, without dropout."""
    paths, structure = jax.tree_util.tree_flatten_with_path(model)
    values = [value for _, value in paths]
    weights = [place for place, value in enumerate(values) if is_weight(value)]
    leaves, which = without_twins(
        [
            Leaf(path=steps(paths[place][0]), value=values[place], holders=_holders(model, paths[place][0]))
            for place in weights
        ]
    )

    def rebuild(arrays: Sequence[Any]) -> Any:  # noqa: ANN401
        new = list(values)
        for place, leaf in zip(weights, which, strict=True):
            new[place] = arrays[leaf]
        return jax.tree_util.tree_unflatten(structure, new)

    def forward(arrays: Sequence[Any], inputs: Sequence[Any]) -> Any:  # noqa: ANN401
        network = eqx.nn.inference_mode(rebuild(arrays))
        return jax.vmap(functools.partial(network))(*inputs)

    call = forward if callable(model) else None
    return Form(kind="equinox", leaves=tuple(leaves), rebuild=rebuild, forward=call, trains=call)


def _holders(model: object, path: tuple[Any, ...]) -> tuple[object, ...]:
    """The modules on the way to an array."""
    node, met = model, [model]
    for key in path:
        node = getattr(node, key.name) if hasattr(key, "name") else node[key.idx if hasattr(key, "idx") else key.key]  # type: ignore[index]
        if isinstance(node, eqx.Module):
            met.append(node)
    return tuple(met)

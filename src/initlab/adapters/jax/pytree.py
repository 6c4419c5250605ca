"""Plain pytrees: dicts, lists and dataclasses of arrays, with or without a function that is called with them."""

from collections.abc import Callable, Sequence
from typing import Any

import jax

from initlab.adapters.jax.leaves import Form, Leaf, Path, is_weight, without_twins

BOX = "value"
"""The step into a box of metadata (flax.linen.Partitioned and its like), which is no part of a name."""


def steps(keys: Sequence[Any]) -> Path:
    """A path of JAX in words: keys, indices and attributes alike.

    >>> steps(jax.tree_util.tree_flatten_with_path({"a": [0.0, 1.0]})[0][1][0])
    ('a', '1')
    """
    return tuple(str(next(getattr(key, name) for name in ("key", "idx", "name") if hasattr(key, name))) for key in keys)


def read(
    tree: object,
    apply: Callable[..., Any] | None = None,
    *,
    kind: str = "pytree",
    holders: Callable[[Path], tuple[object, ...]] | None = None,
) -> Form:
    """A tree as its arrays; `apply(tree, *inputs)` is what its model does."""
    paths, structure = jax.tree_util.tree_flatten_with_path(tree)
    values = [value for _, value in paths]
    weights = [place for place, value in enumerate(values) if is_weight(value)]
    found = []
    for place in weights:
        path = _unboxed(steps(paths[place][0]))
        found.append(Leaf(path=path, value=values[place], holders=holders(path) if holders else ()))
    leaves, which = without_twins(found)

    def rebuild(arrays: Sequence[Any]) -> Any:  # noqa: ANN401
        new = list(values)
        for place, leaf in zip(weights, which, strict=True):
            new[place] = arrays[leaf]
        return jax.tree_util.tree_unflatten(structure, new)

    def forward(arrays: Sequence[Any], inputs: Sequence[Any]) -> Any:  # noqa: ANN401
        assert apply is not None
        return apply(rebuild(arrays), *inputs)

    call = forward if apply else None
    return Form(kind=kind, leaves=tuple(leaves), rebuild=rebuild, forward=call, trains=call)


def _unboxed(path: Path) -> Path:
    return path[:-1] if len(path) > 1 and path[-1] == BOX else path

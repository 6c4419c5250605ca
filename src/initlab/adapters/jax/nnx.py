"""Flax NNX: a module is a graph of modules and variables, which are read in the order they were defined in."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from flax import nnx

from initlab.adapters.jax.leaves import Form, Leaf, Path, is_weight

FROZEN = ("BatchStat", "Cache", "Intermediate", "RngKey", "RngCount")
"""The kinds of variable that no optimiser is given."""


Place: TypeAlias = tuple[Path, nnx.Variable[Any], tuple[object, ...]]


def read(model: nnx.Module) -> Form:
    """A module as its arrays. Calls to it see no dropout, and the running averages of its batch norms."""
    leaves = tuple(_leaves(list(_variables(model))))

    def rebuild(arrays: Sequence[Any]) -> nnx.Module:
        copy = nnx.clone(model)
        variables = {path: variable for path, variable, _ in _variables(copy)}
        for leaf, array in zip(leaves, arrays, strict=True):
            variables[leaf.path].set_value(array)
        return copy

    def forward(arrays: Sequence[Any], inputs: Sequence[Any]) -> Any:  # noqa: ANN401
        copy: Any = rebuild(arrays)
        copy.eval()
        return copy(*inputs)

    def trains(arrays: Sequence[Any], inputs: Sequence[Any]) -> Any:  # noqa: ANN401
        copy: Any = rebuild(arrays)
        copy.train()
        copy.set_attributes(deterministic=True, raise_if_not_found=False)
        return copy(*inputs)

    if not callable(model):
        return Form(kind="nnx", leaves=leaves, rebuild=rebuild)
    return Form(kind="nnx", leaves=leaves, rebuild=rebuild, forward=forward, trains=trains)


def _leaves(found: list[Place]) -> Iterator[Leaf]:
    places: dict[int, list[Path]] = {}
    for path, variable, _ in found:
        places.setdefault(id(variable), []).append(path)
    for path, variable, above in found:
        if places[id(variable)][0] == path:
            yield Leaf(
                path=path,
                value=variable.get_value(),
                holders=above,
                aliases=tuple(places[id(variable)][1:]),
                kind=type(variable).__name__,
            )


def _variables(node: object, path: Path = (), above: tuple[object, ...] = ()) -> Iterator[Place]:
    """Every place of a variable that holds weights: its path, itself, and the modules above it."""
    if isinstance(node, nnx.Variable):
        if is_weight(node.get_value()):
            yield path, node, above
        return
    within = (*above, node) if isinstance(node, nnx.Module) else above
    for step, child in _children(node):
        if isinstance(child, nnx.Variable | nnx.Module | list | tuple | dict):
            yield from _variables(child, (*path, step), within)


def _children(node: object) -> list[tuple[str, object]]:
    if isinstance(node, nnx.List | list | tuple):
        return [(str(place), child) for place, child in enumerate(node)]
    if isinstance(node, dict):
        return [(str(key), child) for key, child in node.items()]
    return [(key, child) for key, child in vars(node).items() if not key.startswith("_")]

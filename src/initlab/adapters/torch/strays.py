"""Weights that a model uses and does not own: in a plain list, dict or attribute, where no optimizer finds them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import nn

from initlab.trace import Stray

INTERNAL = frozenset(vars(nn.Module()))
"""What every module has for itself."""


def held(model: nn.Module) -> dict[int, Stray]:
    """The leaves that take a gradient, hang on a module, and are none of the model's parameters; by identity.

    >>> model = nn.Module()
    >>> model.layers = [nn.Linear(2, 3, bias=False)]
    >>> held(model).popitem()[1].name
    'layers[0].weight'
    """
    own = {id(parameter) for _, parameter in model.named_parameters(remove_duplicate=False)}
    found: dict[int, Stray] = {}
    for place, module in model.named_modules():
        for key, value in vars(module).items():
            for path, tensor in _leaves(f"{place}.{key}".lstrip("."), value) if key not in INTERNAL else ():
                if id(tensor) not in own:
                    stray = Stray(
                        name=path, size=tensor.numel(), holder=f"{place}.{key}".lstrip("."), kept=_kept(value),
                        code=_code(place, key, value),
                    )  # fmt: skip
                    found.setdefault(id(tensor), stray)
    return found


def buffers(model: nn.Module) -> list[Any]:
    """The buffers of modules that hang on a model and are none of its own: statistics that a pass may write into."""
    found = []
    for module in model.modules():
        for key, value in vars(module).items():
            found += [each for part in _modules(value) for each in part.buffers()] if key not in INTERNAL else []
    return found


def used(strays: Mapping[int, Stray], loss: Any, output: Any) -> tuple[Stray, ...]:  # noqa: ANN401
    """Those that both the output of the model and its loss depend on."""
    if not strays:
        return ()
    both = _reached([loss]) & _reached(_tensors(output))
    return tuple(stray for key, stray in strays.items() if key in both)


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    """Leaves that take a gradient, each under its path, in modules, lists and mappings among them."""
    if isinstance(value, torch.Tensor):
        if value.is_leaf and value.requires_grad:
            yield path, value
    elif isinstance(value, nn.Module):
        yield from ((f"{path}.{name}", each) for name, each in value.named_parameters() if each.requires_grad)
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _leaves(f"{path}[{key!r}]", each)
    elif isinstance(value, list | tuple):
        for place, each in enumerate(value):
            yield from _leaves(f"{path}[{place}]", each)


def _modules(value: Any) -> Iterator[nn.Module]:  # noqa: ANN401
    """The modules among values, in lists and mappings as well."""
    if isinstance(value, nn.Module):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _modules(each)


def _kept(value: Any) -> str:  # noqa: ANN401
    """What holds them, in words."""
    if isinstance(value, torch.Tensor):
        return "a plain tensor"
    return "not registered" if isinstance(value, nn.Module) else f"a plain {type(value).__name__}"


def _code(place: str, key: str, value: Any) -> str:  # noqa: ANN401
    """The line that registers what is held, where one does."""
    owner = f'model.get_submodule("{place}")' if place else "model"
    target = f"{owner}.{key}"
    if isinstance(value, torch.Tensor):
        return f"{target} = nn.Parameter({target}.detach())"
    parts = list(value.values() if isinstance(value, Mapping) else value) if not isinstance(value, nn.Module) else []
    home = next((name for kind, name in _HOMES if parts and all(isinstance(each, kind) for each in parts)), "")
    if not home or not isinstance(value, Mapping | list | tuple):
        return ""
    if isinstance(value, Mapping) and not all(isinstance(each, str) and "." not in each for each in value):
        return ""
    return f"{target} = nn.{home}{'Dict' if isinstance(value, Mapping) else 'List'}({target})"


_HOMES = ((nn.Module, "Module"), (nn.Parameter, "Parameter"))


def _tensors(value: Any) -> Iterator[Any]:  # noqa: ANN401
    """The tensors of a model's output."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, Mapping) or hasattr(value, "__dict__"):
        for each in value.values() if isinstance(value, Mapping) else vars(value).values():
            yield from _tensors(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _tensors(each)


def _reached(ends: Iterable[Any]) -> set[int]:
    """The leaves that tensors depend on, by identity."""
    edge = [tensor.grad_fn for tensor in ends if tensor.grad_fn is not None]
    seen, found = set[Any](edge), set[int]()
    while edge:
        node = edge.pop()
        if hasattr(node, "variable"):
            found.add(id(node.variable))
        fresh = {after for after, _ in node.next_functions if after is not None} - seen
        seen |= fresh
        edge += fresh
    return found

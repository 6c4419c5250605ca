"""Memory for the tensors of a model on the meta device, and values for those that no law gives any.

A buffer, or a special parameter, of a model built on meta was lost with its constructor. Its own module can make it
again: by torch's `reset_parameters`, or by the `_init_weights` of the model that it is in, as in transformers. That is
tried on a copy of the module, with its memory full of marks: where a mark is left, the value was not made.
"""

import copy
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from initlab.adapters.torch.names import Named, modules_of, named_tensors, unwrapped
from initlab.errors import SpecError

Made = dict[int, torch.Tensor]
"""The tensors to put in the place of those on meta, by the identity of the old one."""


def prepare(model: nn.Module, drawn: set[int], special: set[int], *, seed: int, device: str = "cpu") -> Made:
    """Tensors with memory for those on meta that are `drawn`, and with values for buffers and `special` ones.

    Others are left out: a parameter without a law stays on meta, to be loaded. The model is not changed.

    Raises SpecError when a buffer or special parameter cannot be made again.
    """
    inner = unwrapped(model)
    lost = [each for each in named_tensors(inner) if each.tensor.is_meta]
    made = {id(each.tensor): _memory(each.tensor, device) for each in lost if id(each.tensor) in drawn}
    if not made:
        return {}
    for each in lost:
        if each.buffer or id(each.tensor) in special:
            made[id(each.tensor)] = _made_again(inner, each, seed, device)
    return made


def put(model: nn.Module, made: Mapping[int, torch.Tensor]) -> None:
    """Put the tensors in their places, those that several modules share in each of theirs."""
    for _, _, module in modules_of(model):
        for held in (module._parameters, module._buffers):
            for key, old in held.items():
                if old is not None and id(old) in made:
                    held[key] = made[id(old)]


def _memory(tensor: torch.Tensor, device: str) -> torch.Tensor:
    where = tensor.device_mesh.device_type if hasattr(tensor, "device_mesh") else device
    empty = torch.zeros_like(tensor, device=where)
    return nn.Parameter(empty, requires_grad=tensor.requires_grad) if isinstance(tensor, nn.Parameter) else empty


def _made_again(model: nn.Module, named: Named, seed: int, device: str) -> torch.Tensor:
    owner, key = named.owners[0]
    for reset in _resets(model, named):
        trial = _trial(owner, device)
        try:
            with torch.no_grad(), torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed % 2**63)
                reset(trial)
        except Exception:
            continue
        found: torch.Tensor | None = trial._buffers.get(key, trial._parameters.get(key))
        if found is not None and not found.is_meta and not bool(_is_mark(found).any()):
            return found
    what = "buffer" if named.buffer else "parameter"
    raise SpecError(
        f"The {what} {named.name} must have values, got one on the meta device that {type(owner).__name__} has no "
        "reset_parameters for. Build the model on the CPU, or give that module one."
    )


def _resets(model: nn.Module, named: Named) -> list[Callable[[nn.Module], Any]]:
    """What may give a module its first values: its own method, or those of the models around it, nearest first."""
    owner = named.owners[0][0]
    found: list[Callable[[nn.Module], Any]] = []
    for method in ("reset_parameters", "_reset_parameters"):
        if hasattr(type(owner), method):
            found.append(lambda module, method=method: getattr(module, method)())  # type: ignore[misc]
    around = [
        module for name, _, module in modules_of(model) if f"{named.name}.".startswith(f"{name}." if name else "")
    ]
    return found + [module._init_weights for module in reversed(around) if hasattr(module, "_init_weights")]


def _trial(owner: nn.Module, device: str) -> nn.Module:
    """A copy of a module alone, without the modules in it, its tensors with memory of their own full of marks."""
    trial = copy.copy(owner)
    trial.__dict__["_modules"] = {}
    for kind in ("_parameters", "_buffers"):
        held = getattr(owner, kind)
        trial.__dict__[kind] = {
            key: None if old is None else _marked(_memory(old, device)) for key, old in held.items()
        }
    return trial


def _marked(tensor: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return tensor.fill_(_mark(tensor))


def _mark(tensor: torch.Tensor) -> float | int | bool:
    if tensor.is_floating_point() or tensor.is_complex():
        return float("nan")
    return False if tensor.dtype == torch.bool else torch.iinfo(tensor.dtype).max


def _is_mark(tensor: torch.Tensor) -> torch.Tensor:
    if tensor.dtype == torch.bool:
        return torch.zeros((), dtype=torch.bool)
    return tensor.isnan() if tensor.is_floating_point() or tensor.is_complex() else tensor == _mark(tensor)

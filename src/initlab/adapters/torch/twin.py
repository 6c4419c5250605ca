"""A twin of a model that can be run without touching the model: its tensors are stand-ins that take no memory.

A parameter's stand-in has its shape and the strides 0: a single number. Buffers are copied, or zero where they are on
meta, since code decides by them.
"""

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from initlab.adapters.torch.names import modules_of, named_tensors


def twin(model: nn.Module) -> tuple[nn.Module, dict[str, torch.Tensor]]:
    """A copy of a model on the CPU, in evaluation mode, and its parameters by their canonical names.

    Raises whatever the model's own parts raise when they are copied.
    """
    memo: dict[int, Any] = {}
    stand_ins: dict[str, torch.Tensor] = {}
    for named in named_tensors(model):
        made = _buffer(named.tensor) if named.buffer else _parameter(named.tensor)
        for owner, key in named.owners:
            memo[id((owner._buffers if named.buffer else owner._parameters)[key])] = made
        if not named.buffer:
            stand_ins[named.name] = made
    copied = copy.deepcopy(model, memo)
    copied.train(False)
    return copied, stand_ins


def _parameter(tensor: torch.Tensor) -> nn.Parameter:
    one = torch.full((), 0.5, dtype=tensor.dtype)
    return nn.Parameter(one.expand(tensor.shape), requires_grad=False)


def _buffer(tensor: torch.Tensor) -> torch.Tensor:
    if tensor.is_meta or hasattr(tensor, "placements"):
        return torch.zeros(tensor.shape, dtype=tensor.dtype)
    return tensor.detach().to("cpu", copy=True)


def places(model: nn.Module) -> dict[str, nn.Module]:
    """The modules of a model by canonical name; one that stands at several places by the first."""
    found: dict[str, nn.Module] = {}
    seen: set[int] = set()
    for name, _, module in modules_of(model):
        if id(module) not in seen:
            seen.add(id(module))
            found[name] = module
    return found


Forward = Callable[[nn.Module], Any]

"""The tensors of a torch model under the names of its state_dict, and where each parameter lies in them."""

from functools import partial
from typing import Any

import torch
from numpy.typing import NDArray
from torch import nn

from initlab.adapters.state import Held, State
from initlab.adapters.torch.names import memory_of
from initlab.adapters.torch.reading import Reading


def torch_state(model: nn.Module, reading: Reading) -> State:
    """The state of a torch model: each memory once, under the first of its names."""
    kept: dict[object, str] = {}
    tensors, same = {}, {}
    for name, tensor in model.state_dict(keep_vars=True).items():
        if not isinstance(tensor, torch.Tensor):
            continue
        first = kept.setdefault(memory_of(tensor), name)
        if first != name:
            same[name] = first
        else:
            tensors[name] = Held(
                shape=tuple(tensor.shape),
                dtype=str(tensor.dtype).removeprefix("torch."),
                read=partial(_numbers, tensor),
            )
    places = {}
    for name, entry in reading.entries.items():
        held = next((kept[memory] for memory in (memory_of(entry.tensor),) if memory in kept), None)
        if held is not None:
            places[name] = (held, entry.block)
    return State(tensors=tensors, same=same, places=places)


def _numbers(tensor: torch.Tensor) -> NDArray[Any]:
    tensor = tensor.detach()
    whole: torch.Tensor = tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor
    host = whole.cpu().contiguous().resolve_neg().resolve_conj()
    numbers: NDArray[Any] = (host.view(torch.uint16) if host.dtype == torch.bfloat16 else host).numpy()
    return numbers

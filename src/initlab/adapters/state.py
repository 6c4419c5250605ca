"""The tensors of a model as its framework holds and names them, and where each parameter lies in them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from initlab.adapters.blocks import Block, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One tensor: its shape and dtype, and a call that gives its numbers (bfloat16 as its bits)."""

    shape: tuple[int, ...]
    dtype: str
    read: Callable[[], NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All tensors of a model, once each; `same` names other names of some; `places` says where parameters lie."""

    tensors: Mapping[str, Held]
    same: Mapping[str, str]
    places: Mapping[str, tuple[str, Block]]


def state_of(model: Any, adapter: Any) -> State:  # noqa: ANN401
    """The tensors of a model of any framework, as its adapter has read it."""
    if adapter.name == "torch":
        from initlab.adapters.torch.state import torch_state

        return torch_state(model, adapter.reading(model))
    tensors, places = {}, {}
    for parameter in adapter.parameters(model):
        held = _held(adapter, model, parameter)
        tensors[parameter.name] = held
        places[parameter.name] = (parameter.name, whole(held.shape))
    return State(tensors=tensors, same={}, places=places)


def _held(adapter: Any, model: Any, parameter: Any) -> Held:  # noqa: ANN401
    """A parameter in canonical order, as a tensor of its own."""

    def read() -> NDArray[Any]:
        values: NDArray[Any] = np.asarray(adapter.values(model, parameter))
        return rounded_bits(values) if parameter.dtype == "bfloat16" else values

    return Held(shape=parameter.shape, dtype=parameter.dtype, read=read)


def rounded_bits(values: NDArray[Any]) -> NDArray[np.uint16]:
    """The bits of numbers that are bfloat16 already, in whatever they are carried.

    >>> hex(rounded_bits(np.array([1.0], dtype=np.float32))[0])
    '0x3f80'
    """
    return (np.ascontiguousarray(values, dtype=np.float32).view(np.uint32) >> np.uint32(16)).astype(np.uint16)


def block_of(array: NDArray[Any], block: Block) -> NDArray[Any]:
    """One parameter's numbers out of the tensor that holds it, in canonical order."""
    if len(block.pieces) == 1:
        taken = array[block.pieces[0].held]
    else:
        taken = np.zeros(block.shape, dtype=array.dtype)
        for piece in block.pieces:
            taken[piece.where] = array[piece.held]
    return taken.transpose(np.argsort(block.axes)) if block.axes else taken

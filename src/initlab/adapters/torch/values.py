"""What a parameter holds now: a view of its tensor where one will do, else its pieces put together."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from initlab.adapters.blocks import Block


def values_of(tensor: torch.Tensor, block: Block) -> NDArray[Any] | None:
    """The values of a block in canonical order, as the dtype holds them (bfloat16 widened to float32); None on meta.

    Of a DTensor, the whole is gathered.
    """
    if tensor.is_meta:
        return None
    tensor = tensor.detach()
    if hasattr(tensor, "full_tensor"):
        tensor = tensor.full_tensor()
    held = tensor.cpu()
    held = held.to(torch.float32) if held.dtype == torch.bfloat16 else held
    array: NDArray[Any] = held.resolve_neg().resolve_conj().numpy()
    return _assembled(array, block).transpose(np.argsort(block.axes))


def _assembled(array: NDArray[Any], block: Block) -> NDArray[Any]:
    if len(block.pieces) == 1:
        return array[block.pieces[0].held]
    whole = np.zeros(block.shape, dtype=array.dtype)
    for piece in block.pieces:
        whole[piece.where] = array[piece.held]
    return whole

"""Memory for the tensors of a model that was built on the meta device."""

from collections.abc import Mapping

import torch
from torch import nn

from initlab.adapters.torch.reading import Entry
from initlab.errors import SpecError
from initlab.streams.torch import materialize


def give_memory(model: nn.Module, entries: Mapping[str, Entry]) -> bool:
    """Give memory to parameters that have none, and to the statistics of normalisations; say whether any had none.

    Tied parameters stay tied, and the padding rows of tables are zero. Raises SpecError, before anything is made, for
    a buffer that has no memory and whose values only the model can compute.
    """
    bare = {entry.tensor for entry in entries.values() if entry.tensor.is_meta}
    if not bare:
        return False
    statistics = [module for module in model.modules() if hasattr(module, "reset_running_stats") and _is_bare(module)]
    buffers = {buffer for module in statistics for buffer in module._buffers.values() if buffer is not None}
    for name, buffer in model.named_buffers():
        if buffer.is_meta and buffer not in buffers:
            raise SpecError(
                f"The buffer {name} must hold memory, got one on the meta device. Only the model can compute it: "
                "build it on the CPU."
            )
    made = materialize(model, {*bare, *(buffer for buffer in buffers if buffer.is_meta)}, torch.device("cpu"))
    for module in statistics:
        module.reset_running_stats()
    for entry in entries.values():
        if entry.tensor in made and entry.parameter.padding is not None:
            with torch.no_grad():
                made[entry.tensor][entry.parameter.padding] = 0
    return True


def _is_bare(module: nn.Module) -> bool:
    return any(buffer is not None and buffer.is_meta for buffer in module._buffers.values())

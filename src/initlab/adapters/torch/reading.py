"""What is known of a model once it has been read: each tensor, the blocks it is made of, and their Parameters."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import nn

from initlab.adapters.blocks import Block
from initlab.adapters.torch.names import Named
from initlab.parameters import Parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One parameter, with the tensor and the block of it that hold it."""

    parameter: Parameter
    named: Named
    block: Block

    @property
    def tensor(self) -> torch.Tensor:
        """The tensor that holds it."""
        return self.named.tensor

    @property
    def tensors(self) -> tuple[torch.Tensor, ...]:
        """That tensor, and others that are the same memory."""
        return tuple(getattr(owner, key) for owner, key in self.named.owners)

    def moved(self, made: Mapping[int, torch.Tensor]) -> "Entry":
        """The same with the tensor that stands in the place of its old one, if there is one."""
        new = made.get(id(self.tensor))
        if new is None:
            return self
        parameter = replace(self.parameter, device=str(new.device))
        return Entry(parameter=parameter, named=replace(self.named, tensor=new), block=self.block)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The entries of a model by the names of their parameters, the names of its buffers, and why it was not run."""

    entries: dict[str, Entry]
    buffers: tuple[str, ...]
    note: str = ""

    def moved(self, made: Mapping[int, torch.Tensor]) -> "Reading":
        """The same after tensors got memory: those in `made`, by the identity of the old ones."""
        return replace(self, entries={name: entry.moved(made) for name, entry in self.entries.items()})

    def describes(self, model: nn.Module) -> bool:
        """Whether it is still that of the model: no tensor added, replaced, frozen, cast or moved since."""
        held = {id(one): one for module in model.modules() for one in module._parameters.values() if one is not None}
        known = {id(owner): entry for entry in self.entries.values() for owner in entry.tensors}
        return held.keys() == known.keys() and all(_alike(entry, held[place]) for place, entry in known.items())


def _alike(entry: Entry, tensor: torch.Tensor) -> bool:
    parameter = entry.parameter
    return (tensor.requires_grad, str(tensor.dtype)[6:], str(tensor.device)) == (
        parameter.trainable,
        parameter.dtype,
        parameter.device,
    )

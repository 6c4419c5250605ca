"""A network under test: the model, one batch, the loss; and the part of the benchmark that it stands in."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor, nn

Half = Literal["dev", "held-out", "fresh", "late", "last"]
Loss = Callable[[Tensor, Tensor], Tensor]
SEEDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What every checker is given: `loss(model(x), y)` is a scalar."""

    model: nn.Module
    x: Tensor
    y: Tensor
    loss: Loss
    data: tuple[Tensor, Tensor] | None = None  # what the oracle trains on; x and y are its first rows

    def objective(self) -> Tensor:
        return self.loss(self.model(self.x), self.y)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sites:
    """Where faults can be put: hidden weights from input to output, the head, and what else the model has."""

    hidden: tuple[str, ...] = ()
    head: str | None = None
    activation: str = "relu"
    embedding: str | None = None
    gates: tuple[str, ...] = ()
    lora: tuple[tuple[str, str], ...] = ()
    twins: tuple[tuple[str, str], ...] = ()
    blocks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Net:
    """A named architecture; `build` draws its weights from torch's generator, seeded by `case`."""

    name: str
    family: str
    build: Callable[[], Case]
    sites: Sites | None = field(default=None)
    part: Half | None = None

    def case(self, seed: int) -> Case:
        torch.manual_seed(seed)
        return self.build()

    @property
    def half(self) -> Half:
        return self.part or half(self.family)


def half(family: str) -> Half:
    """The half of an older family: the parity of its name's SHA-256's first byte, fixed before anything was scored."""
    return "dev" if hashlib.sha256(family.encode()).digest()[0] % 2 == 0 else "held-out"

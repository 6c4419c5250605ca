"""What a method sees of a network: its layers' outputs as they come, and the gradients of its weights."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Reals: TypeAlias = NDArray[np.float64]


class Output(Protocol):
    """One layer's output on the batch: mean and spread of each channel and of all numbers together."""

    @property
    def name(self) -> str: ...

    @property
    def mean(self) -> float: ...

    @property
    def std(self) -> float: ...

    @property
    def channel_mean(self) -> Reals: ...

    @property
    def channel_std(self) -> Reals: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What to do to a layer: its weights and biases times `scale`, and `shift` added to its biases."""

    scale: float | Reals
    shift: float | Reals = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A network with its batch.

    `run` passes the batch through once; its argument is asked at each layer, in the order of execution, what to do to
    it, and again after each change until it says None. `ratios` gives √(mean g²/mean w²) of each weight, for a gradient
    that a function of the output's shape starts; `scale` multiplies layers by a number each.
    """

    run: Callable[[Callable[[Any], Change | None]], None]
    ratios: Callable[[Callable[[tuple[int, ...]], Reals]], Mapping[str, float]]
    scale: Callable[[Mapping[str, float]], None]


FAINTEST = 1e-6
"""A channel whose output varies less is dead on the batch: no scale can mend it, and it is left as it is."""


def inverse(spread: Reals) -> Reals:
    """1/σ of each channel; 1 for one that is dead."""
    alive = spread > FAINTEST
    return np.where(alive, 1 / np.where(alive, spread, 1.0), 1.0)

"""The gradients of a pass: measured as they come back, and used for a virtual step of the weights.

That of a large weight is taken as soon as it is there, and let go; those of the others together, at the end.
"""

import math
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch

from initlab.adapters.virtual_steps import EPSILON
from initlab.trace import Gradient

LARGE = 2**18
"""A weight of so many numbers is stepped as soon as its gradient is there."""

BLOCK = 2**18
"""So many numbers are stepped at a time, so that no second tensor of a weight's size is needed."""

COUNTED = 4096
"""At most so many entries, evenly spread, are read to tell the share that is not zero."""


class Part(NamedTuple):
    """A part of a weight that lies together in memory, with its gradient and the floor under the step's root."""

    name: str
    values: Any
    slope: Any
    floor: float


def norms(tensors: Mapping[str, Any], order: float = 2) -> dict[str, float]:
    """The norms of tensors, by name: Euclidean, or of another order; that of order 0 counts what is not 0."""
    found = torch._foreach_norm([tensor.detach().float() for tensor in tensors.values()], order) if tensors else ()
    return dict(zip(tensors, map(float, found), strict=True))


class Gradients:
    """The trained weights of the passes, with their norms as they are, and what takes their gradients."""

    def __init__(self, weights: Mapping[str, Any], weight_norms: Mapping[str, float]) -> None:
        self.weights, self.norms = weights, {name: weight_norms[name] for name in weights}

    @contextmanager
    def coming(self, rate: float | None, later: Collection[str]) -> Iterator[dict[str, Gradient]]:
        """What is measured of the gradients that come back within; with a `rate` each weight makes a step.

        `later` are weights whose values the way back still needs when their gradients are there.
        """
        found: dict[str, Gradient] = {}
        early = [name for name, weight in self.weights.items() if weight.numel() >= LARGE and name not in later]
        handles = [
            self.weights[name].register_post_accumulate_grad_hook(lambda _, name=name: self._take(found, [name], rate))
            for name in early
        ]
        try:
            yield found
            self._take(found, [name for name, weight in self.weights.items() if weight.grad is not None], rate)
        finally:
            for handle in handles:
                handle.remove()
            for weight in self.weights.values():
                weight.grad = None

    def _take(self, found: dict[str, Gradient], names: list[str], rate: float | None) -> None:
        slopes = {name: self.weights[name].grad for name in names}
        for name in names:
            self.weights[name].grad = None
        with torch.no_grad(), torch._C.DisableTorchFunction():
            measured = self._measured(slopes)
            found.update(measured)
            if rate is not None:
                self._step(slopes, measured, rate)

    def _measured(self, slopes: Mapping[str, Any]) -> dict[str, Gradient]:
        filled = {name: slope.coalesce().values() if slope.is_sparse else slope for name, slope in slopes.items()}
        samples = {name: _sample(values) for name, values in filled.items()}
        sizes = norms(filled)
        found = {}
        for name, count in norms(samples, order=0).items():
            values, size = filled[name], max(1, self.weights[name].numel())
            if sizes[name] == 0:
                share = int(torch.count_nonzero(values)) / size
            else:
                share = max(1.0, count / max(1, samples[name].numel()) * values.numel()) / size
            flushed = _flushed(values) if values.dtype in (torch.float16, torch.bfloat16) else 0.0
            found[name] = Gradient(norm=sizes[name], weight=self.norms[name], filled=share, flushed=flushed)
        return found

    def _step(self, slopes: Mapping[str, Any], measured: Mapping[str, Gradient], rate: float) -> None:
        """One step in place, element by element: θ ← θ - rate · g/√(g² + ḡ² + ε²), ḡ the root mean square of g.

        It is bounded by the rate as Adam's is, and smooth where Adam's first step is a sign: signs alone would make
        units equal that are not.
        """
        squares = dict.fromkeys(slopes, 0.0)
        for batch in _batches(self._parts(slopes, measured)):
            names, values, slopes_, floors = zip(*batch, strict=True)
            wide = [slope.float() if slope.dtype.itemsize < 4 else slope for slope in slopes_]
            scale = torch._foreach_mul(wide, wide)
            torch._foreach_add_(scale, floors)
            torch._foreach_rsqrt_(scale)
            torch._foreach_addcmul_(values, wide, scale, value=-rate)
            for name, norm in zip(names, torch._foreach_norm([each.float() for each in values]), strict=True):
                squares[name] += float(norm) ** 2
        self.norms |= {name: math.sqrt(square) for name, square in squares.items()}

    def _parts(self, slopes: Mapping[str, Any], measured: Mapping[str, Gradient]) -> Iterator[Part]:
        """The weights, whose changes autograd is not told of, in parts of a block where they are laid out alike."""
        for name, found in slopes.items():
            values, slope = self.weights[name].data, found.to_dense() if found.is_sparse else found
            floor = measured[name].norm ** 2 / max(1, slope.numel()) + EPSILON**2
            if values.numel() <= BLOCK or values.stride() != slope.stride() or not values.is_contiguous():
                yield Part(name, values, slope, floor)
            else:
                pairs = zip(values.view(-1).split(BLOCK), slope.view(-1).split(BLOCK), strict=True)
                yield from (Part(name, *pair, floor) for pair in pairs)


def _batches(parts: Iterator[Part]) -> Iterator[list[Part]]:
    """Parts in turn, of a block together as long as there are several."""
    batch: list[Part] = []
    total = 0
    for part in parts:
        total += part.values.numel()
        if batch and total > BLOCK:
            yield batch
            batch, total = [], part.values.numel()
        batch.append(part)
    if batch:
        yield batch


def _sample(values: Any) -> Any:  # noqa: ANN401
    """Entries evenly spread over a tensor, in odd steps, so that they lie in all columns."""
    return values if values.numel() <= COUNTED else values.reshape(-1)[:: values.numel() // COUNTED | 1]


def _flushed(values: Any) -> float:  # noqa: ANN401
    """The share of what is not zero that is at or below the smallest number of its format."""
    tiny = torch.finfo(values.dtype).smallest_normal * torch.finfo(values.dtype).eps
    return int(((values != 0) & (values.abs() <= tiny)).sum()) / max(1, int(torch.count_nonzero(values)))

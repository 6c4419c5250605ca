"""The measurements of one tensor as it passes: sums, sketches, cosines, counts. Nothing of the tensor is kept.

Everything is read at once, in float32, so that an operation in place may overwrite it. A result is laid out as
(examples, positions, units). What costs more than one reading is done on every s-th position only, so many that at
most 2¹⁶ numbers are read; and whether units are alike or dead is looked up on all rows only where a few leave it open.
"""

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from initlab.adapters.trace_record import EXAMPLES, SAMPLED, SKETCHES, all_differ

GLANCE = 2**14
"""At most about so many numbers are read to see that all units differ, or that none is dead."""

SMALLEST = 1e-300
"""Stands for the norm of a row that is 0, in a division."""

MASKED = 60.0
"""A score so far below the largest gets no weight in float32: a mask put it there."""


@dataclass(frozen=True)
class Laid:
    """A result as (examples, positions, units), or (examples, units, positions) where the units are `channels`."""

    values: Any
    channels: bool

    @property
    def units(self) -> int:
        """How many units there are."""
        return int(self.values.shape[1 if self.channels else 2])

    @property
    def positions(self) -> int:
        """How many positions there are in one example."""
        return int(self.values.shape[2 if self.channels else 1])

    @property
    def rows(self) -> int:
        """How many rows: examples times positions."""
        return int(self.values.numel() // max(1, self.units))

    def sample(self) -> Any:  # noqa: ANN401
        """Every s-th position, in float32."""
        step = max(1, math.ceil(self.values.numel() / SAMPLED))
        taken = self.values[:, :, ::step] if self.channels else self.values[:, ::step]
        return taken.float()

    @cached_property
    def few(self) -> NDArray[np.float32]:
        """A few rows of all examples, evenly spread, as (rows, units); of one position each, of every s-th example."""
        step = max(1, self.values.numel() // GLANCE)
        values = self.values.transpose(1, 2) if self.channels else self.values
        if self.positions == 1:
            taken = values[:: min(step, max(1, values.shape[0] // 2))]
        else:
            taken = values[:, min(step, self.positions) // 2 :: step]
        found: NDArray[np.float32] = taken.float().reshape(-1, self.units).cpu().numpy()
        return found

    def top(self) -> Any:  # noqa: ANN401
        """The largest number of each unit."""
        return self.values.amax(2).amax(0) if self.channels else self.values.amax((0, 1))

    def bottom(self) -> Any:  # noqa: ANN401
        """The smallest number of each unit."""
        return self.values.amin(2).amin(0) if self.channels else self.values.amin((0, 1))


def laid(values: Any, axis: int, examples: int) -> Laid:  # noqa: ANN401
    """Lay out a result whose units lie along an axis, for a batch of so many examples."""
    z = values.detach()
    if z.ndim == 0:
        return Laid(z.reshape(1, 1, 1), channels=False)
    if axis == 1 and z.ndim > 2:
        return Laid(z.reshape(z.shape[0], z.shape[1], -1), channels=True)
    if axis == -2 and z.ndim >= 2:
        z = z.transpose(-1, -2)
    units = z.shape[-1]
    if z.ndim > 2 and z.shape[0] != examples and z.shape[1] == examples:
        z = z.transpose(0, 1)
    lead = examples if z.ndim > 1 and examples and (z.numel() // max(1, units)) % examples == 0 else z.shape[0]
    if z.ndim == 1:
        lead = 1
    return Laid(z.reshape(max(1, lead), -1, units), channels=False)


def moments(z: Laid) -> dict[str, float]:
    """Mean, standard deviation, mean square, of a sample; the largest entry of all, and the share of finite ones."""
    low, high = map(float, torch.aminmax(z.values))
    taken = z.sample().reshape(-1).cpu().numpy()
    with np.errstate(all="ignore"):
        mean = taken.mean()
        apart = taken - mean
        variance, middle = float(apart @ apart) / apart.size, float(mean)
    found = {
        "mean": middle,
        "std": math.sqrt(variance),
        "square": variance + middle**2,
        "largest": max(abs(low), abs(high)),
    }
    if not math.isfinite(found["largest"]):
        found["finite"] = float(torch.isfinite(z.values).float().mean())
    return found


@lru_cache(maxsize=32)
def _signs(rows: int, device: str) -> Any:  # noqa: ANN401
    """Weights of the rows for the sketches, (rows, SKETCHES): cosines of incommensurate angles, the same every time."""
    places = torch.arange(1, rows + 1, dtype=torch.float64, device=device)
    angles = torch.arange(1, SKETCHES + 1, dtype=torch.float64, device=device).sqrt() * 2.399963229728653
    return torch.cos(places[:, None] * angles + places[:, None] ** 2 * 1e-3).float()


def sketch(z: Laid) -> Any:  # noqa: ANN401
    """Weighted sums over all rows, (units, SKETCHES + 1): equal columns, equal sums. The last is the norm."""
    weights = _signs(z.rows, str(z.values.device))
    values = z.values.float()
    if z.channels:
        examples, _, positions = values.shape
        sums = torch.bmm(weights.reshape(examples, positions, -1).transpose(1, 2), values.transpose(1, 2)).sum(0)
        norm = torch.linalg.vector_norm(torch.linalg.vector_norm(values, dim=2), dim=0)
    else:
        flat = values.reshape(-1, z.units)
        sums = weights.T @ flat
        norm = torch.linalg.vector_norm(flat, dim=0)
    return torch.cat([sums, norm[None]]).T


def differ(z: Laid, epsilon: float) -> bool:
    """Whether each unit differs from every other, and from 0, on a few rows: then on all."""
    return all_differ(z.few, epsilon)


def moved(z: Laid) -> int:
    """How many units are not 0 everywhere."""
    if (z.few != 0).any(0).all():
        return z.units
    return int(((z.top() != 0) | (z.bottom() != 0)).sum())


def cosine(z: Laid, shift: Any) -> float | None:  # noqa: ANN401
    """Mean cosine of the rows of different examples, what is added to every row taken off.

    c = (|Σ ẑ|² - B)/(B (B - 1)),   ẑ = z/|z|,  B examples that are not 0
    """
    values, count, positions = z.values[:EXAMPLES], min(EXAMPLES, z.values.shape[0]), z.positions
    if count < 2:
        return None
    if z.channels:
        rows = values[:, :, :: max(1, positions // 8)]
    else:
        examples = torch.arange(count, device=values.device)
        rows = values[:, 0] if positions == 1 else values[examples, examples * positions // count]
    rows = rows.double()
    if shift is not None and shift.ndim == 1 and shift.shape[0] == z.units:
        rows = rows - (shift.detach().double()[:, None] if z.channels else shift.detach().double())
    return mean_cosine(rows.reshape(rows.shape[0], -1).cpu().numpy())


def mean_cosine(rows: NDArray[np.float64]) -> float | None:
    """The mean cosine of different rows that are not 0; 1 without two of them, None where they are not finite."""
    with np.errstate(all="ignore"):
        norm = np.sqrt(np.einsum("ij,ij->i", rows, rows))
        total = (1 / np.maximum(norm, SMALLEST)) @ rows
        seen, square = int(np.count_nonzero(norm)), float(total @ total)
    if not math.isfinite(square):
        return None
    return (square - seen) / (seen * (seen - 1)) if seen > 1 else 1.0


def gates(name: str, args: tuple[Any, ...], result: Any) -> dict[str, Any]:  # noqa: ANN401
    """The slope of the candidate gate of a recurrent layer, from its inputs and what it put out one step before.

    Only of one layer in one direction, whose steps are all seen.
    """
    batched = len(args) == 9 and isinstance(args[2], list | tuple)
    if not batched or args[4] != 1 or args[7]:
        return {}
    weights = [weight.detach().float() for weight in args[2]]
    inputs, states = (each.detach().float() for each in (args[0], result))
    if args[8]:
        inputs, states = inputs.transpose(0, 1), states.transpose(0, 1)
    inputs, states = inputs[1:][-8:, :EXAMPLES], states[:-1][-8:, :EXAMPLES]
    if not states.numel() or weights[1].shape[1] != states.shape[-1]:
        return {}
    z = inputs @ weights[0].T + states @ weights[1].T + (weights[2] + weights[3] if args[3] else 0.0)
    units = states.shape[-1]
    candidate = z[..., -units:] if name != "lstm" else z[..., 2 * units : 3 * units]
    return {"slope": (1 - torch.tanh(candidate) ** 2).square().mean()}


def one_sided(z: Laid, few: NDArray[np.float32]) -> dict[str, int]:
    """How many units are <= 0 on every row, and how many are > 0 on every row: none, where a few rows show it."""
    if bool(((few.max(0) > 0) & (few.min(0) <= 0)).all()):
        return {"dead": 0, "lit": 0}
    return {"dead": int((z.top() <= 0).sum()), "lit": int((z.bottom() > 0).sum())}


def scores(query: Any, key: Any, scale: float | None) -> tuple[Any, int]:  # noqa: ANN401
    """The standard deviation, over the keys, of the median query's scores of attention, and how many keys there are."""
    query, key = query.detach()[:4, ..., :, :].float(), key.detach()[:4].float()
    taken = query[..., :: max(1, query.shape[-2] // 16), :]
    if key.ndim == 4 and key.shape[1] != taken.shape[1]:
        key = key.repeat_interleave(taken.shape[1] // key.shape[1], dim=1)
    product = taken @ key.transpose(-1, -2) * (query.shape[-1] ** -0.5 if scale is None else scale)
    return product.var(-1, correction=0).median().sqrt(), int(key.shape[-2])


def spread_of_scores(values: Any) -> tuple[Any, int]:  # noqa: ANN401
    """The same of scores that are there, those left out that a mask forbids: more than 60 below the largest."""
    step = max(1, values.numel() // SAMPLED)
    taken = values.detach().reshape(-1, values.shape[-1])[::step].float()
    seen = taken > taken.amax(-1, keepdim=True) - MASKED
    count = seen.sum(-1).clamp(min=1)
    mean = torch.where(seen, taken, 0.0).sum(-1) / count
    square = torch.where(seen, (taken - mean[:, None]) ** 2, 0.0).sum(-1) / count
    kept = square[count > 1]
    return kept.median().sqrt() if kept.numel() else kept.sum(), int(values.shape[-1])

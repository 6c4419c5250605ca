"""The name of an activation from its values: whatever it is called and however it is computed."""

from functools import cache, lru_cache

import numpy as np
import torch

from initlab.adapters.torch.flow import GRID, is_linear
from initlab.numerics.activations import ACTIVATIONS

EXACT = 1e-5
NEAR = 0.03
"""The relative difference, under unit normal pre-activations, within which a function counts as one of the catalogue.

At 3% the gain is within 3% as well; x·sigmoid(1.702x) is within 1% of GELU."""


def named_curve(curve: torch.Tensor | None) -> tuple[str | None, str]:
    """The catalogue's name for a function given on GRID, and what there is to say of it: up to a constant factor.

    >>> named_curve(0.5 * GRID * (1 + torch.erf(GRID * 0.5**0.5)))
    ('gelu', '')
    >>> named_curve(GRID * torch.sigmoid(1.702 * GRID))[1]
    'taken for gelu, from which it differs by 1.0%'
    """
    if curve is None or curve.dtype != GRID.dtype:
        return None, "an activation that could not be followed"
    return ("linear", "") if is_linear(curve) else _named(curve.numpy().tobytes())


@lru_cache(maxsize=256)
def _named(values: bytes) -> tuple[str | None, str]:
    curve = torch.from_numpy(np.frombuffer(values, dtype=np.float64).copy())
    if not bool(torch.isfinite(curve).all()):
        return None, "an activation that is not finite everywhere"
    far, name = min((_difference(curve, values), name) for name, values in _catalogue().items())
    if far <= EXACT:
        return name, ""
    if far <= NEAR:
        return name, f"taken for {name}, from which it differs by {100 * far:.1f}%"
    return None, f"an activation that is not in the catalogue, nearest to {name}"


@cache
def _catalogue() -> dict[str, torch.Tensor]:
    grid = GRID.numpy()
    with np.errstate(all="ignore"):
        return {row.name: torch.from_numpy(np.asarray(row.function(grid))) for row in ACTIVATIONS.values()}


def _difference(curve: torch.Tensor, values: torch.Tensor) -> float:
    """The relative root mean square difference, after the best factor > 0, under a unit normal."""
    weight = torch.exp(-GRID * GRID / 2)
    across, own, other = ((weight * a * b).sum() for a, b in ((curve, values), (values, values), (curve, curve)))
    factor = max(float(across / own), 0.0)
    missed = (weight * (curve - factor * values) ** 2).sum()
    return float((missed / other).clamp(min=0).sqrt()) if float(other) else 1.0

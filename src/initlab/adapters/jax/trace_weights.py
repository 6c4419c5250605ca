"""The weights of a JAX model as they are: a few readings of each, by its canonical name and shape."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from initlab.adapters.jax.place import Place
from initlab.adapters.jax.program import Number, Program
from initlab.adapters.jax.read import Reading
from initlab.adapters.jax.views import View
from initlab.numerics.matrix import repeats, rows
from initlab.parameters import Parameter
from initlab.trace import Gradient, Kind, Weight

SAMPLE = 4096
FULL = 0.4
LARGEST_RANKED = 16_384
PROBES = 4
"""As in torch's adapter: what is sampled of a weight, when it is ranked, and by how many random signs."""

CUTS = frozenset({"stop_gradient", "argmax", "argmin", "round", "floor", "ceil", "sign"})
"""Steps through which no gradient comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One weight: which array, where in it, and the parameter (the first, of a packed one) that it is."""

    leaf: int
    place: Place
    parameter: Parameter

    def read(self, arrays: Sequence[Any]) -> NDArray[Any]:
        """Its numbers in canonical order."""
        return self.place.read(np.asarray(arrays[self.leaf]))


def weights_of(reading: Reading) -> dict[str, Held]:
    """The weights of a model by name: packed ones whole, each layer of a stack by itself."""
    found: dict[str, Held] = {}
    for name, entry in reading.entries.items():
        cuts = tuple(cut for cut in entry.block.place.cuts if isinstance(cut[1], int))
        own = name.removesuffix(f"[{entry.block.label}]")
        found.setdefault(
            own, Held(leaf=entry.leaf, place=replace(entry.block.place, cuts=cuts), parameter=entry.parameter)
        )
    return found


def name_of(view: View, weights: Mapping[str, Held]) -> str | None:
    """The name of the weight that a view is of."""
    index = tuple(cut for _, cut in view.cuts if isinstance(cut, int))
    of = [name for name, held in weights.items() if held.leaf == view.weight]
    exact = [name for name in of if weights[name].place.index == index]
    return next(iter(exact or of), None)


def measured(name: str, held: Held, arrays: Sequence[Any]) -> Weight:
    """The measurements of one weight. Its rank is computed only where it may be low."""
    values = held.read(arrays).astype(np.float64)
    finite = np.isfinite(values)
    share = float(finite.mean()) if values.size else 1.0
    values = np.where(finite, values, 0.0)
    norm = float(np.linalg.norm(values))
    sample = values.reshape(-1)[:: max(1, values.size // SAMPLE)][:SAMPLE]
    low = rank(values, norm**2) if share == 1.0 else None
    usual, loudest = rows(values)
    digest = hashlib.sha256(f"{values.shape} {norm!r}".encode() + sample.tobytes()).hexdigest()
    return Weight(
        name=name,
        shape=held.place.shape,
        dtype=held.parameter.dtype,
        mean=float(values.mean()) if values.size else 0.0,
        std=float(values.std()) if values.size else 0.0,
        norm=norm,
        largest=float(np.abs(values).max(initial=0.0)),
        finite=share,
        tiny=float(((sample != 0) & (np.abs(sample) < 1e-10)).mean()) if sample.size else 0.0,
        values=min(5, len(np.unique(sample[:512]))),
        rank=low,
        repeats=1 if low is None else repeats(values),
        zeros=float((sample == 0).mean()) if sample.size else 0.0,
        usual=usual,
        loudest=loudest,
        digest=digest,
        aliases=held.parameter.tied_to,
        module=held.parameter.module or "",
    )


def rank(values: NDArray[Any], total: float) -> int | None:
    """The numerical rank of a matrix (rows: the first axis), where it may be under half of the full one; else None.

    The effective rank (Σσ²)²/Σσ⁴ is at most the rank, and cheap: Σσ² is |W|², Σσ⁴ = E |W Wᵀ s|² over random signs s.
    """
    if values.ndim < 2 or min(values.shape[0], values[0].size) < 4:
        return None
    matrix = values.reshape(values.shape[0], -1)
    matrix = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    if total == 0.0 or matrix.shape[1] > LARGEST_RANKED:
        return None
    probe = np.sign(np.cos(np.arange(matrix.shape[0] * PROBES).reshape(-1, PROBES) ** 2 * 1.7))
    fourth = float(np.square(matrix @ (matrix.T @ probe)).sum() / PROBES)
    if total**2 / fourth >= FULL * matrix.shape[0]:
        return None
    found = int(np.linalg.matrix_rank(matrix, rtol=1e-5))
    possible = min(int(matrix.any(0).sum()), int(matrix.any(1).sum()))
    return found if found < possible else None


def with_use(weight: Weight, held: Held, kind: Kind | None, cut: str, *, used: bool) -> Weight:
    """A weight with how the forward pass read it."""
    role = held.parameter.role
    kind = None if kind == "linear" and role == "bias" else kind
    fan_in, fan_out = _fans(weight.shape, kind, held)
    return replace(
        weight,
        kind=kind,
        fan_in=fan_in,
        fan_out=fan_out,
        bias=role == "bias",
        gain=role == "norm_scale",
        cut=cut,
        used=used,
    )


def _fans(shape: tuple[int, ...], kind: Kind | None, held: Held) -> tuple[float | None, float | None]:
    """The connections into and out of one unit."""
    if len(shape) < 2 or kind is None:
        return None, None
    if kind == "embedding":
        return float(shape[1]), float(shape[1])
    groups = held.parameter.fan.groups if held.parameter.fan is not None else 1
    taps = math.prod(shape[2:])
    return float(shape[1] * taps), float(shape[0] / groups * taps)


def gradient(held: Held, gradients: Sequence[Any], arrays: Sequence[Any]) -> Gradient:
    """The measurements of a gradient beside the weight it belongs to."""
    found, weight = held.read(gradients), held.read(arrays)
    values = found.astype(np.float64)
    filled = int(np.count_nonzero(values))
    short = held.parameter.dtype in ("float16", "bfloat16")
    tiny = 2.0**-24 if held.parameter.dtype == "float16" else 2.0**-133
    return Gradient(
        norm=float(np.linalg.norm(values)),
        weight=float(np.linalg.norm(weight.astype(np.float64))),
        filled=filled / max(1, values.size),
        flushed=int(((values != 0) & (np.abs(values) <= tiny)).sum()) / max(1, filled) if short else 0.0,
    )


def reaching(program: Program, outputs: Sequence[Number], *, past_cuts: bool) -> set[Number]:
    """The values that go into an output; only by ways that a gradient comes back, unless `past_cuts`."""
    leads = set(outputs)
    for step in reversed(program.steps):
        if leads.intersection(step.writes) and (past_cuts or step.name not in CUTS):
            leads.update(step.reads)
    return leads

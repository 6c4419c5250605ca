"""The weights of a model as they are: a few readings of each, and no copy."""

import hashlib
import math
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from initlab.adapters.torch.trace_reads import Read
from initlab.numerics.matrix import repeats
from initlab.trace import Weight

SAMPLE = 4096
"""So many entries, evenly spread, stand for a tensor where it is only to be told from others."""

FULL = 0.4
"""A matrix whose effective rank is this share of the full one is not looked at closer: that of noise is 1/2 or more."""

LARGEST_RANKED = 16_384
"""Matrices with a longer side, tables for the most part, are not ranked."""

SMALL = 32
SIGNS = 1024
"""Where the shorter side n is more than SMALL, SIGNS/n vectors of random signs (4 at least) estimate Σσ⁴, to 5 %."""


def groups(model: Any) -> dict[str, tuple[Any, tuple[str, ...]]]:  # noqa: ANN401
    """Every parameter under its first name, with the other names of the same tensor."""
    found: dict[int, list[tuple[str, Any]]] = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        found.setdefault(id(parameter), []).append((name, parameter))
    return {group[0][0]: (group[0][1], tuple(name for name, _ in group[1:])) for group in found.values()}


def unscaled(model: Any) -> tuple[str, ...]:  # noqa: ANN401
    """The normalisations in eval mode most of whose running variances are below their ε, which then sets the scale."""
    found = []
    for name, module in model.named_modules():
        variance = getattr(module, "running_var", None)
        if module.training or not isinstance(variance, torch.Tensor) or not hasattr(module, "reset_running_stats"):
            continue
        if not variance.is_meta and variance.numel() and float((variance < module.eps).float().mean()) > 1 / 2:
            found.append(name)
    return tuple(found)


def weight(
    name: str,
    parameter: Any,  # noqa: ANN401
    norm: float,
    *,
    aliases: tuple[str, ...] = (),
    module: str = "",
    read: Read | None = None,
    cut: str = "",
) -> Weight:
    """The measurements of one parameter, its norm given, with how the forward pass read it.

    Its rank is computed only where it may be low.
    """
    values = parameter.detach()
    finite = 1.0
    if not math.isfinite(norm):
        kept = torch.isfinite(values)
        finite = float(kept.float().mean())
        values = torch.where(kept, values, 0)
        norm = float(torch.linalg.vector_norm(values.double()))
    size = max(1, values.numel())
    mean = float(values.sum(dtype=None if values.dtype == torch.float64 else torch.float32)) / size
    largest = max(abs(float(end)) for end in torch.aminmax(values)) if values.numel() else 0.0
    sample = _sample(values)
    low = rank(values, norm**2) if finite == 1.0 else None
    usual, loudest = _rows(values)
    return Weight(
        name=name,
        shape=tuple(parameter.shape),
        dtype=_name(parameter.dtype),
        mean=mean,
        std=_std(values, norm, mean),
        norm=norm,
        largest=largest,
        finite=finite,
        tiny=np.count_nonzero((sample != 0) & (np.abs(sample) < 1e-10)) / max(1, sample.size),
        values=_distinct(sample),
        rank=low,
        repeats=1 if low is None else repeats(values.double().cpu().numpy()),
        zeros=1 - np.count_nonzero(sample) / max(1, sample.size) if sample.size else 0.0,
        usual=usual,
        loudest=loudest,
        digest=hashlib.blake2b(f"{tuple(parameter.shape)} {norm!r}".encode() + sample[::8].tobytes()).hexdigest(),
        frozen=not parameter.requires_grad,
        aliases=aliases,
        module=module,
        used=read is not None,
        **({} if read is None else _reading(name, values, read, cut)),
    )


def _rows(values: Any) -> tuple[float, float]:  # noqa: ANN401
    """The median and the largest root mean square of the rows of a matrix; 0 of what is none."""
    if values.ndim < 2 or not values.numel():
        return 0.0, 0.0
    flat = values.flatten(1)
    sizes = torch.linalg.vector_norm(flat, dim=1, dtype=torch.float64 if flat.dtype == torch.float64 else torch.float32)
    return tuple((torch.stack([sizes.median(), sizes.max()]) / math.sqrt(flat.shape[1])).tolist())


def _reading(name: str, values: Any, read: Read, cut: str) -> dict[str, Any]:  # noqa: ANN401
    vector = values.numel() == max(values.shape, default=1)
    return {
        "kind": read.kind,
        "fan_in": read.fan_in,
        "fan_out": read.fan_out,
        "bias": (read.bias and vector) or (values.ndim == 1 and "bias" in name.rpartition(".")[2]),
        "gain": read.gain,
        "cut": cut,
        "directed": read.directed,
        "warped": read.warped,
    }


def _distinct(sample: NDArray[np.float64]) -> int:
    """How many numbers there are in a sample, up to five: they are looked for among ever more of it."""
    few = set(sample[:8].tolist())
    return min(5, len(few) if len(few) > 4 else len(set(sample[:512].tolist())))


@lru_cache(maxsize=32)
def _name(dtype: Any) -> str:  # noqa: ANN401
    return str(dtype).removeprefix("torch.")


def _std(values: Any, norm: float, mean: float) -> float:  # noqa: ANN401
    """The standard deviation: from the norm, where the mean does not drown it, else by a reading of its own."""
    square = norm**2 / max(1, values.numel())
    return math.sqrt(square - mean**2) if square > 1.01 * mean**2 else float(values.double().std(correction=0))


def _sample(values: Any) -> NDArray[np.float64]:  # noqa: ANN401
    """Entries evenly spread over a tensor, in double precision."""
    flat = values.reshape(-1)
    found: NDArray[np.float64] = flat[:: max(1, flat.numel() // SAMPLE)][:SAMPLE].double().cpu().numpy()
    return found


def rank(values: Any, total: float) -> int | None:  # noqa: ANN401
    """The numerical rank of a matrix (rows: the first axis), where it may be under half of the full one; else None.

    The effective rank (Σσ²)²/Σσ⁴ is at most the rank, and cheap: Σσ² is |W|², Σσ⁴ = E |W Wᵀ s|² over random signs s.
    It is looked for among as many columns as twice the rows, then among all. Only a matrix that has little of it there
    as well has its singular values computed.
    """
    if values.ndim < 2 or min(values.shape[0], values[0].numel()) < 4:
        return None
    matrix = values.reshape(values.shape[0], -1).float()
    matrix = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    if total == 0.0 or matrix.shape[1] > LARGEST_RANKED:
        return None
    rows = int(matrix.shape[0])
    if _varied(matrix[:, : 2 * rows]) or (matrix.shape[1] > 2 * rows and _varied(matrix)):
        return None
    found = _rank(matrix.double() / math.sqrt(total))
    possible = min(int(matrix.any(0).sum()), int(matrix.any(1).sum()))
    return found if found < possible else None


def _varied(matrix: Any) -> bool:  # noqa: ANN401
    """Whether the effective rank of a wide matrix is FULL of its rows or more."""
    rows = int(matrix.shape[0])
    size = torch.linalg.vector_norm(matrix)
    if rows <= SMALL:
        fourth = float((matrix / size @ (matrix.T / size)).square().sum())
    else:
        probe = _probe(max(4, SIGNS // rows), rows, matrix.device)
        fourth = float((probe / size @ matrix / size @ matrix.T).square().sum() / probe.shape[0])
    return 0 < fourth * FULL * rows <= 1


@lru_cache(maxsize=32)
def _probe(count: int, rows: int, device: Any) -> Any:  # noqa: ANN401
    """So many vectors of signs, the same every time."""
    return torch.cos(torch.arange(rows * count, device=device).reshape(count, rows) ** 2 * 1.7).sign()


def _rank(matrix: Any) -> int:  # noqa: ANN401
    """How many singular values are more than 1e-5 of the largest: by the eigenvalues of W Wᵀ, their squares."""
    squares = torch.linalg.eigvalsh(matrix @ matrix.T)
    return int((squares > 1e-10 * squares[-1]).sum())

"""What the loss says before training: against chance, against the frequencies of the classes, and with what error."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, logit, softmax, xlogy

from initlab.trace import Output

SAMPLED = 2**22
COUNTED = 10
"""Frequencies of classes are compared only where each class was seen so often, on average."""


def output_of(kind: str | None, pair: tuple[Any, Any] | None, loss: float, *, given: bool) -> Output:
    """The account of a loss; of the total alone where its kind is not known."""
    if kind is None or pair is None:
        return Output(kind="other", loss=loss, given=given)
    values, target = (np.asarray(each) for each in pair)
    if kind == "mse":
        return _numbers(values, target, given=given)
    if kind in ("bce", "shares"):
        return _binary(logit(values.astype(np.float64)) if kind == "shares" else values, target, given=given)
    if np.issubdtype(target.dtype, np.floating) or values.shape[-1] < 2:
        return Output(kind="other", loss=loss, given=given)
    logits = np.log(np.maximum(values, 1e-30)) if kind == "probabilities" else values
    return _classes(logits, target, given=given)


def _classes(logits: NDArray[Any], target: NDArray[Any], *, given: bool) -> Output:
    count = logits.shape[-1]
    rows, labels = logits.reshape(-1, count), target.reshape(-1).astype(np.int64)
    step = max(1, math.ceil(labels.size * count / SAMPLED))
    taken, picked = rows[::step].astype(np.float64), labels[::step]
    with np.errstate(all="ignore"):
        losses = -log_softmax(taken, axis=1)[np.arange(len(picked)), picked]
        centred = taken - taken.mean(1, keepdims=True)
        spread, bias = math.sqrt(np.square(centred).mean()), math.sqrt(np.square(centred.mean(0)).mean())
    shares = np.bincount(labels, minlength=count) / labels.size
    offset = None
    if labels.size >= max(100, COUNTED * count):
        mean = np.maximum(softmax(taken, axis=1).mean(0), 1e-300)
        offset = float((xlogy(shares, shares) - shares * np.log(mean)).sum())
    return Output(
        kind="cross_entropy",
        loss=float(losses.mean()),
        error=_error(losses),
        samples=int(labels.size),
        classes=count,
        chance=math.log(count),
        entropy=-float(xlogy(shares, shares).sum()),
        offset=offset,
        offset_error=math.sqrt(2 * (count - 1)) / (2 * int(labels.size)),
        spread=spread,
        bias_spread=bias,
        given=given,
    )


def _binary(values: NDArray[Any], target: NDArray[Any], *, given: bool) -> Output:
    z, y = values.astype(np.float64).ravel(), target.astype(np.float64).ravel()
    losses = np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))
    share = float(y.mean())
    return Output(
        kind="bce",
        loss=float(losses.mean()),
        error=_error(losses),
        samples=losses.size,
        classes=2,
        chance=math.log(2),
        entropy=-sum(p * math.log(p) for p in (share, 1 - share) if 0 < p < 1),
        spread=float(z.std()),
        bias_spread=abs(float(z.mean())),
        given=given,
    )


def _numbers(values: NDArray[Any], target: NDArray[Any], *, given: bool) -> Output:
    z, y = values.astype(np.float64).ravel(), target.astype(np.float64).ravel()
    losses = np.square(z - y)
    return Output(
        kind="mse",
        loss=float(losses.mean()),
        error=_error(losses),
        samples=losses.size,
        chance=float(y.var()),
        target=float(y.mean()),
        spread=float(z.std()),
        bias_spread=abs(float(z.mean())),
        given=given,
    )


def _error(losses: NDArray[Any]) -> float:
    """The standard error of a mean."""
    return float(losses.std(ddof=1)) / math.sqrt(losses.size) if losses.size > 1 else 0.0

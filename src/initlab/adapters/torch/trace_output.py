"""What the loss says before training: against chance, against the frequencies of the classes, and with what error."""

import math
from typing import Any

import torch
from torch.nn import functional

from initlab.trace import Output

SAMPLED = 2**22
"""At most so many logits are read."""

COUNTED = 10
"""Frequencies of classes are compared only where each class was seen so often, on average."""

Call = tuple[str, tuple[Any, ...], dict[str, Any]]


def output_of(criteria: list[Call], loss: float, *, given: bool) -> Output:
    """The account of the last loss function that was called; of the total alone where none is known."""
    for name, args, kwargs in reversed(criteria):
        bound = dict(zip(("input", "target"), args, strict=False)) | kwargs
        found = _account(name, bound, given=given)
        weighed = bound.get("reduction", "mean") == "none"
        if found is not None and not (weighed and abs(found.loss - loss) > 0.01 * abs(loss) + 3 * found.error):
            return found
    return Output(kind="other", loss=loss, given=given)


def _account(name: str, bound: dict[str, Any], *, given: bool) -> Output | None:
    with torch.no_grad():
        if name in ("cross_entropy", "nll_loss"):
            return _classes(bound, given=given)
        if name.startswith("binary_cross_entropy"):
            return _binary(bound, logits=name.endswith("logits"), given=given)
        if name == "mse_loss":
            return _numbers(bound, given=given)
    return None


def _classes(bound: dict[str, Any], *, given: bool) -> Output | None:
    logits, target = bound["input"].detach(), bound["target"]
    if target.is_floating_point() or logits.ndim < 2 or logits.shape[1] < 2:
        return None
    rows = logits.movedim(1, -1).reshape(-1, logits.shape[1])
    labels = target.reshape(-1)
    kept = torch.nonzero(labels != bound.get("ignore_index", -100)).flatten()
    step = max(1, math.ceil(kept.numel() * rows.shape[1] / SAMPLED))
    rows, picked = rows[kept[::step]].double(), labels[kept[::step]]
    if not picked.numel():
        return None
    losses = functional.cross_entropy(rows, picked, reduction="none", label_smoothing=bound.get("label_smoothing", 0.0))
    count = rows.shape[1]
    shares = torch.bincount(labels[kept], minlength=count).double() / kept.numel()
    entropy = float(torch.special.entr(shares).sum())
    offset = _offset(shares, rows) if kept.numel() >= max(100, COUNTED * count) else None
    centred = rows - rows.mean(1, keepdim=True)
    return Output(
        kind="cross_entropy",
        loss=float(losses.mean()),
        error=_error(losses),
        samples=int(kept.numel()),
        classes=count,
        chance=math.log(count),
        entropy=entropy,
        offset=offset,
        offset_error=math.sqrt(2 * (count - 1)) / (2 * int(kept.numel())),
        spread=float(centred.square().mean().sqrt()),
        bias_spread=float(centred.mean(0).square().mean().sqrt()),
        given=given,
    )


def _offset(shares: Any, rows: Any) -> float:  # noqa: ANN401
    """KL(frequencies, mean prediction), in nats."""
    mean = rows.softmax(-1).mean(0).clamp_min(1e-300)
    return float((torch.special.xlogy(shares, shares) - shares * mean.log()).sum())


def _binary(bound: dict[str, Any], *, logits: bool, given: bool) -> Output:
    values, target = bound["input"].detach().double().flatten(), bound["target"].double().flatten()
    values = values if logits else values.clamp(1e-12, 1 - 1e-12).logit()
    losses = functional.binary_cross_entropy_with_logits(values, target, reduction="none")
    share = float(target.mean())
    entropy = -sum(p * math.log(p) for p in (share, 1 - share) if 0 < p < 1)
    return Output(
        kind="bce",
        loss=float(losses.mean()),
        error=_error(losses),
        samples=losses.numel(),
        classes=2,
        chance=math.log(2),
        entropy=entropy,
        spread=float(values.std(correction=0)),
        bias_spread=abs(float(values.mean())),
        given=given,
    )


def _numbers(bound: dict[str, Any], *, given: bool) -> Output:
    values, target = bound["input"].detach().double().flatten(), bound["target"].double().flatten()
    losses = (values - target).square()
    return Output(
        kind="mse",
        loss=float(losses.mean()),
        error=_error(losses),
        samples=losses.numel(),
        chance=float(target.var(correction=0)),
        target=float(target.mean()),
        spread=float(values.std(correction=0)),
        bias_spread=abs(float(values.mean())),
        given=given,
    )


def _error(losses: Any) -> float:  # noqa: ANN401
    """The standard error of a mean."""
    return float(losses.std(correction=1)) / math.sqrt(losses.numel()) if losses.numel() > 1 else 0.0

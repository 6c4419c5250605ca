"""A loss that takes logits, fed with what is bent into [0, 1] already."""

import math
from collections.abc import Iterable
from typing import Any

import torch

from initlab.adapters.torch.trace_marks import Marks
from initlab.trace import Squash

BENDS = ("softmax", "sigmoid")
"""Functions onto [0, 1]."""

TAKES_LOGITS = ("cross_entropy", "binary_cross_entropy_with_logits")

ROUNDING = 1e-3
"""By so much the sum of probabilities of a short number format may be off."""


def squashed(criteria: Iterable[tuple[str, tuple[Any, ...], dict[str, Any]]], marks: Marks) -> Squash | None:
    """The first loss function that takes logits and was given the result of a softmax over classes, or a sigmoid."""
    for name, args, kwargs in criteria:
        bound = dict(zip(("input", "target"), args, strict=False)) | kwargs
        given = bound["input"]
        bent = marks.of(given).bent if name in TAKES_LOGITS and given.requires_grad else None
        if bent is not None and (bent[0] == "sigmoid" or _shares(given.detach())):
            with torch.no_grad():
                return Squash(function=bent[0], site=bent[1], module=bent[2], floor=_floor(name, bound))
    return None


def shares(args: Iterable[Any], marks: Marks) -> dict[str, float]:
    """The mean Σp² of the result of a softmax that a product reads, where it is one over the units that are read."""
    for each in args:
        if isinstance(each, torch.Tensor) and (marks.of(each).bent or ("",))[0] == "softmax":
            p = each.detach().float()
            if bool(((p.sum(-1) - 1).abs() < ROUNDING).all()):
                return {"shares": float(p.square().sum(-1).mean())}
    return {}


def _shares(values: Any) -> bool:  # noqa: ANN401
    """Whether numbers sum to 1 over the axis that a loss takes for that of the classes."""
    axis = 1 if values.ndim > 1 else 0
    return values.shape[axis] > 1 and bool(((values.float().sum(axis) - 1).abs() < ROUNDING).all())


def _floor(name: str, bound: dict[str, Any]) -> float:
    """The least loss that logits between 0 and 1 allow."""
    if name == "cross_entropy":
        classes = bound["input"].shape[1 if bound["input"].ndim > 1 else 0]
        return math.log1p((classes - 1) / math.e)
    ones = float(bound["target"].float().mean())
    return ones * math.log1p(1 / math.e) + (1 - ones) * math.log(2)

"""Remedies for a PyTorch model: the changes as code that a person can paste, and that very code run on a copy."""

import copy
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from initlab.adapters.folded import folded
from initlab.laws import Constant, Law, Orthogonal

Change = tuple[str, Law | None, float]
"""A weight, and the law to draw it from, or the factor to multiply it by."""


def code(changes: Iterable[Change]) -> str:
    """Changes as lines of Python in which `model`, `nn` and `torch` are known; empty where there are none.

    >>> print(code([("0.bias", Constant(value=0.0), 1.0)]))
    nn.init.constant_(model.get_parameter("0.bias"), 0.0)
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for name, law, factor in changes:
        groups[f"{{}}.data.mul_({factor:.4g})" if law is None else _drawn(law)].append(name)
    return "\n".join(_lines(call, names) for call, names in groups.items())


def _drawn(law: Law) -> str:
    if isinstance(law, Constant):
        return f"nn.init.constant_({{}}, {law.value})"
    if isinstance(law, Orthogonal):
        return f"nn.init.orthogonal_({{}}, gain={law.gain:.4g})"
    return f"nn.init.normal_({{}}, std={law.std:.4g})"


def _lines(call: str, names: list[str]) -> str:
    if len(names) == 1:
        return call.format(f'model.get_parameter("{names[0]}")')
    listed = folded(f'"{name}"' for name in names)
    return f"for name in ({listed}):\n    {call.format('model.get_parameter(name)')}"


def remedied(model: Any, text: str, *, seed: int = 0) -> Any:  # noqa: ANN401
    """A copy of a model in which the code of a remedy was run; the generators of torch are left as they were."""
    changed = copy.deepcopy(model)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        exec(text, {"model": changed, "nn": nn, "torch": torch})
    return changed

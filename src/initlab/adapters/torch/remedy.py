"""Remedies for a PyTorch model: the changes as code that a person can paste, and that very code run on a copy."""

import copy
from collections import defaultdict
from typing import Any

import torch
from torch import nn

from initlab.laws import Constant, Law, Orthogonal
from initlab.rules.rule import Edit, Remedy


def code(remedy: Remedy) -> str:
    """A remedy as lines of Python in which `model`, `nn` and `torch` are known; empty where it is words only.

    >>> print(code(Remedy(words="", edits=(Edit(weight="0.bias", law=Constant(value=0.0)),))))
    nn.init.constant_(model.get_parameter("0.bias"), 0.0)
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for edit in remedy.edits:
        groups[_call(edit)].append(edit.weight)
    return "\n".join(_lines(call, names) for call, names in groups.items())


def _call(edit: Edit) -> str:
    """What is done to a parameter, which is written {}."""
    if edit.law is None:
        return f"{{}}.data.mul_({edit.factor:.4g})"
    return _drawn(edit.law)


def _drawn(law: Law) -> str:
    if isinstance(law, Constant):
        return f"nn.init.constant_({{}}, {law.value})"
    if isinstance(law, Orthogonal):
        return f"nn.init.orthogonal_({{}}, gain={law.gain:.4g})"
    return f"nn.init.normal_({{}}, std={law.std:.4g})"


def _lines(call: str, names: list[str]) -> str:
    if len(names) == 1:
        return call.format(f'model.get_parameter("{names[0]}")')
    listed = ", ".join(f'"{name}"' for name in names)
    return f"for name in ({listed}):\n    {call.format('model.get_parameter(name)')}"


def remedied(model: Any, text: str, *, seed: int = 0) -> Any:  # noqa: ANN401
    """A copy of a model in which the code of a remedy was run; the generators of torch are left as they were."""
    changed = copy.deepcopy(model)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        exec(text, {"model": changed, "nn": nn, "torch": torch})
    return changed

"""initlab itself as a checker, its frozen thresholds, and whether it leaves the model as it was."""

import hashlib
import json

import torch
from benchmarks.initfaults.baselines.alarm import Alarm
from benchmarks.initfaults.net import Case
from torch import nn

import initlab
from initlab.rules import RULES


def check(case: Case, *, prove: bool = True) -> list[Alarm]:
    """Its errors and warnings in the order in which they are shown; what is only said for information is left out."""
    return [
        Alarm(rule=finding.name, severity=finding.severity, path=finding.path, cleared=finding.cleared)
        for finding in initlab.check(case.model, (case.x, case.y), case.loss, prove=prove).findings
        if finding.severity in ("error", "warning")
    ]


def thresholds() -> dict[str, dict[str, object]]:
    """Every number that a rule can be given, by rule and keyword."""
    return {rule.id: dict(rule.thresholds) for rule in RULES.values()}


def digest() -> str:
    return hashlib.sha256(json.dumps(thresholds(), sort_keys=True).encode()).hexdigest()[:16]


def state(model: nn.Module) -> str:
    """A digest of all that a check must leave alone: tensors, gradients, modes, the generator."""
    total = hashlib.sha256(torch.get_rng_state().numpy().tobytes())
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        for t in (tensor, tensor.grad if tensor.is_leaf else None):
            bits = b"" if t is None else t.detach().contiguous().flatten().view(torch.uint8).numpy().tobytes()
            total.update(name.encode() + bits)
    total.update(str([m.training for m in model.modules()]).encode())
    return total.hexdigest()

"""initlab itself as a checker, its frozen thresholds, and whether it leaves the model as it was."""

import hashlib
import json
import subprocess
from pathlib import Path

import torch
from benchmarks.initfaults.baselines.alarm import Alarm
from benchmarks.initfaults.net import Case
from torch import nn

import initlab
from initlab.rules import RULES


def check(case: Case, *, prove: bool = True) -> list[Alarm]:
    """Its errors and warnings as they are shown; what is only said for information is left out.

    The first carries the code that was proven to clear it: its own, or that of all together where that was needed.
    """
    said = initlab.check(case.model, (case.x, case.y), case.loss, prove=prove).findings
    found = [finding for finding in said if finding.severity in ("error", "warning")]
    roots = "\n".join(dict.fromkeys(each.code for each in found if each.code and not each.explained_by))
    return [
        Alarm(
            rule=each.name,
            severity=each.severity,
            path=each.path,
            cleared=each.cleared,
            code=(roots if each.together else each.code) if number == 0 and each.cleared else "",
        )
        for number, each in enumerate(found)
    ]


def source() -> str:
    """A digest of initlab's own code: verdicts of another are not taken up."""
    root = Path(initlab.__file__).parent
    total = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        total.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return total.hexdigest()[:16]


def commit() -> str:
    """The last commit that changed initlab's code; empty outside a repository."""
    asked = ["git", "log", "-1", "--format=%h", "--", str(Path(initlab.__file__).parent)]
    done = subprocess.run(asked, capture_output=True, text=True, cwd=Path(__file__).parent)
    return done.stdout.strip()


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

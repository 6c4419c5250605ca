"""Rules of systems that cannot be installed beside a present torch, written again from their published thresholds.

They watch training; here they see step zero, away from their home ground. Outputs are those of modules without
children, which is what their callbacks see: an activation called as a function is hidden from them.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from benchmarks.initfaults.baselines.alarm import Alarm
from benchmarks.initfaults.net import Case
from torch import Tensor, nn

BOUNDED = (nn.Tanh, nn.Sigmoid)


@dataclass(frozen=True, slots=True)
class Seen:
    """One forward and backward pass: weights, gradients, what each leaf module took and gave, the loss."""

    weights: dict[str, Tensor]
    gradients: dict[str, Tensor]
    inputs: dict[str, Tensor]
    outputs: dict[str, Tensor]
    modules: dict[str, nn.Module]
    loss: float
    classes: int | None


def watch(case: Case) -> Seen:
    inputs: dict[str, Tensor] = {}
    outputs: dict[str, Tensor] = {}
    modules = {name: m for name, m in case.model.named_modules() if not list(m.children())}

    def hook(name: str):
        def keep(_: nn.Module, taken: tuple, given: object) -> None:
            if taken and isinstance(taken[0], Tensor) and isinstance(given, Tensor):
                inputs[name], outputs[name] = taken[0].detach().clone().float(), given.detach().clone().float()

        return keep

    handles = [module.register_forward_hook(hook(name)) for name, module in modules.items()]
    out = case.model(case.x)
    loss = case.loss(out, case.y)
    if loss.requires_grad:
        loss.backward()
    for handle in handles:
        handle.remove()
    named = dict(case.model.named_parameters())
    return Seen(
        {name: p.detach().float() for name, p in named.items()},
        {name: p.grad.float() for name, p in named.items() if p.grad is not None},
        inputs, outputs, modules, float(loss.detach()), out.shape[-1] if not case.y.is_floating_point() else None,
    )  # fmt: skip


def _error(rule: str, path: str = "") -> Alarm:
    return Alarm(rule=rule, severity="error", path=path)


def _not_finite(seen: Seen) -> Iterator[Alarm]:
    if not math.isfinite(seen.loss):
        yield _error("loss not finite")
    for group in (seen.weights, seen.gradients, seen.outputs):
        yield from (_error("not finite", name) for name, t in group.items() if not torch.isfinite(t).all())


def _kernels(seen: Seen) -> Iterator[tuple[str, Tensor]]:
    yield from ((name, w) for name, w in seen.weights.items() if w.ndim >= 2)


def sagemaker(case: Case) -> list[Alarm]:
    """SageMaker Debugger's built-in rules with the thresholds of its documentation."""
    seen = watch(case)
    found = list(_not_finite(seen))
    found += [_error("AllZero", name) for name, w in _kernels(seen) if not w.any()]
    found += [_error("VanishingGradient", name) for name, g in seen.gradients.items() if g.abs().mean() < 1e-7]
    relu = {name: seen.inputs[name] for name in seen.inputs if isinstance(seen.modules[name], nn.ReLU)}
    for name, z in relu.items():
        if ((z > 0).float().flatten(1).mean(0) < 0.01).float().mean() > 0.5:
            found.append(_error("DeadRelu", name))
    for name, z in seen.inputs.items():
        module = seen.modules[name]
        if isinstance(module, BOUNDED):
            low, high = (-9.4999, 9.4999) if isinstance(module, nn.Tanh) else (-23, 16.99999)
            if ((z < low) | (z > high)).float().mean() > 0.5:
                found.append(_error("Saturation", name))
    variances = [float(z.var()) for z in relu.values()]
    if len(variances) > 1 and max(variances) / max(min(variances), 1e-30) > 10:
        found.append(_error("PoorWeightInitialization"))
    for name, g in seen.gradients.items():
        if g.ndim >= 2 and _range(g) < 1e-3:
            found.append(_error("PoorWeightInitialization", name))
    return found


def _range(g: Tensor) -> float:
    flat = g.flatten()[:100_000]
    return float(torch.quantile(flat, 0.95) - torch.quantile(flat, 0.05))


def thedeepchecker(case: Case) -> list[Alarm]:
    """TheDeepChecker's checks before training, from its settings.yaml and checkers.py."""
    seen = watch(case)
    found = list(_not_finite(seen))
    for name, w in _kernels(seen):
        variance = float(w.var()) if w.numel() > 1 else 0.0
        if variance < 1e-8:
            found.append(_error("unbreaking symmetry", name))
        fan = w[0].numel()
        ratio = variance / (2 / fan)
        if max(ratio, 1 / max(ratio, 1e-30)) > 2.70554:
            found.append(Alarm(rule="initial variance", severity="warning", path=name))
    biases = [(name, w) for name, w in seen.weights.items() if name.endswith("bias")]
    found += [Alarm(rule="null biases", severity="warning", path=name) for name, b in biases if float(b.sum()) != 0]
    if seen.classes and abs(seen.loss - math.log(seen.classes)) >= math.log(seen.classes):
        found.append(_error("initial loss"))
    for name, g in seen.gradients.items():
        mean = float(g.abs().mean())
        if mean < 1e-6 or mean > 1e6:
            found.append(_error("gradient magnitude", name))
    for name, a in seen.outputs.items():
        if isinstance(seen.modules[name], nn.ReLU) and _quiet_units(a) > 0.5:
            found.append(_error("dead units", name))
        if isinstance(seen.modules[name], BOUNDED) and not 0.5 <= float(a.std()) <= 2:
            found.append(Alarm(rule="activation range", severity="warning", path=name))
    return found


def _quiet_units(a: Tensor) -> float:
    rows = a.flatten(2).transpose(1, 2).flatten(0, 1) if a.ndim > 2 else a
    return float((torch.quantile(rows[:4096].abs(), 0.95, dim=0) < 1e-5).float().mean())


def deepdiagnosis(case: Case) -> list[Alarm]:
    """DeepDiagnosis' callback: its thresholds on means, on zeros, on |z| > 5."""
    seen = watch(case)
    found = list(_not_finite(seen))
    found += [_error("zero mean", name) for name, w in _kernels(seen) if float(w.mean()) == 0]
    found += [_error("vanishing", name) for name, g in seen.gradients.items() if g.abs().mean() < 1e-7]
    for name, a in seen.outputs.items():
        if isinstance(seen.modules[name], nn.ReLU) and (a <= 0).float().mean() >= 0.7:
            found.append(_error("dead", name))
        if isinstance(seen.modules[name], BOUNDED) and (seen.inputs[name].abs() > 5).float().mean() > 0.5:
            found.append(_error("saturated", name))
    return found


def autotrainer(case: Case) -> list[Alarm]:
    """AutoTrainer's gradient rules, without the accuracy that it asks for first."""
    seen = watch(case)
    found = list(_not_finite(seen))
    norms = [float(g.norm()) for name, g in seen.gradients.items() if g.ndim >= 2]
    if norms and norms[-1] > 0:
        ratio = norms[0] / norms[-1]
        if ratio < 1e-3 and norms[0] < 1e-4:
            found.append(_error("vanishing gradient"))
        if ratio > 70:
            found.append(_error("exploding gradient"))
    zeros = sum(int((g == 0).sum()) for g in seen.gradients.values())
    if seen.gradients and zeros / sum(g.numel() for g in seen.gradients.values()) >= 0.7:
        found.append(_error("dying relu"))
    if any(float(w.abs().max()) > 5 for w in seen.weights.values()):
        found.append(_error("large weights"))
    return found


RULES = {
    "SageMaker rules": sagemaker,
    "TheDeepChecker rules": thedeepchecker,
    "DeepDiagnosis rules": deepdiagnosis,
    "AutoTrainer rules": autotrainer,
}

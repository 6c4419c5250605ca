"""Checkers from their own packages (requirements.txt), asked as their pages say, without the training they also offer.

What each leaves out is said in its docstring: a check at step zero may not train for hundreds of steps.
"""

import contextlib
import io
import logging
import os
from collections.abc import Iterator

import torch
from benchmarks.initfaults.baselines.alarm import Alarm
from benchmarks.initfaults.net import Case
from torch import nn

ADVICE = {"TA200", "TA201", "TA202", "TA203", "TA400", "TA401", "TA402", "TA403", "TA404"}


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    with (
        open(os.devnull, "w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        try:
            yield
        finally:
            logging.disable(logging.NOTSET)


def torchtest2(case: Case) -> list[Alarm]:
    """`check_model` with its defaults but for `overfit_batch`, which trains for 200 steps."""
    import torchtest2 as package

    report = package.check_model(case.model, case.x, case.y, loss_fn=case.loss, skip=("overfit_batch",))
    failed = [Alarm(rule=r.name, severity="error") for r in report.failures]
    return failed + [Alarm(rule=r.name, severity="warning") for r in report.warnings]


def neural_net_checklist(case: Case) -> list[Alarm]:
    """The assertions at initialization; those of the loss and the calibration for classes alone. Two others train."""
    from neural_net_checklist import torch_diagnostics as package

    checks: list[tuple[str, dict[str, int]]] = [("assert_non_zero_gradients", {})]
    if isinstance(case.loss, nn.CrossEntropyLoss) and case.y.ndim == 1:
        with torch.no_grad():
            classes = case.model(case.x).shape[-1]
        if len(case.x) >= min(128, classes):  # it asks for that many rows
            checks.append(("assert_balanced_classification_cross_entropy_loss_at_init", {"num_classes": classes}))
        checks.append(("assert_balanced_classification_cross_entropy_init_calibrated", {"num_classes": classes}))
    found = []
    for name, options in checks:
        try:
            with _quiet():
                getattr(package, name)(case.model, (case.x, case.y), device="cpu", **options)
        except AssertionError:
            found.append(Alarm(rule=name, severity="error"))
    return found


def syndset(case: Case) -> list[Alarm]:
    """`audit` without its overfitting run, and the scale of the initialization, which `audit` leaves out."""
    from syndset.audit import audit
    from syndset.diagnostics.initialization import check_initialization_scale

    with _quiet():
        report = audit(case.model, case.x, case.y, loss_fn=case.loss, run_overfit=False)
        scale = check_initialization_scale(case.model)["status"]
    said = [(check["name"], check["tag"]) for check in report.checks]
    said.append(("scale", {"healthy": "PASS", "warning": "WARN"}.get(scale, "FAIL")))
    return [Alarm(rule=name, severity="error" if tag == "FAIL" else "warning") for name, tag in said if tag != "PASS"]


def torch_audit(case: Case) -> list[Alarm]:
    """All phases of one Adam step, without the advice on hardware, weight decay and even kernels."""
    from torch_audit import Severity, audit_dynamic

    optimizer = torch.optim.Adam([p for p in case.model.parameters() if p.requires_grad], 1e-3)
    with (
        _quiet(),
        audit_dynamic(case.model, optimizer=optimizer, every_n_steps=1, suppress_internal_errors=True) as auditor,
    ):
        loss = case.loss(auditor.forward(case.x), case.y)
        auditor.backward(loss)
        auditor.optimizer_step()
    grave = [f for f in auditor.findings if not f.severity < Severity.WARN and f.rule_id not in ADVICE]
    return [
        Alarm(
            rule=f.rule_id,
            severity="warning" if f.severity == Severity.WARN else "error",
            path=f.entity or f.module_path or "",
        )
        for f in grave
    ]


def torchmortem(case: Case) -> list[Alarm]:
    """An autopsy after three Adam steps: it needs some to look at."""
    from torchmortem import Autopsy, Severity

    optimizer = torch.optim.Adam([p for p in case.model.parameters() if p.requires_grad], 1e-3)
    with _quiet(), torch.enable_grad():
        autopsy = Autopsy(case.model, optimizer=optimizer, sampling="thorough")
        autopsy.attach()
        for _ in range(3):
            optimizer.zero_grad()
            loss = case.objective()
            loss.backward()
            optimizer.step()
            autopsy.step(loss=loss.item())
        autopsy.detach()
        report = autopsy.get_report()
    autopsy._report_generated = True  # else it writes a page when the interpreter ends
    grave = {Severity.WARNING: "warning", Severity.CRITICAL: "error"}
    return [
        Alarm(rule=f.detector, severity=grave[f.severity], path=",".join(f.affected_layers))  # type: ignore[arg-type]
        for f in report.findings
        if f.severity in grave
    ]


def torchdiag(case: Case) -> list[Alarm]:
    """`check_gradients` after one backward pass, `check_dead_neurons` on the batch."""
    import torchdiag as package

    case.objective().backward()
    with _quiet():
        gradients = package.check_gradients(case.model)
        dead = package.check_dead_neurons(case.model, case.x)
    bad = [(name, row["status"]) for name, row in gradients.items() if row["status"] != "OK"]
    found = [Alarm(rule=status.lower(), severity="error", path=name) for name, status in bad]
    return found + [
        Alarm(rule="dead", severity="error" if row["dead_pct"] > 50 else "warning", path=name)
        for name, row in dead.items()
        if row["dead_pct"] > 20
    ]


PACKAGES = {
    "torchtest2": torchtest2,
    "neural-net-checklist": neural_net_checklist,
    "syndset": syndset,
    "torch-audit": torch_audit,
    "torchmortem": torchmortem,
    "torchdiag": torchdiag,
}

"""Callbacks that check a network at step zero, in Lightning and in Transformers' Trainer.

    Trainer(callbacks=[initlab.torch.callbacks.lightning()])
    Trainer(..., callbacks=[initlab.torch.callbacks.transformers()])

Each checks once, on the first training batch and the very loss that is trained, before the first step. An error stops
the run with the report; `stop=False` only prints it. What cannot be checked, such as a step that optimizes by itself,
is said in a line, and the run goes on.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from initlab.api.check import Report, check
from initlab.errors import UsageError

OWN = "checked_module."


class _Step(nn.Module):  # type: ignore[misc]
    """A module whose forward is a training step."""

    def __init__(self, module: Any) -> None:  # noqa: ANN401
        super().__init__()
        self.checked_module = module

    def forward(self, batch: Any) -> Any:  # noqa: ANN401
        found = self.checked_module.training_step(batch, 0)
        return found if isinstance(found, dict) else {"loss": found}


def lightning(*, stop: bool = True, **options: Any) -> Any:  # noqa: ANN401
    """A callback of Lightning. Options are those of `initlab.check`."""
    from lightning.pytorch import Callback

    class Check(Callback):
        def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:  # noqa: ANN401
            if trainer.global_step == 0 and batch_idx == 0 and trainer.is_global_zero:
                if pl_module.automatic_optimization:
                    _checked(lambda: _of_step(pl_module, batch, options), stop=stop)
                else:
                    _not_checked("its training_step takes the optimizer's steps itself.")

    return Check()


def _of_step(module: Any, batch: Any, options: dict[str, Any]) -> Report:  # noqa: ANN401
    """The report of a Lightning module under its own training step, which may not log meanwhile."""
    silenced = ("log", "log_dict")
    for name in silenced:
        module.__dict__[name] = lambda *_, **__: None
    try:
        found = check(_Step(module), {"batch": batch}, **options)
    finally:
        for name in silenced:
            del module.__dict__[name]
    return replace(
        found,
        findings=tuple(
            replace(
                each,
                path=each.path.replace(OWN, ""),
                cause=each.cause.replace(OWN, ""),
                code=each.code.replace(OWN, ""),
                explained_by=each.explained_by.replace(OWN, ""),
                weights=tuple(name.replace(OWN, "") for name in each.weights),
            )
            for each in found.findings
        ),
    )


def transformers(*, stop: bool = True, **options: Any) -> Any:  # noqa: ANN401
    """A callback of Transformers' Trainer. Options are those of `initlab.check`."""
    from transformers import TrainerCallback

    class Check(TrainerCallback):  # type: ignore[misc]
        def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:  # noqa: ANN401, ARG002
            loader = given.get("train_dataloader")
            if state.global_step == 0 and loader is not None and state.is_world_process_zero:
                with torch.random.fork_rng():
                    batch = dict(next(iter(loader)))
                _checked(lambda: check(given["model"], batch, **options), stop=stop)

    return Check()


def _checked(look: Callable[[], Report], *, stop: bool) -> None:
    """Print what accuses; stop the run for an error, if that is asked for."""
    try:
        report = look()
    except UsageError as error:
        _not_checked(str(error))
        return
    if report.errors and stop:
        raise AssertionError(f"The network is not right at step zero.\n\n{report}")
    if not report.healthy:
        sys.stderr.write(f"{report}\n")


def _not_checked(why: str) -> None:
    sys.stderr.write(f"initlab: the network was not checked at step zero: {why}\n")

"""Leave no mark: what a trace may touch, put back as it was, also when the model raises."""

import random
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
import torch.utils.checkpoint

from initlab.adapters.torch import strays
from initlab.adapters.torch.trace_generators import Generators


@contextmanager
def untouched(model: Any, *, seed: int) -> Iterator[None]:  # noqa: ANN401
    """Train mode, gradients on, and generators of a known seed, within; mode and generators as before, after.

    What was compiled runs as it is written, and checkpoints of the old kind as those of the new, through which the
    gradients of results can be seen.
    """
    modes = {module: module.training for module in model.modules()}
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_available() else []
    with ExitStack() as stack:
        stack.callback(Generators(model).rewind)
        stack.callback(_restore, modes)
        stack.callback(_refill, [(buffer, buffer.detach().clone()) for buffer in strays.buffers(model)])
        stack.enter_context(torch.random.fork_rng(devices=devices))
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        stack.enter_context(_checkpoints())
        if hasattr(torch.compiler, "set_stance"):
            stack.enter_context(torch.compiler.set_stance("force_eager"))
        seeded(seed)
        random.seed(seed)
        np.random.seed(seed % 2**32)  # noqa: NPY002
        model.train()
        yield


def _refill(held: list[tuple[Any, Any]]) -> None:
    with torch.no_grad():
        for buffer, values in held:
            buffer.copy_(values)


def seeded(seed: int) -> None:
    """Seed torch's generators, without a word to backends that there are none of, for which torch keeps a stack."""
    others = any(each.is_available() for each in (torch.cuda, torch.xpu, torch.backends.mps))
    (torch.manual_seed if others else torch.default_generator.manual_seed)(seed)


def _restore(modes: dict[Any, bool]) -> None:
    for module, training in modes.items():
        module.training = training


class _NewCheckpoint:
    """In place of the checkpoint whose forward pass runs without gradients."""

    @staticmethod
    def apply(function: Any, preserve: bool, *args: Any) -> Any:  # noqa: ANN401
        return torch.utils.checkpoint.checkpoint(
            function, *args, use_reentrant=False, preserve_rng_state=preserve, determinism_check="none"
        )


@contextmanager
def _checkpoints() -> Iterator[None]:
    home: Any = torch.utils.checkpoint
    old = home.CheckpointFunction
    home.CheckpointFunction = _NewCheckpoint
    try:
        yield
    finally:
        home.CheckpointFunction = old


@contextmanager
def paths(model: Any, path: list[tuple[str, str]]) -> Iterator[None]:  # noqa: ANN401
    """Keep the path of the module that runs, and its type, on top of `path`."""
    handles = []
    try:
        for name, module in model.named_modules():
            here = (name, type(module).__name__)
            handles.append(module.register_forward_pre_hook(lambda *_, here=here: path.append(here)))
            handles.append(module.register_forward_hook(lambda *_: path.pop() and None, always_call=True))
        yield
    finally:
        for handle in handles:
            handle.remove()


def failing(model: torch.nn.Module, error: Exception) -> str:
    """The innermost module in whose forward an error was raised, by name and class; empty where there is none."""
    names = {id(module): name for name, module in model.named_modules()}
    own = [frame.f_locals.get("self") for frame, _ in traceback.walk_tb(error.__traceback__)]
    found = [module for module in own if id(module) in names]
    return f"{names[id(found[-1])] or 'forward'} ({type(found[-1]).__name__})" if found else ""

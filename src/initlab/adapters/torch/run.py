"""One recorded run of a model's twin, on the first input that it takes."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn
from torch.utils._pytree import tree_leaves, tree_map

from initlab.adapters.torch.examples import Example, as_example, examples
from initlab.adapters.torch.flow import Recording
from initlab.adapters.torch.operations import handler
from initlab.adapters.torch.record import Recorder
from initlab.adapters.torch.twin import places, twin
from initlab.loading import said


def recorded(model: nn.Module, given: object = None) -> Recording:
    """What becomes of the parameters of a model in a run; empty, with a note of what went wrong, if there was none."""
    try:
        copied, stand_ins = twin(model)
        tries = list(examples(copied)) if given is None else _readings(given)
    except Exception as error:
        return Recording(note=f"the model cannot be copied to be run: {said(error)}")
    notes = []
    for example in tries:
        try:
            return _run(copied, stand_ins, example, strict=given is not None)
        except Exception as error:
            notes.append(f"it does not run on {'a guessed' if given is None else 'the given'} input: {said(error)}")
    return Recording(note=notes[0] if notes else "no input could be guessed for it")


def _readings(given: object) -> list[Example]:
    """What a person gave as arguments; a pair, if it does not run so, as inputs with targets."""
    pair = isinstance(given, (tuple, list)) and len(given) == 2
    return [as_example(given), *([as_example(given[0])] if pair else [])]  # type: ignore[index]


def _run(model: nn.Module, stand_ins: dict[str, torch.Tensor], example: Example, *, strict: bool) -> Recording:
    recorder = Recorder(handler, strict=strict)
    for name, tensor in stand_ins.items():
        recorder.know_parameter(name, tensor)
    floats = next((each.dtype for each in stand_ins.values() if each.is_floating_point()), torch.float32)
    arguments, keywords = tree_map(lambda leaf: _own(leaf, floats), example)
    recorder.know_input((arguments, keywords))
    with _quietly(), recorder.inside(places(model)), recorder:
        out = model(*arguments, **keywords)
    for leaf in tree_leaves(out):
        fact = recorder.fact(leaf) if isinstance(leaf, torch.Tensor) else None
        if fact is not None:
            recorder.used(fact, "output")
    return recorder.recording


def _own(leaf: object, floats: torch.dtype) -> object:
    """A tensor of the input, copied to the CPU: what a run writes into it stays in the run.

    An array becomes a tensor, and a floating one that of the model's own floating numbers.
    """
    if isinstance(leaf, np.ndarray):
        made = torch.from_numpy(leaf.copy())
        return made.to(floats) if made.is_floating_point() else made
    if not isinstance(leaf, torch.Tensor):
        return leaf
    return torch.zeros(leaf.shape, dtype=leaf.dtype) if leaf.is_meta else leaf.detach().to("cpu", copy=True)


@contextmanager
def _quietly() -> Iterator[None]:
    """No gradients, no warnings, the random state as it was, and no layer computed in one opaque operation."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with warnings.catch_warnings(), torch.no_grad(), torch.random.fork_rng(devices=[]):
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)

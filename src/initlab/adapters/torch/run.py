"""One recorded run of a model's twin, on the first input that it takes."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

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
        tries = [as_example(given)] if given is not None else list(examples(copied))
    except Exception as error:
        return Recording(note=f"the model cannot be copied to be run: {said(error)}")
    notes = []
    for example in tries:
        try:
            return _run(copied, stand_ins, example)
        except Exception as error:
            notes.append(f"it does not run on {'a guessed' if given is None else 'the given'} input: {said(error)}")
    return Recording(note=notes[0] if notes else "no input could be guessed for it")


def _run(model: nn.Module, stand_ins: dict[str, torch.Tensor], example: Example) -> Recording:
    recorder = Recorder(handler)
    for name, tensor in stand_ins.items():
        recorder.know_parameter(name, tensor)
    arguments, keywords = tree_map(lambda leaf: _own(leaf), example)
    recorder.know_input((arguments, keywords))
    with _quietly(), recorder.inside(places(model)), recorder:
        out = model(*arguments, **keywords)
    for leaf in tree_leaves(out):
        fact = recorder.fact(leaf) if isinstance(leaf, torch.Tensor) else None
        if fact is not None:
            recorder.used(fact, "output")
    return recorder.recording


def _own(leaf: object) -> object:
    """A tensor of the input, copied to the CPU: what a run writes into it stays in the run."""
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

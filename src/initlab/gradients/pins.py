"""Making a random function draw the same numbers again: every generator that it can reach, saved and put back."""

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from initlab.gradients.case import GradientCase
from initlab.gradients.held import held


@dataclass(frozen=True, slots=True)
class Pinned:
    """A source of random numbers by name, and a context in which it starts from the same state every time.

    What the rest of the program draws is not affected: the state is put back afterwards.
    """

    name: str
    pin: Callable[[], AbstractContextManager[object]]


def find(case: GradientCase) -> Iterator[Pinned]:
    """The sources that a cost might draw from: generators it holds, then NumPy's and Python's global ones."""
    sources = [Pinned(n, _pin_generator(each)) for n, each in _generators(case.cost, case.gradients, *case.data)]
    if "torch" in sys.modules:
        sources.append(Pinned("torch's generator", _pin_torch))
    sources += [Pinned("np.random", _pin_numpy), Pinned("random", _pin_python)]
    yield from sources
    yield Pinned("several generators", _all_of(sources))


def _all_of(sources: list[Pinned]) -> Callable[[], AbstractContextManager[object]]:
    @contextmanager
    def pin() -> Iterator[None]:
        with ExitStack() as stack:
            for source in sources:
                stack.enter_context(source.pin())
            yield

    return pin


def _generators(*holders: object) -> Iterator[tuple[str, Any]]:
    """NumPy generators among the globals, closures, bound objects and defaults of functions."""
    for name, value in held(*holders):
        if isinstance(value, np.random.Generator | np.random.RandomState):
            yield name, value


def _pin_generator(generator: Any) -> Callable[[], AbstractContextManager[object]]:  # noqa: ANN401
    bits = generator.bit_generator if isinstance(generator, np.random.Generator) else generator._bit_generator
    start = bits.state

    @contextmanager
    def pin() -> Iterator[None]:
        now, bits.state = bits.state, start
        try:
            yield
        finally:
            bits.state = now

    return pin


@contextmanager
def _pin_numpy() -> Iterator[None]:
    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(0)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002


@contextmanager
def _pin_python() -> Iterator[None]:
    state = random.getstate()
    random.seed(0)
    try:
        yield
    finally:
        random.setstate(state)


@contextmanager
def _pin_torch() -> Iterator[None]:
    torch = sys.modules["torch"]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield

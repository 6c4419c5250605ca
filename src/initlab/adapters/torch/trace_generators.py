"""Generators that are not torch's global one: those of NumPy and Python, and those that a model holds.

Each pass starts from the state in which they were found, so that all passes draw alike, and there they are left.
"""

import pickle
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch


@dataclass(frozen=True, slots=True, kw_only=True)
class Generator:
    """A generator by its name: how its state is read, and set. Draws of a `followed` one are seen as they are made."""

    name: str
    read: Callable[[], Any]
    write: Callable[[Any], object]
    followed: bool = False


KINDS = (torch.Generator, np.random.RandomState, random.Random, np.random.Generator)


class Generators:
    """The generators within reach of a model, each with the state in which it was found."""

    def __init__(self, model: Any) -> None:  # noqa: ANN401
        self._states = [(each, each.read()) for each in _found(model)]

    def rewind(self) -> None:
        """Put every one back."""
        for each, state in self._states:
            each.write(state)

    def moved(self) -> tuple[str, ...]:
        """Those that drew something since, and whose draws were not seen."""
        return tuple(
            each.name
            for each, state in self._states
            if not each.followed and pickle.dumps(each.read()) != pickle.dumps(state)
        )


def _found(model: Any) -> Iterator[Generator]:  # noqa: ANN401
    yield Generator(name="numpy.random", read=np.random.get_state, write=np.random.set_state)
    yield Generator(name="random", read=random.getstate, write=random.setstate)
    seen: set[int] = set()
    for place, module in model.named_modules():
        for key, value in vars(module).items():
            found = _generator(f"{place}.{key}".lstrip("."), value) if isinstance(value, KINDS) else None
            if found is not None and id(value) not in seen:
                seen.add(id(value))
                yield found


def _generator(name: str, value: Any) -> Generator | None:  # noqa: ANN401
    if isinstance(value, torch.Generator):
        return Generator(name=name, read=value.get_state, write=value.set_state, followed=True)
    if isinstance(value, np.random.RandomState):
        return Generator(name=name, read=value.get_state, write=value.set_state)
    if isinstance(value, random.Random):
        return Generator(name=name, read=value.getstate, write=value.setstate)
    if isinstance(value, np.random.Generator):
        bits = value.bit_generator
        return Generator(name=name, read=lambda: bits.state, write=lambda state: setattr(bits, "state", state))
    return None

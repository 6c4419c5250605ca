"""The records of one pass: each operation is laid out, named by its site, and measured as it is called."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from initlab.adapters.torch import trace_statistics as statistics
from initlab.adapters.torch.trace_functions import NORMS, PRODUCTS, RECTIFIERS, SLOPES
from initlab.adapters.torch.trace_marks import Mark
from initlab.adapters.trace_record import WIDEST, Record
from initlab.trace import Kind

AXES = {**PRODUCTS, **NORMS}
"""The axis of a result along which the units lie; the last, of functions that are not here."""


class Meter:
    """Takes every measurement of `examples` examples; or, `again`, counts what is alike or dead at those sites alone.

    `path` holds the modules that run, and their types, the innermost last. `residual` and `normalised` say what kind of
    network it is.
    """

    def __init__(self, examples: int, again: frozenset[str] | None) -> None:
        self.examples, self.again, self.whole = examples, again, again is None
        self.records: list[Record] = []
        self.path: list[tuple[str, str]] = []
        self.residual = self.normalised = False
        self._few: tuple[int, NDArray[np.float32]] | None = None

    def _new(
        self, name: str, kind: Kind, z: statistics.Laid, marks: Sequence[Mark], weights: tuple[str, ...] = ()
    ) -> Record:
        path, module = self.path[-1] if self.path else ("", "")
        site = path if module.lower().startswith(name) and path else f"{path}.{name}".lstrip(".")
        dtype, epsilon = _precision(z.values.dtype)
        record = Record(
            place=len(self.records),
            site=_site(weights, path) or site,
            kind=kind,
            function=name,
            units=z.units,
            rows=z.rows,
            examples=z.values.shape[0],
            dtype=dtype,
            epsilon=epsilon,
            weights=weights,
            inputs=tuple(sorted(frozenset[int]().union(*(mark.ops for mark in marks)))),
        )
        self.records.append(record)
        self.normalised |= kind == "norm"
        return record

    def _looked_at(self, record: Record) -> bool:
        return self.again is None or record.site in self.again

    def _measured(self, record: Record, z: statistics.Laid, tensor: Any, shift: Any) -> None:  # noqa: ANN401
        if not self._looked_at(record):
            return
        if self.whole:
            record.values |= statistics.moments(z)
            found = statistics.cosine(z, shift)
            record.values |= {} if found is None else {"cosine": found}
        if 1 < z.units <= WIDEST:
            record.differs = statistics.differ(z, record.epsilon)
            record.sketch = None if record.differs else statistics.sketch(z)
        if tensor.requires_grad:
            tensor.register_hook(_listener(record, z, tensor.shape))

    def product(
        self,
        name: str,
        kind: Kind,
        args: tuple[Any, ...],
        tensor: Any,  # noqa: ANN401
        fed: Sequence[Mark],
        weights: tuple[str, ...],
        axis: int | None,
        shift: Any,  # noqa: ANN401
    ) -> Record:
        """The record of a result that weights made: a product, a look-up, a norm, a recurrent layer."""
        z = statistics.laid(tensor, AXES.get(name, -1) if axis is None else axis, self.examples)
        record = self._new(name, kind, z, fed, weights)
        self._measured(record, z, tensor, shift)
        if axis is None and self._looked_at(record):
            self._few = record.place, z.few
        if self.whole and name in ("lstm", "gru", "rnn_tanh"):
            record.values |= statistics.gates(name, args, tensor)
        return record

    def activation(self, name: str, tensor: Any, mark: Mark) -> Record | None:  # noqa: ANN401
        """The record of an activation, of what is fed into it; right behind an operation, that one's measurements."""
        if not tensor.is_floating_point() or not tensor.numel():
            return None
        if name == "tanh" and self.path and "gelu" in self.path[-1][1].lower():
            name = "gelu"
        owner = self.records[mark.direct] if mark.exact and mark.direct is not None else None
        channels = owner is not None and _channels(owner, tensor)
        z = statistics.laid(tensor, 1 if channels or (owner is None and tensor.ndim >= 4) else -1, self.examples)
        record = self._new(name, "activation", z, [mark])
        if owner is None:
            self._measured(record, z, tensor, mark.shift)
        else:
            record.values |= owner.values
        if name in RECTIFIERS and self._looked_at(record):
            read = owner is not None and self._few is not None and self._few[0] == owner.place
            record.values |= statistics.one_sided(z, self._few[1] if read and self._few else z.few)
        if self.whole and name in SLOPES:
            record.values["slope"] = SLOPES[name](z.sample()).square().mean()
        return record

    def attention(self, name: str, kwargs: dict[str, Any], given: Sequence[Any], marks: Sequence[Mark]) -> Record:
        """The record of the scores of attention: of queries and keys, or of what a softmax takes."""
        record = self._new(name, "attention", statistics.laid(given[0], -1, self.examples), marks)
        if self.whole:
            softmax = name == "softmax"
            found, keys = (
                statistics.spread_of_scores(given[0])
                if softmax
                else statistics.scores(given[0], given[1], kwargs.get("scale"))
            )
            record.values |= {"scores": found, "keys": keys}
        return record

    def bending(self, name: str) -> tuple[str, str, str]:
        """A function that bends, its site, and the module that runs if it does nothing else."""
        path, module = self.path[-1] if self.path else ("", "")
        alone = path if module.lower().startswith(name) else ""
        return name, alone or f"{path}.{name}".lstrip("."), alone

    def joined(self, name: str, marks: Sequence[Mark]) -> None:
        """Note which results meet another signal: what is added to it, and what multiplies it.

        A sum of a signal and what was made of it makes the network a residual one.
        """
        parts = [mark for mark in marks if mark.ops]
        if len(parts) < 2 and not (len(marks) > 1 and name in ("add", "sub", "mul")):
            return
        for record in (self.records[mark.direct] for mark in marks if mark.direct is not None):
            record.gate |= name in ("mul", "where", "lerp")
            record.residual |= name in ("add", "sub", "cat", "stack", "addcmul")
        if name == "add" and not self.residual:
            self.residual = any(self._made_of(mark, each) for mark in parts for each in parts if mark is not each)

    def _made_of(self, mark: Mark, other: Mark) -> bool:
        """Whether a signal was made of another, by one operation or more."""
        seen, edge = set[int](), set(mark.ops)
        while edge:
            seen |= edge
            edge = {place for each in edge for place in self.records[each].inputs} - seen
        return bool((seen - mark.ops) & other.ops)


@lru_cache(maxsize=32)
def _precision(dtype: Any) -> tuple[str, float]:  # noqa: ANN401
    """The name of a number format, and its relative rounding."""
    return str(dtype).removeprefix("torch."), torch.finfo(dtype).eps if dtype.is_floating_point else 0.0


def _channels(owner: Record, tensor: Any) -> bool:  # noqa: ANN401
    return tensor.ndim > 2 and AXES.get(owner.function) == 1 and tensor.shape[1] == owner.units


def _site(weights: tuple[str, ...], path: str) -> str:
    """The name of a site by the weight it reads, where that weight belongs to the module that runs."""
    main = next((name for name in weights if "bias" not in name.rpartition(".")[2]), weights[0] if weights else "")
    if not main or (path and not main.startswith(f"{path}.")):
        return path if main else ""
    return main.removesuffix(".weight")


def _listener(record: Record, z: statistics.Laid, shape: Any) -> Callable[[Any], None]:  # noqa: ANN401
    """A hook that measures the gradient of a result and keeps nothing of either."""
    channels, laid_shape = z.channels, z.values.shape
    plain = tuple(shape) == tuple(laid_shape) or z.values.is_contiguous()
    compared = plain and (record.differs or record.sketch is not None)

    def listen(gradient: Any) -> None:  # noqa: ANN401
        with torch._C.DisableTorchFunction():
            values = gradient.detach()
            norm = torch.linalg.vector_norm(values.float())
            back = statistics.Laid(values.reshape(laid_shape), channels) if compared else None
            if back is not None and record.differs:
                record.moved = max(record.moved or 0, statistics.moved(back))
            record.received(None if back is None or record.differs else statistics.sketch(back), norm)

    return listen

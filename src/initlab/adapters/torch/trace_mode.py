"""The recorder: it stands between a model and torch, and sees each operation as it is called.

Every call of a function of torch passes through it, whoever makes it: a module, `F.relu`, an operator. It has the
result measured (or, of an activation, the input, before an operation in place overwrites it), and leaves a mark on the
tensor that says which weights and operations it came from. Hooks of modules only keep the path. Noise is taken away,
in the backward pass as well, where checkpoints run again.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from initlab.adapters.torch.trace_functions import (
    CRITERIA,
    CUTS,
    INERT,
    PRODUCTS,
    TABLES,
    VIEWS,
    kind_of,
    name_of,
    opened,
)
from initlab.adapters.torch.trace_marks import Mark, Marks, passed_on, tensors, with_data
from initlab.adapters.torch.trace_meter import Meter
from initlab.adapters.torch.trace_random import Noise
from initlab.adapters.torch.trace_reads import Reads, bias_of
from initlab.adapters.torch.trace_squash import BENDS, shares
from initlab.adapters.trace_record import Record
from initlab.trace import Kind


class Recorder(TorchFunctionMode):  # type: ignore[misc]
    """Records what a model does while it is entered: `meter`, `reads` and `noise` hold what was found.

    It takes every measurement, or, `again`, counts the units that are alike or dead at those sites alone.
    """

    def __init__(self, names: Mapping[int, str], examples: int, again: frozenset[str] | None = None) -> None:
        super().__init__()
        self.marks, self.meter, self.noise = Marks(names), Meter(examples, again), Noise()
        self.reads = Reads(self.marks)
        self.criteria: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.cuts: dict[int, str] = {}
        self.detached = set[str]()
        self.recording = True
        self.unweighted: float | None = None

    @property
    def needed(self) -> bool:
        """Whether a pass that is not recorded must still go through here: there is noise, or losses are weighted."""
        return self.noise.met or self.unweighted is not None

    def __torch_function__(
        self,
        function: Any,  # noqa: ANN401
        types: Any,  # noqa: ANN401
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        kwargs, name = kwargs or {}, name_of(function)
        if name in INERT:
            return function(*args, **kwargs)
        fed = self.noise.bypassed(name, args, kwargs)
        if fed is not None:
            return fed
        if (kept := self.noise.kept(name, args, kwargs)) is not None:
            function, name, args, kwargs = torch.Tensor.mul_ if _in_place(function) else torch.mul, "mul", kept, {}
        args, kwargs = self.noise.quiet(name, args, kwargs)
        if name == "multi_head_attention_forward" and self.recording:
            with self:
                return opened(function)(*args, **kwargs)
        if self.recording and name not in VIEWS:
            return self._seen(name, function, args, kwargs)
        result = self.noise.followed(name, args, kwargs, function(*args, **kwargs))
        if self.recording:
            given = tensors((*args, *kwargs.values()))
            self.marks.put(result, passed_on(name, [self.marks.of(each) for each in given[:1]]))
        return self._weighed(name, result, kwargs)

    def _seen(self, name: str, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:  # noqa: ANN401
        """Call a function, have it measured, and mark its result."""
        given = tensors((*args, *kwargs.values()))
        marks = [self.marks.of(tensor) for tensor in given]
        kind = self._kind(name, given, marks)
        record = self.meter.activation(name, given[0], marks[0]) if kind == "activation" else None
        for weight in (each for mark in marks[1:] if kind == "activation" and mark.pure for each in mark.weights):
            self.reads.of(weight)
        result = self.noise.followed(name, args, kwargs, function(*args, **kwargs))
        if name in CRITERIA:
            self.criteria.append((name, args, kwargs))
            self._weighed(name, result, kwargs)
        made = tensors((result,))
        if not any(tensor.numel() for tensor in made):
            return result
        mark = passed_on(name, marks)
        if kind is None:
            if name in CUTS and marks:
                self.cuts |= dict.fromkeys(marks[0].ops, name)
                self.detached |= marks[0].weights
            self.meter.normalised |= name == "rsqrt" and bool(marks) and not marks[0].pure
            self.reads.beside(name, given, marks)
            self.meter.joined(name, marks)
        elif kind == "attention":
            record = self.meter.attention(name, kwargs, given, marks)
        elif kind != "activation" and made[0].is_floating_point():
            record, mark = self._product(name, kind, args, kwargs, made[0], marks)
        if record is not None and kind in ("activation", "attention"):
            mark = Mark(ops=frozenset({record.place}), direct=record.place)
        if name in BENDS:
            mark = mark._replace(bent=self.meter.bending(name))
        for tensor in made:
            tensor._initlab = mark
        return result

    def _product(
        self,
        name: str,
        kind: Kind,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        made: Any,  # noqa: ANN401
        marks: Sequence[Mark],
    ) -> tuple[Record, Mark]:
        """Have a result measured that weights made."""
        fed = [mark for mark in marks if mark.ops]
        weights = tuple(sorted(frozenset[str]().union(*(mark.weights for mark in marks if not mark.ops))))
        self.reads.measured(name, kind, args, kwargs, weights)
        bias = bias_of(name, args, kwargs)
        shift = bias if isinstance(bias, torch.Tensor) and bias.ndim == 1 and bias.any() else None
        record = self.meter.product(name, kind, args, made, fed, weights, self._axis(name, args), shift)
        bent = [mark.bent for mark in fed if mark.bent is not None and mark.bent[0] == "softmax"]
        if bent and kind == "linear" and self.meter.whole:
            record.values |= shares(args, self.marks)
        exact = frozenset({record.place})
        return record, Mark(ops=exact, direct=record.place, exact=True, shift=shift)

    def _axis(self, name: str, args: tuple[Any, ...]) -> int | None:
        """Where the units of W @ x lie: in its rows. None for any other function, which has an axis of its own."""
        left = name in ("matmul", "mm") and len(args) == 2 and self.marks.of(args[0]).pure and args[1].ndim > 1
        return -2 if left else None

    def _weighed(self, name: str, result: Any, kwargs: dict[str, Any]) -> Any:  # noqa: ANN401
        """Note the mean of losses that are weighted afterwards, and give them back."""
        if name in CRITERIA and kwargs.get("reduction") == "none":
            self.unweighted = float(result.detach().float().mean())
        return result

    def _kind(self, name: str, given: Sequence[Any], marks: Sequence[Mark]) -> Kind | None:
        """What kind of operation this is. A product is one when one of its factors comes from weights alone."""
        if name in PRODUCTS:
            return "linear" if any(mark.pure for mark in marks) and with_data(marks) else None
        if name == "softmax":
            return "attention" if given and given[0].ndim >= 3 and len(marks[0].ops) > 0 else None
        if not given or (marks[0].pure and name not in TABLES):
            return None
        return kind_of(name)


def _in_place(function: Any) -> bool:  # noqa: ANN401
    """Whether a function writes into its first argument: masked_fill_, h[mask] = 0."""
    name: str = getattr(function, "__name__", "")
    return name == "__setitem__" or (name.endswith("_") and not name.endswith("__"))

"""The recorder: it stands between a model and torch, and measures each operation as it is called.

Every call of a function of torch passes through it, whoever makes it: a module, `F.relu`, an operator. It reads the
result (or, of an activation, the input, before an operation in place overwrites it), leaves a mark on the tensor that
says which weights and operations it came from, and asks for the gradient of the result by a hook on the tensor. Hooks
of modules only keep the path. Dropout is passed by, in the backward pass as well, where checkpoints run again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from initlab.adapters.torch import trace_statistics as statistics
from initlab.adapters.torch.trace_functions import (
    CRITERIA,
    CUTS,
    DROPOUTS,
    NORMS,
    PRODUCTS,
    RECTIFIERS,
    SLOPES,
    TABLES,
    VIEWS,
    kind_of,
    name_of,
    opened,
)
from initlab.adapters.trace_record import WIDEST, Record
from initlab.trace import Kind


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a tensor came from: weights, operations (by place), and the one it is the result of."""

    weights: frozenset[str] = frozenset()
    ops: frozenset[int] = frozenset()
    direct: int | None = None
    exact: bool = False
    shift: Any = None


NOTHING = Mark()


@dataclass(slots=True)
class Read:
    """How one weight was read: by which kind of operation, with which fans, in which part."""

    kind: Kind | None = None
    fan_in: float | None = None
    fan_out: float | None = None
    bias: bool = False
    gain: bool = False
    directed: bool = False
    cut: str = ""


class Recorder(TorchFunctionMode):  # type: ignore[misc]
    """Records what a model does while it is entered; `records` and `reads` hold what was found.

    It takes every measurement, or, `again`, counts the units that are alike or dead at those sites alone.
    """

    def __init__(self, names: Mapping[int, str], examples: int, again: frozenset[str] | None = None) -> None:
        super().__init__()
        self.names, self.examples, self.again, self.whole = names, examples, again, again is None
        self.records: list[Record] = []
        self.reads: dict[str, Read] = {}
        self.criteria: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.path: list[tuple[str, str]] = []
        self.unseen: set[str] = set()
        self.cuts: dict[int, str] = {}
        self.recording = True
        self.unweighted = 0.0
        self.residual = False
        self.normalised = False

    def __torch_function__(
        self,
        function: Any,  # noqa: ANN401
        types: Any,  # noqa: ANN401
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        kwargs, name = kwargs or {}, name_of(function)
        if name in DROPOUTS:
            return args[0] if args else kwargs["input"]
        args, kwargs = _without_dropout(name, args, kwargs)
        if not self.recording:
            return self._weighed(name, function(*args, **kwargs), kwargs)
        if name == "multi_head_attention_forward":
            with self:
                return opened(function)(*args, **kwargs)
        tensors = list(_tensors((*args, *kwargs.values())))
        marks = [self.mark(tensor) for tensor in tensors]
        kind = self._kind(name, tensors, marks)
        bent = self._activation(name, tensors[0], marks[0]) if kind == "activation" else None
        result = function(*args, **kwargs)
        if name in CRITERIA:
            self.criteria.append((name, args, kwargs))
            self._weighed(name, result, kwargs)
        if any(tensor.numel() for tensor in _tensors((result,))):
            self._seen(name, kind, args, kwargs, result, tensors, marks, bent)
        return result

    def _seen(
        self,
        name: str,
        kind: Kind | None,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        result: Any,  # noqa: ANN401
        tensors: list[Any],
        marks: list[Mark],
        record: Record | None,
    ) -> None:
        """Measure the result of a call, and mark it."""
        mark = self._passed_on(name, marks)
        if kind is None:
            self._weights_beside(name, tensors, marks)
            self._joined(name, marks)
        elif kind == "attention":
            record = self._attention(name, kwargs, tensors, marks)
        elif kind != "activation":
            record = self._product(name, kind, args, kwargs, result, marks)
        if record is not None:
            shift = self._shift(name, args, kwargs) if kind in ("linear", "norm") else None
            exact = kind not in ("activation", "attention")
            mark = Mark(ops=frozenset({record.place}), direct=record.place, exact=exact, shift=shift)
        for tensor in _tensors((result,)):
            tensor._initlab = mark

    def _weighed(self, name: str, result: Any, kwargs: dict[str, Any]) -> Any:  # noqa: ANN401
        """Note the mean of losses that are weighted afterwards, and give them back."""
        if name in CRITERIA and kwargs.get("reduction") == "none":
            self.unweighted = float(result.detach().float().mean())
        return result

    def mark(self, tensor: Any) -> Mark:  # noqa: ANN401
        """Where a tensor came from."""
        name = self.names.get(id(tensor))
        if name is not None:
            return Mark(weights=frozenset({name}))
        found = getattr(tensor, "_initlab", NOTHING)
        assert isinstance(found, Mark)
        return found

    def _kind(self, name: str, tensors: list[Any], marks: list[Mark]) -> Kind | None:
        """What kind of operation this is. A product is one when one of its factors comes from weights alone."""
        if name in PRODUCTS:
            return "linear" if any(_pure(mark) for mark in marks) and _data(marks) else None
        if name == "softmax":
            return "attention" if tensors and tensors[0].ndim >= 3 and len(marks[0].ops) > 0 else None
        if not tensors or (_pure(marks[0]) and name not in TABLES):
            return None
        return kind_of(name)

    def _passed_on(self, name: str, marks: list[Mark]) -> Mark:
        """The mark of a result that is not measured."""
        if not marks:
            return NOTHING
        if name in CUTS:
            self.cuts |= dict.fromkeys(marks[0].ops, name)
        if name in VIEWS:
            return replace(marks[0], exact=False)
        weights: frozenset[str] = frozenset().union(*(mark.weights for mark in marks))
        ops: frozenset[int] = frozenset().union(*(mark.ops for mark in marks))
        fed = [mark for mark in marks if mark.ops]
        scaled = len(fed) == 1 and name in ("add", "sub", "mul", "div", "neg")
        return Mark(weights=weights, ops=ops, direct=fed[0].direct if scaled else None)

    def _new(self, name: str, kind: Kind, z: statistics.Laid, marks: list[Mark], weights: tuple[str, ...]) -> Record:
        inputs = sorted(frozenset[int]().union(*(mark.ops for mark in marks)))
        path, module = self.path[-1] if self.path else ("", "")
        site = path if module.lower().startswith(name) and path else f"{path}.{name}".lstrip(".")
        dtype = z.values.dtype
        record = Record(
            place=len(self.records),
            site=_site(weights, path) or site,
            kind=kind,
            function=name,
            units=z.units,
            rows=z.rows,
            examples=z.values.shape[0],
            dtype=str(dtype).removeprefix("torch."),
            epsilon=torch.finfo(dtype).eps if dtype.is_floating_point else 0.0,
            weights=weights,
            inputs=tuple(inputs),
        )
        self.records.append(record)
        return record

    def _measured(self, record: Record, z: statistics.Laid, tensor: Any, shift: Any) -> None:  # noqa: ANN401
        if self.again is not None and record.site not in self.again:
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

    def _product(
        self,
        name: str,
        kind: Kind,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        result: Any,  # noqa: ANN401
        marks: list[Mark],
    ) -> Record | None:
        tensor = next(_tensors((result,)))
        if not tensor.is_floating_point():
            return None
        weights = tuple(sorted(frozenset[str]().union(*(mark.weights for mark in marks if not mark.ops))))
        self._note(name, kind, args, kwargs, weights)
        z = statistics.laid(tensor, self._axis(name, args), self.examples)
        record = self._new(name, kind, z, [mark for mark in marks if mark.ops], weights)
        self._measured(record, z, tensor, self._shift(name, args, kwargs))
        if self.whole and name in ("lstm", "gru", "rnn_tanh"):
            record.values |= statistics.gates(name, args, tensor)
        for weight in weights:
            if not torch.is_grad_enabled():
                self.reads[weight].cut = "no_grad"
        return record

    def _axis(self, name: str, args: tuple[Any, ...]) -> int:
        """Where the units of a result lie; of W @ x, in its rows."""
        if name in ("matmul", "mm") and len(args) == 2 and _pure(self.mark(args[0])) and args[1].ndim > 1:
            return -2
        return {**PRODUCTS, **NORMS}.get(name, -1)

    def _activation(self, name: str, tensor: Any, mark: Mark) -> Record | None:  # noqa: ANN401
        if not tensor.is_floating_point() or not tensor.numel():
            return None
        if name == "tanh" and self.path and "gelu" in self.path[-1][1].lower():
            name = "gelu"
        owner = self.records[mark.direct] if mark.exact and mark.direct is not None else None
        channels = owner is not None and _channels(owner, tensor)
        z = statistics.laid(tensor, 1 if channels or (owner is None and tensor.ndim >= 4) else -1, self.examples)
        record = self._new(name, "activation", z, [mark], ())
        if owner is None:
            self._measured(record, z, tensor, mark.shift)
        else:
            record.values |= owner.values
            record.sketch = None
        if name in RECTIFIERS and (self.again is None or record.site in self.again):
            record.values |= statistics.one_sided(z)
        if self.whole and name in SLOPES:
            record.values["slope"] = SLOPES[name](z.sample()).square().mean()
        return record

    def _attention(self, name: str, kwargs: dict[str, Any], tensors: list[Any], marks: list[Mark]) -> Record | None:
        found, keys = None, 0
        if self.whole and name == "softmax":
            found, keys = statistics.spread_of_scores(tensors[0])
        elif self.whole:
            found, keys = statistics.scores(tensors[0], tensors[1], kwargs.get("scale"))
        z = statistics.laid(tensors[0], -1, self.examples)
        record = self._new(name, "attention", z, marks, ())
        record.values |= {} if found is None else {"scores": found, "keys": keys}
        return record

    def _note(
        self, name: str, kind: Kind, args: tuple[Any, ...], kwargs: dict[str, Any], weights: tuple[str, ...]
    ) -> None:
        """Write down how the weights of an operation were read: their fans, and which is a bias or a gain."""
        ordered = [*args, *kwargs.values()]
        flat = [tensor for tensor in _tensors(ordered) if _pure(self.mark(tensor))]
        for tensor in flat:
            for weight in self.mark(tensor).weights:
                read = self.reads.setdefault(weight, Read())
                if tensor.ndim >= 2 or (kind == "norm" and not read.kind):
                    read.kind = kind if read.kind in (None, "embedding") else read.kind
                    read.fan_in, read.fan_out = _fans(name, tensor, args, kwargs)
        for weight in weights:
            self.reads.setdefault(weight, Read())
        bias = _bias(name, args, kwargs)
        if isinstance(bias, torch.Tensor) and _pure(self.mark(bias)):
            for weight in self.mark(bias).weights:
                self.reads.setdefault(weight, Read()).bias = True
        if kind == "norm":
            for weight in set(weights) - {each for each in weights if self.reads[each].bias}:
                self.reads[weight].gain = True

    def _shift(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:  # noqa: ANN401
        """What an operation adds to every row: its bias."""
        bias = _bias(name, args, kwargs)
        return bias if isinstance(bias, torch.Tensor) and bias.ndim == 1 and bias.any() else None

    def _weights_beside(self, name: str, tensors: list[Any], marks: list[Mark]) -> None:
        """Weights that meet a signal in another operation: tables that are added, scales that multiply."""
        self.normalised |= name == "rsqrt" and not _pure(marks[0])
        if name == "normalize" and _pure(marks[0]):
            for weight in marks[0].weights:
                self.reads.setdefault(weight, Read()).directed = True
        if not _data(marks) or name in VIEWS:
            return
        for tensor, mark in zip(tensors, marks, strict=True):
            if _pure(mark):
                for weight in mark.weights:
                    read = self.reads.setdefault(weight, Read())
                    read.bias |= name in ("add", "sub") and tensor.ndim <= 1
                if name not in ("add", "sub", "mul", "div", "cat", "where", "addcmul", "lerp", "pow", "exp"):
                    self.unseen.add(name)

    def _joined(self, name: str, marks: list[Mark]) -> None:
        """Note which results meet another signal: what is added to it, and what multiplies it.

        A sum of a signal and what was made of it makes the network a residual one.
        """
        parts = [mark for mark in marks if mark.ops]
        direct = [self.records[mark.direct] for mark in marks if mark.direct is not None]
        if len(parts) < 2 and not (len(marks) > 1 and name in ("add", "sub", "mul")):
            return
        for record in direct:
            record.gate |= name in ("mul", "where", "lerp")
            record.residual |= name in ("add", "sub", "cat", "stack", "addcmul")
        if name == "add":
            self.residual |= any(self._made_of(mark, other) for mark in parts for other in parts if mark is not other)

    def _made_of(self, mark: Mark, other: Mark) -> bool:
        """Whether a signal was made of another, by one operation or more."""
        seen, edge = set[int](), set(mark.ops)
        while edge:
            seen |= edge
            edge = {place for each in edge for place in self.records[each].inputs} - seen
        return bool(seen - set(mark.ops) & set(other.ops)) and bool((seen - mark.ops) & other.ops)


def _listener(record: Record, z: statistics.Laid, shape: Any) -> Callable[[Any], None]:  # noqa: ANN401
    """A hook that measures the gradient of a result and keeps nothing of either."""
    channels, laid_shape = z.channels, z.values.shape
    plain = tuple(shape) == tuple(laid_shape) or z.values.is_contiguous()
    compared = plain and (record.differs or record.sketch is not None)

    def listen(gradient: Any) -> None:  # noqa: ANN401
        values = gradient.detach()
        norm = torch.linalg.vector_norm(values.float())
        if not compared:
            record.received(None, norm)
            return
        back = statistics.Laid(values.reshape(laid_shape), channels)
        if record.differs:
            record.moved = max(record.moved or 0, statistics.moved(back))
        record.received(None if record.differs else statistics.sketch(back), norm)

    return listen


def _tensors(values: Iterable[Any]) -> Iterator[Any]:
    """The tensors among values, and in the lists and tuples among them."""
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from _tensors(value)


def _pure(mark: Mark) -> bool:
    return bool(mark.weights) and not mark.ops


def _data(marks: list[Mark]) -> bool:
    """Whether something meets the weights that is not made of weights alone."""
    return any(not _pure(mark) for mark in marks)


def _channels(owner: Record, tensor: Any) -> bool:  # noqa: ANN401
    return tensor.ndim > 2 and {**PRODUCTS, **NORMS}.get(owner.function) == 1 and tensor.shape[1] == owner.units


def _site(weights: tuple[str, ...], path: str) -> str:
    """The name of a site by the weight it reads, where that weight belongs to the module that runs."""
    main = next(
        (weight for weight in weights if "bias" not in weight.rpartition(".")[2]), weights[0] if weights else ""
    )
    if not main or (path and not main.startswith(f"{path}.")):
        return path if main else ""
    return main.removesuffix(".weight")


def _bias(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:  # noqa: ANN401
    """The bias among the arguments of a function."""
    if "bias" in kwargs:
        return kwargs["bias"]
    if name == "addmm":
        return args[0]
    place = {"linear": 2, "layer_norm": 3, "batch_norm": 4, "group_norm": 3, "instance_norm": 4, "bilinear": 3}
    where = place.get(name, 2 if name.startswith("conv") else None)
    return args[where] if where is not None and len(args) > where else None


def _fans(name: str, weight: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[float | None, float | None]:  # noqa: ANN401
    """The connections into and out of one unit, by what the function does with the weight."""
    if weight.ndim < 2:
        return None, None
    if name.startswith("conv"):
        taps = float(weight[0, 0].numel())
        groups = kwargs.get("groups", args[6] if len(args) > 6 else 1)
        if "transpose" in name:
            return weight.shape[0] / groups * taps, weight.shape[1] * taps
        return weight.shape[1] * taps, weight.shape[0] / groups * taps
    if name in ("addmm", "matmul", "mm", "bmm", "baddbmm"):
        left = bool(args) and args[0] is weight
        return float(weight.shape[-1 if left else -2]), float(weight.shape[-2 if left else -1])
    if name in ("embedding", "embedding_bag"):
        return float(weight.shape[1]), float(weight.shape[1])
    return float(weight.shape[-1]), float(weight.shape[-2])


def _without_dropout(
    name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of a function that would drop out, so that it does not."""
    if name == "scaled_dot_product_attention":
        if len(args) > 4:
            args = (*args[:4], 0.0, *args[5:])
        return args, {**kwargs, "dropout_p": 0.0} if "dropout_p" in kwargs else kwargs
    if name == "multi_head_attention_forward":
        if len(args) > 10:
            args = (*args[:10], 0.0, *args[11:])
        return args, {**kwargs, "dropout_p": 0.0} if "dropout_p" in kwargs else kwargs
    return args, kwargs

"""How the weights are read: by which operations, with which fans, as biases or as gains."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from initlab.adapters.torch.trace_functions import VIEWS
from initlab.adapters.torch.trace_marks import Mark, Marks, tensors, with_data
from initlab.trace import Kind

PLAIN = ("add", "sub", "mul", "div", "cat", "where", "addcmul", "lerp", "pow", "exp")
"""Functions in which a weight may meet a signal, entry by entry, that are understood."""

WARPS = frozenset({"softplus", "sigmoid", "exp", "tanh", "relu", "elu", "abs", "square", "softmax"})
"""Functions that bend a weight before it is used: its own numbers are not what multiplies."""

BIASES = {"linear": 2, "layer_norm": 3, "batch_norm": 4, "group_norm": 3, "instance_norm": 4, "bilinear": 3}
"""The place of the bias among the arguments of a function; of a convolution, 2."""


@dataclass(slots=True)
class Read:
    """How one weight was read: by which kind of operation, with which fans, in which part."""

    kind: Kind | None = None
    fan_in: float | None = None
    fan_out: float | None = None
    bias: bool = False
    gain: bool = False
    directed: bool = False
    warped: bool = False
    cut: str = ""


class Reads:
    """How each weight was read, by name; `unseen` holds what a function that is not understood read."""

    def __init__(self, marks: Marks) -> None:
        self.marks, self.found = marks, dict[str, Read]()
        self.unseen: dict[str, set[str]] = {}

    def of(self, weight: str) -> Read:
        """How a weight was read so far."""
        return self.found.setdefault(weight, Read())

    def measured(
        self, name: str, kind: Kind, args: tuple[Any, ...], kwargs: dict[str, Any], weights: tuple[str, ...]
    ) -> None:
        """Write down how a measured operation read its weights."""
        for tensor in tensors((*args, *kwargs.values())):
            mark = self.marks.of(tensor)
            for weight in mark.weights if mark.pure else ():
                read = self.of(weight)
                if tensor.ndim >= 2 or (kind == "norm" and not read.kind):
                    read.kind = kind if read.kind in (None, "embedding") else read.kind
                    read.fan_in, read.fan_out = fans(name, tensor, args, kwargs)
        bias = bias_of(name, args, kwargs)
        if isinstance(bias, torch.Tensor) and (mark := self.marks.of(bias)).pure:
            for weight in mark.weights:
                self.of(weight).bias = True
        for read in map(self.of, weights):
            read.gain |= kind == "norm" and not read.bias
            read.cut = read.cut if torch.is_grad_enabled() else "no_grad"

    def beside(self, name: str, given: Sequence[Any], marks: Sequence[Mark]) -> None:
        """Weights that meet a signal in another operation: tables that are added, scales that multiply."""
        alters = name == "normalize" or name in WARPS
        for weight in marks[0].weights if alters and marks and marks[0].pure else ():
            self.of(weight).directed |= name == "normalize"
            self.of(weight).warped |= name in WARPS
        if name in VIEWS or not with_data(marks):
            return
        for tensor, mark in zip(given, marks, strict=True):
            if mark.pure:
                for weight in mark.weights:
                    read = self.of(weight)
                    read.bias |= name in ("add", "sub") and tensor.ndim <= 1
                if name not in PLAIN:
                    self.unseen.setdefault(name, set()).update(mark.weights)


def bias_of(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:  # noqa: ANN401
    """The bias among the arguments of a function."""
    if "bias" in kwargs:
        return kwargs["bias"]
    if name == "addmm":
        return args[0]
    where = BIASES.get(name, 2 if name.startswith("conv") else None)
    return args[where] if where is not None and len(args) > where else None


def fans(name: str, weight: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[float | None, float | None]:  # noqa: ANN401
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

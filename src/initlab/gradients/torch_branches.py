"""Seeing which branches a torch program takes: rectifiers, clamps, maxima, sorts and comparisons, as they are run."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from initlab.gradients.watch import Pattern

SIGN = frozenset(
    {"relu", "leaky_relu", "prelu", "_prelu_kernel", "elu", "celu", "selu", "abs", "relu_", "rrelu_with_noise"}
)
UNCHANGED = frozenset({"clamp", "clamp_min", "clamp_max", "hardtanh", "hardshrink", "softshrink", "threshold"})
AT_THREE = frozenset({"hardswish", "hardsigmoid"})
COMPARED = frozenset(
    {"gt", "ge", "lt", "le", "eq", "ne", "sign", "floor", "ceil", "round", "trunc", "argmax", "argmin"}
)
INDEXED = frozenset({"max", "min", "sort", "topk", "median", "kthvalue", "cummax", "cummin", "max_pool2d_with_indices",
                     "max_pool3d_with_indices", "adaptive_max_pool2d", "adaptive_max_pool3d", "mode"})  # fmt: skip
LARGER = frozenset({"maximum", "minimum", "fmax", "fmin"})


class Branches(TorchDispatchMode):  # type: ignore[misc]
    """While this is entered, every operation with a kink notes the side it is on."""

    def __init__(self) -> None:
        super().__init__()
        self.pattern = Pattern()

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Any,  # noqa: ANN401
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        result = func(*args, **(kwargs or {}))
        name = getattr(func, "_opname", "") or str(func).split(".")[1]
        self._note(name, args, result)
        return result

    def _note(self, name: str, args: tuple[Any, ...], result: Any) -> None:  # noqa: ANN401
        if name in SIGN:
            self._add(args[0] > 0)
        elif name in UNCHANGED:
            self._add(result == args[0])
        elif name in AT_THREE:
            self._add((args[0] > 3) | (args[0] < -3))
        elif name in COMPARED:
            self._add(result)
        elif name in LARGER:
            self._add(args[0] > args[1])
        elif name in INDEXED and isinstance(result, tuple):
            self._add(result[1])

    def _add(self, mask: Any) -> None:  # noqa: ANN401
        if isinstance(mask, torch.Tensor):
            self.pattern.note(mask.detach().cpu().numpy())

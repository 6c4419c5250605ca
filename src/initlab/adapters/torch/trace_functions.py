"""What the functions of torch are, by name: which multiply, look up, normalise, bend, and which only pass a tensor on.

A function has one name whether it is `F.relu`, `torch.relu`, `Tensor.relu_` or what `nn.ReLU` calls.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import FunctionType
from typing import Any

import torch

from initlab.trace import Kind

PRODUCTS: Mapping[str, int] = {
    "linear": -1,
    "addmm": -1,
    "bilinear": -1,
    "matmul": -1,
    "mm": -1,
    "bmm": -1,
    "baddbmm": -1,
    "einsum": -1,
    "conv1d": 1,
    "conv2d": 1,
    "conv3d": 1,
    "conv_transpose1d": 1,
    "conv_transpose2d": 1,
    "conv_transpose3d": 1,
}
"""Products with a weight, and the axis of their result along which the units lie."""

TABLES = ("embedding", "embedding_bag")
NORMS: Mapping[str, int] = {
    "layer_norm": -1,
    "rms_norm": -1,
    "batch_norm": 1,
    "group_norm": 1,
    "instance_norm": 1,
}
RECURRENT = ("lstm", "gru", "rnn_tanh", "rnn_relu", "lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell")
ATTENTION = ("scaled_dot_product_attention",)
RECTIFIERS = ("relu", "relu6")
"""Functions that are exactly 0 for every input <= 0."""

ACTIVATIONS = (
    *RECTIFIERS, "leaky_relu", "prelu", "rrelu", "elu", "celu", "selu", "gelu", "silu", "mish", "softplus",
    "hardswish", "tanh", "sigmoid", "hardtanh", "hardsigmoid", "softsign", "logsigmoid", "tanhshrink",
)  # fmt: skip
DROPOUTS = ("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_dropout",
            "feature_alpha_dropout")  # fmt: skip
CRITERIA = ("cross_entropy", "nll_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits", "mse_loss",
            "l1_loss", "smooth_l1_loss", "huber_loss")  # fmt: skip
CUTS = ("detach", "data", "numpy", "argmax", "round", "sign")
"""Functions through which no gradient comes."""

VIEWS = frozenset(
    (
        "view", "reshape", "transpose", "permute", "contiguous", "flatten", "unflatten", "squeeze", "unsqueeze", "to",
        "float", "half", "bfloat16", "double", "type", "clone", "t", "T", "mT", "swapaxes", "movedim", "narrow",
        "chunk", "split", "unbind", "select", "getitem", "expand", "expand_as", "view_as", "reshape_as", "type_as",
        "identity", "slice",
    )
)  # fmt: skip
"""Functions whose result is their first argument, laid out otherwise or in part."""

INERT = frozenset(
    (
        "shape", "ndim", "dtype", "device", "size", "dim", "ndimension", "numel", "stride", "layout", "is_leaf",
        "requires_grad", "requires_grad_", "grad_fn", "is_floating_point", "is_complex", "is_contiguous", "is_sparse",
        "is_nested", "is_quantized", "is_cuda", "is_cpu", "is_meta", "len", "get_device", "element_size",
        "storage_offset",
    )
)  # fmt: skip
"""What is asked of a tensor, and not made of it."""

SLOPES: Mapping[str, Callable[[Any], Any]] = {
    "tanh": lambda z: 1 - torch.tanh(z) ** 2,
    "sigmoid": lambda z: 4 * torch.sigmoid(z) * (1 - torch.sigmoid(z)),
    "hardtanh": lambda z: (z.abs() < 1).to(z.dtype),
    "hardsigmoid": lambda z: (z.abs() < 3).to(z.dtype),
    "softsign": lambda z: (1 + z.abs()) ** -2,
}
"""φ'(z)/φ'(0) of the bounded activations."""


@lru_cache(maxsize=4096)
def name_of(function: Any) -> str:  # noqa: ANN401
    """The one name of a function, whichever way it is called: without underscores; of a property, its own.

    >>> name_of(torch.relu_), name_of(torch.Tensor.__matmul__), name_of(torch.Tensor.T.__get__)
    ('relu', 'matmul', 'T')
    """
    name: str = getattr(function, "__name__", "")
    if name == "__get__":
        name = getattr(getattr(function, "__self__", None), "__name__", "")
    name = name.strip("_")
    return _ALIKE.get(name, name)


_ALIKE = {
    "rmatmul": "matmul", "radd": "add", "iadd": "add", "rmul": "mul", "imul": "mul", "multiply": "mul",
    "swish": "silu", "upsample": "interpolate", "threshold": "threshold", "conv_transpose": "conv_transpose2d",
}  # fmt: skip


@lru_cache(maxsize=4096)
def kind_of(name: str) -> Kind | None:
    """What kind of operation a name stands for, if it is one that is measured whatever its arguments."""
    if name in ACTIVATIONS:
        return "activation"
    if name in NORMS:
        return "norm"
    if name in ATTENTION:
        return "attention"
    if name in RECURRENT:
        return "recurrent"
    return "embedding" if name in TABLES else None


def opened(function: Any) -> Any:  # noqa: ANN401
    """A copy of a function of torch written in Python that shows what it calls, in place of itself as a whole."""
    names = {**function.__globals__, "has_torch_function": lambda _: False}
    copy = FunctionType(function.__code__, names, function.__name__, function.__defaults__, function.__closure__)
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy

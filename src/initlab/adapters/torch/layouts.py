"""What torch's own layers, and the few others that hold their weights in a way of their own, say of each tensor.

One row, one kind of module: a function from (module, name of the tensor, tensor) to its role and blocks. A kind is
known by its class or a class it is made from; by name, so that the library that defines it is not loaded.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from initlab.adapters.blocks import Block, groups_apart, part, whole
from initlab.parameters import Fan, Gate, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The role of a tensor as its layer alone tells it, the blocks it is made of, and why. `kind` is its layer's."""

    role: Role
    blocks: tuple[Block, ...]
    why: str
    kind: str = "special"


Rule = Callable[[Any, str, torch.Tensor], Layout | None]


def _bias(tensor: torch.Tensor, fan: Fan | None, kind: str) -> Layout:
    return Layout(role="bias", blocks=(whole(tensor.shape, fan=fan),), why="bias of a " + kind, kind="bias")


def _linear(module: Any, name: str, tensor: torch.Tensor) -> Layout | None:  # noqa: ANN401
    if tensor.ndim > 2 or name not in ("weight", "bias"):
        return None
    fan = Fan.dense(max(1, module.in_features), max(1, module.out_features))
    if name == "bias":
        return _bias(tensor, fan, "dense layer")
    return Layout(role="weight", blocks=(whole(tensor.shape, fan=fan),), why="dense layer (out, in)", kind="dense")


def _conv1d(module: Any, name: str, tensor: torch.Tensor) -> Layout | None:  # noqa: ANN401
    """The dense layer of GPT-2 in transformers, which is called Conv1D and holds (in, out)."""
    fan = Fan.dense(module.nx, module.nf)
    if name == "bias":
        return _bias(tensor, fan, "dense layer")
    return Layout(
        role="weight",
        blocks=(whole(tensor.shape, fan=fan, axes=(1, 0)),),
        why="dense layer held as (in, out)",
        kind="dense",
    )


def _conv(module: Any, name: str, tensor: torch.Tensor) -> Layout | None:  # noqa: ANN401
    transposed = bool(getattr(module, "transposed", False))
    strides = module.stride if isinstance(module.stride, tuple) else (module.stride,)
    fan = Fan(
        inputs=module.in_channels,
        outputs=module.out_channels,
        taps=math.prod(module.kernel_size),
        groups=module.groups,
        stride=math.prod(strides),
        transposed=transposed,
    )
    if name == "bias":
        return _bias(tensor, fan, "convolution")
    if name != "weight":
        return None
    said = [f"kernel {'x'.join(map(str, tensor.shape[2:]))}"]
    said += [f"{fan.groups} groups"] if fan.groups > 1 else []
    said += [f"stride {'x'.join(map(str, strides))}"] if fan.stride > 1 else []
    block = groups_apart(tensor.shape, fan.groups, fan) if transposed else whole(tensor.shape, fan=fan)
    why = ("transposed " if transposed else "") + "convolution, " + ", ".join(said)
    return Layout(role="weight", blocks=(block,), why=why, kind="convolution")


def _embedding(_module: Any, name: str, tensor: torch.Tensor) -> Layout | None:  # noqa: ANN401
    if name != "weight":
        return None
    return Layout(role="embedding", blocks=(table(tensor),), why="rows that are looked up, not summed", kind="table")


def table(tensor: torch.Tensor) -> Block:
    """A table of rows: one effective input, since a row is looked up and not summed."""
    return whole(tensor.shape, fan=Fan.dense(1, tensor.shape[-1]) if tensor.ndim and tensor.shape[-1] else None)


def _norm(_module: Any, name: str, tensor: torch.Tensor) -> Layout | None:  # noqa: ANN401
    if name == "weight":
        return Layout(role="norm_scale", blocks=(whole(tensor.shape),), why="scale of a normalisation", kind="norm")
    if name == "bias":
        return Layout(role="bias", blocks=(whole(tensor.shape),), why="shift of a normalisation", kind="norm")
    return None


def _bilinear(module: Any, name: str, tensor: torch.Tensor) -> Layout | None:  # noqa: ANN401
    fan = Fan.dense(module.in1_features * module.in2_features, module.out_features)
    if name == "bias":
        return _bias(tensor, fan, "bilinear layer")
    return Layout(
        role="weight",
        blocks=(whole(tensor.shape, fan=fan),),
        why="bilinear layer: an input is a product of two",
        kind="dense",
    )


_QKV: tuple[Role, ...] = ("query", "key", "value")


def _attention(module: Any, name: str, tensor: torch.Tensor) -> Layout | None:  # noqa: ANN401
    width = module.embed_dim
    if name in ("in_proj_weight", "in_proj_bias"):
        is_bias = name == "in_proj_bias"
        blocks = tuple(
            part(
                tensor.shape,
                0,
                range(k * width, (k + 1) * width),
                label=role,
                fan=Fan.dense(width, width),
                role="bias" if is_bias else role,
                why=f"block {k} of the packed projection of queries, keys and values",
            )
            for k, role in enumerate(_QKV)
        )
        return Layout(
            role="bias" if is_bias else "weight", blocks=blocks, why="", kind="bias" if is_bias else "attention"
        )
    for role in _QKV:
        if name == f"{role[0]}_proj_weight":
            fan = Fan.dense(tensor.shape[1], width)
            return Layout(
                role=role, blocks=(whole(tensor.shape, fan=fan),), why=f"projection to the {role}", kind="attention"
            )
    if name in ("bias_k", "bias_v"):
        return Layout(
            role="bias", blocks=(whole(tensor.shape),), why="learned key or value beside the sequence", kind="bias"
        )
    return None


LSTM_GATES: tuple[Gate, ...] = ("input", "forget", "cell", "output")
GRU_GATES: tuple[Gate, ...] = ("reset", "update", "cell")


def _recurrent(module: Any, name: str, tensor: torch.Tensor) -> Layout | None:  # noqa: ANN401
    gates: tuple[Gate, ...] = {4: LSTM_GATES, 3: GRU_GATES}.get(_packed(module), ("cell",))
    size = module.hidden_size
    if name.startswith("weight_hr"):
        fan = Fan.dense(size, tensor.shape[0])
        return Layout(
            role="weight", blocks=(whole(tensor.shape, fan=fan),), why="projection of the state", kind="fixed"
        )
    is_bias, recurrent = name.startswith("bias"), "_hh" in name
    role: Role = "bias" if is_bias else "recurrent" if recurrent else "weight"
    fan = Fan.dense(size if is_bias else tensor.shape[1], size)
    what = "bias" if is_bias else "recurrent kernel" if recurrent else "input kernel"
    blocks = tuple(
        part(
            tensor.shape,
            0,
            range(k * size, (k + 1) * size),
            label=None if len(gates) == 1 else gate,
            fan=fan,
            role=role,
            gate=gate,
            why=f"{what} of the {'candidate' if gate == 'cell' else gate + ' gate'}",
        )
        for k, gate in enumerate(gates)
    )
    return Layout(role=role, blocks=blocks, why="", kind="recurrent")


def _packed(module: Any) -> int:  # noqa: ANN401
    """How many gates the matrices of a recurrent layer are packed of."""
    weight = getattr(module, "weight_hh_l0", None)
    weight = module.weight_hh if weight is None else weight
    return int(weight.shape[0]) // int(module.hidden_size)


def _slope(_module: Any, _name: str, tensor: torch.Tensor) -> Layout | None:  # noqa: ANN401
    return Layout(role="special", blocks=(whole(tensor.shape),), why="learned slope of an activation")


_CONV = ("_ConvNd",)
_NORMS = ("LayerNorm", "GroupNorm", "RMSNorm", "_NormBase", "LocalResponseNorm")

RULES: dict[str, Rule] = {
    "Linear": _linear,
    "Conv1D": _conv1d,
    **dict.fromkeys(_CONV, _conv),
    "Embedding": _embedding,
    "EmbeddingBag": _embedding,
    **dict.fromkeys(_NORMS, _norm),
    "Bilinear": _bilinear,
    "MultiheadAttention": _attention,
    "RNNBase": _recurrent,
    "RNNCellBase": _recurrent,
    "PReLU": _slope,
}


_DIRECTIONS = {"weight_v": "weight", "weight_orig": "weight"}
_LENGTHS = ("weight_g",)
"""How the weight of a layer is held by weight_norm and spectral_norm, and what beside it."""


def layout_of(module: nn.Module, name: str, tensor: torch.Tensor) -> Layout | None:
    """What the kind of a module says of one of its tensors; None where it says nothing."""
    name = _DIRECTIONS.get(name, name)
    if name in _LENGTHS and tensor.ndim > 0:
        return Layout(
            role="special", blocks=(whole(tensor.shape),), why="length of each unit of a weight that is normalised"
        )
    for kind in type(module).__mro__:
        known = kind.__module__.startswith("torch.nn") or kind.__name__ == "Conv1D"
        if known and kind.__name__ in RULES:
            return RULES[kind.__name__](module, name, tensor)
    return None

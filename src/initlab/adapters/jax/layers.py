"""What the layers of Flax and Equinox say of their own arrays: roles, fans, and where each block lies.

One row, one kind of layer: a function from (layer, name of the array, shape as held) to its blocks. A kind is known by
its class or a class it is made from; by name, so that no library is loaded. An array with more axes than its layer has
is a stack of layers: the leading axes are indices of it.
"""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from initlab.adapters.jax.place import Block, Place, dense, kernel, whole
from initlab.parameters import Fan, Gate, Role

Shape: TypeAlias = tuple[int, ...]
Rule: TypeAlias = Callable[[Any, str, Shape], tuple[Block, ...]]

LSTM: tuple[Gate, ...] = ("input", "forget", "cell", "output")
GRU: tuple[Gate, ...] = ("reset", "update", "cell")
LIBRARIES = ("flax.", "equinox.")
NORMS = ("BatchNorm", "LayerNorm", "RMSNorm", "GroupNorm", "InstanceNorm")
CELLS = {
    "OptimizedLSTMCell": LSTM,
    "LSTMCell": LSTM,
    "GRUCell": GRU,
    "MGUCell": ("update", "cell"),
    "SimpleCell": ("cell",),
}
GATES: Mapping[str, Gate] = {
    "i": "input", "f": "forget", "g": "cell", "o": "output", "r": "reset", "z": "update", "n": "cell",
}  # fmt: skip


def blocks_of(layer: object, name: str, shape: Shape) -> tuple[Block, ...]:
    """What the kind of a layer says of one of its arrays; nothing where the kind is not known."""
    for kind in type(layer).__mro__:
        library = kind.__module__.partition(".")[0]
        rule = {"flax": FLAX, "equinox": EQUINOX}.get(library, {}).get(kind.__name__)
        if rule is not None:
            return rule(layer, name, shape)
    return ()


def kind_of(layer: object) -> str | None:
    """The name of a layer's class."""
    return None if layer is None else type(layer).__name__


def bias(shape: Shape, what: str, *, ndim: int = 1, fan: Fan | None = None) -> tuple[Block, ...]:
    """A bias whose own layer has `ndim` axes of it: flat, one a layer of a stack."""
    stacked = len(shape) - ndim
    place = Place(held=shape, groups=(tuple(range(stacked, len(shape))),) if ndim else ())
    return in_stack((Block(place=place, role="bias", fan=fan, why=f"bias of a {what}"),), stacked)


def in_stack(blocks: Sequence[Block], stacked: int) -> tuple[Block, ...]:
    """Each block once a layer of a stack, whose indices are the leading axes.

    >>> [block.place.cuts for block in in_stack([Block(place=whole((2, 5), stacked=1), role="bias")], 1)]
    [((0, 0),), ((0, 1),)]
    """
    if stacked <= 0:
        return tuple(blocks)
    return tuple(
        replace(block, place=replace(block.place, cuts=(*enumerate(index), *block.place.cuts)))
        for index in itertools.product(*map(range, blocks[0].place.held[:stacked]))
        for block in blocks
    )


def split(block: Block, gates: Sequence[Gate], *, axis: int) -> tuple[Block, ...]:
    """A block packed of equal parts along a held axis: one a gate, each with its own fan."""
    size = block.place.held[axis] // len(gates)
    if len(gates) == 1:
        return (replace(block, gate=gates[0]),)
    fan = block.fan and Fan.dense(block.fan.inputs, size)
    return tuple(
        replace(
            block,
            place=replace(block.place, cuts=(*block.place.cuts, (axis, slice(k * size, (k + 1) * size)))),
            label=gate,
            gate=gate,
            fan=fan,
            why=f"{block.why}, {'candidate' if gate == 'cell' else gate + ' gate'}",
        )
        for k, gate in enumerate(gates)
    )


def _axes(value: object) -> int:
    return len(value) if isinstance(value, Sequence) else 1


def _general(layer: Any, name: str, shape: Shape) -> tuple[Block, ...]:  # noqa: ANN401
    """A dense kernel (*stack, *batch, *in, *out) of Flax; its batch axes are as many kernels side by side."""
    batch = _axes(getattr(layer, "batch_dims", None) or list(getattr(layer, "batch_axis", None) or ()))
    features = getattr(layer, "out_features", None) or getattr(layer, "features", 1)
    inputs = _axes(getattr(layer, "in_features", None) or getattr(layer, "axis", 1))
    outputs = _axes(features)
    if name == "bias":
        return bias(shape, "dense layer", ndim=outputs)
    if name != "kernel":
        return ()
    stacked = len(shape) - inputs - outputs
    place = dense(shape, inputs=inputs, batch=stacked)
    rows, columns = place.shape
    said = (
        "dense layer held as (in, out)" if inputs == outputs == 1 else f"dense layer of {inputs} axes in, {outputs} out"
    )
    if batch:
        said += f", one for each index of {batch} batch axes"
    return in_stack((Block(place=place, role="weight", fan=Fan.dense(columns, rows), why=said),), stacked)


def _einsum(layer: Any, name: str, shape: Shape) -> tuple[Block, ...]:  # noqa: ANN401
    """The kernel of "...,bio->..." : what the input shares with it alone is summed over, the rest are outputs."""
    left, _, result = layer.einsum_str.replace(" ", "").replace("...", "").partition("->")
    given, _, letters = left.partition(",")
    if name == "bias":
        return bias(shape, "dense layer", ndim=len(shape))
    if name != "kernel" or len(letters) > len(shape):
        return ()
    stacked = len(shape) - len(letters)
    summed = tuple(stacked + k for k, letter in enumerate(letters) if letter not in result)
    beside = tuple(stacked + k for k, letter in enumerate(letters) if letter in result and letter in given)
    outputs = tuple(stacked + k for k, letter in enumerate(letters) if letter in result and letter not in given)
    fan = Fan.dense(math.prod(shape[k] for k in summed), math.prod(shape[k] for k in outputs))
    made = []
    for index in itertools.product(*(range(shape[k]) for k in (*range(stacked), *beside))):
        place = Place(
            held=shape, groups=(outputs, summed), cuts=tuple(zip((*range(stacked), *beside), index, strict=True))
        )
        made.append(Block(place=place, role="weight", fan=fan, why=f"dense layer {layer.einsum_str}"))
    return tuple(made)


def _size(value: object) -> int:
    return math.prod(value) if isinstance(value, Sequence) else int(value or 1)  # type: ignore[call-overload]


def _convolution(
    shape: Shape,
    *,
    order: str,
    taps: int,
    groups: int,
    strides: object,
    transposed: bool,
) -> tuple[Block, ...]:
    stacked = len(shape) - 2 - taps
    place = kernel(shape, order=order, stacked=stacked)
    outputs, inputs, *kernel_size = place.shape
    stride = _size(strides) if isinstance(strides, Sequence) else _size(strides) ** taps
    fan = Fan(
        inputs=inputs * groups,
        outputs=outputs,
        taps=math.prod(kernel_size),
        groups=groups,
        stride=stride,
        transposed=transposed,
    )
    said = ("transposed " if transposed else "") + f"convolution, kernel {'x'.join(map(str, kernel_size))}"
    said += f", {groups} groups" if groups > 1 else ""
    said += f", stride {stride} in all" if stride > 1 else ""
    return in_stack((Block(place=place, role="weight", fan=fan, why=f"{said}, held as {order}"),), stacked)


def _flax_conv(layer: Any, name: str, shape: Shape) -> tuple[Block, ...]:  # noqa: ANN401
    if name == "bias":
        return bias(shape, "convolution")
    if name != "kernel":
        return ()
    transposed = "ConvTranspose" in {kind.__name__ for kind in type(layer).__mro__}
    order = "HWOI" if transposed and layer.transpose_kernel else "HWIO"
    return _convolution(
        shape,
        order=order,
        taps=_axes(layer.kernel_size),
        groups=getattr(layer, "feature_group_count", 1),
        strides=layer.strides or 1,
        transposed=transposed,
    )


def _equinox_conv(layer: Any, name: str, shape: Shape) -> tuple[Block, ...]:  # noqa: ANN401
    taps = layer.num_spatial_dims
    if name == "bias":
        return bias(shape, "convolution", ndim=1 + taps)
    if name != "weight":
        return ()
    transposed = "ConvTranspose" in {kind.__name__ for kind in type(layer).__mro__}
    return _convolution(
        shape, order="OIHW", taps=taps, groups=layer.groups, strides=layer.stride, transposed=transposed
    )


def _equinox_linear(_layer: Any, name: str, shape: Shape) -> tuple[Block, ...]:  # noqa: ANN401
    if name == "bias":
        return bias(shape, "dense layer")
    if name != "weight":
        return ()
    stacked = len(shape) - 2
    fan = Fan.dense(shape[-1], shape[-2])
    place = whole(shape, stacked=stacked)
    return in_stack((Block(place=place, role="weight", fan=fan, why="dense layer held as (out, in)"),), stacked)


def table(shape: Shape, *, role: Role = "embedding", why: str = "rows that are looked up, not summed") -> Block:
    """A table of rows: one effective input, since a row is looked up and not summed."""
    return Block(place=whole(shape), role=role, fan=Fan.dense(1, shape[-1]) if shape and shape[-1] else None, why=why)


def _embedding(_layer: Any, name: str, shape: Shape) -> tuple[Block, ...]:  # noqa: ANN401
    if name not in ("embedding", "weight"):
        return ()
    stacked = len(shape) - 2
    return in_stack((replace(table(shape), place=whole(shape, stacked=stacked)),), stacked)


def _norm(layer: Any, name: str, shape: Shape) -> tuple[Block, ...]:  # noqa: ANN401
    if name not in ("scale", "weight", "bias"):
        return ()
    ndim = len(layer.shape) if isinstance(getattr(layer, "shape", None), tuple) else 1
    stacked = max(len(shape) - ndim, 0)
    role, why = ("bias", "shift of a normalisation") if name == "bias" else ("norm_scale", "scale of a normalisation")
    return in_stack((Block(place=whole(shape, stacked=stacked), role=role, why=why),), stacked)  # type: ignore[arg-type]


def _equinox_cell(layer: Any, name: str, shape: Shape) -> tuple[Block, ...]:  # noqa: ANN401
    """Weights (gates, in) and biases (gates,), the gates packed."""
    gates, size = (LSTM if "LSTM" in type(layer).__name__ else GRU), layer.hidden_size
    if name == "bias_n":
        return (replace(*bias(shape, "recurrent layer"), gate="cell"),)
    ndim = 1 if name.startswith("bias") else 2
    stacked = len(shape) - ndim
    if ndim == 1:
        block = Block(place=whole(shape, stacked=stacked), role="bias", fan=Fan.dense(size, size), why="bias")
    else:
        recurrent = name == "weight_hh"
        block = Block(
            place=whole(shape, stacked=stacked),
            role="recurrent" if recurrent else "weight",
            fan=Fan.dense(shape[-1], size),
            why="recurrent kernel" if recurrent else "input kernel",
        )
    return in_stack(split(block, gates, axis=stacked), stacked)


def cell_of(cell: object, layer: str) -> tuple[tuple[Gate, ...], bool]:
    """The gates that a dense layer of a Flax cell holds, by the name it has there, and whether it sees the state.

    `if_` and `hf` are those of the forget gate, `dense_h` packs all of them; no gates where the name is another.
    """
    kind = next((each.__name__ for each in type(cell).__mro__ if each.__name__ in CELLS), "")
    if layer in ("dense_i", "dense_h"):
        return CELLS.get(kind, ("cell",)), layer == "dense_h"
    letters = layer.rstrip("_")
    if kind and len(letters) == 2 and letters[0] in "ih" and letters[1] in GATES:
        return (GATES[letters[1]],), letters[0] == "h"
    if kind == "SimpleCell" and layer in ("i", "h"):
        return ("cell",), layer == "h"
    return (), False


def _special(_layer: Any, _name: str, shape: Shape) -> tuple[Block, ...]:  # noqa: ANN401
    return (Block(place=whole(shape), role="special", why="learned slope of an activation"),)


def _low_rank(_layer: Any, name: str, shape: Shape) -> tuple[Block, ...]:  # noqa: ANN401
    if name == "lora_a" and len(shape) == 2:
        fan = Fan.dense(*shape)
        return (Block(place=dense(shape), role="weight", fan=fan, why="random half of a low-rank adapter"),)
    if name == "lora_b":
        return (Block(place=whole(shape), role="special", why="zero half of a low-rank adapter"),)
    return ()


FLAX: Mapping[str, Rule] = {
    **dict.fromkeys(("Dense", "DenseGeneral", "Linear", "LinearGeneral"), _general),
    "Einsum": _einsum,
    **dict.fromkeys(("Conv", "_Conv", "ConvTranspose"), _flax_conv),
    "Embed": _embedding,
    **dict.fromkeys(NORMS, _norm),
    "PReLU": _special,
    "LoRA": _low_rank,
}
EQUINOX: Mapping[str, Rule] = {
    "Linear": _equinox_linear,
    **dict.fromkeys(("Conv", "ConvTranspose"), _equinox_conv),
    "Embedding": _embedding,
    **dict.fromkeys(NORMS, _norm),
    **dict.fromkeys(("LSTMCell", "GRUCell"), _equinox_cell),
    "PReLU": _special,
}

"""What the name and shape of an array suggest, where neither its layer nor the flow of the data is known.

JAX multiplies x @ W: a matrix is (in, out), a kernel (*taps, in, out), and a bias of its own has the size of the last
axis. Where only the first axis has that size, the matrix is (out, in).
"""

import math
import re
from collections.abc import Iterable, Mapping

from initlab.adapters.jax.layers import bias, in_stack, table
from initlab.adapters.jax.leaves import Leaf, Path
from initlab.adapters.jax.place import Block, dense, kernel, whole
from initlab.adapters.roles import LAYER_ROLES, TABLE_ROLES, named_role
from initlab.parameters import Fan

BIASES = re.compile(r"(?<![A-Za-z])(biases|bias|beta|offset|shift|b)(?![A-Za-z])", re.IGNORECASE)
SCALES = re.compile(r"(?<![A-Za-z])(gamma|scale|g)(?![A-Za-z])", re.IGNORECASE)
WEIGHTS = re.compile(r"(?<![A-Za-z])(weights|weight|kernel|w)(?![A-Za-z])", re.IGNORECASE)


def guessed(leaf: Leaf, name: str, shapes: Mapping[Path, tuple[int, ...]]) -> tuple[Block, ...]:
    """The blocks of an array by its name, its shape, and those of its neighbours."""
    own = shapes.get(bias_of(leaf.path, shapes) or ())
    if BIASES.search(leaf.path[-1]):
        return bias(leaf.shape, "layer", ndim=len(leaf.shape) - _stack_of_bias(leaf, shapes))
    if SCALES.search(leaf.path[-1]) or (len(leaf.shape) == 1 and WEIGHTS.search(leaf.path[-1])):
        stacked = max(len(leaf.shape) - 1, 0)
        scale = Block(
            place=whole(leaf.shape, stacked=stacked), role="norm_scale", why="named as the scale of a normalisation"
        )
        return in_stack((scale,), stacked)
    role = named_role(name, TABLE_ROLES)
    if role is not None and own is None and leaf.path[-1] != "kernel":
        return (table(leaf.shape, role=role, why=f"named {leaf.path[-1]}"),)
    if len(leaf.shape) < 2:
        return (Block(place=whole(leaf.shape), role="special", why="its use is unknown"),)
    return _kernel(leaf, name, own)


def bias_of(path: Path, paths: Iterable[Path]) -> Path | None:
    """The path of the bias that stands beside a weight: the same but for that word."""
    stem = WEIGHTS.sub("", path[-1])
    for other in paths:
        if other[:-1] == path[:-1] and other != path and BIASES.search(other[-1]) and BIASES.sub("", other[-1]) == stem:
            return other
    return None


def _stack_of_bias(leaf: Leaf, shapes: Mapping[Path, tuple[int, ...]]) -> int:
    """1 for a bias (layers, out) beside a kernel (layers, in, out)."""
    stem = BIASES.sub("", leaf.path[-1])
    for other, shape in shapes.items():
        if other[:-1] == leaf.path[:-1] and other != leaf.path:
            if WEIGHTS.search(other[-1]) and WEIGHTS.sub("", other[-1]) == stem:
                return int(_stacked(shape, leaf.shape))
            if SCALES.search(other[-1]):
                return max(len(leaf.shape) - 1, 0)
    return 0


def _stacked(weight: tuple[int, ...], own: tuple[int, ...] | None) -> bool:
    """Whether a kernel and its bias are those of a stack of dense layers."""
    return (
        own is not None and len(weight) == 3 and len(own) == 2 and own == (weight[0], weight[2]) and own != weight[1:]
    )


def _kernel(leaf: Leaf, name: str, own: tuple[int, ...] | None) -> tuple[Block, ...]:
    shape = leaf.shape
    role = named_role(name.rpartition(".")[0], LAYER_ROLES)
    if len(shape) == 2 or _stacked(shape, own):
        stacked = len(shape) - 2
        out_first = own is not None and math.prod(own[stacked:]) == shape[-2] != shape[-1]
        return in_stack(_dense(shape, 1, stacked, out_first), stacked)
    if len(shape) == 3 and role in ("query", "key", "value"):
        return _dense(shape, 1, 0, False)
    if len(shape) == 3 and (role == "attention_out" or name.rpartition(".")[0].endswith("out")):
        return _dense(shape, 2, 0, False)
    place = kernel(shape, order="HWIO")
    outputs, inputs, *taps = place.shape
    fan = Fan(inputs=inputs, outputs=outputs, taps=math.prod(taps))
    said = f"{len(shape)} axes: a convolution held as (*taps, in, out), by JAX's custom"
    return (Block(place=place, role="weight", fan=fan, why=said),)


def _dense(shape: tuple[int, ...], inputs: int, stacked: int, out_first: bool) -> tuple[Block, ...]:
    place = dense(shape, inputs=inputs, batch=stacked, out_first=out_first)
    rows, columns = place.shape
    why = "a matrix (out, in), as its bias says" if out_first else "a matrix (in, out), by JAX's custom"
    return (Block(place=place, role="weight", fan=Fan.dense(columns, rows), why=why),)

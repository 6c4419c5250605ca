"""Inputs to trace a model with, where none are given: the first kind that it takes without an error."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import jax
import numpy as np

from initlab.adapters.jax.leaves import Form, Leaf

BATCH = 2
LENGTHS = (8, 4, 16)
SIDES = (32, 28, 64, 224, 16, 8)
MOST = 80
"""How many kinds are tried. One that does not fit costs milliseconds: its shapes clash in the first layer."""


def found(form: Form) -> tuple[Any, ...] | None:
    """What stands for inputs that the model takes, or None."""
    if form.inputs is not None or form.forward is None:
        return form.inputs
    arrays = [standing(leaf.value) for leaf in form.leaves]
    for candidate in itertools.islice(_candidates(form.leaves), MOST):
        try:
            jax.eval_shape(form.forward, arrays, (candidate,))
        except Exception:
            continue
        return (candidate,)
    return None


def standing(value: Any) -> Any:  # noqa: ANN401
    """What stands for an array when only its shape and dtype count."""
    return jax.ShapeDtypeStruct(value.shape, value.dtype)


def _candidates(leaves: Sequence[Leaf]) -> Iterator[Any]:
    kernels = [leaf for leaf in leaves if len(leaf.shape) >= 2]
    tokens, images = _tokens(leaves), _images(kernels)
    vectors = _vectors(kernels)
    looked_up = any("embed" in step.lower() or "token" in step.lower() for leaf in leaves for step in leaf.path)
    convolved = any(len(leaf.shape) >= 4 for leaf in kernels)
    first = [tokens] if looked_up and not convolved else []
    second = [images, vectors] if convolved else [vectors, images]
    yield from itertools.chain(*first, *second, *([] if first else [tokens]))


def _tokens(leaves: Sequence[Leaf]) -> Iterator[Any]:
    tables = [size for leaf in leaves if any("pos" in step.lower() for step in leaf.path) for size in leaf.shape]
    for length in dict.fromkeys((*LENGTHS, *tables)):
        yield jax.ShapeDtypeStruct((BATCH, length), np.int32)
    yield jax.ShapeDtypeStruct((BATCH,), np.int32)


def _vectors(kernels: Sequence[Leaf]) -> Iterator[Any]:
    sizes = dict.fromkeys(size for leaf in kernels[:4] for size in reversed(leaf.shape[-2:]))
    sizes = dict.fromkeys([*(leaf.shape[-2] for leaf in kernels[:4]), *sizes])
    for middle in ((), (LENGTHS[0],)):
        for size in sizes:
            yield jax.ShapeDtypeStruct((BATCH, *middle, size), _floats(kernels))


def _images(kernels: Sequence[Leaf]) -> Iterator[Any]:
    for leaf in [leaf for leaf in kernels if len(leaf.shape) >= 3][:2]:
        taps = len(leaf.shape) - 2
        for side in SIDES:
            for channels in dict.fromkeys((_taken(leaf) or leaf.shape[-2], leaf.shape[-1])):
                yield jax.ShapeDtypeStruct((BATCH, *[side] * taps, channels), _floats(kernels))
            yield jax.ShapeDtypeStruct((BATCH, _taken(leaf) or leaf.shape[1], *[side] * taps), _floats(kernels))


def _taken(leaf: Leaf) -> int | None:
    """How many channels its layer takes, where the layer says so: more than its kernel has, if it has groups."""
    said = getattr(leaf.holder, "in_features", None) or getattr(leaf.holder, "in_channels", None)
    return said if isinstance(said, int) else None


def _floats(kernels: Sequence[Leaf]) -> Any:  # noqa: ANN401
    return kernels[0].value.dtype

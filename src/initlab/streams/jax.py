"""Streams as JAX arrays: on one device, or each shard of a sharded array drawn by itself.

The numbers are drawn on the host, where no compiler fuses a multiplication with an addition, and put where the
sharding wants them; jax.random is not used. A shard costs its own elements only, unless the law is of a whole matrix.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import jax
import numpy as np

from initlab.errors import SpecError
from initlab.laws import DeltaOrthogonal, Law, Orthogonal
from initlab.streams.layout import checked_shape
from initlab.streams.rounding import Array, as_dtype, carrier, dtype_name
from initlab.streams.sample import fill_part

Index: TypeAlias = tuple[slice, ...] | None


def sample_jax(
    law: Law,
    *,
    name: str,
    seed: int,
    shape: Sequence[int],
    dtype: object = "float32",
    sharding: Any = None,  # noqa: ANN401
    axes: Sequence[int] | None = None,
    threads: int | None = None,
) -> jax.Array:
    """Draw a parameter as a JAX array: the same numbers as `initlab.streams.sample`.

    sharding  a jax.sharding.Sharding; None for the default device
    axes      of an array held transposed: axis a as held is axis axes[a] of the canonical order. A dense kernel held
              as (in, out) has axes=(1, 0)

    >>> from initlab.laws import Normal
    >>> sample_jax(Normal(std=0.1), name="fc.weight", seed=0, shape=(3, 2), axes=(1, 0)).shape
    (3, 2)

    Raises SpecError as `sample` does, and for float64 where JAX would make it float32.
    """
    held, kind = checked_shape(shape), jax_dtype(dtype)

    def draw(index: Index) -> Array:
        where = tuple(slice(None) for _ in held) if index is None else index
        sizes = tuple(len(range(*cut.indices(size))) for cut, size in zip(where, held, strict=True))
        out = as_dtype(np.empty(sizes, dtype=carrier(kind)))
        fill_part(out, law, name=name, seed=seed, shape=held, where=where, axes=axes, threads=threads)
        return out

    if sharding is None:
        return jax.device_put(draw(None))
    if isinstance(law, Orthogonal | DeltaOrthogonal):
        whole = draw(None)
        return jax.make_array_from_callback(held, sharding, lambda index: whole[index])
    return jax.make_array_from_callback(held, sharding, draw)


def jax_dtype(dtype: object) -> str:
    """The name of a dtype that JAX keeps. Raises SpecError for one that is not drawn, or that JAX would narrow."""
    kind = dtype_name(dtype)
    if kind == "float64" and not jax.config.jax_enable_x64:
        raise SpecError("The dtype of a JAX array must be at most float32, got float64. Set jax_enable_x64 first.")
    return kind

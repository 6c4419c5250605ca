"""Drawing a tensor, or a part of one, from its law: the one place where a law meets a stream.

sample       a new NumPy array
fill         a run of a stream, into an array of the caller's
fill_part    any rectangle of a tensor, held in any order of its axes, into an array of the caller's
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from initlab.errors import SpecError
from initlab.laws import CopiedRows, Law, LogUniform, MatrixLaw, shown, whole_number
from initlab.streams import draw
from initlab.streams.bounds import confined
from initlab.streams.draw import Draw
from initlab.streams.key import Key, stream_key
from initlab.streams.layout import (
    Part,
    Where,
    canonical,
    canonical_view,
    checked_shape,
    held_axes,
    one_row,
    overlaps,
    part_of,
    row_major,
)
from initlab.streams.logarithm import log_uniform
from initlab.streams.matrix import check_fits, fill_matrix
from initlab.streams.rounding import (
    LARGEST,
    Array,
    as_carrier,
    as_dtype,
    carried_name,
    carrier,
    constant_in,
    dtype_name,
)
from initlab.streams.threads import checked_threads
from initlab.streams.transform import CONSTANT, Transform, largest_entry, transform_of
from initlab.streams.words import check_range


def sample(
    law: Law,
    *,
    name: str,
    seed: int,
    shape: Sequence[int],
    dtype: object = "float64",
    where: Where | None = None,
    threads: int | None = None,
) -> Array:
    """Draw a tensor, or the part of it that slices cut out: a pure function of all its arguments but `threads`.

    dtype  float64, float32, float16 or bfloat16 (an ml_dtypes array); narrower ones are the float64 draw, rounded, but
           an entry of a uniform or truncated law that rounding would carry to a bound stays strictly inside
    where  one slice of step 1 for each axis; what lies outside is not drawn

    >>> from initlab.laws import Normal
    >>> whole = sample(Normal(std=0.02), name="fc.weight", seed=0, shape=(1000, 300), dtype="float32")
    >>> part = sample(Normal(std=0.02), name="fc.weight", seed=0, shape=(1000, 300), dtype="float32",
    ...               where=(slice(990, 992), slice(5, 100)))
    >>> bool((part == whole[990:992, 5:100]).all())
    True

    Raises SpecError for an empty name, a seed that is negative or no integer, a negative size, or another dtype;
    MissingExtraError for bfloat16 without ml_dtypes.
    """
    part = part_of(shape, where)
    out = np.empty(part.sizes, dtype=carrier(dtype_name(dtype)))
    draw_part(out, law, stream_key(name, seed), part, threads)
    return as_dtype(out)


def fill(out: Array, law: Law, *, name: str, seed: int, offset: int = 0, threads: int | None = None) -> None:
    """Fill an array with elements offset, offset + 1, ... of an elementwise law's stream, in row-major order.

    The array may have any layout and any of the four dtypes. No memory is taken but a fixed scratch.

    >>> from initlab.laws import Uniform
    >>> out = np.empty(5)
    >>> fill(out, Uniform(bound=1.0), name="b", seed=0, offset=10)
    >>> bool((out == sample(Uniform(bound=1.0), name="b", seed=0, shape=(15,))[10:]).all())
    True

    Raises SpecError for a law of a whole matrix, and as `sample` does.
    """
    _check_writable(out)
    if isinstance(law, MatrixLaw | CopiedRows):
        raise SpecError(f"A run of a stream must have an elementwise law, got {law}. Use fill_part, with the shape.")
    first = whole_number(offset)
    if first is None:
        raise SpecError(f"The offset of a run must be a whole number >= 0, got {offset!r}. Give its first index.")
    check_range(first, out.size)
    key = stream_key(name, seed)
    _draw_elements(as_carrier(out), law, key, first, row_major(out.shape), checked_threads(threads))


def fill_part(
    out: Array,
    law: Law,
    *,
    name: str,
    seed: int,
    shape: Sequence[int],
    where: Where | None = None,
    axes: Sequence[int] | None = None,
    threads: int | None = None,
) -> None:
    """Fill an array with a part of a tensor, drawing nothing else.

    shape, where   the whole tensor and the part, both as it is held
    axes           of a tensor held transposed: axis a as held is axis axes[a] of the canonical order. A dense kernel
                   held as (in, out) has axes=(1, 0), and gets the matrix of one held as (out, in), transposed

    >>> from initlab.laws import Normal
    >>> held = np.empty((3, 2))
    >>> fill_part(held, Normal(std=1.0), name="fc.weight", seed=0, shape=(3, 2), axes=(1, 0))
    >>> bool((held == sample(Normal(std=1.0), name="fc.weight", seed=0, shape=(2, 3)).T).all())
    True

    Raises SpecError when the array is not of the part's shape, and as `sample` does.
    """
    _check_writable(out)
    part = part_of(shape, where)
    if out.shape != part.sizes:
        raise SpecError(f"The array must have the shape of the part, {part.sizes}, got {out.shape}.")
    order = held_axes(axes, out.ndim)
    turned = Part(
        shape=canonical(part.shape, order), starts=canonical(part.starts, order), sizes=canonical(part.sizes, order)
    )
    draw_part(canonical_view(as_carrier(out), order), law, stream_key(name, seed), turned, threads)


def _check_writable(out: Array) -> None:
    if not isinstance(out, np.ndarray) or not out.flags.writeable:
        raise SpecError(f"The array to fill must be a writable NumPy array, got {type(out).__name__}.")
    if not out.dtype.isnative:
        raise SpecError(f"The array to fill must be in the byte order of this machine, got {out.dtype.str}. Cast it.")
    if overlaps(out.shape, out.strides, out.itemsize):
        raise SpecError(f"The array to fill must not overlap itself, got strides {out.strides}. Copy it.")


def check_drawable(law: Law, shape: Sequence[int], dtype: object) -> None:
    """Raise SpecError unless a tensor of that shape and dtype can be drawn from a law. Nothing is drawn.

    >>> from initlab.laws import Normal
    >>> check_drawable(Normal(std=0.02), (3, 2), "float32")
    """
    if isinstance(law, MatrixLaw):
        check_fits(law, checked_shape(shape), dtype_name(dtype))
    else:
        made_of(_row_law(law) if isinstance(law, CopiedRows) else law, dtype_name(dtype))


def _row_law(law: CopiedRows) -> Law:
    if isinstance(law.row, MatrixLaw | CopiedRows):
        raise SpecError(f"The row of a CopiedRows law must have an elementwise law, got {law.row}.")
    return law.row


def draw_part(out: Array, law: Law, key: Key, part: Part, threads: int | None) -> None:
    """Fill a carrier array, its axes in canonical order, with a part of a tensor of any law."""
    workers = checked_threads(threads)
    if isinstance(law, MatrixLaw):
        fill_matrix(out, law, key, part, workers)
        return
    strides = row_major(part.shape)
    if isinstance(law, CopiedRows):
        law = _row_law(law)
        strides = one_row(strides)
    start = sum(first * stride for first, stride in zip(part.starts, strides, strict=True))
    _draw_elements(out, law, key, start, strides, workers)


def _draw_elements(out: Array, law: Law, key: Key, start: int, strides: tuple[int, ...], threads: int) -> None:
    """Fill a carrier array from an elementwise law: element (i, j, ...) is start + i·strides[0] + j·strides[1] + ..."""
    if not isinstance(law, Law):
        raise SpecError(f"A stream must be drawn from one of the laws in initlab.laws, got {shown(law)}.")
    made = made_of(law, carried_name(out))
    source: Draw
    if isinstance(made, LogUniform):
        source = draw.by_words(key, log_uniform(made))
    elif made.kind == CONSTANT:
        out[...] = constant_in(made.offset, out)
        return
    else:
        source = draw.elementwise(key, made, out.size)
    draw.fill_part(source, out, start, strides, threads)


@lru_cache(maxsize=1024)
def made_of(law: Law, dtype: str) -> Transform | LogUniform:
    """What an elementwise law is drawn by in that dtype.

    Raises SpecError when there is none, when its largest entry overflows, or when no number lies inside its bounds.
    """
    made = law if isinstance(law, LogUniform) else transform_of(law)
    if made is None:
        raise SpecError(f"A stream must be drawn from one of the laws in initlab.laws, got {law!r}.")
    if not largest_entry(law) <= LARGEST[dtype]:
        raise SpecError(f"The entries of a draw in {dtype} must stay below {LARGEST[dtype]:.4g}, got {law}.")
    return made if isinstance(made, LogUniform) else confined(made, law, dtype)

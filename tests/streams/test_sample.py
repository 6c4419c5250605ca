"""Sampling: any part, layout, dtype, thread count and implementation gives the same bits."""

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from initlab.laws import (
    Constant,
    CopiedRows,
    DeltaOrthogonal,
    Dirac,
    Hadamard,
    Identity,
    LogUniform,
    Normal,
    Orthogonal,
    Sparse,
    TruncatedNormal,
    Uniform,
)
from initlab.streams import fill, fill_part, sample, stream_key, words
from initlab.streams.draw import by_words
from initlab.streams.rounding import DTYPES, bfloat16_bits, carrier
from initlab.streams.transform import numbers_of, transform_of

ELEMENTWISE = [
    Constant(value=0.3),
    Normal(std=0.02),
    Normal(std=0.02, mean=1.0),
    Normal(std=0.0, mean=0.5),
    Uniform(bound=0.1),
    Uniform(bound=0.1, centre=-2.0),
    TruncatedNormal(scale=0.02),
    TruncatedNormal(scale=1.0, low=-1.0, high=3.0, centre=0.5),
    TruncatedNormal(scale=1.0, low=4.0, high=math.inf),
    LogUniform(low=1.0, high=16.0),
]
MATRIX = [
    Orthogonal(rows=12, columns=30),
    DeltaOrthogonal(rows=12, columns=5, taps=6),
    Identity(rows=12, columns=30, gain=0.5),
    Dirac(rows=12, columns=5, taps=6),
    Dirac(rows=12, columns=5, taps=6, groups=3),
    Hadamard(rows=12, columns=30),
    Hadamard(rows=60, columns=6),
    Sparse(rows=12, columns=30, zeros=4),
]
COPIED = [CopiedRows(row=Normal(std=1.0)), CopiedRows(row=LogUniform(low=1.0, high=2.0))]


def shape_of(law):
    if isinstance(law, DeltaOrthogonal | Dirac):
        return (12, 5, 2, 3)
    return (60, 6) if law == Hadamard(rows=60, columns=6) else (12, 30)


def bits(array):
    return array.view(f"u{array.itemsize}")


@pytest.mark.parametrize("law", ELEMENTWISE + MATRIX + COPIED, ids=str)
def test_a_part_is_the_part_of_the_whole(law):
    shape = shape_of(law)
    whole = sample(law, name="w", seed=1, shape=shape)
    for cut in [slice(0, 0), slice(0, 1), slice(3, 8), slice(5, None), slice(None, -1)]:
        for axis in range(len(shape)):
            where = tuple(cut if axis == other else slice(None) for other in range(len(shape)))
            part = sample(law, name="w", seed=1, shape=shape, where=where)
            assert np.array_equal(part, whole[where])
    corner = tuple(slice(size // 3, size - 1) for size in shape)
    assert np.array_equal(sample(law, name="w", seed=1, shape=shape, where=corner), whole[corner])


@pytest.mark.parametrize("law", ELEMENTWISE + MATRIX + COPIED, ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_narrow_dtypes_are_the_wide_draw_rounded(law, dtype):
    shape = shape_of(law)
    wide = sample(law, name="w", seed=1, shape=shape)
    narrow = sample(law, name="w", seed=1, shape=shape, dtype=dtype)
    assert narrow.dtype.name == dtype
    single = wide.astype(np.float32)
    expected = {"float64": wide, "float32": single, "bfloat16": single.astype(narrow.dtype)}
    rounded = expected.get(dtype, single.astype(np.float16))
    low, high = law.support
    bounded = isinstance(law, Uniform | TruncatedNormal)
    inside = (low < rounded.astype(float)) & (rounded.astype(float) < high) if bounded else np.ones(shape, dtype=bool)
    assert np.array_equal(bits(narrow)[inside], bits(rounded)[inside])
    assert inside.all() or ((low < narrow.astype(float)) & (narrow.astype(float) < high)).all()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_rectangle_in_any_layout(data):
    law = data.draw(st.sampled_from(ELEMENTWISE[1:7] + COPIED))
    shape = tuple(data.draw(st.lists(st.integers(1, 7), min_size=1, max_size=4)))
    where = tuple(slice(*sorted(data.draw(st.tuples(st.integers(0, size), st.integers(0, size))))) for size in shape)
    axes = tuple(data.draw(st.permutations(range(len(shape)))))
    held_shape = tuple(shape[axis] for axis in axes)
    held_where = tuple(where[axis] for axis in axes)
    whole = sample(law, name="w", seed=0, shape=shape)
    sizes = [len(range(*cut.indices(size))) for cut, size in zip(held_where, held_shape, strict=True)]
    out = np.full((*sizes, 2), np.nan)[..., 0]
    fill_part(out, law, name="w", seed=0, shape=held_shape, where=held_where, axes=axes)
    assert np.array_equal(out, whole[where].transpose(axes))


@pytest.mark.parametrize("law", [law for law in ELEMENTWISE if transform_of(law)], ids=str)
@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
def test_the_compiled_kernel_is_the_numpy_file(law, dtype):
    from initlab.streams.compiled import draw_rows
    from initlab.streams.normal import table

    key, transform = stream_key("w", 0), transform_of(law)
    for start, pitch, rows, run in [(0, 0, 1, 5000), (3, 7777, 3, 2049), ((1 << 34) - 900, 1, 2, 1030), (6, 0, 4, 1)]:
        plain, compiled = (np.zeros((rows, run), dtype=carrier(dtype)) for _ in range(2))
        by_words(key, transform.values)(plain, start, pitch)
        numbers = numbers_of(transform)
        key_words = np.array(key, dtype=np.uint64)
        draw_rows(compiled, np.uint64(start), np.uint64(pitch), key_words, transform.kind, *numbers, table())
        assert np.array_equal(bits(plain), bits(compiled))


@pytest.mark.parametrize("law", ELEMENTWISE[1:8], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_threads_and_offsets_change_nothing(law, dtype):
    n = 9 * (1 << 18) + 17
    one, many, tail = np.empty(n, dtype), np.empty(n, dtype), np.empty(n - 12345, dtype)
    fill(one, law, name="w", seed=5, threads=1)
    fill(many, law, name="w", seed=5, threads=3)
    fill(tail, law, name="w", seed=5, offset=12345)
    assert np.array_equal(bits(one), bits(many))
    assert np.array_equal(bits(one[12345:]), bits(tail))
    few = sample(law, name="w", seed=5, shape=(n,), where=(slice(n - 50, n),), dtype=dtype)
    assert np.array_equal(bits(one[-50:]), bits(few))


def test_a_large_strided_array_is_filled_in_place():
    whole = sample(Normal(std=1.0), name="w", seed=0, shape=(1100, 700), dtype="float32")
    store = np.zeros((700, 2, 1100), dtype=np.float32)
    fill_part(store[:, 1, ::-1].T, Normal(std=1.0), name="w", seed=0, shape=(1100, 700))
    assert np.array_equal(store[:, 1, ::-1].T, whole)
    assert not store[:, 0].any()


def test_beyond_32_bits_the_words_are_still_those_of_the_index():
    rows, start = 1 << 40, (1 << 40) - 2
    part = sample(Uniform(bound=2.0**24), name="w", seed=0, shape=(rows, 5), where=(slice(start, rows), slice(1, 4)))
    drawn = words(stream_key("w", 0), 5 * start, 10).reshape(2, 5)[:, 1:4]
    assert np.array_equal(part, 2.0 * (drawn.view(np.int32) >> 8) + 1)


def test_copied_rows_are_one_row():
    whole = sample(CopiedRows(row=Normal(std=1.0)), name="w", seed=0, shape=(9, 4, 3))
    row = sample(Normal(std=1.0), name="w", seed=0, shape=(4, 3))
    assert np.array_equal(whole, np.broadcast_to(row, (9, 4, 3)))
    biases = sample(CopiedRows(row=Normal(std=1.0)), name="b", seed=0, shape=(9,))
    assert len(set(biases.tolist())) == 1


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0, 2)])
def test_empty_tensors_are_fine(shape):
    assert sample(Normal(std=1.0), name="w", seed=0, shape=shape, dtype="float32").shape == shape


def test_a_scalar_is_fine():
    assert sample(Normal(std=1.0), name="w", seed=0, shape=()) == sample(Normal(std=1.0), name="w", seed=0, shape=(1,))


def test_bfloat16_ties_go_to_even():
    values = np.array([1.0, 1 + 2**-8, 1 + 3 * 2**-8, 1 + 2**-8 + 2**-20, -1 - 2**-8, 3.3895e38], dtype=np.float32)
    assert [hex(b) for b in bfloat16_bits(values)] == ["0x3f80", "0x3f80", "0x3f82", "0x3f81", "0xbf80", "0x7f7f"]


def test_importing_streams_and_small_draws_load_nothing_heavy():
    code = (
        "import sys; from initlab.streams import sample; from initlab.laws import Normal;"
        "sample(Normal(std=1.0), name='w', seed=0, shape=(100, 20));"
        "print([m for m in ('numba', 'torch', 'jax', 'triton', 'scipy') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_small_draw_does_not_look_into_a_kernel_that_another_thread_is_importing(monkeypatch):
    import types

    monkeypatch.setattr("initlab.streams.draw.ready", set())
    monkeypatch.setitem(sys.modules, "initlab.streams.compiled", types.ModuleType("half imported"))
    assert sample(Normal(std=1.0), name="w", seed=0, shape=(8,)).shape == (8,)


def test_laws_that_are_equal_are_drawn_alike():
    assert not np.signbit(sample(Constant(value=-0.0), name="w", seed=0, shape=(2,))).any()
    expected = sample(Normal(std=float(np.float32(0.02)), mean=float(np.float32(0.1))), name="w", seed=0, shape=(9,))
    law = Normal(std=np.float32(0.02), mean=np.float32(0.1))
    assert type(law.std) is type(law.mean) is float
    assert np.array_equal(sample(law, name="w", seed=0, shape=(9,)), expected)
    assert type(TruncatedNormal(scale=np.float32(1.0), low=np.float32(-1.0), high=np.float64(2)).low) is float
    assert type(Dirac(rows=np.int64(4), columns=np.int8(4), taps=np.int32(1), groups=np.int64(2)).rows) is int


@pytest.mark.parametrize(
    "law", [CopiedRows(row=Normal(std=1.0)), Identity(rows=1, columns=1), Hadamard(rows=1, columns=1)]
)
def test_matrix_laws_of_a_scalar(law):
    assert sample(law, name="w", seed=0, shape=()) == sample(law, name="w", seed=0, shape=(1, 1))


def test_narrow_parts_are_drawn_many_rows_at_once(monkeypatch):
    from initlab.streams import draw

    calls, real = [], draw.words_of_rows
    monkeypatch.setattr(draw, "words_of_rows", lambda *numbers: calls.append(numbers) or real(*numbers))
    law, shape = LogUniform(low=1.0, high=2.0), (30000, 4)
    part = sample(law, name="w", seed=0, shape=shape, where=(slice(None), slice(3)))
    assert len(calls) < 10
    assert np.array_equal(part, sample(law, name="w", seed=0, shape=shape)[:, :3])
    calls.clear()
    sample(CopiedRows(row=law), name="w", seed=0, shape=shape)
    assert len(calls) == 1


def test_no_more_threads_than_the_work_is_worth(monkeypatch):
    from initlab.streams import draw

    asked, real = [], draw.share_out
    monkeypatch.setattr(draw, "share_out", lambda items, work, threads: asked.append(threads) or real(items, work, 1))
    for pieces, most in ((2, 1), (7, 1), (8, 2)):
        sample(Normal(std=1.0), name="w", seed=0, shape=(pieces << 18,), dtype="float32", threads=64)
        assert asked.pop() == most

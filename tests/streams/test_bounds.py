"""Strict bounds: no entry of a uniform or truncated law reaches a bound, in any dtype, in any implementation."""

import math
from fractions import Fraction

import numpy as np
import pytest

from initlab.errors import SpecError
from initlab.laws import TruncatedNormal, Uniform
from initlab.streams.draw import by_words
from initlab.streams.rounding import DTYPES, carrier, round_into
from initlab.streams.sample import made_of
from initlab.streams.transform import numbers_of

SCALES = [1.0, 0.1, 0.3, 0.02, 1 / math.sqrt(768), 3.7e-5]
LAWS = [
    *(Uniform(bound=scale) for scale in SCALES),
    *(Uniform(bound=scale, centre=centre) for scale in (0.5, 0.1) for centre in (0.5, 0.1, 1.0, -7.0)),
    *(TruncatedNormal(scale=scale) for scale in SCALES),
    *(TruncatedNormal(scale=scale, centre=centre) for scale in (0.5, 0.1) for centre in (0.5, 0.1, 1.0, -7.0)),
    TruncatedNormal(scale=1.0, low=0.0, high=math.inf, centre=0.3),
    TruncatedNormal(scale=1.0, low=-math.inf, high=0.0, centre=0.3),
    TruncatedNormal(scale=1.0, low=-math.inf, high=0.0),
    TruncatedNormal(scale=1.0, low=5.0, high=math.inf),
    TruncatedNormal(scale=1.0, low=0.5, high=1.0),
]


def words():
    """The extreme words of every law, and some between."""
    ends = [np.arange(start, start + 4096, dtype=np.uint64) for start in (0, (1 << 31) - 2048, (1 << 32) - 4096)]
    between = np.random.default_rng(0).integers(0, 1 << 32, 20000, dtype=np.uint64)
    return np.concatenate([*ends, between]).astype(np.uint32)


def as_float64(out):
    return (out.astype(np.uint32) << 16).view(np.float32).astype(float) if out.dtype == np.uint16 else out.astype(float)


def edges(law):
    low, high = (-1, 1) if isinstance(law, Uniform) else (law.low, law.high)
    step = Fraction(law.bound if isinstance(law, Uniform) else law.scale)
    return [end if math.isinf(end) else Fraction(law.centre) + Fraction(end) * step for end in (low, high)]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("law", LAWS, ids=str)
def test_no_word_reaches_a_bound(law, dtype):
    values = made_of(law, dtype).values(words())
    out = np.empty(values.shape, dtype=carrier(dtype))
    round_into(values, out)
    low, high = edges(law)
    assert low < Fraction(as_float64(out).min())
    assert Fraction(as_float64(out).max()) < high
    assert law.support[0] < as_float64(out).min()
    assert as_float64(out).max() < law.support[1]


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
@pytest.mark.parametrize("law", [Uniform(bound=0.1, centre=0.1), TruncatedNormal(scale=0.02, low=-0.3, high=0.3)])
def test_the_compiled_kernel_clamps_alike(law, dtype):
    from initlab.streams.compiled import draw_rows
    from initlab.streams.normal import table

    made = made_of(law, dtype)
    plain, compiled = (np.zeros((1, 100_000), dtype=carrier(dtype)) for _ in range(2))
    by_words((1, 2, 3, 4), made.values)(plain, 0, 0)
    key = np.arange(1, 5, dtype=np.uint64)
    draw_rows(compiled, np.uint64(0), np.uint64(0), key, made.kind, *numbers_of(made), table())
    assert np.array_equal(plain.view(f"u{plain.itemsize}"), compiled.view(f"u{plain.itemsize}"))


def test_a_centred_uniform_law_stays_symmetric():
    for dtype in DTYPES:
        least, most = made_of(Uniform(bound=0.1), dtype).quantiles[2:]
        assert least == -most


@pytest.mark.parametrize(
    ("law", "dtype"),
    [
        (TruncatedNormal(scale=1.0, low=1.0, high=1.0 + 5e-8), "float64"),
        (TruncatedNormal(scale=1.0, low=1e-9, high=3.6e-9), "float64"),
        (Uniform(bound=0.001, centre=100.3), "bfloat16"),
    ],
)
def test_a_law_too_thin_for_any_number_is_refused(law, dtype):
    with pytest.raises(SpecError, match=r"must have a number of .* between them, got"):
        made_of(law, dtype)

"""Bad input is refused in one line that says what must hold and what was given."""

import numpy as np
import pytest

from initlab.errors import SpecError
from initlab.laws import (
    Constant,
    CopiedRows,
    Dirac,
    Identity,
    Law,
    LogUniform,
    Normal,
    Orthogonal,
    Sparse,
    TruncatedNormal,
    Uniform,
)
from initlab.streams import fill, fill_part, sample

LINE = r"^[A-Z][^\n]* must [^\n]*got [^\n]*\.$"


class Odd(Law):
    mean = variance = 0.0
    support = (0.0, 0.0)


@pytest.mark.parametrize(
    "changed",
    [
        {"name": ""},
        {"name": None},
        {"seed": -1},
        {"seed": 0.5},
        {"seed": True},
        {"shape": (3, -1)},
        {"shape": (3, 1.5)},
        {"shape": 3},
        {"shape": "34"},
        {"shape": (1 << 40, 1 << 40), "where": (slice(0, 1), slice(0, 1))},
        {"dtype": "int32"},
        {"dtype": "complex64"},
        {"dtype": "float128x"},
        {"dtype": 3},
        {"where": (slice(0, 1),)},
        {"where": (slice(0, 2, 2), slice(None))},
        {"where": (0, 1)},
        {"law": Odd()},
        {"law": "normal"},
        {"law": Normal(std=1e-9, mean=1.0)},
        {"law": Normal(std=1e5), "dtype": "float16"},
        {"law": Uniform(bound=1e39), "dtype": "float32"},
        {"law": Orthogonal(rows=3, columns=5)},
        {"law": Identity(rows=4, columns=3)},
        {"law": Identity(rows=3, columns=4, gain=1e300), "dtype": "float32"},
        {"law": Sparse(rows=3, columns=4, zeros=1, entry_std=1e300), "dtype": "bfloat16"},
        {"law": CopiedRows(row=Orthogonal(rows=3, columns=4))},
        {"seed": 10**5000},
        {"seed": -(10**5000)},
        {"shape": (10**5000, 2)},
        {"shape": (-(10**5000), 2)},
        {"dtype": None},
        {"where": 3},
        {"where": (slice("a"), slice(None))},
        {"where": (slice(0.5), slice(None))},
        {"law": None},
        {"law": Normal},
        {"law": [1.0]},
        {"threads": 0},
        {"threads": -1},
        {"threads": "2"},
        {"threads": True},
        {"threads": 0, "shape": (1 << 10, 1 << 10)},
    ],
    ids="-".join,
)
def test_sample(changed):
    arguments = {"law": Normal(std=1.0), "name": "w", "seed": 0, "shape": (3, 4), **changed}
    with pytest.raises(SpecError, match=LINE):
        sample(arguments.pop("law"), **arguments)


def test_fill():
    with pytest.raises(SpecError, match=LINE):
        fill(np.empty((3, 4)), Identity(rows=3, columns=4), name="w", seed=0)
    with pytest.raises(SpecError, match=LINE):
        fill([0.0], Normal(std=1.0), name="w", seed=0)
    with pytest.raises(SpecError, match=LINE):
        fill(np.broadcast_to(np.zeros(1), (3,)), Normal(std=1.0), name="w", seed=0)
    with pytest.raises(SpecError, match=LINE):
        fill(np.empty(3, dtype=np.uint16), Normal(std=1.0), name="w", seed=0)
    with pytest.raises(SpecError, match=LINE):
        fill(np.empty(3), Normal(std=1.0), name="w", seed=0, offset=-1)
    with pytest.raises(SpecError, match=LINE):
        fill(np.empty(3), Normal(std=1.0), name="w", seed=0, offset=(1 << 64) - 2)
    for offset in (1.5, "1", None):
        with pytest.raises(SpecError, match=LINE):
            fill(np.empty(3), Normal(std=1.0), name="w", seed=0, offset=offset)
    for out in (
        np.empty(3, dtype=np.dtype("f2").newbyteorder()),
        np.lib.stride_tricks.as_strided(np.empty(9), (3, 4), (8, 8)),
    ):
        with pytest.raises(SpecError, match=LINE):
            fill(out, Normal(std=1.0), name="w", seed=0)


def test_whole_numbers_of_numpy_are_welcome():
    one, other = np.empty(5), np.empty(5)
    fill(one, Normal(std=1.0), name="w", seed=0, offset=7, threads=2)
    fill(other, Normal(std=1.0), name="w", seed=np.int8(0), offset=np.int64(7), threads=np.int64(2))
    assert np.array_equal(one, other)


def test_fill_part():
    with pytest.raises(SpecError, match=LINE):
        fill_part(np.empty((3, 4)), Normal(std=1.0), name="w", seed=0, shape=(4, 3))
    with pytest.raises(SpecError, match=LINE):
        fill_part(np.empty((3, 4)), Normal(std=1.0), name="w", seed=0, shape=(3, 4), axes=(0, 0))
    for axes in (1, "10", (0.0, 1.0), (None, 0)):
        with pytest.raises(SpecError, match=LINE):
            fill_part(np.empty((3, 4)), Normal(std=1.0), name="w", seed=0, shape=(3, 4), axes=axes)


@pytest.mark.parametrize("bad", ["0.1", None, 10**5000, 1j, True, [1.0], np.zeros(2)], ids=type)
def test_laws_of_what_is_no_number(bad):
    for made in (
        lambda: Normal(std=bad),
        lambda: Normal(std=1.0, mean=bad),
        lambda: Constant(value=bad),
        lambda: Uniform(bound=bad),
        lambda: TruncatedNormal(scale=1.0, high=bad),
        lambda: LogUniform(low=bad, high=2.0),
        lambda: Identity(rows=2, columns=2, gain=bad),
        lambda: Sparse(rows=2, columns=2, zeros=bad if type(bad) is not int else 0.5),
        lambda: Dirac(rows=2, columns=2, taps=bad if type(bad) is not int else "3"),
        lambda: CopiedRows(row=bad),
    ):
        with pytest.raises(SpecError, match=LINE):
            made()

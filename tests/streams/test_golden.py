"""The weights are frozen: SHA-256 digests of each law, dtype and a few places, in `golden_streams.json`.

A digest that no longer holds means that somebody's weights moved. Raise `STREAM_VERSION` then, and say so.
`python tests/streams/test_golden.py` prints the digests of the code as it is.
"""

import hashlib
import json
import math
from pathlib import Path

import numpy as np
import pytest

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
from initlab.streams import STREAM_VERSION, permutation, sample, stream_key, words
from initlab.streams.rounding import carrier

GOLDEN = Path(__file__).with_name("golden_streams.json")
DTYPES = ["float64", "float32", "bfloat16", "float16"]
ELEMENTWISE = [
    Constant(value=0.1),
    Normal(std=0.02),
    Normal(std=0.02, mean=1.0),
    Uniform(bound=0.1),
    Uniform(bound=0.1, centre=1.0),
    TruncatedNormal(scale=0.02),
    TruncatedNormal(scale=1.0, low=-1.0, high=math.inf, centre=0.5),
    LogUniform(low=1.0, high=16.0),
    LogUniform(low=0.5, high=3.0, negated=True),
]
WHOLE = {
    CopiedRows(row=Normal(std=1.0)): (40, 30),
    Orthogonal(rows=100, columns=70): (100, 70),
    Orthogonal(rows=7, columns=30, gain=1.5): (7, 30),
    DeltaOrthogonal(rows=8, columns=6, taps=9): (8, 6, 3, 3),
    Identity(rows=7, columns=9): (7, 9),
    Dirac(rows=8, columns=4, taps=9, groups=2): (8, 4, 3, 3),
    Hadamard(rows=40, columns=30): (40, 30),
    Hadamard(rows=30, columns=40): (30, 40),
    Identity(rows=9, columns=7, gain=-0.3): (9, 7),
    Dirac(rows=4, columns=8, taps=4, gain=1.7): (4, 8, 4),
    DeltaOrthogonal(rows=6, columns=8, taps=3, gain=0.7): (6, 8, 3),
    Sparse(rows=40, columns=30, zeros=3, entry_std=0.7): (40, 30),
    CopiedRows(row=Uniform(bound=0.3)): (5, 4, 3),
    Sparse(rows=40, columns=30, zeros=10): (40, 30),
}
OFFSETS = [0, 12345, (1 << 32) - 500, 1 << 40, (1 << 63) + 1]


def digest(array):
    little = np.ascontiguousarray(array).view(f"u{array.itemsize}").astype(f"<u{array.itemsize}")
    return hashlib.sha256(little.tobytes()).hexdigest()


def drawn():
    """Every frozen array, by the text that names it."""
    yield f"words at {1 << 40}", words(stream_key("golden", 0), 1 << 40, 1000)
    yield "permutation of 1000", permutation(1000, name="golden", seed=0).astype(np.int64)
    for dtype in DTYPES:
        for law in ELEMENTWISE:
            for start in OFFSETS:
                where = (slice(start, start + 1000),)
                array = sample(law, name="golden", seed=7, shape=(start + 1000,), dtype=dtype, where=where)
                yield f"{law} {dtype} at {start}", array
        for law, shape in WHOLE.items():
            yield f"{law} {dtype} {shape}", sample(law, name="golden", seed=7, shape=shape, dtype=dtype)
            where = tuple(slice(size // 3, size - 1) for size in shape)
            part = sample(law, name="golden", seed=7, shape=shape, dtype=dtype, where=where)
            yield f"{law} {dtype} {shape} inner part", part


@pytest.mark.parametrize("loaded", [False, True])
def test_no_weight_has_moved(loaded, monkeypatch):
    """Once through NumPy, once through the compiled kernels."""
    from initlab.streams import draw, orthogonal

    monkeypatch.setattr(draw, "compiled_serves", lambda dtype, total: loaded)
    monkeypatch.setattr(orthogonal, "compiled_serves", lambda work: loaded)
    frozen = json.loads(GOLDEN.read_text())
    assert frozen.pop("stream version") == STREAM_VERSION
    moved = [what for what, array in drawn() if frozen.pop(what) != digest(array)]
    assert not moved
    assert not frozen


@pytest.mark.parametrize("loaded", [False, True])
def test_no_weight_has_moved_among_many(loaded, monkeypatch):
    """The small tensors that are filled in one call have the digests of those that are drawn one by one."""
    from initlab.streams import many
    from initlab.streams.sample import made_of
    from initlab.streams.transform import Transform

    monkeypatch.setattr(many, "compiled_serves", lambda dtype, total: loaded)
    frozen = json.loads(GOLDEN.read_text())
    laws = [law for law in ELEMENTWISE if isinstance(made_of(law, "float64"), Transform)]
    for dtype in ["float64", "float32", "bfloat16"]:
        arrays = [np.empty(1000, dtype=carrier(dtype)) for _ in laws]
        key = stream_key("golden", 7)
        many.fill_many(
            [
                many.Target(array.ctypes.data, array.size, dtype, made_of(law, dtype), key)
                for law, array in zip(laws, arrays, strict=True)
            ]
        )
        for law, array in zip(laws, arrays, strict=True):
            assert digest(array) == frozen[f"{law} {dtype} at 0"]


if __name__ == "__main__":
    print(json.dumps({"stream version": STREAM_VERSION, **{what: digest(array) for what, array in drawn()}}, indent=1))

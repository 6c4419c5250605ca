"""The compiled CPU kernel: the same bits as the NumPy files beside it, at the speed of the machine's vectors.

Numba was chosen over C because its wheels bring a compiler with them, so nothing has to be built at install, and
because LLVM, given the right shapes, vectorises everything here for the machine at hand: 1.1 ns for a normal float32
and 0.45 for a uniform one on one AVX-512 core, 1.8 and 1.0 with AVX2, where torch takes 2.7 and 2.2. A prototype in C
took 2.4 and 1.0 on the same core. `benchmarks/streams.py` measures it anew. The shapes that matter:

- A Philox word lives in the low half of a 64-bit lane. The upper half may hold rubbish, because the widening
  multiplication reads the low half only: a round is two multiplications, two shifts and two three-way xors.
- The only thing that no vector unit does well, looking up the table, is a loop of its own; what is before and after
  it is vectorised. A run is drawn 1024 elements at a time, so that all scratch stays in the first cache.
- An integer becomes a float64 by or-ing in the exponent of 2⁵² and subtracting 2⁵²: exact, and a vector operation on
  machines that cannot convert 64-bit integers.

Kernels release the GIL and are cached on disk; `threads.py` runs them on slices, and no split can change a number.
This file is imported when a draw is large enough to pay for it.
"""

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar, cast

import numpy as np
from numba import carray, njit, types
from numba.extending import intrinsic, overload
from numpy.typing import NDArray

from initlab.streams import normal, truncated

Function = TypeVar("Function", bound=Callable[..., Any])
Numbers: TypeAlias = NDArray[Any]
U64: TypeAlias = np.uint64
Scratch: TypeAlias = tuple[Numbers, Numbers, Numbers, Numbers, Numbers, Numbers]

_UNIFORM, _NORMAL, _TRUNCATED, _CONSTANT = 0, 1, 2, 3

CHUNK = 1024

_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_ROUNDS = 10

_UNIFORM_MOST = 16777215.0
_TWO_52 = 4503599627370496.0
_TWO_52_BITS = np.uint64(0x4330000000000000)
_SIGN_SHIFT = np.uint64(63)

_FIRST_ROW, _B_MASK, _C_MASK = np.uint64(normal.FIRST_ROW), np.uint64(normal.B_MASK), np.uint64(normal.C_MASK)
_SEGMENT_SHIFT, _STEP_SHIFT = np.uint64(normal.SEGMENT_SHIFT), np.uint64(normal.STEP_SHIFT)
_A_SHIFT, _B_SHIFT = np.uint64(normal.A_SHIFT), np.uint64(normal.B_SHIFT)
_B_SCALE, _C_SCALE = np.uint64(normal.B_SCALE), np.uint64(normal.C_SCALE)
_SLOPE_SCALE, _SIGN_BIT = np.uint64(normal.SLOPE_SCALE), np.uint64(normal.SIGN_BIT)
_MAGNITUDE_MASK = np.uint64((1 << normal.SIGN_BIT) - 1)
_TAIL_SHIFT, _HALF_STEP = np.uint64(normal.TAIL_SHIFT), np.uint64(normal.HALF_STEP)
_ONE, _SPLIT_BITS, _REST_BITS = np.uint64(1), np.uint64(truncated.SPLIT_BITS), np.uint64(truncated.REST_BITS)
_SPLIT_MASK = np.uint64((1 << truncated.SPLIT_BITS) - 1)
_UPPER_HALF, _ALL = np.uint64(1 << 52), np.uint64(1 << 53)


def _compile(function: Function, **options: str) -> Function:
    """Compile on first call, without the GIL; float operations are never fused or reordered."""
    try:
        return cast(Function, njit(cache=True, nogil=True, error_model="numpy", **options)(function))
    except RuntimeError:  # there is no place on disk to cache it
        return cast(Function, njit(nogil=True, error_model="numpy", **options)(function))


def kernel(function: Function) -> Function:
    """A compiled function, cached on disk where there is a place for it."""
    return _compile(function)


def inlined(function: Function) -> Function:
    """A kernel whose text is pasted where it is called, so that the loop around it can be vectorised."""
    return _compile(function, inline="always")


@inlined
def philox_block(k0: U64, k1: U64, c2: U64, c3: U64, number: U64) -> tuple[U64, U64, U64, U64]:
    """The four words of one block, as uint64 below 2³²; all arguments are uint64. Callable from compiled code."""
    c0, c1 = number & _LOW, number >> _HALF
    for _ in range(_ROUNDS):
        p0, p1 = _M0 * (c0 & _LOW), _M1 * (c2 & _LOW)
        c0, c1 = (p1 >> _HALF) ^ c1 ^ k0, p1
        c2, c3 = (p0 >> _HALF) ^ c3 ^ k1, p0
        k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    return c0 & _LOW, c1 & _LOW, c2 & _LOW, c3 & _LOW


@kernel
def philox_word(k0: U64, k1: U64, c2: U64, c3: U64, index: U64) -> U64:
    """The word of element `index` (uint64), as uint64 below 2³². Callable from compiled code."""
    a, b, c, d = philox_block(k0, k1, c2, c3, index >> np.uint64(2))
    lane = index & np.uint64(3)
    if lane == 0:
        return a
    if lane == 1:
        return b
    return c if lane == 2 else d


@kernel
def philox_words(pairs: Numbers, k0: U64, k1: U64, c2: U64, c3: U64, first: U64) -> None:
    """Fill an array of uint64 with the words of blocks first, first + 1, ..., two to a number, low word first."""
    for j in range(pairs.size // 2):
        a, b, c, d = philox_block(k0, k1, c2, c3, first + np.uint64(j))
        pairs[2 * j] = a | (b << _HALF)
        pairs[2 * j + 1] = c | (d << _HALF)


@inlined
def _exact(integer: U64) -> np.float64:
    return np.float64(np.uint64(integer | _TWO_52_BITS).view(np.float64) - _TWO_52)


@inlined
def _binary(q: U64) -> U64:
    return np.float64(_exact(q)).view(np.uint64)


@kernel
def _uniform(x: Numbers, lattice: Numbers) -> None:
    for j in range(lattice.size):
        lattice[j] = np.float64((np.int32(x[j]) >> np.int32(8)) * np.int32(2) + np.int32(1))


@kernel
def _tails(x: Numbers, binary: Numbers, index: Numbers) -> None:
    for j in range(index.size):
        binary[j] = _binary(((np.uint64(x[j]) & _MAGNITUDE_MASK) << _TAIL_SHIFT) | _HALF_STEP)
        index[j] = np.uint32((binary[j] >> _SEGMENT_SHIFT) - _FIRST_ROW)


@kernel
def _quantiles(x: Numbers, binary: Numbers, index: Numbers, sign: Numbers, low: U64, width: U64) -> None:
    for j in range(index.size):
        word = np.uint64(x[j])
        fine = (word * (width & _SPLIT_MASK) + (width >> _ONE)) >> _SPLIT_BITS
        twice = ((((word * (width >> _SPLIT_BITS) + fine) >> _REST_BITS) + low) << _ONE) | _ONE
        upper = twice >= _UPPER_HALF
        binary[j] = _binary(_ALL - twice if upper else twice)
        index[j] = np.uint32((binary[j] >> _SEGMENT_SHIFT) - _FIRST_ROW)
        sign[j] = np.uint32(0) if upper else np.uint32(0x80000000)


@kernel
def _look_up(index: Numbers, row: Numbers, table: Numbers) -> None:
    for j in range(index.size):
        row[j] = table[index[j]]


@kernel
def _heights(binary: Numbers, row: Numbers, sign: Numbers, lattice: Numbers) -> None:
    for j in range(lattice.size):
        t = (binary[j] >> _STEP_SHIFT) & _LOW
        slope = (((row[j] >> _B_SHIFT) & _B_MASK) << _B_SCALE) - ((t * (row[j] & _C_MASK)) >> _C_SCALE)
        height = np.float64(_exact((row[j] >> _A_SHIFT) - ((t * (slope & _LOW)) >> _SLOPE_SCALE)))
        flip = (np.uint64(sign[j]) >> _SIGN_BIT) << _SIGN_SHIFT
        lattice[j] = np.uint64(height.view(np.uint64) ^ flip).view(np.float64)


@kernel
def _clamp(lattice: Numbers, least: float, most: float) -> None:
    for j in range(lattice.size):
        lattice[j] = min(max(lattice[j], least), most)


def _rounded(value: np.float64, like: Numbers) -> np.generic:
    raise NotImplementedError


def _to_float64(value: np.float64, like: Numbers) -> np.float64:  # noqa: ARG001
    return value


def _to_float32(value: np.float64, like: Numbers) -> np.float32:  # noqa: ARG001
    return np.float32(value)


def _to_bfloat16(value: np.float64, like: Numbers) -> np.uint16:  # noqa: ARG001
    bits = np.float32(value).view(np.uint32)
    return np.uint16((bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16))


@overload(_rounded)  # type: ignore[untyped-decorator]
def _rounded_for(value: np.float64, like: Numbers) -> Callable[..., np.generic]:  # noqa: ARG001
    """Round a float64 as `rounding.py` says, for the dtype of the array `like`."""
    roundings: dict[Any, Callable[..., np.generic]] = {
        types.float64: _to_float64,
        types.float32: _to_float32,
        types.uint16: _to_bfloat16,
    }
    return roundings[like.dtype]


@kernel
def _finish(lattice: Numbers, out: Numbers, offset: float, unit: float) -> None:
    for j in range(out.size):
        out[j] = _rounded((lattice[j] + offset) * unit, out)


@kernel
def _scratch() -> Scratch:
    chunk = (CHUNK,)
    pairs, binary, row = np.empty(CHUNK // 2 + 2, np.uint64), np.empty(chunk, np.uint64), np.empty(chunk, np.uint64)
    return pairs, binary, np.empty(chunk, np.uint32), row, np.empty(chunk, np.uint32), np.empty(chunk, np.float64)


@kernel
def _draw_run(
    out: Numbers, index: U64, key: Numbers, kind: int, whole: Numbers, real: Numbers, table: Numbers, scratch: Scratch
) -> None:
    """Fill `out`, of shape (run,), with elements index, index + 1, ... of a stream."""
    pairs, binary, place, row, sign, lattice = scratch
    word = pairs.view(np.uint32)
    lead = np.int64(index & np.uint64(3))
    for s in range(0, out.size, CHUNK):
        n = min(CHUNK, out.size - s)
        first = (index + np.uint64(s)) >> np.uint64(2)
        x, y, at, looked_up, z = word[lead : lead + n], binary[:n], place[:n], row[:n], lattice[:n]
        if kind == _CONSTANT:
            z[:] = 0.0
        else:
            philox_words(pairs[: 2 * ((lead + n + 3) // 4)], key[0], key[1], key[2], key[3], first)
        if kind == _UNIFORM:
            _uniform(x, z)
            if real[2] > -_UNIFORM_MOST or real[3] < _UNIFORM_MOST:
                _clamp(z, real[2], real[3])
        elif kind == _NORMAL:
            _tails(x, y, at)
            _look_up(at, looked_up, table)
            _heights(y, looked_up, x, z)
        elif kind == _TRUNCATED:
            _quantiles(x, y, at, sign, whole[0], whole[1])
            _look_up(at, looked_up, table)
            _heights(y, looked_up, sign, z)
            _clamp(z, real[2], real[3])
        _finish(z, out[s : s + n], real[0], real[1])


@kernel
def draw_rows(
    out: Numbers, start: U64, pitch: U64, key: Numbers, kind: int, whole: Numbers, real: Numbers, table: Numbers
) -> None:
    """Fill `out`, of shape (rows, run): row r holds elements start + r·pitch, ... of a stream.

    `key` is (k0, k1, c2, c3), `whole` is (L, W), both arrays of uint64; `real` is (offset, unit, least, most).
    """
    scratch = _scratch()
    for r in range(out.shape[0]):
        _draw_run(out[r], start + np.uint64(r) * pitch, key, kind, whole, real, table, scratch)


@intrinsic  # type: ignore[untyped-decorator]
def _pointer(typing: Any, address: Any, like: Any) -> Any:  # noqa: ANN401, ARG001
    """The integer `address` as a pointer to numbers of the dtype of the array `like`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401
        return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

    return types.CPointer(like.dtype)(types.uintp, like), generate


@kernel
def draw_many(
    like: Numbers,
    place: Numbers,
    keys: Numbers,
    law: Numbers,
    kinds: Numbers,
    wholes: Numbers,
    reals: Numbers,
    table: Numbers,
) -> None:
    """Fill many small tensors of the dtype of `like`, each from element 0 of its own stream.

    `place` holds the address and size of each, `law` the index of its law in `kinds`, `wholes` and `reals`.
    """
    scratch = _scratch()
    for i in range(place.shape[0]):
        out = carray(_pointer(place[i, 0], like), (np.int64(place[i, 1]),))
        _draw_run(out, np.uint64(0), keys[i], kinds[law[i]], wholes[law[i]], reals[law[i]], table, scratch)

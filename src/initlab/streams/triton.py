"""The elementwise laws drawn on a GPU by a Triton kernel: the same integers, hence the same bits, as on the host.

Everything up to the value is 32- and 64-bit integer arithmetic; then one exact conversion to float64, one
multiplication and the roundings of `rounding.py`. No addition follows the multiplication, so there is nothing that a
GPU's compiler could fuse. Numbers of more than 32 bits and float64 numbers reach the kernel in memory, not as
arguments, because Triton would narrow or specialise those.

This file can be imported without Triton; `draw_tensor` then says that it did nothing.
"""

import subprocess
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from initlab.errors import UsageError
from initlab.laws import CopiedRows, Law
from initlab.streams.key import Key
from initlab.streams.layout import Part, merged, one_row, row_major
from initlab.streams.normal import table
from initlab.streams.rounding import dtype_name
from initlab.streams.sample import made_of
from initlab.streams.transform import CONSTANT, Transform, numbers_of

try:
    import triton
    import triton.language as tl
except ImportError:
    triton = tl = None

constexpr: Any = tl.constexpr if tl else object

BLOCKS = 256
_PIECE = 1 << 24


@dataclass(slots=True)
class _State:
    """Whether a kernel has run on this machine, or could not be built."""

    works: bool = False
    broken: bool = False


_state = _State()


def _jit(function: Callable[..., Any]) -> Any:  # noqa: ANN401
    return triton.jit(function) if triton else function


def draw_tensor(tensor: torch.Tensor, law: Law, key: Key, part: Part) -> bool:
    """Fill a GPU tensor, its axes in canonical order, with a part of a tensor; False if this is not drawn here."""
    strides = row_major(part.shape)
    if isinstance(law, CopiedRows):
        law, strides = law.row, one_row(strides)
    try:
        made = made_of(law, dtype_name(str(tensor.dtype).removeprefix("torch.")))
    except UsageError:
        return False
    if triton is None or _state.broken or not isinstance(made, Transform) or made.kind == CONSTANT:
        return False
    start = sum(first * stride for first, stride in zip(part.starts, strides, strict=True))
    try:
        _fill(tensor, start, strides, key, made)
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        if _state.works or isinstance(error, torch.cuda.OutOfMemoryError):
            raise
        _state.broken = True
        line = f"Triton could not build its kernel ({type(error).__name__}): GPU tensors will be drawn on the host."
        warnings.warn(line, RuntimeWarning, stacklevel=2)
        return False
    _state.works = True
    return True


def _fill(out: torch.Tensor, start: int, strides: tuple[int, ...], key: Key, made: Transform) -> None:
    """Cut a tensor until a piece lies in memory as two axes of the stream, or fits a scratch that does."""
    if not out.numel():
        return
    sizes, steps = merged(out.shape, strides)
    if out.is_contiguous() and len(sizes) <= 2:
        launch(out.view(-1, sizes[-1]), start, steps[0] if len(sizes) == 2 else 0, key, made)
    elif out.numel() <= _PIECE and len(sizes) <= 2:
        scratch = torch.empty(out.shape, dtype=out.dtype, device=out.device)
        _fill(scratch, start, strides, key, made)
        out.copy_(scratch)
    elif len(sizes) <= 2:
        axis = max(range(out.ndim), key=lambda axis: out.shape[axis])
        step = max(1, _PIECE * out.shape[axis] // out.numel())
        for i in range(0, out.shape[axis], step):
            size = min(step, out.shape[axis] - i)
            _fill(out.narrow(axis, i, size), start + i * strides[axis], strides, key, made)
    else:
        axis = min((axis for axis in range(out.ndim) if out.shape[axis] > 1), key=lambda axis: out.shape[axis])
        rest = strides[:axis] + strides[axis + 1 :]
        for i in range(out.shape[axis]):
            _fill(out.select(axis, i), start + i * strides[axis], rest, key, made)


def launch(out: torch.Tensor, start: int, pitch: int, key: Key, made: Transform) -> None:
    """Fill a contiguous tensor of shape (rows, run): row r holds elements start + r·pitch, ... of a stream."""
    whole, real = numbers_of(made)
    low, width = (int(number) for number in whole)
    offset, unit, least, most = (float(number) for number in real)
    bits = int(np.float64(unit).view(np.int64))
    signed = start - (1 << 64) if start >= 1 << 63 else start
    numbers = torch.tensor(
        [*key, signed, pitch, low, width, int(least), int(most), int(offset), bits], dtype=torch.int64
    ).to(out.device)
    rows, run = out.shape
    parts = -(-(run + 3) // (4 * BLOCKS))
    half = out.dtype == torch.bfloat16
    held, on_device = out.view(torch.int16) if half else out, _table_on(out.device)
    with torch.cuda.device(out.device) if out.is_cuda else nullcontext():
        _draw_rows[(rows * parts,)](
            held, numbers, on_device, run, parts, KIND=made.kind, BLOCKS=BLOCKS, BFLOAT16=half, enable_fp_fusion=False
        )


@lru_cache(maxsize=16)
def _table_on(device: torch.device) -> torch.Tensor:
    return torch.from_numpy(table().view(np.int64).copy()).to(device)


@_jit
def _philox(k0, k1, c0, c1, c2, c3):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Ten rounds on 32-bit words."""
    for _ in tl.static_range(10):
        high0, low0 = tl.umulhi(c0, 0xD2511F53), c0 * 0xD2511F53
        high1, low1 = tl.umulhi(c2, 0xCD9E8D57), c2 * 0xCD9E8D57
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0 += 0x9E3779B9
        k1 += 0xBB67AE85
    return c0, c1, c2, c3


@_jit
def _quantile(x, low, width):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """(q, whether the quantile is above one half) of a truncated normal, as `truncated.py` has them."""
    word = x.to(tl.uint64)
    fine = (word * (width & 0xFFFFF) + (width >> 1)) >> 20
    twice = ((((word * (width >> 20) + fine) >> 12) + low) << 1) | 1
    upper = twice >= (1 << 52)
    return tl.where(upper, (1 << 53) - twice, twice), upper


@_jit
def _height(q, table):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """2²⁸·|z| from q, as `normal.py` has it."""
    binary = q.to(tl.int64).to(tl.float64).to(tl.uint64, bitcast=True)
    row = tl.load(table + ((binary >> 45).to(tl.int64) - 1023 * 128)).to(tl.uint64, bitcast=True)
    t = (binary >> 13) & 0xFFFFFFFF
    slope = (((row >> 12) & 0x1FFFFF) << 10) - ((t * (row & 0xFFF)) >> 22)
    return ((row >> 33) - ((t * slope) >> 42)).to(tl.int64)


@_jit
def _draw_rows(out, numbers, table, run, parts, KIND: constexpr, BLOCKS: constexpr, BFLOAT16: constexpr):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """One program draws 4·BLOCKS words of one row; the row's first word may be any lane of a block."""
    program = tl.program_id(0).to(tl.int64)
    row, part = program // parts, program % parts
    start = tl.load(numbers + 4) + row * tl.load(numbers + 5)
    number = (start.to(tl.uint64, bitcast=True) >> 2) + (part * BLOCKS + tl.arange(0, BLOCKS)).to(tl.uint64)
    c0, c1 = number.to(tl.uint32), (number >> 32).to(tl.uint32)
    c2, c3 = tl.load(numbers + 2).to(tl.uint32) + c0 * 0, tl.load(numbers + 3).to(tl.uint32) + c0 * 0
    a, b, c, d = _philox(tl.load(numbers).to(tl.uint32), tl.load(numbers + 1).to(tl.uint32), c0, c1, c2, c3)
    x = tl.interleave(tl.interleave(a, c), tl.interleave(b, d))
    if KIND == 0:
        lattice = ((x.to(tl.int32, bitcast=True) >> 8) * 2 + 1).to(tl.int64)
    else:
        if KIND == 1:
            q, upper = ((x & 0x7FFFFFFF).to(tl.uint64) << 21) | (1 << 20), (x >> 31) == 0
        else:
            q, upper = _quantile(
                x, tl.load(numbers + 6).to(tl.uint64, bitcast=True), tl.load(numbers + 7).to(tl.uint64, bitcast=True)
            )
        height = _height(q, table)
        lattice = tl.where(upper, height, -height)
    if KIND != 1:
        lattice = tl.minimum(tl.maximum(lattice, tl.load(numbers + 8)), tl.load(numbers + 9))
    value = (lattice + tl.load(numbers + 10)).to(tl.float64) * tl.load(numbers + 11).to(tl.float64, bitcast=True)
    place = part * (4 * BLOCKS) + tl.arange(0, 4 * BLOCKS) - (start & 3)
    held = (place >= 0) & (place < run)
    if BFLOAT16:
        bits = value.to(tl.float32).to(tl.uint32, bitcast=True)
        bits = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
        tl.store(out + row * run + place, bits.to(tl.uint16).to(tl.int16, bitcast=True), mask=held)
    elif out.dtype.element_ty == tl.float64:
        tl.store(out + row * run + place, value, mask=held)
    else:
        tl.store(out + row * run + place, value.to(tl.float32).to(out.dtype.element_ty), mask=held)

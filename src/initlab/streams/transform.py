"""What an elementwise law makes of a word: a whole number, the lattice, then one multiplication.

    value = (lattice(word) + offset)·unit

    law               lattice                                     unit
    Uniform           an odd number, -2²⁴ < v < 2²⁴               bound·2⁻²⁴
    Normal            2²⁸·z (see normal.py)                       std·2⁻²⁸
    TruncatedNormal   2²⁸·z for a word confined to the quantiles  scale·2⁻²⁸
                      between the bounds (see truncated.py)
    Constant          0, with the value as offset                 1

`offset` is the mean in units, a whole number; adding it is exact, because both are below 2⁵² and float64 holds them.
A nonzero mean is thereby rounded to a multiple of the unit: std·2⁻²⁸, or for the uniform law bound·2⁻²⁴.
No addition follows a multiplication, so no compiler can fuse the two and change a bit. `kind` numbers the lattices
for the compiled kernel. Of `quantiles` (low, width, least, most) the truncated one uses all, the uniform one the last
two, to which both are clamped: `bounds.py` has them for each dtype.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from initlab.errors import SpecError
from initlab.laws import Constant, Law, Normal, Sparse, TruncatedNormal, Uniform
from initlab.streams.normal import BITS, Lattice, normal_lattice
from initlab.streams.philox import Words
from initlab.streams.truncated import Quantiles, quantiles, truncated_lattice

Kind = Literal[0, 1, 2, 3]
UNIFORM: Kind = 0
NORMAL: Kind = 1
TRUNCATED: Kind = 2
CONSTANT: Kind = 3

UNIFORM_BITS = 24
_MOST_OFFSET = 1 << 51
_NO_QUANTILES: Quantiles = (0, 0, 0.0, 0.0)
_UNIFORM_MOST = float((1 << UNIFORM_BITS) - 1)
_UNIFORM_QUANTILES: Quantiles = (0, 0, -_UNIFORM_MOST, _UNIFORM_MOST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transform:
    """How the words of a stream become the entries of one law."""

    kind: Kind
    unit: float
    offset: float
    quantiles: Quantiles

    def lattice(self, x: Words) -> Lattice:
        """The whole numbers of these words, before the offset."""
        if self.kind == CONSTANT:
            return np.zeros(x.shape)
        if self.kind == UNIFORM:
            least, most = self.quantiles[2:]
            return np.minimum(np.maximum(uniform_lattice(x), least), most)
        return normal_lattice(x) if self.kind == NORMAL else truncated_lattice(x, self.quantiles)

    def values(self, x: Words) -> NDArray[np.float64]:
        """The entries that these words become, before they are rounded to the tensor's dtype."""
        lattice = self.lattice(x)
        lattice += self.offset
        lattice *= self.unit
        return lattice


def uniform_lattice(x: Words) -> Lattice:
    """2v + 1 for v the top 24 bits of the word as a signed number: odd, symmetric, never 0 nor ±2²⁴.

    >>> uniform_lattice(np.array([0, 0xFFFFFFFF, 0x7FFFFFFF], dtype=np.uint32))
    array([ 1.0000000e+00, -1.0000000e+00,  1.6777215e+07])
    """
    return ((x.view(np.int32) >> np.int32(8)) * np.int32(2) + np.int32(1)).astype(np.float64)


def _offset(mean: float, unit: float, law: Law) -> float:
    offset = mean / unit
    if not abs(offset) < _MOST_OFFSET:
        raise SpecError(
            f"The mean of a law must be within {unit * _MOST_OFFSET:.4g} of zero for its spread, got {law}. "
            f"Give Constant(value={mean}) instead."
        )
    return float(round(offset))


def _constant(law: Constant) -> Transform:
    return Transform(kind=CONSTANT, unit=1.0, offset=law.value, quantiles=_NO_QUANTILES)


def _normal(law: Normal) -> Transform:
    unit = math.ldexp(law.std, -BITS)
    if not unit:
        return _constant(Constant(value=law.mean))
    return Transform(kind=NORMAL, unit=unit, offset=_offset(law.mean, unit, law), quantiles=_NO_QUANTILES)


def _uniform(law: Uniform) -> Transform:
    unit = math.ldexp(law.bound, -UNIFORM_BITS)
    if not unit:
        return _constant(Constant(value=law.centre))
    return Transform(kind=UNIFORM, unit=unit, offset=_offset(law.centre, unit, law), quantiles=_UNIFORM_QUANTILES)


def _truncated(law: TruncatedNormal) -> Transform:
    unit = math.ldexp(law.scale, -BITS)
    if not unit:
        return _constant(Constant(value=law.centre))
    offset = _offset(law.centre, unit, law)
    return Transform(kind=TRUNCATED, unit=unit, offset=offset, quantiles=quantiles(law.low, law.high))


_MAKERS: dict[type[Law], Callable[..., Transform]] = {
    Constant: _constant,
    Normal: _normal,
    Uniform: _uniform,
    TruncatedNormal: _truncated,
}

ELEMENTWISE = frozenset(_MAKERS)
"""The laws that have a transform."""


@lru_cache(maxsize=1024)
def transform_of(law: Law) -> Transform | None:
    """The transform of an elementwise law, None for another kind of law. A law without spread is a constant.

    >>> transform_of(Normal(std=0.0, mean=2.0)) == transform_of(Constant(value=2.0))
    True

    Raises SpecError when the mean is too many times the spread to be added exactly.
    """
    maker = _MAKERS.get(type(law))
    return maker(law) if maker else None


def largest_entry(law: Law) -> float:
    """The largest magnitude that an entry of a law can have when it is drawn: no normal reaches 8."""
    if isinstance(law, Normal | Sparse):
        return abs(law.mean) + 8 * (law.std if isinstance(law, Normal) else law.entry_std)
    if isinstance(law, TruncatedNormal):
        edges = (min(8.0, abs(law.low)), min(8.0, abs(law.high)))
        return abs(law.centre) + law.scale * max(edges)
    return max(map(abs, law.support))


@lru_cache(maxsize=1024)
def numbers_of(transform: Transform) -> tuple[NDArray[np.uint64], NDArray[np.float64]]:
    """What the compiled kernel needs of a transform beside its kind: (L, W), and (offset, unit, least, most)."""
    low, width, least, most = transform.quantiles
    return np.array([low, width], dtype=np.uint64), np.array([transform.offset, transform.unit, least, most])

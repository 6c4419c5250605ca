"""Laws of a matrix as a whole: its entries depend on one another."""

import math
from dataclasses import dataclass

from initlab.errors import SpecError
from initlab.laws.law import Law, count, finite, not_negative, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixLaw(Law):
    """A law of a whole matrix of `rows` outputs and `columns` inputs, with `taps` kernel positions."""

    rows: int
    columns: int

    def __post_init__(self) -> None:
        count(self, "rows", "The rows of a matrix law")
        count(self, "columns", "The columns of a matrix law")


@dataclass(frozen=True, slots=True, kw_only=True)
class Orthogonal(MatrixLaw):
    """`gain` times a Haar-random matrix with orthonormal rows or columns, whichever are fewer.

    The squared entries sum to gain²·min(rows, columns), so  variance = gain²/max(rows, columns).
    """

    gain: float = 1.0

    def __post_init__(self) -> None:
        MatrixLaw.__post_init__(self)
        finite(self, "gain", "The gain of an orthogonal law")

    @property
    def mean(self) -> float:
        return 0.0

    @property
    def variance(self) -> float:
        return self.gain * self.gain / max(self.rows, self.columns)

    @property
    def support(self) -> tuple[float, float]:
        return -abs(self.gain), abs(self.gain)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaOrthogonal(Orthogonal):
    """A convolution kernel that is orthogonal at its centre tap, (taps - 1)//2 along each axis, and zero elsewhere."""

    taps: int = 1

    def __post_init__(self) -> None:
        Orthogonal.__post_init__(self)
        count(self, "taps", "The taps of a kernel")

    @property
    def variance(self) -> float:
        return self.gain * self.gain / max(self.rows, self.columns) / self.taps


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity(MatrixLaw):
    """`gain` on the main diagonal, zero elsewhere; rectangular when rows != columns."""

    gain: float = 1.0

    def __post_init__(self) -> None:
        MatrixLaw.__post_init__(self)
        finite(self, "gain", "The gain of an identity")

    @property
    def _share(self) -> float:
        return 1 / max(self.rows, self.columns)

    @property
    def mean(self) -> float:
        return self.gain * self._share

    @property
    def variance(self) -> float:
        return self.gain * self.gain * self._share * (1 - self._share)

    @property
    def support(self) -> tuple[float, float]:
        return min(0.0, self.gain), max(0.0, self.gain)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dirac(Identity):
    """A convolution kernel that copies its input: the identity at the centre tap, within each of `groups` groups."""

    taps: int = 1
    groups: int = 1

    def __post_init__(self) -> None:
        Identity.__post_init__(self)
        count(self, "taps", "The taps of a kernel")
        count(self, "groups", "The groups of a kernel")
        if self.rows % self.groups:
            raise SpecError(f"The rows of a Dirac law must divide into its {self.groups} groups, got {self.rows}.")

    @property
    def _share(self) -> float:
        ones = self.groups * min(self.rows // self.groups, self.columns)
        return ones / (self.rows * self.columns * self.taps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hadamard(MatrixLaw):
    """The ZerO matrix: the identity when rows <= columns, otherwise I·H_p/√p·I with p = 2^⌈log₂ rows⌉.

    H_p is the Sylvester-Hadamard matrix of ±1; the two partial identities crop it to (rows, columns).
    """

    @property
    def order(self) -> int:
        """p, the order of the Hadamard matrix; 0 when the law is the plain identity."""
        return 0 if self.rows <= self.columns else 1 << (self.rows - 1).bit_length()

    @property
    def _entry_sum(self) -> int:
        """Sum of the ±1 entries of the top left (rows, columns) block, one column of bits at a time."""
        total = 0
        for column in range(self.columns):
            total += _column_sum(self.rows, column)
        return total

    @property
    def mean(self) -> float:
        if not self.order:
            return min(self.rows, self.columns) / (self.rows * self.columns)
        return self._entry_sum / math.sqrt(self.order) / (self.rows * self.columns)

    @property
    def variance(self) -> float:
        second = 1 / self.order if self.order else min(self.rows, self.columns) / (self.rows * self.columns)
        return second - self.mean**2

    @property
    def support(self) -> tuple[float, float]:
        return (-1 / math.sqrt(self.order), 1 / math.sqrt(self.order)) if self.order else (0.0, 1.0)


def _column_sum(rows: int, column: int) -> int:
    """Sum over i < rows of (-1)^popcount(i & column), the top of one column of a Hadamard matrix."""
    total, start = 0, 0
    for bit in reversed(range(rows.bit_length())):
        if rows >> bit & 1:
            if column & ((1 << bit) - 1) == 0:
                total += (-1) ** (start & column).bit_count() * (1 << bit)
            start += 1 << bit
    return total


@dataclass(frozen=True, slots=True, kw_only=True)
class Sparse(MatrixLaw):
    """Each column holds `zeros` zeros at random places; the other entries are N(0, entry_std²)."""

    zeros: int
    entry_std: float = 0.01

    def __post_init__(self) -> None:
        MatrixLaw.__post_init__(self)
        not_negative(self, "entry_std", "The standard deviation of a sparse law")
        count(self, "zeros", "The zeros of a sparse law", least=0)
        if self.zeros > self.rows:
            raise SpecError(f"The zeros of a sparse law must be between 0 and its {self.rows} rows, got {self.zeros}.")

    @property
    def mean(self) -> float:
        return 0.0

    @property
    def variance(self) -> float:
        return self.entry_std * self.entry_std * (1 - self.zeros / self.rows)

    @property
    def support(self) -> tuple[float, float]:
        return -math.inf, math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedRows(Law):
    """One row drawn from an elementwise law, and every other row a copy of it: all units start alike."""

    row: Law

    def __post_init__(self) -> None:
        if not isinstance(self.row, Law):
            raise SpecError(f"The row of a CopiedRows law must be a law, got {shown(self.row)}. Give Normal(std=1.0).")

    @property
    def mean(self) -> float:
        return self.row.mean

    @property
    def variance(self) -> float:
        return self.row.variance

    @property
    def support(self) -> tuple[float, float]:
        return self.row.support

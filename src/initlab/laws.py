"""The laws: distributions that know their mean, variance and support. Pure data, no sampling.

A law describes one tensor before it is drawn; `initlab.streams` draws it.

    elementwise    Constant · Normal · Uniform · TruncatedNormal · LogUniform
    of a matrix    Orthogonal · DeltaOrthogonal · Identity · Dirac · Hadamard · Sparse · CopiedRows

The matrix laws carry the size of the matrix, because the variance of an entry depends on it. Their matrix has one row
for an output and one column for an input; a convolution kernel of `taps` positions is laid as (rows, columns, taps).
`mean` and `variance` are those of an entry of the tensor chosen at random.
"""

import math
import operator
from abc import ABC, abstractmethod
from dataclasses import dataclass
from numbers import Real

from initlab.errors import SpecError


def normal_density(x: float) -> float:
    """The standard normal density, exp(-x²/2)/√(2π)."""
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def normal_cdf(x: float) -> float:
    """The standard normal distribution function Φ(x), accurate in both tails."""
    return math.erfc(-x / math.sqrt(2)) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Law(ABC):
    """A distribution of the entries of one tensor."""

    @property
    @abstractmethod
    def mean(self) -> float:
        """The expected value of an entry."""

    @property
    @abstractmethod
    def variance(self) -> float:
        """The variance of an entry, exact: that of a truncated law is the one after truncation."""

    @property
    @abstractmethod
    def support(self) -> tuple[float, float]:
        """The closed interval outside which no entry falls, before it is rounded to the dtype of a tensor."""

    @property
    def std(self) -> float:
        """The standard deviation of an entry."""
        return math.sqrt(self.variance)


def shown(value: object) -> str:
    """A value as an error message shows it: a whole number too long to print by its length.

    >>> shown(-0.5), shown(1 << 5000)
    ('-0.5', 'a whole number of 5001 bits')
    """
    if isinstance(value, int) and value.bit_length() > 1024:
        return f"a whole number of {value.bit_length()} bits"
    return repr(value)


def whole_number(value: object) -> int | None:
    """A whole number of any kind, NumPy's too, as a Python integer; None for anything else, and for a bool."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        return None
    try:
        return operator.index(value)
    except TypeError:
        return None


def _number(law: object, field: str, what: str) -> float:
    """Make a field a Python float, and -0.0 plain 0.0: laws that are equal are then drawn alike."""
    value = getattr(law, field)
    try:
        if isinstance(value, bool) or not isinstance(value, Real):
            raise TypeError
        number = float(value) + 0.0
    except (TypeError, OverflowError):
        raise SpecError(f"{what} must be a number, got {shown(value)}. Give a float.") from None
    object.__setattr__(law, field, number)
    return number


def _finite(law: object, field: str, what: str) -> None:
    if not math.isfinite(value := _number(law, field, what)):
        raise SpecError(f"{what} must be a finite number, got {value}.")


def _not_negative(law: object, field: str, what: str) -> None:
    value = _number(law, field, what)
    if not (math.isfinite(value) and value >= 0):
        raise SpecError(f"{what} must be a finite number >= 0, got {value}.")


def _count(law: object, field: str, what: str, least: int = 1) -> None:
    """Make a field a Python integer of at least that size."""
    count = whole_number(getattr(law, field))
    if count is None or count < least:
        raise SpecError(f"{what} must be a whole number >= {least}, got {shown(getattr(law, field))}.")
    object.__setattr__(law, field, count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant(Law):
    """Every entry equal to `value`.

    >>> Constant(value=0.0).std
    0.0
    """

    value: float

    def __post_init__(self) -> None:
        _finite(self, "value", "The value of a constant")

    @property
    def mean(self) -> float:
        return self.value

    @property
    def variance(self) -> float:
        return 0.0

    @property
    def support(self) -> tuple[float, float]:
        return self.value, self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Normal(Law):
    """The Gaussian N(mean, std²). A nonzero mean is drawn as the nearest multiple of std·2⁻²⁸.

    >>> Normal(std=0.1).variance == 0.1**2
    True
    """

    std: float
    mean: float = 0.0

    def __post_init__(self) -> None:
        _not_negative(self, "std", "The standard deviation of a normal law")
        _finite(self, "mean", "The mean of a normal law")

    @property
    def variance(self) -> float:
        return self.std * self.std

    @property
    def support(self) -> tuple[float, float]:
        return -math.inf, math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Uniform(Law):
    """The uniform law on (centre - bound, centre + bound); its variance is bound²/3.

    A draw never reaches either end, in any dtype. A nonzero centre is drawn as the nearest multiple of bound·2⁻²⁴.

    >>> Uniform.of_std(1.0).bound == 3**0.5
    True
    """

    bound: float
    centre: float = 0.0

    def __post_init__(self) -> None:
        _not_negative(self, "bound", "The bound of a uniform law")
        _finite(self, "centre", "The centre of a uniform law")

    @classmethod
    def of_std(cls, std: float) -> "Uniform":
        """The centred uniform law of that standard deviation: bound = √3 std."""
        return cls(bound=math.sqrt(3.0) * std)

    @property
    def mean(self) -> float:
        return self.centre

    @property
    def variance(self) -> float:
        return self.bound * self.bound / 3

    @property
    def support(self) -> tuple[float, float]:
        return self.centre - self.bound, self.centre + self.bound


@dataclass(frozen=True, slots=True, kw_only=True)
class TruncatedNormal(Law):
    """N(centre, scale²) conditioned on lying between centre + low·scale and centre + high·scale.

    With a = low, b = high, Z = Φ(b) - Φ(a), m = (φ(a) - φ(b))/Z:

        mean     = centre + scale·m
        variance = scale²·(1 + (aφ(a) - bφ(b))/Z - m²)

    A draw never reaches either bound, in any dtype. A nonzero centre is drawn as the nearest multiple of scale·2⁻²⁸.
    At ±2 the standard deviation is 0.8796 of the scale, at ±3 it is 0.9866: `of_std` divides that out.

    >>> round(TruncatedNormal(scale=1.0).std, 10)
    0.879625661
    >>> round(TruncatedNormal.of_std(0.1).std, 12)
    0.1
    """

    scale: float
    low: float = -2.0
    high: float = 2.0
    centre: float = 0.0

    def __post_init__(self) -> None:
        _not_negative(self, "scale", "The scale of a truncated normal law")
        _finite(self, "centre", "The centre of a truncated normal law")
        for field in ("low", "high"):
            _number(self, field, "The bounds of a truncated normal law")
        if not self.low < self.high:
            raise SpecError(f"The bounds of a truncated normal law must have low < high, got {self.low}, {self.high}.")
        if self._mass < 1e-9:
            raise SpecError(
                f"The bounds of a truncated normal law must hold at least 1e-9 of the normal law, got {self.low} to "
                f"{self.high}. Give them in standard deviations."
            )

    @classmethod
    def of_std(cls, std: float, *, cut: float = 2.0) -> "TruncatedNormal":
        """The law truncated at ±cut whose standard deviation *after* truncation is `std`."""
        return cls(scale=std / cls(scale=1.0, low=-cut, high=cut).std, low=-cut, high=cut)

    @property
    def _mass(self) -> float:
        a, b = (self.low, self.high) if self.high <= 0 else (-self.high, -self.low)
        return normal_cdf(b) - normal_cdf(a)

    @property
    def _offset(self) -> float:
        return (normal_density(self.low) - normal_density(self.high)) / self._mass

    @property
    def mean(self) -> float:
        return self.centre + self.scale * self._offset

    @property
    def variance(self) -> float:
        edges = sum(sign * x * normal_density(x) for sign, x in ((1, self.low), (-1, self.high)) if math.isfinite(x))
        return self.scale * self.scale * (1 + edges / self._mass - self._offset**2)

    @property
    def support(self) -> tuple[float, float]:
        return self.centre + self.low * self.scale, self.centre + self.high * self.scale


@dataclass(frozen=True, slots=True, kw_only=True)
class LogUniform(Law):
    """±ln u for u uniform on (low, high); `negated` takes the minus sign.

    With F(u) = u(ln u - 1) and G(u) = u(ln²u - 2 ln u + 2):  mean = ΔF/(high - low),  second moment = ΔG/(high - low).
    """

    low: float
    high: float
    negated: bool = False

    def __post_init__(self) -> None:
        for field in ("low", "high"):
            _number(self, field, "The bounds of a log-uniform law")
        if not isinstance(self.negated, bool):
            raise SpecError(f"The sign of a log-uniform law must be True or False, got {shown(self.negated)}.")
        if not 0 < self.low < self.high < math.inf:
            raise SpecError(f"The bounds of a log-uniform law must have 0 < low < high, got {self.low}, {self.high}.")

    @property
    def mean(self) -> float:
        first = [u * (math.log(u) - 1) for u in (self.low, self.high)]
        mean = (first[1] - first[0]) / (self.high - self.low)
        return -mean if self.negated else mean

    @property
    def variance(self) -> float:
        second = [u * (math.log(u) ** 2 - 2 * math.log(u) + 2) for u in (self.low, self.high)]
        return max(0.0, (second[1] - second[0]) / (self.high - self.low) - self.mean**2)

    @property
    def support(self) -> tuple[float, float]:
        low, high = math.log(self.low), math.log(self.high)
        return (-high, -low) if self.negated else (low, high)


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixLaw(Law):
    """A law of a whole matrix of `rows` outputs and `columns` inputs, with `taps` kernel positions."""

    rows: int
    columns: int

    def __post_init__(self) -> None:
        _count(self, "rows", "The rows of a matrix law")
        _count(self, "columns", "The columns of a matrix law")


@dataclass(frozen=True, slots=True, kw_only=True)
class Orthogonal(MatrixLaw):
    """`gain` times a Haar-random matrix with orthonormal rows or columns, whichever are fewer.

    The squared entries sum to gain²·min(rows, columns), so  variance = gain²/max(rows, columns).
    """

    gain: float = 1.0

    def __post_init__(self) -> None:
        MatrixLaw.__post_init__(self)
        _finite(self, "gain", "The gain of an orthogonal law")

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
        _count(self, "taps", "The taps of a kernel")

    @property
    def variance(self) -> float:
        return self.gain * self.gain / max(self.rows, self.columns) / self.taps


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity(MatrixLaw):
    """`gain` on the main diagonal, zero elsewhere; rectangular when rows != columns."""

    gain: float = 1.0

    def __post_init__(self) -> None:
        MatrixLaw.__post_init__(self)
        _finite(self, "gain", "The gain of an identity")

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
        _count(self, "taps", "The taps of a kernel")
        _count(self, "groups", "The groups of a kernel")
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
        _not_negative(self, "entry_std", "The standard deviation of a sparse law")
        _count(self, "zeros", "The zeros of a sparse law", least=0)
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

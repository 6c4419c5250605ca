"""Laws whose entries are drawn each for itself."""

import math
from dataclasses import dataclass

from initlab.errors import SpecError
from initlab.laws.law import Law, finite, not_negative, number, shown


def normal_density(x: float) -> float:
    """The standard normal density, exp(-x²/2)/√(2π)."""
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def normal_cdf(x: float) -> float:
    """The standard normal distribution function Φ(x), accurate in both tails."""
    return math.erfc(-x / math.sqrt(2)) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant(Law):
    """Every entry equal to `value`.

    >>> Constant(value=0.0).std
    0.0
    """

    value: float

    def __post_init__(self) -> None:
        finite(self, "value", "The value of a constant")

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
        not_negative(self, "std", "The standard deviation of a normal law")
        finite(self, "mean", "The mean of a normal law")

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
        not_negative(self, "bound", "The bound of a uniform law")
        finite(self, "centre", "The centre of a uniform law")

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
        not_negative(self, "scale", "The scale of a truncated normal law")
        finite(self, "centre", "The centre of a truncated normal law")
        for field in ("low", "high"):
            number(self, field, "The bounds of a truncated normal law")
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
            number(self, field, "The bounds of a log-uniform law")
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

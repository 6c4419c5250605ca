"""Tests of a tensor against an elementwise law: mean, spread, support and distribution, each with its p-value.

    mean     z = (x̄ - μ)√n/σ, normal
    std      Normal: Σ(x - x̄)²/σ² is χ² of n - 1 degrees of freedom. Another law of kurtosis κ: the mean of (x - x̄)² has
             variance σ⁴(κ - 1)/n; its upper tail is taken as that of χ² with 2n/(κ - 1) degrees of freedom, its lower
             one as normal, which both overstate the p-value where κ < 3
    support  no entry lies outside, but for the rounding of its dtype
    shape    Kolmogorov and Smirnov's largest distance of the distribution functions, exact for any n
    zeros    the number of exact zeros is binomial, with the chance that the law and the dtype give them

Entries of half precision are spread over their rounding interval before their shape is judged.
"""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from initlab.laws import Law, LogUniform, Normal, TruncatedNormal, Uniform, normal_cdf, normal_density
from initlab.plans.measure import Measured, measure, some
from initlab.plans.spoken import spoken

Kind = Literal[
    "not finite",
    "untouched",
    "constant",
    "zeros",
    "support",
    "std",
    "mean",
    "distribution",
    "orthogonality",
    "pattern",
    "numbers",
    "rows",
    "duplicate",
    "output",
]

Reals = NDArray[np.float64]

JUDGED = 1 << 16
"""How many entries the shape is judged by: a distance of 0.02 is found, and sorting them takes 10 ms."""

FEWEST = 30
"""Fewer entries of a law that is not normal are judged by their shape alone: their moments are too far from normal."""

ROUNDING = {"bfloat16": (8, -133), "float16": (11, -24), "float32": (24, -149), "float64": (53, -1074)}
"""Bits of the significand, and the exponent of the smallest number, of each dtype."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """One thing asked of a tensor: the chance p to see so much or more when it is as planned; 0 for the impossible.

    `factor` is the spread found over that planned, and `error` the relative standard error of that.
    """

    kind: Kind
    p: float
    expected: str
    found: str
    factor: float | None = None
    error: float = 0.0


def of_elements(values: NDArray[Any], law: Law, dtype: str) -> list[Test]:
    """All tests of a tensor of entries that are drawn one by one from a law with a spread."""
    found = measure(values, about=law.mean)
    broken = _broken(found, law, dtype)
    if broken is not None:
        return [broken]
    tests = [_support(found, law, dtype), _zeros(found, law, dtype)]
    if isinstance(law, Normal) or (not isinstance(law, LogUniform) and found.size >= FEWEST):
        tests += [_mean(found, law), _spread(found, law)]
    return [*tests, _shape(values, law, dtype)]


def _broken(found: Measured, law: Law, dtype: str) -> Test | None:
    """What is wrong with a tensor that was never drawn at all."""
    expected = spoken(law)
    if found.not_finite:
        text = f"{found.not_finite} of {found.size} entries are NaN or infinite"
        return Test(kind="not finite", p=0.0, expected=expected, found=text)
    if found.size > 1 and found.low == found.high:
        return Test(kind="constant", p=0.0, expected=expected, found=f"every entry is {found.low:.6g}", factor=0.0)
    if found.subnormal and dtype != "float16" and law.std > 1e-30:
        text = f"{found.subnormal} of {found.size} entries are subnormal, as memory is that nothing was written to"
        return Test(kind="untouched", p=0.0, expected=expected, found=text)
    return None


def _support(found: Measured, law: Law, dtype: str) -> Test:
    low, high = law.support
    slack = 2.0 ** (1 - ROUNDING[dtype][0]) * max(abs(end) if math.isfinite(end) else 0.0 for end in (low, high))
    outside = found.low < low - slack or found.high > high + slack
    far = found.high if found.high - high > low - found.low else found.low
    return Test(
        kind="support",
        p=0.0 if outside else 1.0,
        expected=f"within {low:.4g} and {high:.4g}",
        found=f"an entry of {far:.4g}",
        factor=math.sqrt(found.second / law.variance),
        error=_error(law, found.size),
    )


def _zeros(found: Measured, law: Law, dtype: str) -> Test:
    ends = np.array([-0.5, 0.5]) * 2.0 ** ROUNDING[dtype][1]
    chance = min(1.0, 2.0**-22 + float(np.diff(cdf(law, ends))[0]))
    p = 1.0 if not found.zeros else float(stats.binom.sf(found.zeros - 1, found.size, chance))
    return Test(
        kind="zeros",
        p=p,
        expected=spoken(law),
        found=f"{found.zeros} of {found.size} entries are exactly zero",
        factor=math.sqrt(found.second / law.variance),
        error=_error(law, found.size),
    )


def _mean(found: Measured, law: Law) -> Test:
    z = (found.mean - law.mean) * math.sqrt(found.size) / law.std
    return Test(
        kind="mean", p=math.erfc(abs(z) / math.sqrt(2)), expected=f"mean {law.mean:.4g}", found=f"mean {found.mean:.4g}"
    )


def _spread(found: Measured, law: Law) -> Test:
    n = found.size
    ratio = found.std**2 / law.variance * n / max(1, n - 1)
    excess = kurtosis(law) - 1
    freedom = 2 * (n - 1) / excess
    upper = float(stats.chi2.sf(freedom * ratio, freedom))
    normal = isinstance(law, Normal)
    lower = (
        float(stats.chi2.cdf(freedom * ratio, freedom)) if normal else normal_cdf((ratio - 1) * math.sqrt(n / excess))
    )
    return Test(
        kind="std",
        p=min(1.0, 2 * min(upper, lower)) if n > 1 else 1.0,
        expected=f"std {law.std:.4g}",
        found=f"std {math.sqrt(ratio * law.variance):.4g}",
        factor=math.sqrt(ratio),
        error=_error(law, n),
    )


def _shape(values: NDArray[Any], law: Law, dtype: str) -> Test:
    x = some(values, JUDGED)
    if dtype in ("bfloat16", "float16"):
        x = _unrounded(x, dtype)
    at = np.sort(cdf(law, x))
    n = at.size
    ranks = np.arange(n + 1) / n
    distance = float(max((ranks[1:] - at).max(), (at - ranks[:-1]).max()))
    return Test(
        kind="distribution",
        p=float(stats.kstwo.sf(distance, n)),
        expected=spoken(law),
        found=f"another shape: the distribution functions are {distance:.3g} apart",
    )


def _unrounded(x: Reals, dtype: str) -> Reals:
    """Entries spread evenly over the intervals that were rounded to them, the same way each time."""
    bits, least = ROUNDING[dtype]
    _, exponent = np.frexp(x)
    unit = np.ldexp(1.0, np.maximum(exponent - bits, least))
    spread: Reals = x + unit * (np.arange(1, x.size + 1) * 0.6180339887498949 % 1 - 0.5)
    return spread


def _error(law: Law, n: int) -> float:
    """The relative standard error of the standard deviation of n entries."""
    return math.sqrt((kurtosis(law) - 1) / (4 * n)) if not isinstance(law, LogUniform) else 1.0


def kurtosis(law: Law) -> float:
    """E(x - μ)⁴/σ⁴ of a law: 3 for the normal one, 9/5 for the uniform one, less than 3 for a truncated one.

    >>> kurtosis(TruncatedNormal(scale=1.0, low=-9.0, high=9.0))
    2.99999999...
    """
    if isinstance(law, Uniform):
        return 1.8
    if not isinstance(law, TruncatedNormal):
        return 3.0
    a, b = law.low, law.high
    mass = normal_cdf(b) - normal_cdf(a)
    raw = [1.0, 0.0, 0.0, 0.0, 0.0]
    for k in range(1, 5):
        edges = sum(s * x ** (k - 1) * normal_density(x) for s, x in ((1, a), (-1, b)) if math.isfinite(x))
        raw[k] = (k - 1) * raw[k - 2] * (k > 1) + edges / mass
    m = raw[1]
    fourth = raw[4] - 4 * m * raw[3] + 6 * m**2 * raw[2] - 3 * m**4
    return float(fourth / (raw[2] - m**2) ** 2)


def cdf(law: Law, x: Reals) -> Reals:
    """The distribution function of an elementwise law."""
    match law:
        case Normal(std=std, mean=mean):
            found = special.ndtr((x - mean) / std)
        case Uniform(bound=bound, centre=centre):
            found = np.clip((x - centre) / (2 * bound) + 0.5, 0, 1)
        case TruncatedNormal(scale=scale, low=low, high=high, centre=centre):
            start = normal_cdf(low)
            found = np.clip((special.ndtr((x - centre) / scale) - start) / (normal_cdf(high) - start), 0, 1)
        case LogUniform(low=low, high=high, negated=negated):
            share = np.clip((np.exp(np.minimum(-x if negated else x, 700.0)) - low) / (high - low), 0, 1)
            found = 1 - share if negated else share
        case _:
            raise TypeError(f"no distribution function of {law}")
    result: Reals = np.asarray(found, dtype=np.float64)
    return result

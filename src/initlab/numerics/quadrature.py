"""Expectations over normal numbers in one and two dimensions, each with its error.

The line is cut into panels at the places where the integrand is not smooth. A Gauss-Legendre rule on a panel is held
against the same rule on its two halves, and a panel where they differ is halved again. One rule over the whole line
would miss E max(z, 0) by 1e-3; two panels that meet at the kink have it to 4e-16.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from initlab.errors import SpecError

Reals = npt.NDArray[np.float64]
Integrand = Callable[[Reals], Reals]

NODES = 20
_X, _W = np.polynomial.legendre.leggauss(NODES)
_X, _W = (_X + 1) / 2, _W / 2

EDGES = (0.0, 2.5, 5.0)
"""Where panels end besides the kinks, on either side: between two of them the density itself is resolved to 1e-16."""

RADII = (10.0, 20.0, 38.0)
"""How far out the integral goes: farther where its integrand has not died away. Beyond 38 the density is zero."""

PRECISION = 1e-14
"""The share of the integral by which a panel may differ from its halves."""

LEVELS, PANELS = 60, 2000
"""The halvings of a panel, and the panels at once, after which the integral is taken as it is, error and all."""

ROUNDING = 16 * float(np.finfo(np.float64).eps)
"""What the sums may lose, as a share of the integral of the absolute value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """Expectations of several functions and their errors, both of shape (functions,)."""

    value: Reals
    error: Reals


def expectation(integrand: Integrand, *, kinks: Iterable[float] = (), scale: Reals | float = 0.0) -> Expectation:
    """E f(z), z ~ N(0, 1), for functions f of shape (n,) -> (functions, n) that are smooth but at the kinks.

    Errors count in relation to E |f|, or to `scale` where that is larger: state it where f is zero but for rounding.

    >>> found = expectation(lambda z: np.maximum(z, 0)[np.newaxis], kinks=[0])
    >>> bool(abs(found.value[0] - 1 / np.sqrt(2 * np.pi)) < 1e-15)
    True

    Raises SpecError when the integrand outgrows the normal density, or is too rough to be integrated to 1e-6.
    """
    places = np.array([*kinks], dtype=np.float64)
    far = np.array([-RADII[2], -RADII[1], -RADII[0], *RADII])
    tails = np.abs(_weighted(integrand, far))
    for radius in RADII:
        found, size = _adapt(integrand, edges(places, radius), np.asarray(scale))
        if (tails[:, np.abs(far) >= radius] <= PRECISION * size[:, np.newaxis]).all():
            return _judged(found, size)
    raise SpecError(
        "An expectation must be finite, got an integrand that outgrows the normal density. "
        "Use a function that grows more slowly."
    )


def edges(kinks: Reals, radius: float) -> Reals:
    """The ends of the first panels, from -radius to radius, the kinks inside among them."""
    sides = np.array([*EDGES, *(r for r in RADII if r < radius), radius])
    inside = kinks[np.abs(kinks) < radius]
    return np.unique(np.concatenate([-sides, sides, inside]))


def _weighted(integrand: Integrand, z: Reals) -> Reals:
    with np.errstate(all="ignore"):
        return np.asarray(integrand(z) * (np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi)))


def _panels(integrand: Integrand, left: Reals, right: Reals) -> tuple[Reals, Reals]:
    """The rule on each panel, for the functions and for their absolute values: (functions, panels) both."""
    width = right - left
    nodes = left[:, np.newaxis] + width[:, np.newaxis] * _X
    values = _weighted(integrand, nodes.ravel()).reshape(-1, *nodes.shape)
    return (values @ _W) * width, (np.abs(values) @ _W) * width


@np.errstate(all="ignore")
def _adapt(integrand: Integrand, ends: Reals, scale: Reals) -> tuple[Expectation, Reals]:
    """Halve the panels until each agrees with its halves; the size is the integral of the absolute value."""
    left, right = ends[:-1], ends[1:]
    whole, _ = _panels(integrand, left, right)
    value, error, size = (np.zeros(len(whole)) for _ in range(3))
    for level in range(LEVELS):
        middle = (left + right) / 2
        halves, sizes = _panels(integrand, np.concatenate([left, middle]), np.concatenate([middle, right]))
        count = len(left)
        pair = halves[:, :count] + halves[:, count:]
        gap = np.abs(pair - whole)
        allowed = PRECISION * np.maximum(scale, size + sizes.sum(axis=1))
        done = (gap <= allowed[:, np.newaxis]).all(axis=0) | ~np.isfinite(gap).all(axis=0)
        if level == LEVELS - 1 or 2 * count > PANELS:
            done[:] = True
        value, error = value + pair[:, done].sum(axis=1), error + gap[:, done].sum(axis=1)
        rest = np.concatenate([~done, ~done])
        size = size + sizes[:, ~rest].sum(axis=1)
        if done.all():
            break
        left, right = np.concatenate([left, middle])[rest], np.concatenate([middle, right])[rest]
        whole = halves[:, rest]
    size = np.maximum(scale, size)
    return Expectation(value=value, error=error + ROUNDING * size), size


def _judged(found: Expectation, size: Reals) -> Expectation:
    """The expectation, if its error is small. Raises SpecError when the panels never agreed."""
    if not (found.error <= 1e-6 * size).all():
        worst = float(np.max(found.error / np.where(size > 0, size, 1.0)))
        raise SpecError(
            f"An expectation must be known to 1e-6, got a relative error of {worst:.1g}. "
            "The function is not integrable, or too rough: smooth it, or name its kinks."
        )
    return found

"""All that the maps say of one activation at one (σ_w², σ_b²): fixed points, critical line, the Jacobian's spread."""

from dataclasses import dataclass

from initlab.numerics.activations import Activation
from initlab.theory.fixed_points import Critical, Fixed, critical_at, critical_line, fixed, has_critical_line
from initlab.theory.maps import Point
from initlab.theory.spectrum import Spectrum, checked_depth, spectrum


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """One point of the phase diagram.

    `critical` is the critical point at the same bias variance, `unit` the one at q = 1 (neither: None), and `spectra`
    the spread of squared singular values over `depth` layers, empty where signals explode.
    """

    fixed: Fixed
    critical: Critical | None
    unit: Critical | None
    has_critical_line: bool
    depth: int
    spectra: tuple[Spectrum, ...]


def overview(phi: Activation, *, sigma_w2: float | None = None, sigma_b2: float = 0.0, depth: int = 50) -> Overview:
    """The overview at σ_w², or, where that is None, on the critical line at σ_b² (at 1 where there is no such point).

    >>> from initlab.numerics.activations import activation
    >>> found = overview(activation("tanh"), sigma_b2=0.05)
    >>> round(found.fixed.weight, 6), found.fixed.phase
    (1.760955, 'critical')

    Raises SpecError when a variance or the depth is out of bounds.
    """
    checked_depth(depth)
    start = Point(phi=phi, weight=1.0 if sigma_w2 is None else sigma_w2, bias=sigma_b2)
    critical, unit = critical_line(phi, bias=sigma_b2), critical_at(phi, 1.0)
    if sigma_w2 is None and critical is not None:
        start = Point(phi=phi, weight=critical.weight, bias=sigma_b2)
    found = fixed(start)
    q = found.q if found.phase not in ("exploding", "vanishing") and found.q > 0 else None
    return Overview(
        fixed=found,
        critical=critical,
        unit=unit if unit.bias >= 0 else None,
        has_critical_line=has_critical_line(phi),
        depth=depth,
        spectra=()
        if q is None
        else tuple(spectrum(phi, q=q, depth=depth, weights=weights) for weights in ("gaussian", "orthogonal")),
    )

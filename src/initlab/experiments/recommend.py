"""Which scheme and gain for a network of that activation, depth and width: from the numbers of the theory alone.

Two numbers decide. The form, Xavier's or He's, is that whose derivation's assumption the activation meets (see
`initlab.theory.shape`). The gain is the form's own, if the signal and the gradient change by no more than a factor of
FAIR beyond what the best gain for this depth would give; else that best gain. For square layers a gain g means
σ_w² = g² under Xavier's scheme and 2g² under He's.
"""

import math
from dataclasses import dataclass

from scipy.optimize import minimize_scalar

from initlab.errors import SpecError
from initlab.numerics.activations import Activation
from initlab.schemes import choose
from initlab.theory.finite_width import checked_width, forward_noise
from initlab.theory.fixed_points import Fixed, fixed
from initlab.theory.gains import Gains, gains
from initlab.theory.maps import Point
from initlab.theory.moments import LARGEST_Q, SMALLEST_Q, moments
from initlab.theory.shape import Family, Shape, shape
from initlab.theory.spectrum import checked_depth

FAIR = 10.0
"""The factor in a standard deviation, over the whole depth, that is worth no other gain than the scheme's own: ten is
less than the range over which a learning rate is searched."""

DEEPEST = 2000

WIDEST = 500.0
"""The change of an exponent at which a signal counts as gone: e^500."""

FORMS: dict[Family, tuple[str, float]] = {"xavier": ("glorot_normal", 1.0), "he": ("he_normal", 2.0)}
"""The scheme of each form, and its σ_w² for square layers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One choice: the scheme as a person writes it, its σ_w², and what becomes of signal and gradient.

    `forward` is the std of the last hidden layer over that of the first, `backward` that of the gradient at the first
    layer over that at the last. `worst` is the larger of the two changes, as a factor. `branch` multiplies each
    residual branch (1 in a plain network).
    """

    scheme: str
    why: str
    sigma_w2: float
    branch: float
    forward: float
    backward: float
    worst: float
    fixed: Fixed


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """The choice, the alternatives from best to worst, and the numbers behind it.

    `rule` is what the plain rule of thumb says, `rule_holds` whether it was taken as it is. `spread` is the variance of
    the log of the signal's mean square at the last layer in networks of this width. `halved` and `doubled` are the
    choice's worst change when the input's mean square is a half or two, in place of one.
    """

    activation: str
    depth: int
    width: int
    residual: bool
    shape: Shape
    gains: Gains
    choice: Candidate
    alternatives: tuple[Candidate, ...]
    rule: str
    rule_holds: bool
    spread: float
    halved: float
    doubled: float


def recommend(phi: Activation, *, depth: int, width: int, residual: bool = False) -> Recommendation:
    """The scheme and gain for a network of that depth and width.

    >>> from initlab.numerics.activations import activation
    >>> [recommend(activation(name), depth=30, width=256).choice.scheme for name in ("tanh", "relu")]
    ['glorot_normal', 'he_normal']

    Raises SpecError when the depth or width is out of bounds, or nothing passes through the activation.
    """
    if checked_depth(depth) > DEEPEST:
        raise SpecError(f"A depth to give advice on must be at most {DEEPEST}, got {depth}. Ask for fewer layers.")
    checked_width(width)
    found, form = gains(phi), shape(phi)
    rule = FORMS[form.family][0]
    tried = _residual(phi, depth, form.family) if residual else _plain(phi, depth, form.family, found)
    ranked = sorted(tried, key=lambda candidate: candidate.worst)
    own = next(candidate for candidate in tried if candidate.scheme == rule)
    choice = own if own.worst <= FAIR * ranked[0].worst else ranked[0]
    halved, doubled = (_worst(phi, choice.sigma_w2, depth, choice.branch, residual, start) for start in (0.5, 2.0))
    return Recommendation(
        activation=phi.name,
        depth=depth,
        width=width,
        residual=residual,
        shape=form,
        gains=found,
        choice=choice,
        alternatives=tuple(candidate for candidate in ranked if candidate is not choice),
        rule=rule,
        rule_holds=choice is own,
        spread=_spread(phi, choice.sigma_w2, depth, width, residual),
        halved=halved,
        doubled=doubled,
    )


def _plain(phi: Activation, depth: int, family: Family, found: Gains) -> list[Candidate]:
    best = best_weight(phi, depth)
    weights = {
        "best at this depth": best,
        "forward gain": found.forward**2,
        "backward gain": found.backward**2,
        "geometric gain": found.geometric**2,
    }
    tried = [_candidate(phi, FORMS[name][0], f"{name.capitalize()}'s own", FORMS[name][1], depth) for name in FORMS]
    for why, weight in weights.items():
        if all(abs(weight / candidate.sigma_w2 - 1) > 1e-3 for candidate in tried):
            tried.append(_candidate(phi, written(family, weight), why, weight, depth))
    return tried


def _residual(phi: Activation, depth: int, family: Family) -> list[Candidate]:
    name, weight = FORMS[family]
    branches = {
        f"{name}": ("as it is", 1.0),
        f"{name}, branches / √{depth}": ("scaled by depth", 1 / math.sqrt(depth)),
        "rezero": ("starts at zero", 0.0),
    }
    return [
        _candidate(phi, scheme, why, weight, depth, branch=branch, residual=True)
        for scheme, (why, branch) in branches.items()
    ]


def written(family: Family, weight: float) -> str:
    """A scheme with the gain that gives square layers this σ_w², to four digits.

    >>> written("he", 2.42)
    'he_normal(gain=1.1)'
    """
    name, own = FORMS[family]
    return choose(f"{name}(gain={math.sqrt(weight / own):.4g})").label


def _candidate(
    phi: Activation, scheme: str, why: str, weight: float, depth: int, *, branch: float = 1.0, residual: bool = False
) -> Candidate:
    forward, backward = changes(phi, weight, depth, branch=branch, residual=residual)
    return Candidate(
        scheme=scheme,
        why=why,
        sigma_w2=weight,
        branch=branch,
        forward=math.exp(forward),
        backward=math.exp(backward),
        worst=math.exp(max(abs(forward), abs(backward))),
        fixed=fixed(Point(phi=phi, weight=weight), start=weight),
    )


def changes(
    phi: Activation, weight: float, depth: int, *, branch: float = 1.0, residual: bool = False, start: float = 1.0
) -> tuple[float, float]:
    """Ln of the std of the last layer over the first, forward, and of the first over the last, backward.

    plain     q' = σ_w² E φ²,  b = σ_w² E φ'² b'        residual  q' = q + s² σ_w² E φ²,  b = (1 + s² σ_w² E φ'²) b'
    """
    q = start * (1.0 if residual else weight)
    first, gradient = q, 0.0
    scale = branch**2 * weight
    for _ in range(depth - 1):
        if not SMALLEST_Q <= q <= LARGEST_Q:
            exploded = q > 1
            return (WIDEST, WIDEST) if exploded else (-WIDEST, -WIDEST)
        found = moments(phi, q)
        q = q * residual + scale * found.square
        gradient += math.log(max(residual + scale * found.slope, 1e-300))
    return max(-WIDEST, math.log(max(q, 1e-300) / first) / 2), max(-WIDEST, min(WIDEST, gradient / 2))


def _worst(phi: Activation, weight: float, depth: int, branch: float, residual: bool, start: float) -> float:
    return math.exp(max(map(abs, changes(phi, weight, depth, branch=branch, residual=residual, start=start))))


def best_weight(phi: Activation, depth: int) -> float:
    """The σ_w² from 1/4 to 400 whose worst change over the depth is least, looked for on a grid and then around it."""

    def cost(log_weight: float) -> float:
        return max(map(abs, changes(phi, math.exp(log_weight), depth)))

    low, high, points = math.log(0.25), math.log(400.0), 37
    step = (high - low) / (points - 1)
    nearest = min((low + place * step for place in range(points)), key=cost)
    found = minimize_scalar(cost, bounds=(nearest - step, nearest + step), method="bounded", options={"xatol": 1e-4})
    return math.exp(float(found.x) if found.fun < cost(nearest) else nearest)


def _spread(phi: Activation, weight: float, depth: int, width: int, residual: bool) -> float:
    """Var ln q at the last layer, as far as the layers' noise adds up (see `initlab.theory.finite_width`)."""
    q, kept = weight, 0.0
    if residual:
        return math.nan
    for _ in range(depth - 1):
        if not SMALLEST_Q <= q <= LARGEST_Q:
            return math.nan
        found = moments(phi, q)
        following = weight * found.square
        kept = (weight * found.growth * q / following) ** 2 * kept + forward_noise(phi, q) / width
        q = following
    return kept

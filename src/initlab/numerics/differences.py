"""The derivative of a function of one number from its values, with an error bar, and the noise of those values.

    D(h) = (f(h) - f(-h)) / 2h  =  f'(0) + h² f'''(0)/6 + ... + e/h          (e: the noise of f)

Large steps err by truncation, small ones by noise. Ridders' tableau removes the powers of h² over four steps, and the
noise is carried through it. Among the windows of steps the largest is taken that agrees with all smaller ones
(Lepski's rule): truncation, noise and kinks are told apart by nothing but their disagreement.

Sources: C. Ridders, Adv. Eng. Software 4 (1982) 75; O. Lepski, Theory Probab. Appl. 35 (1991) 454; J. Moré and
S. Wild, SIAM J. Sci. Comput. 33 (2011) 1292 (noise from a table of differences).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

RATIO = 4.0
"""Each step is this much smaller than the one before."""

FIRST_STEPS = tuple(0.25 / RATIO**k for k in range(2, 7))
NOISY_STEPS = tuple(0.25 / RATIO**k for k in range(3))
"""Where noise is above that of sums in double precision, only large steps tell anything."""

SEEN = 30
"""A slope must be so many times its noise for a step to be worth its while."""

STAIRS = 8
"""So many times further apart than their noise, two differences tell of more noise."""

LARGEST_STEP = 0.25
MOST_STEPS = 12
SMALLEST_STEP = 2.0**-34
WINDOW = 4
"""Steps in a tableau: more would only carry the noise of the smallest further."""

UNIT_ROUNDOFF = 2.0**-53
SINGLE_ROUNDOFF = 2.0**-24
NOISY = SINGLE_ROUNDOFF / 256
"""Noise above this share of the values is more than sums in double precision leave."""

NOISE_POINTS = 8
BESIDE = 2.0**-12
"""Noise is measured so far beside 0, where a kink may lie; on the other side too where it seems large."""

Value = tuple[float, object]
"""f(t), and the pattern of branches it took; None where the pattern cannot be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slopes:
    """The one-sided slopes at a kink, f'(0-) and f'(0+), and their error."""

    left: float
    right: float
    error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivative:
    """f'(0), its error bar, the largest step it stands on, and every central difference (h, D(h)) on the way.

    `kink` has the one-sided slopes where they differ at the smallest step; `smooth` says that some window of steps was
    free of kinks. `second` is (value, error) of the best window of smaller steps, a witness of the first; `larger` has
    the central differences at larger steps on the same branch.
    """

    value: float
    error: float
    step: float
    differences: tuple[tuple[float, float], ...]
    second: tuple[float, float]
    larger: tuple[float, ...] = ()
    smooth: bool = True
    kink: Slopes | None = None


def noise_of(f: Callable[[float], Value]) -> float:
    """The noise of the values of f near 0: rounding, single precision inside, a solver's tolerance.

    With the differences Δᵏ of values on a small grid, σ_k² = (k!)²/(2k)! · mean (Δᵏ)², where consecutive σ_k agree.
    A second grid, a thousand times wider, sees the noise of single precision; where its σ grows with the grid it is a
    kink instead. Never below half a rounding error of f, in single precision where all values are single.

    >>> 1e-9 < noise_of(lambda t: (math.exp(t) + 1e-8 * math.cos(1e15 * t), None)) < 1e-7
    True
    """
    beyond, size, single = _noise_at(f, BESIDE)
    return beyond if single or beyond <= NOISY * size else min(beyond, _noise_at(f, -BESIDE)[0])


def _noise_at(f: Callable[[float], Value], place: float) -> tuple[float, float, bool]:
    """(noise, largest value, whether all values are those of single precision)."""
    values, narrow = _table(f, place, 2.0**-30)
    further, wide = _table(f, place, 2.0**-18)
    seen = np.concatenate([values, further, [f(0.0)[0]]])
    if not np.isfinite(seen).all():  # the grid leaves the domain of f
        size = abs(f(0.0)[0])
        return max(4 * UNIT_ROUNDOFF * size, 5e-324), size, False
    size = float(np.abs(seen).max())
    single = len(set(seen)) > 1 and bool(np.all(seen.astype(np.float32) == seen))
    floor = (SINGLE_ROUNDOFF if single else 0.5 * UNIT_ROUNDOFF) * size
    if len(set(values)) <= 2 < len(set(further)):  # stairs: the argument is rounded to single precision
        return max(floor, wide, _table(f, place, 2.0**-16)[1]), size, True
    if wide > 8 * max(narrow, floor) and _table(f, place, 2.0**-16)[1] > 2.5 * wide:
        wide = narrow
    return max(floor, narrow, wide, 5e-324), size, single


def _table(f: Callable[[float], Value], place: float, spacing: float) -> tuple[np.ndarray, float]:
    """The values on a grid, and σ where the table of differences settles; the smallest σ where it does not."""
    places = place + spacing * (np.arange(NOISE_POINTS) - (NOISE_POINTS - 1) / 2)
    values = np.array([f(float(t))[0] for t in places], dtype=np.float64)
    if not np.isfinite(values).all():
        return values, 0.0
    sigmas, row = [], values
    for k in range(1, NOISE_POINTS - 2):
        row = np.diff(row)
        weight = math.factorial(k) ** 2 / math.factorial(2 * k)
        sigmas.append(math.sqrt(weight * float(np.mean(row**2))))
    settled = [a for a, b, c in zip(sigmas, sigmas[1:], sigmas[2:], strict=False) if max(a, b, c) <= 4 * min(a, b, c)]
    return values, settled[0] if settled else min(sigmas)


def differentiate(
    f: Callable[[float], Value],
    *,
    noise: float,
    target: float = 0.0,
    most: int = 2 * MOST_STEPS,
    agrees: Callable[[Derivative], bool] = lambda _: True,
) -> Derivative:
    """f'(0) with its error, from about ten values of f; up to `most` where these do not reach the `target` error.

    Steps at which f takes other branches than at 0 count where their windows agree with the others, and what is found
    `agrees` with what is expected; else only those that take the same branches do, where their pattern is known.

    >>> found = differentiate(lambda t: (math.exp(t), None), noise=1e-16)
    >>> abs(found.value - 1) < found.error < 1e-10
    True
    """
    seen = _Seen(f=f, noise=noise)
    for h in NOISY_STEPS if noise > NOISY * abs(seen.middle) else FIRST_STEPS:
        seen.add(h)
    found = seen.refined(target, most // 2, strict=False)
    if agrees(found) or len(seen.usable()) == len(seen.steps):
        return found
    return seen.refined(target, max(most // 2, len(seen.steps) + 4), strict=True)


class _Seen:
    """The steps taken so far, from the largest to the smallest, and what they say."""

    def __init__(self, *, f: Callable[[float], Value], noise: float) -> None:
        self.f, self.noise = f, noise
        self.middle, self.pattern = f(0.0)
        self.steps: dict[float, tuple[float, float, bool]] = {}

    def add(self, h: float) -> None:
        (above, up), (below, down) = self.f(h), self.f(-h)
        clean = up == self.pattern == down and math.isfinite(above) and math.isfinite(below)
        self.steps[h] = (above, below, clean)

    def refined(self, target: float, most: int, *, strict: bool) -> Derivative:
        """The best value, with further steps, `most` in all, until its error is on target."""
        found = self.best(strict=strict)
        while found.error > target and len(self.steps) < most:
            further = self.next_step(found) if found.smooth or not strict else self.below(found)
            if further is None:
                break
            self.add(further)
            found = self.best(strict=strict)
        return found

    def below(self, found: Derivative) -> float | None:
        """A smaller step, in search of one that changes no branch, as long as noise leaves something to be seen."""
        below = min(self.steps) / RATIO
        seen = max((abs(slope) for _, slope in found.differences), default=0.0)
        return below if below >= SMALLEST_STEP and SEEN * self.noise / below < seen else None

    def usable(self) -> list[float]:
        """The steps without a change of branch, in descending order: all below the largest that changes none."""
        steps = sorted(self.steps)
        clean = [h for h in steps if self.steps[h][2]]
        return clean[::-1]

    def central(self, h: float) -> float:
        above, below, _ = self.steps[h]
        return (above - below) / (2 * h)

    def best(self, *, strict: bool) -> Derivative:
        """From all finite steps; a strict one from those without a change of branch, where there are two."""
        usable = self.usable()
        smooth = len(usable) >= 2
        finite = [h for h in sorted(self.steps, reverse=True) if math.isfinite(self.central(h))]
        steps = usable if smooth and strict else finite
        table = tuple((h, self.central(h)) for h in finite)
        if len(steps) < 2:
            nothing = (math.nan, math.inf)
            return Derivative(
                value=math.nan, error=math.inf, step=min(self.steps), differences=table, second=nothing, smooth=False
            )
        accepted = self._consistent(steps, self._noise_seen(usable))
        value, error, step = min(accepted, key=lambda each: each[1])
        second = min((each for each in accepted if each[2] < step), key=lambda each: each[1], default=(value, error))
        return Derivative(
            value=value,
            error=error,
            step=step,
            differences=table,
            second=(second[0], second[1]),
            larger=tuple(self.central(h) for h in usable if h > min(usable)),
            smooth=smooth,
            kink=self._kink(finite),
        )

    def _noise_seen(self, steps: Sequence[float]) -> float:
        """The noise, or more where differences move apart as steps shrink: a cost in stairs wider than the grids."""
        if len(steps) < 3:
            return self.noise
        *_, c, b, a = [self.central(h) for h in steps]
        apart = abs(a - b)
        stairs = apart > STAIRS * self.noise / steps[-1] and apart > 2 * abs(b - c)
        return max(self.noise, apart * steps[-1]) if stairs else self.noise

    def _consistent(self, steps: Sequence[float], noise: float) -> list[tuple[float, float, float]]:
        """Lepski's rule: (value, error, largest step) of the windows of neighbouring steps, from the smallest."""
        accepted: list[tuple[float, float, float]] = []
        for end in range(len(steps), 1, -1):
            window = steps[max(0, end - WINDOW) : end]
            value, error = self._tableau(window, noise)
            if any(abs(value - v) > error + e for v, e, _ in accepted):
                break
            accepted.append((value, error, window[0]))
        return accepted

    def _tableau(self, steps: Sequence[float], noise_of_values: float) -> tuple[float, float]:
        """Ridders' tableau of neighbouring steps: the entry with the least error, noise included."""
        rows: list[list[float]] = []
        noises: list[list[float]] = []
        best = (math.nan, math.inf)
        for i, h in enumerate(steps):
            row, noise = [self.central(h)], [noise_of_values / h]
            for j in range(1, i + 1):
                q = (steps[i - j] / h) ** 2
                row.append((q * row[j - 1] - rows[i - 1][j - 1]) / (q - 1))
                noise.append((q * noise[j - 1] + noises[i - 1][j - 1]) / (q - 1))
                gap = max(abs(row[j] - row[j - 1]), abs(row[j] - rows[i - 1][j - 1]))
                error = gap + noise[j] + UNIT_ROUNDOFF * abs(row[j])
                if error < best[1]:
                    best = (row[j], error)
            rows.append(row)
            noises.append(noise)
        return best

    def next_step(self, found: Derivative) -> float | None:
        """A larger step where noise limits the error, a smaller one where branches or truncation do."""
        largest, smallest = max(self.steps), min(self.steps)
        limited_by_noise = found.error < 8 * self.noise / max(found.step / RATIO**2, smallest)
        if found.smooth and limited_by_noise:
            top_is_best = found.step == largest
            return largest * RATIO if top_is_best and largest < LARGEST_STEP else None
        below = smallest / RATIO
        return below if below >= SMALLEST_STEP and self.noise / below < found.error else None

    def _kink(self, steps: Sequence[float]) -> Slopes | None:
        """One-sided slopes, where (f(h) - 2 f(0) + f(-h))/h stays put as h shrinks."""
        bends = [(self.steps[h][0] - 2 * self.middle + self.steps[h][1]) / h for h in steps[-2:]]
        small = steps[-1]
        error = 8 * self.noise / small
        if not (abs(bends[1]) > 2 * error and 0.6 < bends[0] / bends[1] < 1.7):
            return None
        above, below, _ = self.steps[small]
        truncation = abs(bends[0] - bends[1])
        right, left = (above - self.middle) / small, (self.middle - below) / small
        return Slopes(left=left, right=right, error=error + truncation)

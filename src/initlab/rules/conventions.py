"""The weights that no convention of drawing gives: too large or small by far, with holes, with a row that stands out.

None is a fault by itself: gates start near zero, priors stand in biases, sparse draws train. They are what a trial
draws as is usual, to see whether the network then learns faster (W078).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from initlab.laws import Constant, Normal
from initlab.rules.evidence import Scale, ends, redraw, scales, typical
from initlab.rules.rule import Edit
from initlab.trace import Trace, Weight

LARGE = 3.0
"""Times the gain that is called for: Xavier's, He's, LeCun's and torch's lie between 0.4 and 1.7 of it."""

TOGETHER = 1.5
"""So many times the gain that is called for are enough where all layers have them."""

SMALL = 1 / 30
"""Of the gain that is called for: N(0, 0.02²) has a tenth of it in layers of 25 inputs."""

SMALL_ALONE = 0.2
"""The same where no normalisation makes up for it: of a hidden layer, or of all layers as a rule."""

TABLE = (0.003, 1.5)
"""Embeddings are drawn with deviations from 0.02, or 1/√d, to 1."""

LOUD, LOUD_GATE = 3.0, 8.0
"""An entry of a bias, or of what is no matrix: the logarithm of a prior; of a recurrent gate, of a span."""

GAIN = (0.2, 3.0)
"""The mean of a normalisation's gains, which start at 1."""

HOLES = 0.2
"""Of the entries of a matrix: so many zeros no law draws that has a density."""

FAR = 7.0
"""So many times LARGE, the upper end of TABLE or STANDS_OUT nobody draws on purpose: 21 times what is called for."""

SAME = 1e-6
"""Of its mean: entries that vary by less are one number."""

STANDS_OUT = 10.0
"""A row's root mean square against the median row's: of independent entries of one law a row of d has 1 ± 1/√(2d)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusual:
    """A weight that no convention gives: how many times it is beyond, in words, and how it is drawn as is usual.

    `absurd` marks what nobody draws on purpose: half of the units without weights, a multiple of what is called for.
    """

    weight: str
    times: float
    words: str
    edit: Edit
    absurd: bool = False


Saying = tuple[float, str, bool]
"""How many times beyond, in words, and whether nobody draws so on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """A trace with what is asked of it for every weight: scales by name, the usual ratio, the weights of heads."""

    trace: Trace
    scales: Mapping[str, Scale]
    usual: float
    heads: frozenset[str]


def unusual(trace: Trace) -> tuple[Unusual, ...]:
    """The trained weights that no convention gives, the farthest from one first."""
    found = scales(trace)
    seen = _Seen(
        trace=trace,
        scales={scale.weight.name: scale for scale in found},
        usual=typical(found),
        heads=frozenset(name for op in ends(trace) for name in op.weights),
    )
    odd = (each for weight in trace.trained() for each in _told(seen, weight))
    return tuple(sorted(odd, key=lambda each: -each.times))


def _told(seen: _Seen, weight: Weight) -> list[Unusual]:
    """What is unusual about a weight, the first thing of several."""
    sayings: tuple[Callable[[_Seen, Weight], Saying | None], ...] = (_row, _empty, _holes, _scale, _table, _vector)
    said = next((found for say in sayings if (found := say(seen, weight)) is not None), None)
    if said is None or not weight.used or weight.finite < 1:
        return []
    return [Unusual(weight=weight.name, times=said[0], words=said[1], edit=_usual(seen.trace, weight), absurd=said[2])]


def _usual(trace: Trace, weight: Weight) -> Edit:
    if weight.kind == "embedding":
        kept = TABLE[0] < weight.usual < TABLE[1]
        return Edit(weight=weight.name, law=Normal(std=weight.usual if kept else 0.02))
    known = weight.bias or (weight.kind in ("linear", "recurrent") and len(weight.shape) > 1)
    return redraw(trace, weight) if known else Edit(weight=weight.name, law=Constant(value=1.0))


def _row(_: _Seen, weight: Weight) -> Saying | None:
    times = weight.loudest / weight.usual if weight.usual and (weight.matrix or weight.kind == "embedding") else 0.0
    words = f"has a row {times:.3g} times as large as the others"
    return (times, words, times > FAR * STANDS_OUT) if times > STANDS_OUT else None


def _empty(seen: _Seen, weight: Weight) -> Saying | None:
    """Rows of zeros: units that read nothing; and matrices of one number."""
    if not weight.matrix or _may_be_shut(seen, weight):
        return None
    if weight.norm == 0:
        return STANDS_OUT, "is all zero", False
    if weight.usual == 0:
        return STANDS_OUT, "has no weights for half of its units", True
    constant = weight.values == 1 and weight.std < SAME * abs(weight.mean)
    return (STANDS_OUT, "is one number, over and over", False) if constant else None


def _holes(_: _Seen, weight: Weight) -> Saying | None:
    if not weight.matrix or weight.zeros <= HOLES or weight.norm == 0:
        return None
    return 1 / (1 - weight.zeros + 1e-3), f"is zero in {100 * weight.zeros:.0f} % of its entries", False


def _scale(seen: _Seen, weight: Weight) -> Saying | None:
    scale = seen.scales.get(weight.name)
    if scale is None or not (weight.matrix or weight.fan_in == weight.size):
        return None
    words = f"has {scale.ratio:.3g} times the gain that its layer calls for"
    if scale.ratio > LARGE or min(scale.ratio, seen.usual) > TOGETHER:
        return scale.ratio, words, scale.ratio > FAR * LARGE and weight.values > 1
    return (1 / max(scale.ratio, SMALL**9), words, False) if _small(seen, scale) else None


def _small(seen: _Seen, scale: Scale) -> bool:
    """Whether a weight is smaller than any convention makes it, where zero is no usual start."""
    if scale.ratio >= SMALL_ALONE:
        return False
    shut = _may_be_shut(seen, scale.weight)
    if seen.trace.normalised or scale.ratio < SMALL:
        return scale.ratio < SMALL and not shut
    hidden = not shut and all(op.inputs for _, op in seen.trace.readers(scale.weight.name))
    return hidden or seen.usual < SMALL_ALONE


def _may_be_shut(seen: _Seen, weight: Weight) -> bool:
    """Whether zero is a usual start: of a head, of what is added to a skip, and of what opens a gate."""
    opened = (op.residual or op.gate for _, op in seen.trace.readers(weight.name))
    return weight.name in seen.heads or any(opened)


def _table(_: _Seen, weight: Weight) -> Saying | None:
    if weight.kind != "embedding":
        return None
    size = weight.norm / weight.size**0.5
    words = f"has entries of size {size:.3g}"
    low, high = TABLE
    return None if low < size < high else (max(size / high, low / max(size, 1e-9)), words, size > FAR * high)


def _vector(seen: _Seen, weight: Weight) -> Saying | None:
    if weight.matrix or weight.kind == "embedding" or weight.directed:
        return None
    if weight.gain:
        times = max(abs(weight.mean), 1 / max(abs(weight.mean), 1e-9))
        odd = not GAIN[0] < abs(weight.mean) < GAIN[1] and not (weight.norm == 0 and _may_be_shut(seen, weight))
        return (times, f"has mean {weight.mean:.3g}, and 1 is usual", False) if odd else None
    gate = any(op.kind == "recurrent" for _, op in seen.trace.readers(weight.name))
    loud = weight.largest > (LOUD_GATE if gate else LOUD) and (weight.bias or weight.values == 1)
    return (weight.largest, f"has entries up to {weight.largest:.3g}", False) if loud else None

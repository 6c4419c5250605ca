"""The signal strip: how large the signal is in every layer on its way forward, and the gradient on its way back."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from initlab.experiments.result import Comparison, Trial
from initlab.render.figures.bands import Band, spread
from initlab.render.figures.picture import Picture
from initlab.render.figures.scale import STEPS, Scale
from initlab.render.figures.style import Look, blank, finished, heading, headline, key, legend, looks
from initlab.render.numerals import number
from initlab.trace import Layer, Signal

DIRECTIONS: dict[str, Callable[[Layer], float]] = {
    "forward": lambda layer: layer.forward_std,
    "backward": lambda layer: layer.backward_std,
}
MOMENTS: dict[str, Callable[[Trial], Signal]] = {
    "at step zero": lambda trial: trial.start,
    "at the end": lambda trial: trial.end,
}
NAMES = {
    "forward": "forward: std of the\npre-activations (log scale)",
    "backward": "backward: std of their\ngradient (log scale)",
}

FLATTENED = 2.5
"""Both moments share an axis if it is at most so many times as long as either needs."""

Bands = dict[str, Band]


def draw(comparison: Comparison) -> Figure:
    """Forward above, backward below; step zero at the left, the end at the right."""
    figure, look = blank(6.6 + 0.1 * len(comparison.schemes)), looks(comparison)
    headline(figure, "Signal per layer: a level line keeps its size, a slope vanishes or explodes")
    grid = figure.subplots(2, 2, sharex=True, squeeze=False)
    for row, direction in zip(grid, DIRECTIONS, strict=True):
        bands = {moment: _bands(comparison, direction, moment) for moment in MOMENTS}
        scales = _scales(bands)
        for axes, moment in zip(row, MOMENTS, strict=True):
            _panel(axes, bands[moment], scales[moment], look, f"{direction} {moment}")
            heading(axes, f"{direction}, {moment}")
        row[0].set_ylabel(NAMES[direction])
    _layers(grid[1], max((len(entry.trials[0].start.layers) for entry in finished(comparison)), default=1))
    legend(figure, [key(look[entry.scheme]) for entry in finished(comparison)])
    return figure


def _scales(bands: dict[str, Bands]) -> dict[str, Scale]:
    """One scale for both moments, unless that would flatten the lines of one of them."""
    own = {moment: Scale.decades(band.values for band in group.values()) for moment, group in bands.items()}
    both = Scale.decades(band.values for group in bands.values() for band in group.values())
    fits = both.high - both.low <= FLATTENED * min(scale.high - scale.low for scale in own.values())
    return dict.fromkeys(own, both) if fits else own


def _bands(comparison: Comparison, direction: str, moment: str) -> Bands:
    """Median and range over the seeds, at layers 1, 2, ..."""
    return {entry.scheme: _band(entry.trials, direction, moment) for entry in finished(comparison)}


def _band(trials: Sequence[Trial], direction: str, moment: str) -> Band:
    rows = [[DIRECTIONS[direction](layer) for layer in MOMENTS[moment](trial).layers] for trial in trials]
    return spread(np.arange(1, len(rows[0]) + 1), rows)


def _panel(axes: Axes, bands: Bands, scale: Scale, look: dict[str, Look], gid: str) -> None:
    """A line and a range bar for each scheme, side by side at every layer so that equal values stay apart."""
    depth = max((len(band.x) for band in bands.values()), default=1)
    step = min(0.09, 0.5 / max(1, len(bands)))
    for place, (scheme, band) in enumerate(bands.items()):
        x = band.x + step * (place - (len(bands) - 1) / 2)
        style = look[scheme]
        axes.vlines(x, scale.place(band.low), scale.place(band.high), color=style.colour, alpha=0.45, linewidth=2.5)
        axes.plot(
            x, scale.place(band.median), color=style.colour, marker=style.marker, linewidth=1.5, gid=f"{gid}: {scheme}",
            markersize=5.5 if depth <= 24 else 3, markevery=max(1, depth // 24),
        )  # fmt: skip
    scale.dress(axes)


def _layers(bottom: Sequence[Axes], depth: int) -> None:
    """Name the layers; the last is the output."""
    step = next((step for step in STEPS if depth / step <= 10), depth)
    ticks = sorted({1, *(tick for tick in range(step, depth, step) if depth - tick >= step / 2), depth})
    for axes in bottom:
        axes.set_xlim(0.5, depth + 0.5)
        axes.xaxis.set_major_locator(FixedLocator(ticks))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xticks(ticks, [*map(str, ticks[:-1]), f"{depth}\noutput"])
        axes.set_xlabel("layer")


def _words(comparison: Comparison) -> str:
    parts = []
    for entry in finished(comparison):
        ahead, back = (_band(entry.trials, direction, "at step zero").median for direction in DIRECTIONS)
        parts.append(
            f"{entry.scheme}: forward {number(ahead[0])} in the first layer and {number(ahead[-1])} in the last, "
            f"backward {number(back[-1])} in the last and {number(back[0])} in the first"
        )
    return f"Median standard deviations over the seeds, at step zero. {'; '.join(parts)}."


PICTURE = Picture(
    title="Signal strip",
    caption=(
        "Look for level lines on the left, before any training: every layer then receives a signal, and sends back a "
        "gradient, of a size it can learn from. A line that falls by decades from layer to layer vanishes, one that "
        "rises explodes, and a marker in the strip below is exactly zero, so that nothing arrives at all."
    ),
    draw=draw,
    applies=lambda comparison: bool(finished(comparison)),
    words=_words,
)

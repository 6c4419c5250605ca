"""The loss curves: all schemes together, then each on its own with its seeds and its test loss."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D

from initlab.experiments.result import Comparison
from initlab.render.figures.bands import Band, over_seeds
from initlab.render.figures.panels import End, columns, label_ends, rows, side_by_side
from initlab.render.figures.picture import Picture
from initlab.render.figures.scale import Scale, iterations
from initlab.render.figures.style import (
    FAINT,
    QUIET,
    WIDTH,
    Look,
    blank,
    finished,
    heading,
    headline,
    legend,
    looks,
    wrapped,
)
from initlab.render.numerals import number

FEW = 4
"""Up to so many schemes, the seeds' ranges can share one panel."""

OFF_SCALE = 1e6
"""Losses above so many times chance would flatten all others; they share the strip of the not finite."""

CHANCE: dict[str, Any] = {"color": QUIET, "linestyle": ":", "linewidth": 1.4}


def draw(comparison: Comparison) -> Figure:
    """One large panel of the training losses, and below it one panel per scheme."""
    shown = finished(comparison)
    train = {entry.scheme: over_seeds(entry.trials, lambda curve: curve.train_loss) for entry in shown}
    test = {entry.scheme: over_seeds(entry.trials, lambda curve: curve.test_loss) for entry in shown}
    scale = _scale(comparison, [*train.values(), *test.values()])
    heights = (max(3.7, 0.36 * len(shown) + 1.0), 2.0 * rows(len(shown)) + 0.9)
    figure = blank(sum(heights) + 0.3)
    headline(figure, "Training loss: which schemes learn, and how fast?")
    parts = figure.subfigures(2, 1, height_ratios=heights, squeeze=False)
    _together(parts[0, 0], comparison, train, scale)
    _apart(parts[1, 0], comparison, train, test, scale)
    return figure


def _scale(comparison: Comparison, bands: list[Band]) -> Scale:
    chance = comparison.data.chance_loss
    reference = np.array([chance] if np.isfinite(chance) else [])
    ceiling = OFF_SCALE * chance if chance > 0 else np.inf
    return Scale.decades([reference, *(band.values for band in bands)], ceiling=ceiling)


def _together(part: SubFigure, comparison: Comparison, bands: dict[str, Band], scale: Scale) -> None:
    """All medians in one panel, named where they end."""
    axes, look = part.subplots(), looks(comparison)
    for scheme, band in bands.items():
        if len(bands) <= FEW:
            _range(axes, band, scale, look[scheme], 0.12)
        _median(axes, band, scale, look[scheme], f"train: {scheme}", marked=True)
        _mark_lost(axes, band, scale, look[scheme], scheme)
    _frame(axes, comparison, scale, bands, 0.05)
    ranges = ", the band runs from the lowest to the highest seed" if len(bands) <= FEW else ""
    heading(axes, f"the line is the median over the seeds{ranges}")
    axes.set(xlabel="iteration", ylabel="training loss (log scale)")
    ends = [
        (float(scale.fraction(band.median)[-1]), _ending(scheme, band), look[scheme]) for scheme, band in bands.items()
    ]
    label_ends(axes, ends + _chance_end(comparison, scale))


def _ending(scheme: str, band: Band) -> str:
    lost = f"\n{band.lost[-1]} of {band.seeds} not finite" if band.lost[-1] else ""
    return wrapped(scheme, 26) + lost


def _chance_end(comparison: Comparison, scale: Scale) -> list[End]:
    chance = comparison.data.chance_loss
    look = Look(colour=QUIET, marker="", label="chance")
    return (
        [(float(scale.fraction(np.array([chance]))[0]), f"chance {number(chance)}", look)]
        if np.isfinite(chance)
        else []
    )


def _apart(
    part: SubFigure, comparison: Comparison, train: dict[str, Band], test: dict[str, Band], scale: Scale
) -> None:
    """One small panel per scheme: its seeds' range and its test loss, before the other schemes in grey."""
    look, panels = looks(comparison), side_by_side(part, len(train), below="iteration", beside="loss (log scale)")
    for axes, (scheme, band) in zip(panels, train.items(), strict=True):
        for other in train.values():
            axes.plot(other.x, scale.place(other.median), color=FAINT, linewidth=1, zorder=1.4)
        _range(axes, band, scale, look[scheme], 0.2)
        _median(axes, band, scale, look[scheme], f"train alone: {scheme}")
        _median(axes, test[scheme], scale, look[scheme], f"test: {scheme}", dashed=True)
        _mark_lost(axes, band, scale, look[scheme], scheme)
        _frame(axes, comparison, scale, train, 0.035 * columns(len(panels)))
        heading(axes, wrapped(scheme, int(11 * WIDTH / columns(len(panels)) - 3)))
    legend(part, [_sample("training, median", dashed=False), _sample("test, median", dashed=True), *_others(train)])


def _sample(label: str, *, dashed: bool) -> Line2D:
    return Line2D([], [], color=QUIET, label=label, **_dashes(dashed))


def _dashes(dashed: bool) -> dict[str, Any]:
    return {"linestyle": (0, (3, 1.5)), "linewidth": 1.4} if dashed else {}


def _others(train: dict[str, Band]) -> list[Line2D]:
    return [Line2D([], [], color=FAINT, linewidth=1, label="the other schemes")] if len(train) > 1 else []


def _median(
    axes: Axes, band: Band, scale: Scale, look: Look, gid: str, *, marked: bool = False, dashed: bool = False
) -> None:
    marks: dict[str, Any] = {"marker": look.marker, "markevery": 0.12} if marked else {}
    axes.plot(band.x, scale.place(band.median), color=look.colour, gid=gid, **marks, **_dashes(dashed))


def _range(axes: Axes, band: Band, scale: Scale, look: Look, alpha: float) -> None:
    edges = scale.place(band.low), scale.place(band.high)
    axes.fill_between(band.x, *edges, color=look.colour, alpha=alpha, linewidth=0, zorder=1.6)


def _mark_lost(axes: Axes, band: Band, scale: Scale, look: Look, scheme: str) -> None:
    """A cross in the upper strip wherever one more seed stopped being finite."""
    more = band.lost > np.concatenate([[0], band.lost[:-1]])
    if more.any():
        heights = scale.place(np.full(int(more.sum()), np.inf))
        style: dict[str, Any] = {"marker": "x", "markersize": 8, "markeredgewidth": 2.2, "linestyle": "", "zorder": 4}
        axes.plot(band.x[more], heights, color=look.colour, gid=f"not finite: {scheme}", **style)


def _frame(axes: Axes, comparison: Comparison, scale: Scale, bands: dict[str, Band], apart: float) -> None:
    """Axes, and the loss of the best constant prediction."""
    scale.dress(axes)
    iterations(axes, max(float(band.x[-1]) for band in bands.values()), apart=apart)
    chance = comparison.data.chance_loss
    if np.isfinite(chance):
        axes.axhline(float(scale.place(np.array([chance]))[0]), gid="chance", zorder=1.5, **CHANCE)


def _words(comparison: Comparison) -> str:
    parts = []
    for entry in finished(comparison):
        band = over_seeds(entry.trials, lambda curve: curve.train_loss)
        lost = f", {band.lost[-1]} of {band.seeds} seeds not finite" if band.lost[-1] else ""
        parts.append(f"{entry.scheme} goes from {number(band.median[0])} to {number(band.median[-1])}{lost}")
    return f"Median training loss over the seeds: {'; '.join(parts)}. Chance is {number(comparison.data.chance_loss)}."


PICTURE = Picture(
    title="Loss curves",
    caption=(
        "Look for lines that fall below the dotted chance line, and for how narrow their band is. A flat line has "
        "learnt nothing, a cross in the top strip is a seed whose loss stopped being finite, and a dashed line well "
        "above the solid one means that the network does worse on data it has not seen."
    ),
    draw=draw,
    applies=lambda comparison: bool(finished(comparison)),
    words=_words,
)

"""Decision boundaries side by side: what each scheme's median network answers over the plane of two features."""

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, ListedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from initlab.experiments.result import Boundary, Comparison, Trial
from initlab.render.figures.panels import columns, frame_note, rows, side_by_side
from initlab.render.figures.picture import Picture
from initlab.render.figures.style import (
    INK,
    QUIET,
    WIDTH,
    blank,
    heading,
    headline,
    legend,
    looks,
    plain,
    wrapped,
)
from initlab.render.numerals import number, percent
from initlab.render.palette import marker

CLASS_COLOURS = ("#B35900", "#005A94", "#00795A", "#A8508A", "#000000", "#8A7A00", "#3A96CC", "#7A3B00")
"""Okabe and Ito's hues, darker, so that a point is seen on the tint of its own class."""

NAMED = 10
"""So many classes at most are named in the legend."""


def draw(comparison: Comparison) -> Figure:
    """One panel per scheme on the same axes, with the training points."""
    shown, look = comparison.boundaries, looks(comparison)
    panel = min(0.9 * WIDTH / columns(len(shown)) - 0.25, 3.6)
    figure = blank(1.35 + rows(len(shown)) * (panel + 0.55))
    headline(figure, "Decision boundaries: does the coloured ground follow the points?")
    panels = side_by_side(figure, len(shown), below="feature 1", beside="feature 2")
    for axes, boundary in zip(panels, shown, strict=True):
        _ground(axes, boundary, comparison)
        _points(axes, comparison, 8 * panel)
        axes.set(xlim=boundary.xs[[0, -1]], ylim=boundary.ys[[0, -1]], box_aspect=1)
        axes.grid(False)
        axes.spines["top"].set(visible=True, color=look[boundary.scheme].colour, linewidth=4)
        heading(axes, f"{wrapped(boundary.scheme, 26)}\n{_score(comparison, boundary)}", 9)
    legend(figure, _key(comparison))
    return figure


def _ground(axes: Axes, boundary: Boundary, comparison: Comparison) -> None:
    """The network's answer as colour; a hatched ground where it is not finite."""
    values = np.ma.masked_invalid(boundary.values)
    axes.set_facecolor("#F4F4F4")
    axes.patch.set(hatch="////", edgecolor="#C8C8C8")
    extent = (boundary.xs[0], boundary.xs[-1], boundary.ys[0], boundary.ys[-1])
    colours, low, high = _colours(comparison, values)
    image = axes.imshow(values, cmap=colours, vmin=low, vmax=high, origin="lower", extent=extent, aspect="auto")
    image.set_gid(f"answer: {boundary.scheme}")
    if values.mask.all():
        frame_note(axes, "the output\nis not finite")
    elif _classes(comparison) == 2 and values.min() < 0.5 < values.max():
        axes.contour(boundary.xs, boundary.ys, values, levels=[0.5], colors=[INK], linewidths=1.2)


def _colours(comparison: Comparison, values: np.ma.MaskedArray) -> tuple[Colormap, float, float]:
    """The colour map, and the values at its ends: a probability, a class number, or an output of regression."""
    count = _classes(comparison)
    if count == 2:
        tints = [_tint(_class_colour(0, 2), 0.5), (1.0, 1.0, 1.0), _tint(_class_colour(1, 2), 0.5)]
        return LinearSegmentedColormap.from_list("two classes", tints), 0.0, 1.0
    if count:
        tints = [_tint(_class_colour(label, count), 0.4) for label in range(count)]
        return ListedColormap(tints, "classes"), -0.5, count - 0.5
    low, high = (values.min(), values.max()) if values.count() else (0.0, 1.0)
    return colormaps["cividis"], float(low), float(high) if high > low else float(low) + 1.0


def _points(axes: Axes, comparison: Comparison, size: float) -> None:
    """The training points: colour and shape by class."""
    points, labels = comparison.data.points, comparison.data.labels
    if points is None:
        return
    labels = np.zeros(len(points), dtype=np.int64) if labels is None else labels
    count = len(comparison.data.classes)
    size *= min(1.0, (400 / len(points)) ** 0.5)
    for label in np.unique(labels):
        at = points[labels == label]
        style: dict[str, Any] = {
            "marker": marker(int(label)),
            "s": size,
            "linewidths": 0.5,
            "edgecolors": "white",
        }
        axes.scatter(at[:, 0], at[:, 1], color=_class_colour(int(label), count), gid=f"class {label}", **style)


def _classes(comparison: Comparison) -> int:
    """How many classes the network tells apart; 0 in regression."""
    return 0 if np.isnan(comparison.data.chance_accuracy) else len(comparison.data.classes)


def _class_colour(label: int, count: int) -> tuple[float, float, float]:
    if count <= len(CLASS_COLOURS):
        return to_rgb(CLASS_COLOURS[label])
    return to_rgb(colormaps["turbo"]((label + 0.5) / count))


def _tint(colour: tuple[float, float, float], strength: float) -> tuple[float, float, float]:
    red, green, blue = (1 - strength * (1 - part) for part in colour)
    return red, green, blue


def _score(comparison: Comparison, boundary: Boundary) -> str:
    trial = _trial(comparison, boundary)
    if trial is None:
        return f"seed {boundary.seed}"
    if np.isnan(trial.train_accuracy):
        return f"seed {boundary.seed}: loss {number(trial.final_loss)}"
    return f"seed {boundary.seed}: train {percent(trial.train_accuracy)}, test {percent(trial.test_accuracy)}"


def _trial(comparison: Comparison, boundary: Boundary) -> Trial | None:
    """The trial that a boundary belongs to."""
    every = (trial for entry in comparison.schemes if entry.scheme == boundary.scheme for trial in entry.trials)
    return next((trial for trial in every if trial.seed == boundary.seed), None)


def _key(comparison: Comparison) -> list[Line2D]:
    """What the points and the line mean."""
    names = comparison.data.classes
    handles = [
        Line2D(
            [], [], linestyle="", marker=marker(at), color=_class_colour(at, len(names)),
            label=plain(f"class {name}", 30),
        )
        for at, name in enumerate(names[:NAMED])
    ]  # fmt: skip
    if len(names) > NAMED:
        handles.append(Line2D([], [], linestyle="", label=f"and {len(names) - NAMED} more"))
    if _classes(comparison) == 2:
        handles.append(Line2D([], [], color=INK, linewidth=1.2, label="the boundary"))
    return handles or [Line2D([], [], linestyle="", marker="o", color=QUIET, label="training points")]


def _words(comparison: Comparison) -> str:
    parts = [f"{each.scheme}, {_score(comparison, each)}" for each in comparison.boundaries]
    return f"The network of median training accuracy under each scheme: {'; '.join(parts)}."


PICTURE = Picture(
    title="Decision boundaries",
    caption=(
        "Look for ground whose colour agrees with the points on it; each panel shows the seed of median training "
        "accuracy, neither a lucky nor an unlucky one. Ground of one colour means that the network gives every point "
        "the same answer, and white ground that it cannot decide between two classes."
    ),
    draw=draw,
    applies=lambda comparison: bool(comparison.boundaries),
    words=_words,
)

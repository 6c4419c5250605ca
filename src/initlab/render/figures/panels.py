"""Panels side by side, and labels beside the ends of lines."""

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D

from initlab.render.figures.style import INK, QUIET, Look

End = tuple[float, str, Look]
"""Where a line ends, as a share of the panel's height; what it is called; and how it looks."""


def columns(count: int) -> int:
    """How many of `count` panels stand in a row: 4 at most, and no row with a lonely panel where that can be helped."""
    return count if count <= 4 else 3 if count in (5, 6, 9) else 4


def rows(count: int) -> int:
    """How many rows `count` panels take."""
    return math.ceil(count / columns(count))


def side_by_side(part: Figure | SubFigure, count: int, *, below: str, beside: str, sharey: bool = True) -> list[Axes]:
    """`count` panels with shared axes; `below` and `beside` stand at the edge of the outer ones only."""
    across = columns(count)
    grid = part.subplots(rows(count), across, sharex=True, sharey=sharey, squeeze=False)
    every = list(grid.flat)
    for place, axes in enumerate(every):
        axes.set_visible(place < count)
        lowest = place + across >= count
        axes.tick_params(labelbottom=lowest)
        axes.set_xlabel(below if lowest else "")
        axes.set_ylabel("" if place % across else beside)
    return every[:count]


def label_ends(axes: Axes, ends: Sequence[End]) -> None:
    """Name lines to the right of the panel, near their ends (shares of its height) but never on top of each other."""
    ordered = sorted(ends, key=lambda end: end[0])
    heights = _apart([end[0] for end in ordered], [_height(axes, text) for _, text, _ in ordered])
    for (start, text, look), height in zip(ordered, heights, strict=True):
        thin: dict[str, Any] = {"color": look.colour, "linewidth": 1, "linestyle": "-" if look.marker else ":"}
        leader = Line2D([1.0, 1.02, 1.035], [start, height, height], **thin)
        mark = Line2D([1.035], [height], color=look.colour, marker=look.marker, linestyle="")
        for artist in (leader, mark):
            artist.set(transform=axes.transAxes, clip_on=False)
            axes.add_artist(artist)
        axes.text(1.05, height, text, transform=axes.transAxes, va="center", color=INK, fontsize=9, linespacing=1.05)


def _height(axes: Axes, text: str) -> float:
    """The height of a label as a share of a panel that fills three quarters of its figure."""
    figure = axes.figure
    inches = figure.bbox.height / figure.dpi
    return (0.145 * (1 + text.count("\n")) + 0.05) / (0.75 * inches)


def _apart(wanted: list[float], sizes: list[float]) -> list[float]:
    """Ascending middles near those wanted, so that labels of these sizes neither overlap nor leave the panel's top."""
    placed: list[float] = []
    for middle, size in zip(wanted, sizes, strict=True):
        floor = placed[-1] + (sizes[len(placed) - 1] + size) / 2 if placed else 0.0
        placed.append(max(middle, floor))
    ceiling = 1.02
    for at in reversed(range(len(placed))):
        placed[at] = min(placed[at], ceiling - sizes[at] / 2)
        ceiling = placed[at] - sizes[at] / 2
    return placed


def frame_note(axes: Axes, text: str) -> None:
    """Words in the middle of an empty panel."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=QUIET)

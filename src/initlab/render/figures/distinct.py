"""Distinct hidden units: how many units of each layer differ from each other while training goes on."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation

from initlab.experiments.result import Comparison, Curve, SchemeResult, Series
from initlab.render.figures.bands import Band, over_seeds
from initlab.render.figures.panels import rows, side_by_side
from initlab.render.figures.picture import Picture
from initlab.render.figures.scale import Scale, iterations
from initlab.render.figures.style import Look, blank, finished, heading, headline, key, legend, looks
from initlab.render.numerals import number

MOST = 8
"""So many hidden layers at most get a panel; of more, these are taken evenly, the first and the last among them."""

APART = 4.5
"""Points at most between two schemes of equal counts, so that no line hides another."""

ALL = 21.0
"""Points that all schemes share."""


def draw(comparison: Comparison) -> Figure:
    """One panel per hidden layer, from no unit to all of them."""
    entries, look = finished(comparison), looks(comparison)
    widths = _widths(comparison)
    shown = _chosen(len(widths))
    figure = blank((2.3 if len(shown) > 2 else 3.0) * rows(len(shown)) + 1.5)
    headline(figure, f"Distinct units in the hidden layers{_of(shown, widths)}: is the symmetry broken?")
    panels = side_by_side(figure, len(shown), below="iteration", beside="units that differ", sharey=False)
    for axes, layer in zip(panels, shown, strict=True):
        _panel(axes, {entry.scheme: _band(entry, layer) for entry in entries}, look, widths[layer], layer + 1)
        units = "unit" if widths[layer] == 1 else "units"
        heading(axes, f"layer {layer + 1}: {widths[layer]} {units}")
    legend(figure, [key(look[entry.scheme]) for entry in entries])
    return figure


def _widths(comparison: Comparison) -> list[int]:
    """The units of each hidden layer."""
    entries = finished(comparison)
    return [layer.units for layer in entries[0].trials[0].start.layers[:-1]] if entries else []


def _chosen(depth: int) -> list[int]:
    return sorted({round(at) for at in np.linspace(0, depth - 1, min(depth, MOST))})


def _of(shown: list[int], widths: list[int]) -> str:
    return "" if len(shown) == len(widths) else f" ({len(shown)} of {len(widths)})"


def _band(entry: SchemeResult, layer: int) -> Band:
    """The count over the seeds; that of a layer with a weight that is not finite is infinite."""

    def read(curve: Curve) -> Series:
        counts = curve.distinct[:, layer].astype(np.float64)
        return np.where(counts < 0, np.inf, counts)

    return over_seeds(entry.trials, read)


def _panel(axes: Axes, bands: dict[str, Band], look: dict[str, Look], width: int, layer: int) -> None:
    scale = Scale.counts(width, [band.values for band in bands.values()])
    for place, (scheme, band) in enumerate(bands.items()):
        _line(axes, band, scale, look[scheme], f"layer {layer}: {scheme}", place, len(bands))
    scale.dress(axes)
    iterations(axes, max(float(band.x[-1]) for band in bands.values()), apart=0.15)


def _line(axes: Axes, band: Band, scale: Scale, look: Look, gid: str, place: int, count: int) -> None:
    """The median and the range, shifted by a few points on the page; the data stay what they are.

    The markers of the schemes follow each other along the line, so that each is seen where lines run close.
    """
    lift = min(APART, ALL / count) * (place - (count - 1) / 2) / 72
    figure = axes.get_figure(root=True)
    assert figure is not None
    shifted = axes.transData + ScaledTranslation(0, lift, figure.dpi_scale_trans)
    edges = scale.place(band.low), scale.place(band.high)
    axes.fill_between(band.x, *edges, color=look.colour, alpha=0.1, linewidth=0, transform=shifted)
    axes.plot(
        band.x, scale.place(band.median), color=look.colour, marker=look.marker, linewidth=1.6, gid=gid,
        markevery=(0.02 + 0.2 * place / count, 0.2), transform=shifted,
    )  # fmt: skip


def _words(comparison: Comparison) -> str:
    widths = _widths(comparison)
    parts = []
    for entry in finished(comparison):
        ends = [number(float(_band(entry, layer).median[-1])) for layer in range(len(widths))]
        parts.append(f"{entry.scheme} ends with {', '.join(ends)}")
    return (
        f"Distinct units of hidden layers of {', '.join(map(str, widths))}, median over the seeds: {'; '.join(parts)}."
    )


PICTURE = Picture(
    title="Distinct hidden units",
    caption=(
        "Look for lines at the bottom: with one distinct unit, all units of the layer compute the same thing, and the "
        "layer is worth a single one however wide it is. Gradient descent gives equal units equal updates, so a scheme "
        "that starts them equal, such as zeros or a constant, stays at one. (Equal lines are drawn a little apart.)"
    ),
    draw=draw,
    applies=lambda comparison: bool(_widths(comparison)),
    words=_words,
)

"""The product of the layers: predicted and measured growth of the signal through a deep linear network."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from initlab.experiments.result import Comparison, Product
from initlab.render.figures.picture import Picture
from initlab.render.figures.scale import Scale
from initlab.render.figures.style import INK, QUIET, Look, blank, heading, headline, looks, wrapped
from initlab.render.numerals import number

LIFT = 0.14


def draw(comparison: Comparison) -> Figure:
    """One row per scheme: the prediction above with its band, the measurement below with its range."""
    figure, look = blank(0.62 * len(comparison.products) + 2.2), looks(comparison)
    headline(figure, "Growth of the signal: one factor per layer, multiplied")
    axes = figure.subplots()
    scale = Scale.decades([np.array([1.0]), *(_values(product) for product in comparison.products)])
    for row, product in enumerate(comparison.products):
        _row(axes, product, scale, look[product.scheme], row)
    _frame(axes, comparison, scale)
    heading(axes, "size of the signal after the hidden layers, relative to the input; 1 is unchanged")
    figure.legend(handles=_key(), loc="outside lower left", ncols=4, fontsize=9.5)
    return figure


def _values(product: Product) -> np.ndarray:
    measured = product.measured
    values = np.array([product.predicted, *product.band, measured.median, measured.low, measured.high])
    return np.where(np.isfinite(values), values, np.inf)


def _row(axes: Axes, product: Product, scale: Scale, look: Look, row: int) -> None:
    predicted, low, high, median, least, most = scale.place(_values(product))
    axes.plot([low, high], [row - LIFT] * 2, color=QUIET, alpha=0.3, linewidth=9, solid_capstyle="butt")
    axes.plot(
        [predicted],
        [row - LIFT],
        color=INK,
        marker="|",
        markersize=13,
        markeredgewidth=2.2,
        gid=f"predicted: {product.scheme}",
    )
    axes.plot([least, most], [row + LIFT] * 2, color=look.colour, alpha=0.45, linewidth=3.5, solid_capstyle="butt")
    axes.plot(
        [median], [row + LIFT], color=look.colour, marker=look.marker, markersize=7, gid=f"measured: {product.scheme}"
    )
    for lift, text in (
        (-LIFT, f"predicted {number(product.predicted)}"),
        (LIFT, f"measured {number(product.measured.median)}"),
    ):
        axes.text(1.01, row + lift, text, transform=axes.get_yaxis_transform(), va="center", fontsize=9, color=INK)


def _frame(axes: Axes, comparison: Comparison, scale: Scale) -> None:
    names = [f"{wrapped(each.scheme, 30)}\n{number(each.factor)} per layer" for each in comparison.products]
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.45, -0.55)
    axes.grid(False, axis="y")
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    scale.dress(axes, vertical=False)
    axes.axvline(1.0, color=QUIET, linestyle=":", linewidth=1.4, zorder=1)
    axes.set_xlabel("growth (log scale)")


def _key() -> list[Line2D | Patch]:
    return [
        Line2D([], [], linestyle="", color=INK, marker="|", markersize=12, markeredgewidth=2.2, label="predicted"),
        Patch(color=QUIET, alpha=0.3, linewidth=0, label="its 95 % band at this width"),
        Line2D([], [], color=QUIET, marker="o", label="measured: median and range over the seeds"),
    ]


def _words(comparison: Comparison) -> str:
    parts = [
        f"{each.scheme}: {number(each.factor)} per layer, predicted {number(each.predicted)}, "
        f"measured {number(each.measured.median)}"
        for each in comparison.products
    ]
    return f"Growth of the signal through the hidden layers. {'; '.join(parts)}."


PICTURE = Picture(
    title="Product of the layers",
    caption=(
        "Look for measured markers that lie on their predicted bars: every layer multiplies the signal by the same "
        "factor, so it grows or shrinks exponentially with depth. Only a factor close to 1 keeps it; the band shows "
        "how far chance moves a net of this width."
    ),
    draw=draw,
    applies=lambda comparison: bool(comparison.products),
    words=_words,
)

"""Predicted beside measured: bands of the theory, and the drawn networks as thin lines over them."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from initlab.experiments.theory_check import Series, Verified
from initlab.render import palette
from initlab.render.figures.style import INK, blank, heading, headline, house_style
from initlab.render.numerals import number

MOST_LINES = 40
"""Networks that are drawn one by one; more would hide each other."""


def draw(result: Verified) -> Figure:
    """Forward at the left, backward at the right, on log scales."""
    with house_style():
        figure, check = blank(4.4), result.check
        headline(
            figure,
            f"{check.activation}, {check.depth} layers of {check.width}: {result.agreement:.1%} of layers in the band",
        )
        left, right = figure.subplots(1, 2, sharex=True)
        layers = result.prediction.layers
        _panel(left, result.forward, [x.forward_std for x in layers], [x.forward_band for x in layers])
        _panel(right, result.backward, [x.backward_std for x in layers], [x.backward_band for x in layers])
        heading(left, "forward: std of the pre-activations")
        heading(right, "backward: std of their gradient, last layer = 1")
        left.legend(fontsize=9)
        return figure


def _panel(axes: Axes, measured: Series, predicted: list[float], bands: list[tuple[float, float]]) -> None:
    x = np.arange(1, len(predicted) + 1)
    low, high = np.array(bands).T
    axes.fill_between(x, low, high, color=palette.colour(0), alpha=0.2, linewidth=0, label="99 % band at this width")
    for place, row in enumerate(measured[:MOST_LINES]):
        label = "drawn networks" if place == 0 else None
        axes.plot(x, np.where(row > 0, row, np.nan), color=INK, linewidth=0.5, alpha=0.5, label=label)
    axes.plot(x, predicted, color=palette.colour(0), linewidth=2, label="infinite width")
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(FuncFormatter(_written))
    axes.yaxis.set_minor_formatter(FuncFormatter(_written) if _narrow(axes) else NullFormatter())
    axes.set_xlabel("layer")


def _narrow(axes: Axes) -> bool:
    """Whether an axis spans too little for its powers of ten alone to say where a line is."""
    low, high = axes.get_ylim()
    return bool(high / low < 30)


def _written(value: float, _: int | None = None) -> str:
    return number(float(value))

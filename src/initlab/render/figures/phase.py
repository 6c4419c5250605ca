"""The phase diagram: order, chaos, the line between, contours of the depth scale, and how trained networks ended."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from initlab.experiments.phase import BAND, Curve, PhaseDiagram
from initlab.render import palette
from initlab.render.figures.style import INK, QUIET, blank, headline, house_style

COLOURS = {"ordered": palette.colour(0), "chaotic": palette.colour(1), "critical": INK}


def draw(found: PhaseDiagram) -> Figure:
    """σ_w² along, σ_b² up; a disc for each network, the darker the more it learned."""
    with house_style():
        phase = found.phase
        figure = blank(5.2)
        headline(figure, f"{phase.activation}: signals settle left of the line, and scatter right of it")
        axes = figure.subplots()
        for curve in found.curves:
            _draw_curve(axes, curve, phase.sigma_w2, phase.sigma_b2)
        if found.outcomes:
            _draw_outcomes(figure, axes, found)
        axes.set_xlim(*_padded(phase.sigma_w2, 0.03))
        axes.set_ylim(*_padded(phase.sigma_b2, 0.06))
        axes.set_xlabel(f"σ_w² (contours: ξ_c in layers; trainable to {BAND})")
        axes.set_ylabel("σ_b²")
        return figure


def _padded(span: tuple[float, float], share: float) -> tuple[float, float]:
    """A range with room for the discs at its ends."""
    room = share * (span[1] - span[0])
    return span[0] - room, span[1] + room


def _draw_curve(axes: Axes, curve: Curve, along: tuple[float, float], up: tuple[float, float]) -> None:
    x, y = curve.sigma_w2, curve.sigma_b2
    critical = math.isinf(curve.xi_c)
    axes.plot(x, y, color=COLOURS[curve.side], linewidth=2.5 if critical else 1.0, zorder=2)
    seen = np.flatnonzero((x > along[0]) & (x < along[1]) & (y > up[0]) & (y < up[1]))
    if seen.size:
        at = seen[-1]
        label = "χ₁ = 1" if critical else f"{curve.xi_c:g}"
        axes.text(x[at], y[at], label, color=COLOURS[curve.side], fontsize=9, ha="right", va="bottom", zorder=4)


def _draw_outcomes(figure: Figure, axes: Axes, found: PhaseDiagram) -> None:
    points = np.array([(o.sigma_w2, o.sigma_b2, o.accuracy) for o in found.outcomes])
    drawn = axes.scatter(
        points[:, 0], points[:, 1], c=points[:, 2], cmap="Greys", vmin=0, vmax=1, s=90, edgecolors=QUIET, zorder=3
    )
    bar = figure.colorbar(drawn, ax=axes, pad=0.01)
    bar.set_label(f"training accuracy, {found.phase.depth} layers, {found.phase.iterations} steps")

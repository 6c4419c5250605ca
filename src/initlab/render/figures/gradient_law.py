"""The gap between both slopes against the step size, and the returned gradient against the measured one.

|D(h) - v·a|   falls as h² while truncation rules, rises as 1/h where noise does, and has a plateau at a bug:
               its height is the size of the bug.
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from initlab.gradients.report import BlockReport, GradientReport
from initlab.render import palette
from initlab.render.figures.style import INK, QUIET, blank, heading, headline, house_style, plain

MOST_BLOCKS = 12


def draw(result: GradientReport) -> Figure:
    """The slope law at the left; at the right the entries that were measured, returned against measured."""
    with house_style():
        known = [block for block in result.blocks if block.law]
        blocks = sorted(known, key=lambda block: block.verdict != "WRONG")[:MOST_BLOCKS]
        measured = [(place, block) for place, block in enumerate(blocks) if block.entries]
        figure = blank(4.8)
        few = f"; {len(blocks)} of {len(known)} blocks are shown" if len(blocks) < len(known) else ""
        headline(figure, f"{result.verdict}: {result.tested} of {result.total} entries tested{few}")
        panels = figure.subplots(1, 2 if measured else 1, squeeze=False)[0]
        _law(panels[0], blocks)
        if measured:
            _scatter(panels[1], measured)
        handles, _ = panels[0].get_legend_handles_labels()
        figure.legend(handles=handles, loc="outside lower left", ncols=min(6, len(handles)), fontsize=9)
        return figure


def _law(axes: Axes, blocks: list[BlockReport]) -> None:
    steps: list[float] = []
    for place, block in enumerate(blocks):
        h, gap = np.array(sorted(block.law)).T
        steps += h.tolist()
        wrong = block.verdict == "WRONG"
        axes.plot(
            h,
            np.maximum(gap, 1e-18),
            color=palette.colour(place),
            marker=palette.marker(place),
            linestyle="-" if wrong else ":",
            label=plain(f"{block.name}: {block.verdict}"),
            gid=f"law: {block.name}",
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    if steps:
        _guides(axes, min(steps), max(steps))
    axes.set_xlabel("step size h")
    axes.set_ylabel("|D(h) − v·a|")
    heading(axes, "slope +2 truncation, −1 rounding, a plateau a bug of that size")


def _guides(axes: Axes, least: float, largest: float) -> None:
    """Short lines of slope +2 and -1 in the corners where truncation and rounding rule."""
    low, high = axes.get_ylim()
    for slope, name, ends in ((2, "h²", (largest / 30, largest)), (-1, "1/h", (least, 30 * least))):
        h = np.array(ends)
        top = 10.0 ** (0.55 * np.log10(high) + 0.45 * np.log10(low))
        gap = top * (h / h[-1 if slope > 0 else 0]) ** slope
        axes.plot(h, gap, color=QUIET, linewidth=1.0, linestyle="--", zorder=1)
        axes.annotate(name, (h[0 if slope > 0 else 1], gap.min()), color=QUIET, fontsize=9, va="top")
    axes.set_ylim(low, high)


def _scatter(axes: Axes, measured: list[tuple[int, BlockReport]]) -> None:
    for place, block in measured:
        n, a = (np.array([getattr(each, side) for each in block.entries]) for side in ("numeric", "analytic"))
        axes.plot(
            n, a, linestyle="", color=palette.colour(place), marker=palette.marker(place), label=plain(block.name)
        )
    axes.axline((0, 0), slope=1, color=INK, linewidth=0.8, zorder=1)
    axes.set_xlabel("measured by differences")
    axes.set_ylabel("returned")
    those = "entries" if any(block.verdict == "PASS" for _, block in measured) else "entries of the blocks that failed"
    heading(axes, f"{those}; right ones lie on the line")

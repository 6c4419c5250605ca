"""The gap between both slopes against the step size, and the returned gradient against the measured one.

|D(h) - v·a|   falls as h² while truncation rules, rises as 1/h where noise does, and has a plateau at a bug:
               its height is the size of the bug.
"""

import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from initlab.gradients.report import BlockReport, GradientReport
from initlab.render import palette
from initlab.render.figures.style import INK, QUIET, blank, heading, headline, house_style, plain
from initlab.render.numerals import number

MOST_BLOCKS = 12
LONGEST, ROW, NAME = 90, 140, 36
"""Letters of the headline, of a row of the legend, and of a block's name there."""


def draw(result: GradientReport) -> Figure:
    """The slope law at the left; at the right the entries that were measured, returned against measured."""
    with house_style():
        known = [block for block in result.blocks if any(gap > 0 for _, gap in block.law)]
        blocks = sorted(known, key=lambda block: block.verdict != "WRONG")[:MOST_BLOCKS]
        measured = [(place, block) for place, block in enumerate(blocks) if block.entries]
        figure = blank(4.8)
        headline(figure, textwrap.shorten(_title(result), LONGEST, placeholder=" ..."))
        panels = figure.subplots(1, 2 if measured else 1, squeeze=False)[0]
        if not blocks:
            _words(panels[0], result)
            return figure
        few = f" ({len(blocks)} of {len(known)} blocks)" if len(blocks) < len(known) else ""
        _law(panels[0], blocks, few=few)
        if measured:
            _scatter(panels[1], measured)
        handles, labels = panels[0].get_legend_handles_labels()
        columns = max(1, min(6, ROW // (max(map(len, labels)) + 4)))
        figure.legend(handles=handles, loc="outside lower left", ncols=columns, fontsize=9)
        return figure


def _title(result: GradientReport) -> str:
    """The verdict with what is wrong, or how much was tested."""
    mistakes = "; ".join(f"{each.site}: {each.text}" for each in result.mistakes)
    if result.verdict == "WRONG" and mistakes:
        return f"WRONG: {mistakes}"
    return f"{result.verdict}: {result.tested} of {result.total} entries tested"


def _words(axes: Axes, result: GradientReport) -> None:
    """What there is to say where there is nothing to draw."""
    gates = [gate.text for point in result.points for gate in point.gates]
    words = gates or [f"{block.name}: the gap is 0 at every step size." for block in result.blocks]
    axes.set_axis_off()
    lines = [line for told in words[:MOST_BLOCKS] for line in textwrap.wrap(plain(told, 1000), LONGEST)]
    axes.text(0, 1, "\n".join(lines), va="top", transform=axes.transAxes)


def _law(axes: Axes, blocks: list[BlockReport], *, few: str) -> None:
    steps: list[float] = []
    for place, block in enumerate(blocks):
        h, gap = np.array(sorted(block.law)).T
        steps += h.tolist()
        wrong = block.verdict == "WRONG"
        off = f", off by {number(block.gap)}" if wrong else ""
        axes.plot(
            h,
            np.where(gap > 0, gap, np.nan),
            color=palette.colour(place),
            marker=palette.marker(place),
            linestyle="-" if wrong else ":",
            label=plain(f"{_short(block.name)}: {block.verdict}{off}"),
            gid=f"law: {block.name}",
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    _guides(axes, min(steps), max(steps))
    axes.set_xlabel("step size h")
    axes.set_ylabel("|D(h) − v·a|")
    heading(axes, f"slope +2 truncation, −1 rounding; plateau: a bug; jump: a kink{few}")


def _short(name: str) -> str:
    return name if len(name) <= NAME else f"{name[: NAME // 2]}…{name[-NAME // 2 :]}"


def _guides(axes: Axes, least: float, largest: float) -> None:
    """Short lines of slope +2 and -1 where truncation and rounding rule."""
    low, high = axes.get_ylim()
    top = 10.0 ** (0.55 * np.log10(high) + 0.45 * np.log10(low))
    for slope, ends in ((2, (largest / 30, largest)), (-1, (least, 30 * least))):
        h = np.array(ends)
        gap = top * (h / h[-1 if slope > 0 else 0]) ** slope
        label = "the slopes +2 and −1" if slope > 0 else None
        axes.plot(h, gap, color=QUIET, linewidth=1.0, linestyle="--", zorder=1, label=label)
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

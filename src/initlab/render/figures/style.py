"""One look for all figures: a colour and a marker per scheme, safe text, and no setting of the caller's."""

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D

from initlab.experiments.result import Comparison, SchemeResult
from initlab.render import palette

INK, QUIET, FAINT = "#222222", "#5C5C5C", "#D9D9D9"

WIDTH = 10.0
"""Inches across, of every figure."""

DPI = 144

STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 10.0,
    "axes.titlesize": 10.0,
    "axes.titlelocation": "left",
    "axes.labelcolor": INK,
    "axes.edgecolor": QUIET,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": "#ECECEC",
    "grid.linewidth": 0.8,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "lines.linewidth": 2.0,
    "lines.markersize": 5.5,
    "figure.dpi": DPI,
    "figure.titlesize": 13.0,
    "figure.titleweight": "bold",
    "figure.constrained_layout.h_pad": 0.08,
    "figure.constrained_layout.w_pad": 0.08,
    "legend.frameon": False,
    "hatch.linewidth": 0.6,
    "hatch.color": "#C8C8C8",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How one scheme is drawn, the same in every figure."""

    colour: str
    marker: str
    label: str


@contextmanager
def house_style() -> Iterator[None]:
    """Matplotlib's defaults with ours on top, whatever the caller has set; the caller's settings return afterwards."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
            yield


def looks(comparison: Comparison) -> dict[str, Look]:
    """The look of each scheme, by its place in the comparison."""
    return {
        entry.scheme: Look(colour=palette.colour(place), marker=palette.marker(place), label=plain(entry.scheme))
        for place, entry in enumerate(comparison.schemes)
    }


def finished(comparison: Comparison) -> list[SchemeResult]:
    """The schemes that have at least one finished trial."""
    return [entry for entry in comparison.schemes if entry.trials]


def plain(text: str, longest: int = 60) -> str:
    """Text that matplotlib draws as it stands: one line, of bounded length, no formula and no hidden label."""
    return _literal(_one_line(text, longest))


def wrapped(text: str, width: int) -> str:
    """Plain text in lines of at most `width` characters, broken after a bracket, a comma or a space where it can be."""
    lines = [""]
    for piece in re.findall(r"[^(, ]*[(, ]+|[^(, ]+", _one_line(text, 120)):
        if len(lines[-1]) + len(piece.rstrip()) > width and lines[-1]:
            lines.append("")
        lines[-1] += piece
        while len(lines[-1].rstrip()) > width:
            lines[-1:] = [lines[-1][:width], lines[-1][width:]]
    return "\n".join(_literal(line.rstrip()) for line in lines)


def _one_line(text: str, longest: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _literal(line: str) -> str:
    return (" " if line.startswith("_") else "") + line.replace("$", r"\$")


def blank(height: float) -> Figure:
    """An empty figure of the house width that lays itself out."""
    return Figure(figsize=(WIDTH, height), layout="constrained")


def headline(figure: Figure, text: str) -> None:
    """The title of the figure, at its left edge."""
    figure.suptitle(plain(text, 200), x=0.01, ha="left", color=INK)


def heading(axes: Axes, text: str, size: float = 10.0) -> None:
    """A title of one panel."""
    axes.set_title(text, color=INK, fontsize=size, linespacing=1.3)


def legend(figure: Figure | SubFigure, handles: Sequence[Line2D]) -> None:
    """A legend below the panels, in as many columns as its longest label leaves room for."""
    longest = max((len(str(handle.get_label())) for handle in handles), default=1)
    columns = max(1, min(len(handles), int(WIDTH / (0.085 * longest + 0.75))))
    figure.legend(handles=list(handles), loc="outside lower left", ncols=columns, fontsize=9.5)


def key(look: Look) -> Line2D:
    """The legend's entry of one scheme."""
    return Line2D([], [], color=look.colour, marker=look.marker, label=look.label)

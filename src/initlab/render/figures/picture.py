"""A picture: how a comparison is drawn, when that makes sense, and the same in words."""

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.figure import Figure

from initlab.experiments.result import Comparison
from initlab.render.figures.style import house_style


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One figure of a comparison. Calling it draws it.

    `caption` says what to look for and what it means; `words` gives the figure's numbers to who cannot see it.
    """

    title: str
    caption: str
    draw: Callable[[Comparison], Figure]
    applies: Callable[[Comparison], bool]
    words: Callable[[Comparison], str]

    def __call__(self, comparison: Comparison) -> Figure:
        """The figure, in the house style; matplotlib's settings are as before afterwards."""
        with house_style():
            return self.draw(comparison)

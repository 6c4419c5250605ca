"""What every family of layers offers: a text, draws of its parameters and data, and its mistakes."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from benchmarks.gradmut.program import Arrays, Edit, Program

Row = tuple[str, str, str, str, str | None]
"""name, old line, new line, first quantity spoiled, kind of mistake."""

SOFTMAX = """
T = np.exp({z} - {z}.max(axis=0))
{a} = T / T.sum(axis=0)
J = -c * (Y * np.log({a})).sum() / m
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A family: `build(rng, c)` gives its program, with the cost times c, its parameters and its data."""

    name: str
    build: Callable[[np.random.Generator, float], tuple[Program, Arrays, tuple[np.ndarray, np.ndarray]]]
    rows: tuple[Row, ...]

    @property
    def edits(self) -> list[Edit]:
        """The mistakes."""
        return [edit_of(row) for row in self.rows]


def edit_of(row: Row) -> Edit:
    """A row as an edit."""
    name, old, new, site, cause = row
    return Edit(name=name, old=old, new=new, site=site, cause=cause)


def labels(rng: np.random.Generator, classes: int, m: int) -> np.ndarray:
    """One-hot columns, every class among them."""
    return np.eye(classes)[:, rng.permutation(np.arange(m) % classes)]

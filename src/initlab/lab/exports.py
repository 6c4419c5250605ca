"""What a person takes along: the figures, the curves, the spec, and the calls that repeat the run."""

from collections.abc import Callable
from typing import Any

from initlab.api.compare import Comparison
from initlab.experiments.spec import Experiment
from initlab.lab.uploads import Uploads
from initlab.render import csv, figures, reproduce


def curves(found: Comparison) -> str:
    """All curves as CSV, as `initlab compare` writes them."""
    return csv.curves(found)


def picture(found: Comparison, name: str) -> bytes | None:
    """One figure as PNG, or None where the comparison has no such figure."""
    chosen = figures.FIGURES.get(name)
    if chosen is None or not chosen.applies(found):
        return None
    return figures.png(chosen.draw(found))


def names(found: Comparison) -> list[str]:
    """The figures that there are of a comparison."""
    return [name for name, chosen in figures.FIGURES.items() if chosen.applies(found)]


def calls(experiment: Experiment, uploads: Uploads) -> dict[str, Any]:
    """The calls that repeat a run exactly; a dropped file goes by its own name."""
    named = experiment.model_copy(update={"data": uploads.name(experiment.data)})
    write: dict[str, Callable[[Experiment], str]] = {
        "command": reproduce.command,
        "python": reproduce.python,
        "toml": reproduce.toml,
    }
    return {name: make(named) for name, make in write.items()}

"""What the page may ask for: an experiment of a size that a person waits for, and no file of the machine."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints

from initlab.errors import SpecError
from initlab.experiments.datasets import NAMES
from initlab.experiments.problem import Problem
from initlab.experiments.spec import Count, Experiment, Finite

MOST_SCHEMES, FEWEST_SCHEMES = 6, 2
MOST_LAYERS, MOST_WIDTH = 60, 256
MOST_SEEDS = 20
MOST_ITERATIONS = 100_000

MOST_IN_A_STEP = 50_000_000
"""Parameters times examples of one step, so that a click on stop is obeyed within 200 ms."""

MOST_IN_ALL = 1_000_000_000_000
"""Parameters times examples times steps, over all networks: some ten minutes on two cores."""

Width = Annotated[int, Field(ge=1, le=MOST_WIDTH)]
Text = Annotated[str, StringConstraints(max_length=200)]


def _known(name: str) -> str:
    if name not in NAMES and not name.startswith("csv:"):
        raise SpecError(f"The data must be one of {', '.join(NAMES)}, or a file dropped on the page, got {name!r}.")
    return name


class LabExperiment(Experiment):
    """An experiment as the page may ask for it; `data` is a name of the catalogue or the number of a dropped file."""

    title: Text | None = None
    about: Annotated[str, StringConstraints(max_length=2000)] | None = None
    data: Annotated[Text, AfterValidator(_known)] = "circles"
    target: Text | None = None
    layers: Annotated[tuple[Width, ...], Field(min_length=0, max_length=MOST_LAYERS)] = (10, 5)
    schemes: Annotated[tuple[Text, ...], Field(min_length=FEWEST_SCHEMES, max_length=MOST_SCHEMES)] = (
        "zeros",
        "random",
        "xavier",
        "he",
    )
    seeds: Count = Field(1, ge=1, le=MOST_SEEDS)
    learning_rate: Finite = Field(0.01, gt=0, le=100)
    batch_size: Count | None = Field(None, ge=1, le=10_000)
    l2: Finite = Field(0.0, ge=0, le=100)
    iterations: Count = Field(15_000, ge=1, le=MOST_ITERATIONS)
    dtype: Literal["float64", "float32"] = "float64"


def check_work(problem: Problem) -> None:
    """Raises SpecError when the experiment would take longer than a person waits, or a step longer than a blink."""
    asked = problem.experiment
    batch = min(asked.batch_size or problem.x.shape[1], problem.x.shape[1])
    step = problem.net.size * batch
    if step > MOST_IN_A_STEP:
        raise SpecError(
            f"batch_size must be at most {max(1, MOST_IN_A_STEP // problem.net.size):,} for {problem.net.size:,} "
            f"parameters, got {batch:,}. Take a smaller batch or network."
        )
    work = step * asked.iterations * asked.seeds * len(asked.schemes)
    if work > MOST_IN_ALL:
        raise SpecError(
            f"iterations must be at most {max(1, int(asked.iterations * MOST_IN_ALL / work)):,} for this network, data "
            f"and number of seeds, got {asked.iterations:,}. Run it with initlab compare instead, which has no bound."
        )


def limits() -> dict[str, Any]:
    """The bounds of every field, for the controls of the page."""
    properties: dict[str, Any] = LabExperiment.model_json_schema()["properties"]
    return properties

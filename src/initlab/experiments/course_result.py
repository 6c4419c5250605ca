"""What reproducing the course's figures gave: plain data, which `render` draws.

CourseResult
├── runs       one CourseRun per initialization, with its StepZero
├── figures    every figure set beside its expected value
├── spreads    what other seeds than the course's give
└── notes      what the course does not say
"""

import math
from dataclasses import dataclass
from typing import Literal

Source = Literal["published", "computed"]
"""published: printed by the course's notebook · computed: by this project, where the course prints nothing."""

Subject = Literal["data", "parameters", "step zero", "cost", "accuracy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number: what it should be, what it is here, and how far the two may differ.

    `row` and `column` place it in the table of its subject and initialization.
    """

    subject: Subject
    initialization: str
    row: str
    column: str
    source: Source
    expected: float
    here: float
    rtol: float
    atol: float

    @property
    def reproduced(self) -> bool:
        """Whether |here - expected| <= max(rtol · the larger of the two, atol). Infinity equals itself alone."""
        return math.isclose(self.here, self.expected, rel_tol=self.rtol, abs_tol=self.atol)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepZero:
    """The network before its first update, on the training set.

    Per layer, `std_z` is the standard deviation of z over units and examples and `gradient_norms` the norm of ∂J/∂W.
    Per hidden layer, `dead` counts the units that are zero on every example and `active` is the share of activations
    above zero. `saturated` is the share of outputs that are exactly 0 or 1.
    """

    std_z: tuple[float, ...]
    gradient_norms: tuple[float, ...]
    dead: tuple[int, ...]
    active: tuple[float, ...]
    saturated: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseRun:
    """One training run of the course's network.

    `costs` are those before update 0, 1000, ..., as the course computes them; `final_cost` the one after the last.
    `stable_first_cost` is the true loss of the first, computed from the logits.
    """

    initialization: str
    costs: tuple[float, ...]
    final_cost: float
    stable_first_cost: float
    train_accuracy: float
    test_accuracy: float
    step_zero: StepZero


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedSpread:
    """The final accuracies of one initialization, one entry per seed 0, 1, 2, ..."""

    initialization: str
    train_accuracy: tuple[float, ...]
    test_accuracy: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseResult:
    """The course reproduced. `seed` is the course's; `spreads` is empty where none was asked for."""

    seed: int
    learning_rate: float
    iterations: int
    runs: tuple[CourseRun, ...]
    figures: tuple[Figure, ...]
    spreads: tuple[SeedSpread, ...]
    notes: tuple[str, ...]

    @property
    def reproduced(self) -> bool:
        """Whether every figure is."""
        return all(figure.reproduced for figure in self.figures)

"""What a comparison found, as plain data. How it is drawn is `initlab.render`'s business."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from initlab.experiments.spec import Experiment
from initlab.laws import Law
from initlab.trace import Signal

Status = Literal["learned", "stalled", "diverged"]
"""Learned: left chance behind · stalled: no better than chance · diverged: the loss is not finite, or far above it."""

Series = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """What was recorded while one network trained, one row per checkpoint.

    `iteration` counts the updates made so far; `distinct` has one column per layer.
    """

    iteration: npt.NDArray[np.int64]
    train_loss: Series
    test_loss: Series
    train_accuracy: Series
    test_accuracy: Series
    distinct: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One network, one scheme, one seed: how it ended, its curve, and its signal at step zero and at the end.

    Accuracies are NaN for regression. `final_loss` is the training loss after the last update; a trial whose loss or
    parameters are not finite stops at the checkpoint that shows it, and has no accuracy where its parameters are not.
    `parameters` are the final ones, flat, where the data has two features, so that its boundary can be drawn.
    """

    scheme: str
    seed: int
    status: Status
    train_accuracy: float
    test_accuracy: float
    final_loss: float
    test_loss: float
    curve: Curve
    start: Signal
    end: Signal
    parameters: npt.NDArray[np.floating] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Median and range of one figure over the seeds, leaving out NaN; all NaN where nothing is left."""

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemeResult:
    """All trials of one scheme, summarised. `laws` maps W1, b1, ... to the law that was drawn."""

    scheme: str
    summary: str
    formula: str
    laws: Mapping[str, Law]
    trials: tuple[Trial, ...]
    train_accuracy: Spread
    test_accuracy: Spread
    final_loss: Spread
    test_loss: Spread
    diverged: float
    stalled: float
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """The network's output for class 1 (or the predicted class) on a grid, for a data set of two features.

    `values[r, c]` belongs to (xs[c], ys[r]); `seed` is the trial shown: the one whose training accuracy is the median.
    """

    scheme: str
    seed: int
    xs: Series
    ys: Series
    values: Series


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFacts:
    """What the figures need of the data: sizes, class names, chance, and the points if there are two features.

    `chance_accuracy` and `chance_loss` are those of the best constant prediction on the training set.
    """

    name: str
    features: int
    train_examples: int
    test_examples: int
    classes: tuple[str, ...]
    chance_accuracy: float
    chance_loss: float
    points: Series | None
    labels: npt.NDArray[np.int64] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """How much a linear network's hidden layers grow the signal: predicted, with a band, and measured over the seeds.

    Each layer multiplies by about `factor`; the band is the 95 % spread of independent weights at this width.
    """

    scheme: str
    factor: float
    predicted: float
    band: tuple[float, float]
    measured: Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The result of `compare`: what was asked, the data's facts, and one entry per scheme in the order asked.

    `interrupted` says that trials are missing because the run was stopped; those that finished are all here.
    """

    experiment: Experiment
    network: str
    data: DataFacts
    schemes: tuple[SchemeResult, ...]
    boundaries: tuple[Boundary, ...]
    products: tuple[Product, ...]
    interrupted: bool

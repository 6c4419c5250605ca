"""Decision boundaries: what a trained network answers over the plane of a data set with two features."""

from collections.abc import Mapping, Sequence

import numpy as np

from initlab.experiments.problem import Problem
from initlab.experiments.result import Boundary, Trial
from initlab.network.heads import HEAD
from initlab.network.reference import forward

POINTS = 121
"""Grid points along each axis."""

MARGIN = 0.15
"""Share of the data's range that is shown beyond it, on each side."""


def boundaries(problem: Problem, groups: Mapping[str, Sequence[Trial]]) -> tuple[Boundary, ...]:
    """One boundary a scheme, of the trial whose training accuracy is the median; none unless there are two features.

    Where there are too many parameters to keep them all, it is the median of the trials that kept theirs.
    """
    drawable = {label: [trial for trial in trials if trial.parameters is not None] for label, trials in groups.items()}
    return tuple(_boundary(problem, _median(trials)) for trials in drawable.values() if trials)


def _median(trials: Sequence[Trial]) -> Trial:
    """The trial of (lower) median training accuracy; among equals, that of the lowest loss."""
    ranked = sorted(trials, key=lambda trial: (np.nan_to_num(trial.train_accuracy), -np.nan_to_num(trial.final_loss)))
    return ranked[(len(ranked) - 1) // 2]


def _boundary(problem: Problem, trial: Trial) -> Boundary:
    net = problem.net
    assert trial.parameters is not None
    xs, ys = (_axis(values) for values in problem.x)
    grid = np.stack([axis.ravel() for axis in np.meshgrid(xs, ys)]).astype(problem.experiment.dtype)
    with np.errstate(all="ignore"):
        z = forward(net, trial.parameters, grid).z[-1]
        values = HEAD[net.head].prediction(z)[0] if net.head != "softmax" else z.argmax(axis=0) + 0 * z.sum(axis=0)
    return Boundary(
        scheme=trial.scheme, seed=trial.seed, xs=xs, ys=ys, values=np.asarray(values, float).reshape(POINTS, POINTS)
    )


def _axis(values: np.ndarray) -> np.ndarray:
    low, high = float(values.min()), float(values.max())
    margin = MARGIN * (high - low) or 1.0
    return np.linspace(low - margin, high + margin, POINTS)

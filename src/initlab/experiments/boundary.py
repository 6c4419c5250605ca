"""Decision boundaries: what a trained network answers over the plane of a data set with two features."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from initlab.experiments.problem import Problem
from initlab.experiments.result import Boundary, Trial
from initlab.network.heads import HEAD
from initlab.network.reference import forward
from initlab.numerics.activations import Floats

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
    assert trial.parameters is not None
    found = plane(problem, trial.parameters)
    return Boundary(scheme=trial.scheme, seed=trial.seed, xs=found.xs, ys=found.ys, values=found.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """The output for class 1, or the number of the predicted class, at (xs[c], ys[r]): `values[r, c]`."""

    xs: Floats
    ys: Floats
    values: Floats


def plane(problem: Problem, theta: Floats, *, points: int = POINTS) -> Plane:
    """What a network answers over the plane of a data set with two features, on a grid of points by points."""
    net = problem.net
    xs, ys = (_axis(values, points) for values in problem.x)
    grid = np.stack([axis.ravel() for axis in np.meshgrid(xs, ys)]).astype(problem.experiment.dtype)
    with np.errstate(all="ignore"):
        z = forward(net, theta, grid).z[-1]
        values = HEAD[net.head].prediction(z)[0] if net.head != "softmax" else z.argmax(axis=0) + 0 * z.sum(axis=0)
    return Plane(xs=xs, ys=ys, values=np.asarray(values, float).reshape(points, points))


def _axis(values: Floats, points: int) -> Floats:
    low, high = float(values.min()), float(values.max())
    margin = MARGIN * (high - low) or 1.0
    return np.linspace(low - margin, high + margin, points)

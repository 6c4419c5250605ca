"""Decision boundaries: what a trained network answers over the plane of a data set with two features."""

from collections.abc import Mapping, Sequence

import numpy as np

from initlab.experiments.problem import Problem
from initlab.experiments.result import Boundary, Trial
from initlab.network.heads import HEAD
from initlab.network.initialize import initialize
from initlab.network.reference import forward
from initlab.network.trainer import Training
from initlab.schemes import Choice

POINTS = 121
"""Grid points along each axis."""

MARGIN = 0.15
"""Share of the data's range that is shown beyond it, on each side."""


def boundaries(problem: Problem, groups: Mapping[str, Sequence[Trial]]) -> tuple[Boundary, ...]:
    """One boundary a scheme, of the trial whose training accuracy is the median; none unless there are two features.

    That trial is trained once more, so that no other trial's weights need to be kept.
    """
    if problem.facts.points is None:
        return ()
    return tuple(
        _boundary(problem, choice, _median(groups[choice.label]).seed)
        for choice in problem.experiment.choices
        if choice.label in groups
    )


def _median(trials: Sequence[Trial]) -> Trial:
    """The trial of (lower) median training accuracy; among equals, that of the lowest loss."""
    ranked = sorted(trials, key=lambda trial: (trial.train_accuracy, -np.nan_to_num(trial.final_loss, nan=np.inf)))
    return ranked[(len(ranked) - 1) // 2]


def _boundary(problem: Problem, choice: Choice, seed: int) -> Boundary:
    experiment, net = problem.experiment, problem.net
    theta = initialize(net, choice, seed=seed, dtype=experiment.dtype)
    training = Training(net, theta, problem.x, problem.y, experiment.recipe, seed=seed)
    training.advance(experiment.iterations)
    xs, ys = (_axis(values) for values in problem.x)
    grid = np.stack([axis.ravel() for axis in np.meshgrid(xs, ys)]).astype(experiment.dtype)
    with np.errstate(all="ignore"):
        z = forward(net, training.theta, grid).z[-1]
        values = HEAD[net.head].prediction(z)[0] if net.head != "softmax" else z.argmax(axis=0) + 0 * z.sum(axis=0)
    return Boundary(
        scheme=choice.label, seed=seed, xs=xs, ys=ys, values=np.asarray(values, float).reshape(POINTS, POINTS)
    )


def _axis(values: np.ndarray) -> np.ndarray:
    low, high = float(values.min()), float(values.max())
    margin = MARGIN * (high - low)
    return np.linspace(low - margin, high + margin, POINTS)

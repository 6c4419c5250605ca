"""What other seeds than the course's give: the same network trained from each, by the compiled trainer."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from initlab.course.initialization import SEEDED, initialize
from initlab.course.training import HIDDEN
from initlab.experiments.course_result import SeedSpread
from initlab.experiments.flight import fly
from initlab.network.architecture import Architecture
from initlab.network.recipe import Recipe
from initlab.network.trainer import Evaluation, Training
from initlab.numerics.activations import Floats

STRETCH = 500
"""Steps between two looks at the stop flag: some milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What every network of the spread is trained on, and how."""

    x: Floats
    y: Floats
    x_test: Floats
    y_test: Floats
    learning_rate: float
    iterations: int

    @property
    def net(self) -> Architecture:
        """The course's network."""
        return Architecture(widths=(self.x.shape[0], *HIDDEN, 1))


def spreads(task: Task, seeds: int, *, finished: Callable[[], None]) -> tuple[SeedSpread, ...]:
    """The final accuracies from seeds 0, 1, ..., for every initialization that draws; `finished` is told of each net.

    One network a processor is in flight. Ctrl-C stops all of them within a stretch.
    """
    if not seeds:
        return ()
    names = tuple(SEEDED)
    scores = _train_all(task, [(name, seed) for name in names for seed in range(seeds)], finished)
    groups = [scores[start : start + seeds] for start in range(0, len(scores), seeds)]
    return tuple(
        SeedSpread(
            initialization=name,
            train_accuracy=tuple(train for train, _ in group),
            test_accuracy=tuple(test for _, test in group),
        )
        for name, group in zip(names, groups, strict=True)
    )


def _train_all(
    task: Task, starts: list[tuple[str, int]], finished: Callable[[], None]
) -> tuple[tuple[float, float], ...]:
    """The accuracies of every network, in the order of the starts. Raises KeyboardInterrupt when interrupted."""

    def one(start: tuple[str, int], stop: threading.Event) -> tuple[float, float] | None:
        scores = _train(task, *start, stop)
        finished()
        return scores

    flight = fly(starts, one)
    if flight.interrupted:
        raise KeyboardInterrupt
    return flight.results


def _train(task: Task, name: str, seed: int, stop: threading.Event) -> tuple[float, float] | None:
    """The accuracies in training and in test at the end; None when stopped before."""
    net = task.net
    parameters = initialize(name, net.widths, seed)
    theta = np.concatenate([values.ravel() for values in parameters.values()])
    training = Training(net, theta, task.x, task.y, Recipe(learning_rate=task.learning_rate), seed=seed)
    while training.step < task.iterations:
        if stop.is_set():
            return None
        training.advance(min(STRETCH, task.iterations - training.step))
    _, train = Evaluation(net, task.x, task.y, dtype="float64")(training.theta)
    _, test = Evaluation(net, task.x_test, task.y_test, dtype="float64")(training.theta)
    return train, test

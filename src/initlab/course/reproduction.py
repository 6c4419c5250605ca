"""The course's experiment run again, and every figure of it compared."""

import itertools
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from initlab.course.checks import check_count
from initlab.course.data import load_dataset
from initlab.course.figures import data_figures, parameter_figures, run_figures
from initlab.course.initialization import INITIALIZATIONS, SEED, SEEDED, initialize
from initlab.course.notes import notes
from initlab.course.prediction import predict_dec
from initlab.course.propagation import forward_propagation, stable_loss
from initlab.course.spread import Task, spreads
from initlab.course.step_zero import step_zero
from initlab.course.training import descend
from initlab.experiments.course_result import CourseResult, CourseRun, Figure

LEARNING_RATE = 0.01
ITERATIONS = 15_000

Progress = Callable[[int, int], None]
"""Told how many networks of how many are trained, from any thread."""


def reproduce(*, seeds: int = 20, progress: Progress = lambda *_: None) -> CourseResult:
    """Train the course's network from zeros, random, He and Xavier, and set every figure beside the expected one.

    The course's own functions train the four; the compiled trainer then trains `seeds` more of each initialization that
    draws, from the legacy seeds 0, 1, ... (none if 0), to show how much of the result is the seed's.

    Raises SpecError when `seeds` is not a whole number from 0 to 10,000.
    """
    count = check_count("seeds", seeds, 0, 10_000)
    task = _task()
    networks = itertools.count(1)
    total = len(INITIALIZATIONS) + count * len(SEEDED)

    def finished() -> None:
        progress(next(networks), total)

    runs = tuple(course_run(name, task, finished) for name in INITIALIZATIONS)
    found = spreads(task, count, finished=finished)
    return CourseResult(
        seed=SEED,
        learning_rate=LEARNING_RATE,
        iterations=ITERATIONS,
        runs=runs,
        figures=tuple(_figures(task, runs)),
        spreads=found,
        notes=notes(runs, found),
    )


def course_run(name: str, task: Task, finished: Callable[[], None] = lambda: None) -> CourseRun:
    """Train the course's network from one initialization with the course's functions, and note all there is to see."""
    start = initialize(name, task.net.widths)
    _, cache = forward_propagation(task.x, start)
    *checkpoints, (_, final_cost, parameters) = descend(task.x, task.y, start, task.learning_rate, task.iterations)
    finished()
    return CourseRun(
        initialization=name,
        costs=tuple(cost for _, cost, _ in checkpoints),
        final_cost=final_cost,
        stable_first_cost=stable_loss(cache[8], task.y),
        train_accuracy=float(np.mean(predict_dec(parameters, task.x) == task.y)),
        test_accuracy=float(np.mean(predict_dec(parameters, task.x_test) == task.y_test)),
        step_zero=step_zero(task.x, task.y, start),
    )


def _task() -> Task:
    train_X, train_Y, test_X, test_Y = load_dataset()
    return Task(
        x=train_X,
        y=train_Y.astype(np.float64),
        x_test=test_X,
        y_test=test_Y.astype(np.float64),
        learning_rate=LEARNING_RATE,
        iterations=ITERATIONS,
    )


def _figures(task: Task, runs: Sequence[CourseRun]) -> Iterator[Figure]:
    yield from data_figures({"train_X": task.x, "test_X": task.x_test})
    yield from parameter_figures()
    for run in runs:
        yield from run_figures(run)

"""Running an experiment: every trial trained in a thread of its own, a stretch of steps at a time."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from initlab.experiments.flight import Flight, fly
from initlab.experiments.problem import Problem
from initlab.experiments.result import Curve, Status, Trial
from initlab.network.initialize import initialize
from initlab.network.measure import signal
from initlab.network.recipe import Recipe
from initlab.network.trainer import Evaluation, Training, distinct_units
from initlab.numerics.activations import Floats
from initlab.schemes import Choice

GEOMETRIC, LINEAR = 40, 30
"""Checkpoints spaced by a constant factor, for the first steps, and by a constant distance, for the rest."""

STRETCH = 0.05
"""Seconds of training between two looks at the stop flag."""

MOST_KEPT = 4_000_000
"""How many parameters of finished networks are kept in all, for their decision boundaries."""

STALLED_LOSS = 0.9
"""A network has stalled only if its final loss is above this share of the chance loss."""

EXPLODED_LOSS = 1e3
"""A network has diverged if its final loss is above so many times the chance loss."""

Progress = Callable[[int], None]
"""Told how many steps were made since it was last called, from any thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One trial to run."""

    choice: Choice
    seed: int


def jobs(problem: Problem) -> Iterator[Job]:
    """Every trial of an experiment: scheme by scheme, and seed by seed."""
    experiment = problem.experiment
    for choice in experiment.choices:
        for seed in range(experiment.seed, experiment.seed + experiment.seeds):
            yield Job(choice=choice, seed=seed)


def checkpoints(iterations: int) -> npt.NDArray[np.int64]:
    """The iterations at which a trial is evaluated: 0, then closely spaced, then evenly, and the last.

    >>> checkpoints(15_000)[[0, 1, -2, -1]].tolist()
    [0, 1, 14500, 15000]
    """
    early = np.geomspace(1, iterations, GEOMETRIC).round()
    even = np.linspace(0, iterations, LINEAR + 1).round()
    return np.unique(np.concatenate([early, even]).astype(np.int64))


def run(problem: Problem, *, threads: int | None = None, progress: Progress | None = None) -> Flight[Trial]:
    """Run every trial of an experiment.

    At most `threads` networks are in flight (one a processor, if not said), and no result depends on how many. Ctrl-C
    stops every network within a stretch and keeps the trials that had finished.
    """
    report = progress or (lambda _: None)
    try:
        prepare(problem)
    except KeyboardInterrupt:
        return Flight(results=(), interrupted=True)
    return fly(jobs(problem), lambda job, stop: _trial(problem, job, stop, report), threads=threads)


def prepare(problem: Problem) -> None:
    """Compile the trainer for this problem, in the calling thread, where Ctrl-C can stop it. Cached on disk."""
    net = problem.net
    theta = np.zeros(net.size, dtype=problem.experiment.dtype)
    training = Training(net, theta, problem.x, problem.y, Recipe(), seed=0)
    training.advance(0)
    Evaluation(net, problem.x[:, :1], problem.y[:, :1], dtype=problem.experiment.dtype)(training.theta)
    distinct_units(net, training.theta)


def _trial(problem: Problem, job: Job, stop: threading.Event, progress: Progress) -> Trial | None:
    """Train one network to the end and measure it; None when stopped before."""
    runner = Runner(problem, job)
    for checkpoint in checkpoints(problem.experiment.iterations):
        if not runner.reach(int(checkpoint), stop, progress):
            return None
        if not runner.record():
            break
    progress(problem.experiment.iterations - runner.training.step)
    return runner.trial()


class Runner:
    """One trial in training, from its initialization on."""

    def __init__(self, problem: Problem, job: Job) -> None:
        experiment = problem.experiment
        self._problem, self.job = problem, job
        self._start = initialize(problem.net, job.choice, seed=job.seed, dtype=experiment.dtype, draws=experiment.draws)
        self.training = Training(problem.net, self._start, problem.x, problem.y, experiment.recipe, seed=job.seed)
        self.recorder = Recorder(problem)

    def reach(self, step: int, stop: threading.Event, progress: Progress) -> bool:
        """Train up to a step, in stretches of about STRETCH seconds; False when stopped."""
        stretch = 1
        while self.training.step < step:
            if stop.is_set():
                return False
            count, begun = min(stretch, step - self.training.step), time.perf_counter()
            self.training.advance(count)
            progress(count)
            spent = time.perf_counter() - begun
            stretch = count * 2 if spent < STRETCH / 2 else max(1, int(count * STRETCH / spent))
        return True

    def record(self) -> bool:
        """Note how the network stands; False when its loss or a parameter is not finite."""
        return self.recorder.record(self.training)

    def trial(self) -> Trial:
        """The trial, finished where it stands."""
        return self.recorder.trial(self.job, start=self._start, end=self.training.theta)


class Recorder:
    """The curve of one trial, as it grows."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        dtype = problem.experiment.dtype
        self._train = Evaluation(problem.net, problem.x, problem.y, dtype=dtype)
        self._test = Evaluation(problem.net, problem.x_test, problem.y_test, dtype=dtype)
        self._scores: list[tuple[float, ...]] = []
        self._distinct: list[npt.NDArray[np.int64]] = []

    @property
    def scores(self) -> tuple[float, ...]:
        """The last row: step, training loss and accuracy, test loss and accuracy."""
        return self._scores[-1]

    def record(self, training: Training) -> bool:
        """Add a row for the network as it stands; False when its loss or a parameter is not finite."""
        theta = training.theta
        scores = (*self._train(theta), *self._test(theta))
        self._scores.append((training.step, *scores))
        self._distinct.append(distinct_units(self._problem.net, theta))
        return math.isfinite(scores[0]) and bool(np.isfinite(theta).all())

    def trial(self, job: Job, *, start: Floats, end: Floats) -> Trial:
        """The finished trial."""
        problem = self._problem
        iteration, train_loss, train_accuracy, test_loss, test_accuracy = np.array(self._scores).T
        curve = Curve(
            iteration=iteration.astype(np.int64),
            train_loss=train_loss,
            test_loss=test_loss,
            train_accuracy=train_accuracy,
            test_accuracy=test_accuracy,
            distinct=np.array(self._distinct),
        )
        finite = bool(np.isfinite(end).all())
        scores = (train_accuracy[-1], test_accuracy[-1]) if finite else (math.nan, math.nan)
        return Trial(
            scheme=job.choice.label,
            seed=job.seed,
            status=status(problem, finite, float(train_loss[-1]), float(train_accuracy[-1])),
            train_accuracy=float(scores[0]),
            test_accuracy=float(scores[1]),
            final_loss=float(train_loss[-1]),
            test_loss=float(test_loss[-1]),
            curve=curve,
            start=signal(problem.net, start, problem.x, problem.y),
            end=signal(problem.net, end, problem.x, problem.y),
            parameters=end if keeps_parameters(problem, job.seed) else None,
        )


def keeps_parameters(problem: Problem, seed: int) -> bool:
    """Whether a trial's final parameters are kept for its boundary: all, if they are few, or else the first seed's."""
    experiment = problem.experiment
    trials = experiment.seeds * len(experiment.schemes)
    return problem.facts.points is not None and (trials * problem.net.size <= MOST_KEPT or seed == experiment.seed)


def status(problem: Problem, finite: bool, loss: float, accuracy: float) -> Status:
    """How a trial ended.

    Diverged: the loss or a parameter is not finite, or the loss is above 1000 times that of chance. Stalled: the loss
    is at least 90 % of that of chance and, with classes, the training accuracy is within two standard errors,
    √(p(1-p)/m), of the share p of the largest class.
    """
    facts = problem.facts
    if not (finite and loss <= EXPLODED_LOSS * facts.chance_loss):
        return "diverged"
    chance = facts.chance_accuracy
    at_chance = math.isnan(chance) or accuracy <= chance + 2 * math.sqrt(chance * (1 - chance) / facts.train_examples)
    return "stalled" if at_chance and loss >= STALLED_LOSS * facts.chance_loss else "learned"

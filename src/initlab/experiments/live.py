"""An experiment that is watched while it runs: all trials advance together, and every checkpoint is a moment to see.

The trials, their checkpoints and their results are those of `run`: only the order of the work differs, so that a live
run ends in the very comparison that `compare` gives.
"""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from initlab.experiments.boundary import plane
from initlab.experiments.flight import Flight
from initlab.experiments.problem import Problem
from initlab.experiments.result import Spread, Trial
from initlab.experiments.run import Progress, Runner, checkpoints, jobs, prepare
from initlab.experiments.spread import spread
from initlab.network.inspect import View, view
from initlab.numerics.activations import Floats
from initlab.streams.threads import checked_threads

MOST_EXAMPLES = 300
"""Training examples on which the layers of the network shown are measured: the first."""

POINTS = 60
"""Grid points along each axis of a decision boundary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemeMoment:
    """All trials of one scheme at one checkpoint: spreads over the seeds, and a look into the first seed's network.

    `lost` counts the trials whose loss or parameters are no longer finite; they stay at their last checkpoint, and
    their losses count as infinite. `boundary` is the network's answer over the plane, where there is one.
    """

    scheme: str
    train_loss: Spread
    test_loss: Spread
    train_accuracy: Spread
    test_accuracy: Spread
    lost: int
    view: View
    boundary: Floats | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One checkpoint of the whole experiment; number 0 is step zero, before any update."""

    number: int
    step: int
    schemes: tuple[SchemeMoment, ...]


class Live:
    """A running experiment: iterate over its moments, then ask for the trials.

    >>> from initlab.experiments.problem import bind
    >>> from initlab.experiments.spec import Experiment
    >>> live = Live(bind(Experiment(schemes="zeros, he", seeds=1, iterations=20)))
    >>> [moment.step for moment in live][:3]
    [0, 1, 2]
    >>> len(live.flight().results)
    2
    """

    def __init__(
        self,
        problem: Problem,
        *,
        stop: threading.Event | None = None,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.problem = problem
        self.steps: npt.NDArray[np.int64] = checkpoints(problem.experiment.iterations)
        self._stop = stop or threading.Event()
        self._threads = checked_threads(threads)
        self._progress = progress or (lambda _: None)
        self._runners: list[Runner] = []
        self._running: list[Runner] = []

    def __iter__(self) -> Iterator[Moment]:
        """Train to each checkpoint in turn and yield the moment there; ends early when stopped."""
        prepare(self.problem)
        with threadpool_limits(limits=1), ThreadPoolExecutor(self._threads) as pool:
            self._runners = list(pool.map(lambda job: Runner(self.problem, job), jobs(self.problem)))
            self._running = self._runners
            for number, step in enumerate(self.steps.tolist()):
                if not self._reach(pool, step):
                    return
                yield Moment(number=number, step=step, schemes=self._schemes(pool))

    def flight(self) -> Flight[Trial]:
        """The trials that are finished, in the order of `run`."""
        ended = [runner for runner in self._runners if runner not in self._running or self._done(runner)]
        return Flight(results=tuple(runner.trial() for runner in ended), interrupted=len(ended) < len(self._runners))

    def _done(self, runner: Runner) -> bool:
        return runner.training.step >= self.problem.experiment.iterations

    def _reach(self, pool: ThreadPoolExecutor, step: int) -> bool:
        """Bring every trial that still runs to a step and record it; False when stopped."""
        running = self._running
        if not all(pool.map(lambda runner: runner.reach(step, self._stop, self._progress), running)):
            return False
        self._running = [
            runner for runner, sound in zip(running, pool.map(Runner.record, running), strict=True) if sound
        ]
        return not self._stop.is_set()

    def _schemes(self, pool: ThreadPoolExecutor) -> tuple[SchemeMoment, ...]:
        groups: dict[str, list[Runner]] = {}
        for runner in self._runners:
            groups.setdefault(runner.job.choice.label, []).append(runner)
        return tuple(pool.map(self._moment, groups.values()))

    def _moment(self, runners: list[Runner]) -> SchemeMoment:
        problem, shown = self.problem, runners[0]
        lost = [runner for runner in runners if runner not in self._running]
        _, train_loss, train_accuracy, test_loss, test_accuracy = np.array([r.recorder.scores for r in runners]).T
        few = slice(0, MOST_EXAMPLES)
        return SchemeMoment(
            scheme=shown.job.choice.label,
            train_loss=spread(_worst(train_loss)),
            test_loss=spread(_worst(test_loss)),
            train_accuracy=spread(train_accuracy),
            test_accuracy=spread(test_accuracy),
            lost=len(lost),
            view=view(problem.net, shown.training.theta, problem.x[:, few], problem.y[:, few]),
            boundary=None
            if problem.facts.points is None
            else plane(problem, shown.training.theta, points=POINTS).values,
        )


def _worst(losses: Floats) -> Floats:
    return np.where(np.isnan(losses), np.inf, losses)

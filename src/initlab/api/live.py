"""Live: the comparison of `compare`, watched while it runs."""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from initlab.api.compare import Comparison, plan_comparison
from initlab.experiments.forecast import Forecast, forecasts
from initlab.experiments.live import Live, Moment
from initlab.experiments.problem import bind
from initlab.experiments.spec import Experiment
from initlab.experiments.summary import summarise


class Watch:
    """A comparison to iterate over: its moments, checkpoint by checkpoint; then `comparison()`, as `compare` gives it.

    `stop` may be set from any thread; the run then ends within a few hundredths of a second.
    """

    def __init__(
        self,
        experiment: Experiment,
        *,
        threads: int | None = None,
        stop: threading.Event | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        self.experiment = experiment
        self.problem = bind(experiment)
        self._live = Live(self.problem, stop=stop, threads=threads, progress=progress)

    @property
    def steps(self) -> tuple[int, ...]:
        """The steps at which there is a moment."""
        return tuple(self._live.steps.tolist())

    def __iter__(self) -> Iterator[Moment]:
        return iter(self._live)

    def forecasts(self) -> tuple[Forecast, ...]:
        """What the theory expects at step zero, a scheme each."""
        return forecasts(self.problem)

    def comparison(self) -> Comparison:
        """What the trials that have finished show."""
        found = summarise(self.problem, self._live.flight())
        return Comparison(**{field.name: getattr(found, field.name) for field in fields(found)})


def watch(
    spec: Experiment | Mapping[str, Any] | str | Path | None = None,
    *,
    preset: str | None = None,
    threads: int | None = None,
    stop: threading.Event | None = None,
    progress: Callable[[int], None] | None = None,
    **options: Any,  # noqa: ANN401
) -> Watch:
    """The experiment that `compare` would run, with the same results, to be watched.

    >>> seen = watch(schemes="zeros, he", seeds=1, iterations=20)
    >>> [round(moment.schemes[0].train_loss.median, 4) for moment in seen][:2]
    [0.6931, 0.6931]
    >>> [scheme.verdict for scheme in seen.comparison().schemes][0][:22]
    'No better than chance '

    Raises UsageError for what cannot be run.
    """
    return Watch(plan_comparison(spec, preset=preset, **options), threads=threads, stop=stop, progress=progress)

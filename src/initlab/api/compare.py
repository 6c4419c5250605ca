"""Compare: train the same network under several initializations and say what each one does."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from initlab.documents import read_toml
from initlab.errors import SpecError
from initlab.experiments import result, store
from initlab.experiments.presets import preset as preset_named
from initlab.experiments.problem import Problem, bind
from initlab.experiments.run import run
from initlab.experiments.spec import Experiment, experiment
from initlab.experiments.summary import summarise
from initlab.render import html, save, text


class Comparison(result.Comparison):
    """The result of `compare`: pure data that shows itself in a terminal and in a notebook, and can be saved."""

    def __str__(self) -> str:
        return text.printed(text.comparison(self))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return html.fragment(self)

    def save(self, folder: str | Path) -> Path:
        """Write result.json, curves.csv, the figures and report.html into a folder, each file whole or not at all.

        Of an interrupted run, the first two only. Raises OutputError when the folder cannot be written to.
        """
        return save.comparison(self, store.prepare(Path(folder)))


def compare(
    spec: Experiment | Mapping[str, Any] | str | Path | None = None,
    *,
    preset: str | None = None,
    output: str | Path | None = None,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    **options: Any,  # noqa: ANN401
) -> Comparison:
    """Train the same network under several initializations and say what each one does.

    The experiment is `spec` (an Experiment, its fields, or a TOML file) or a preset, with `options` set over it: any
    field of `Experiment`. The result is saved in the folder `output`, if there is one. Ctrl-C stops the run and returns
    what had finished, marked `interrupted`. `progress` is told how many training steps were made, of how many. Raises
    UsageError for anything that cannot be run or written, before it trains.

    >>> found = compare(schemes="zeros, he", seeds=2, iterations=50)
    >>> [scheme.scheme for scheme in found.schemes]
    ['zeros', 'he']
    >>> round(found.schemes[0].final_loss.median, 12)
    0.69314718056
    """
    problem = bind(plan_comparison(spec, preset=preset, **options))
    folder = None if output is None else store.prepare(Path(output))
    comparison = run_comparison(problem, threads=threads, progress=progress)
    if folder is not None:
        comparison.save(folder)
    return comparison


def run_comparison(
    problem: Problem, *, threads: int | None = None, progress: Callable[[int, int], None] | None = None
) -> Comparison:
    """Run an experiment that is bound to its data; see `compare`."""
    experiment = problem.experiment
    total = experiment.iterations * experiment.seeds * len(experiment.schemes)
    made, lock = 0, threading.Lock()

    def advance(steps: int) -> None:
        nonlocal made
        with lock:
            made += steps
            if progress is not None:
                progress(made, total)

    found = summarise(problem, run(problem, threads=threads, progress=advance))
    return Comparison(**{field.name: getattr(found, field.name) for field in fields(found)})


def plan_comparison(
    spec: Experiment | Mapping[str, Any] | str | Path | None = None,
    *,
    preset: str | None = None,
    **options: Any,  # noqa: ANN401
) -> Experiment:
    """The experiment that `compare` would run: a spec (or its fields) or a preset, with the options set over it."""
    if preset is not None and spec is not None:
        raise SpecError(f"Either a spec or a preset must be given, got both {spec} and {preset!r}.")
    base: dict[str, Any] = {}
    if preset is not None:
        base |= preset_named(preset)
    if isinstance(spec, Experiment):
        base |= spec.model_dump()
    elif isinstance(spec, Mapping):
        base |= spec
    elif spec is not None:
        base |= read_toml(Path(spec), what="experiment")
    return experiment(base | options)

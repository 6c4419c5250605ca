"""The operations. Python, the command line and the web page call these, and get the same results."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from initlab.errors import SpecError
from initlab.experiments import result, store
from initlab.experiments.phase import Phase, PhaseDiagram, diagram
from initlab.experiments.presets import preset as preset_named
from initlab.experiments.problem import Problem
from initlab.experiments.problem import bind as bind
from initlab.experiments.recommend import Recommendation, recommend
from initlab.experiments.run import run
from initlab.experiments.spec import Experiment, experiment, read_toml
from initlab.experiments.summary import summarise
from initlab.experiments.theory_check import TheoryCheck, Verified, default_weight, verify
from initlab.render import html, save, text
from initlab.theory.callables import Source, activation_of
from initlab.theory.gains import Account, account
from initlab.theory.overview import Overview, overview


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
        base |= read_toml(Path(spec))
    return experiment(base | options)


def theory_gain(activation: Source, *, q: float = 1.0) -> Account:
    """The gains of an activation, by name, place in a file, or as a callable, and what they lead to.

    >>> round(theory_gain("tanh").gains.forward, 8)
    1.59253742

    Raises UsageError for an activation or a q that cannot serve.
    """
    return account(activation_of(activation), q=q)


def theory_map(
    activation: Source, *, sigma_w2: float | None = None, sigma_b2: float = 0.0, depth: int = 50
) -> Overview:
    """Fixed points, depth scales and the critical line of an activation; on that line where no σ_w² is given.

    >>> round(theory_map("tanh", sigma_w2=1.5, sigma_b2=0.05).fixed.xi_c, 2)
    15.79

    Raises UsageError for an activation, variance or depth that cannot serve.
    """
    return overview(activation_of(activation), sigma_w2=sigma_w2, sigma_b2=sigma_b2, depth=depth)


def theory_verify(
    activation: str = "tanh",
    *,
    sigma_w2: float | None = None,
    sigma_b2: float = 0.0,
    threads: int | None = None,
    output: str | Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    **sizes: int,
) -> Verified:
    """Draw networks and hold their layers against the theory; `sizes` are the other fields of `TheoryCheck`.

    `output` is a PNG file for the figure. Raises UsageError for what cannot be drawn or written.

    >>> theory_verify("relu", depth=4, width=64, networks=5).holds
    True
    """
    target = None if output is None else store.prepare(Path(output).parent) / Path(output).name
    weight = default_weight(activation, sigma_b2) if sigma_w2 is None else sigma_w2
    check = TheoryCheck(activation=activation, sigma_w2=weight, sigma_b2=sigma_b2, **sizes)
    found = verify(check, threads=threads, progress=progress)
    if target is not None and not found.interrupted:
        from initlab.render.figures import png, theory_check

        store.write(target, png(theory_check.draw(found)))
    return found


def theory_recommend(activation: Source, *, depth: int, width: int, residual: bool = False) -> Recommendation:
    """Which scheme and gain for a network of that activation, depth and width, with the numbers behind it.

    >>> theory_recommend("relu", depth=30, width=256).choice.scheme
    'he_normal'

    Raises UsageError for an activation, depth or width that cannot serve.
    """
    return recommend(activation_of(activation), depth=depth, width=width, residual=residual)


def theory_phase(
    *,
    threads: int | None = None,
    output: str | Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    **fields: Any,  # noqa: ANN401
) -> PhaseDiagram:
    """The phase diagram with trained networks over it; `fields` are those of `Phase`, `output` a PNG file.

    >>> [curve.side for curve in theory_phase(activation="erf", across=0).curves][:2]
    ['critical', 'ordered']

    Raises UsageError for what cannot be computed or written.
    """
    asked = Phase(**fields)
    target = None if output is None else store.prepare(Path(output).parent) / Path(output).name
    found = diagram(asked, threads=threads, progress=progress)
    if target is not None and not found.interrupted:
        from initlab.render.figures import phase, png

        store.write(target, png(phase.draw(found)))
    return found

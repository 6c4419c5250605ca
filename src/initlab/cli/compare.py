"""compare: Train the same network under several initializations and show what each one does."""

from pathlib import Path
from typing import Any

import click
from rich.console import Console

from initlab.api.compare import plan_comparison, run_comparison
from initlab.cli.options import as_json, fields_as_flags, given, output, project_settings
from initlab.cli.progress import progress
from initlab.experiments import store
from initlab.experiments.presets import preset_names
from initlab.experiments.problem import bind
from initlab.experiments.spec import Experiment
from initlab.render import json, text

INTERRUPTED = 130


@click.command(epilog="Example: initlab compare --data moons --schemes 'he, xavier, random(3)' --seeds 5")
@click.option("--preset", metavar="NAME", help=f"A ready experiment: {', '.join(preset_names())}.")
@click.option(
    "--spec", type=click.Path(path_type=Path), metavar="FILE", help="A TOML file with any of the fields below."
)
@click.option("--threads", type=click.IntRange(min=1), help="Networks trained at once.  [default: one a processor]")
@as_json
@output("The folder for result.json, curves.csv, figures and report.html.  [default: initlab-runs/compare-...]")
@fields_as_flags(Experiment)
def compare(
    preset: str | None,
    spec: Path | None,
    threads: int | None,
    as_json: bool,
    output: Path | None,
    **flags: Any,  # noqa: ANN401
) -> int:
    """Train the same network under several initializations and show what each one does.

    By default the course's 2-10-5-1 ReLU network on its circles, under zeros, random x10, Xavier and He, over 20 seeds.
    Flags stand over INITLAB_COMPARE_... variables, those over --spec or --preset, or else the table
    [tool.initlab.compare] of pyproject.toml here, and those over the defaults.
    """
    settings = None if preset else project_settings("compare")
    experiment = plan_comparison(spec or settings or None, preset=preset, **given(Experiment, flags))
    problem = bind(experiment)
    folder = store.prepare(output or store.default_folder("compare", experiment))
    with progress("training", "summing up") as show:
        result = run_comparison(problem, threads=threads, progress=show)
    if as_json:
        click.echo(json.dumps(json.comparison(result)))
    else:
        Console().print(text.comparison(result))
    with progress("drawing", "drawing", before="drawing"):
        result.save(folder)
    if not as_json:
        click.echo(f"\nKept in {folder}" if result.interrupted else f"\nReport: {folder / 'report.html'}")
    return INTERRUPTED if result.interrupted else 0

"""course: Reproduce the course's published figures, side by side, and show what other seeds give."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

QUIET = 2.0
"""Seconds that pass before a progress bar is worth showing."""


@click.group(
    invoke_without_command=True,
    subcommand_metavar="",
    epilog="Exit codes: 0 every figure is reproduced, 1 one is not, 2 usage error, 130 interrupted. "
    "Example: initlab course --seeds 0 --json",
)
@click.option(
    "--seeds", type=click.IntRange(0, 10_000), default=20, show_default=True, help="How many seeds the spread shows."
)
@click.option("--json", "as_json", is_flag=True, help="Print one strict JSON document instead of text.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Write the JSON document here too; - prints it.",
)
@click.pass_context
def course(ctx: click.Context, seeds: int, as_json: bool, output: Path | None) -> int:
    """Reproduce the course's published figures, side by side, and show what other seeds give.

    The 2-10-5-1 network is trained on two circles from zeros, large random, He and Xavier weights, as in the course's
    exercise on initialization. Costs, accuracies and printed parameters are set beside the published ones. The course
    uses one seed; --seeds shows how much of its result is that seed's, and --seeds 0 leaves that out.
    """
    return 0 if ctx.invoked_subcommand else _reproduce(seeds, as_json=as_json, output=output)


def _reproduce(seeds: int, *, as_json: bool, output: Path | None) -> int:
    from rich.console import Console

    from initlab.course import reproduce
    from initlab.experiments import store
    from initlab.render import course as render
    from initlab.render.json import dumps

    if output == Path("-"):
        as_json, output = True, None
    if output:
        _check_writable(output)
    with _bar() as show:
        result = reproduce(seeds=seeds, progress=show)
    document = dumps(render.document(result))
    if output:
        store.write(output, f"{document}\n")
    if as_json:
        click.echo(document)
    else:
        Console().print(render.course(result))
    return 0 if result.reproduced else 1


def _check_writable(path: Path) -> None:
    from initlab.errors import OutputError
    from initlab.experiments import store

    if path.is_dir():
        raise OutputError(f"The output {path} must be a file, got a folder. Name a file in it, such as course.json.")
    store.prepare(path.parent)


@contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    """A progress bar on stderr, on a terminal only, and only once the work has taken a while."""
    from rich.console import Console
    from rich.progress import Progress

    bar = Progress(console=Console(stderr=True), transient=True)
    task, begun = bar.add_task("training networks"), time.monotonic()

    def show(done: int, total: int) -> None:
        if sys.stderr.isatty() and time.monotonic() - begun > QUIET:
            bar.start()
            bar.update(task, completed=done, total=total)

    try:
        yield show
    finally:
        if bar.live.is_started:
            bar.stop()

"""course: Reproduce the course's published figures, side by side, and show what other seeds give."""

from pathlib import Path

import click
from rich.console import Console

from initlab.cli.options import as_json, output
from initlab.cli.progress import progress
from initlab.course import reproduce, reproduce_gradient_checks
from initlab.errors import OutputError
from initlab.experiments import store
from initlab.render import course as render
from initlab.render import course_gradcheck
from initlab.render.json import dumps


@click.group(
    invoke_without_command=True,
    subcommand_metavar="[gradcheck]",
    epilog="Exit codes: 0 every figure is reproduced, 1 one is not, 2 usage error, 130 interrupted. "
    "Example: initlab course --seeds 0 --json",
)
@click.option(
    "--seeds", type=click.IntRange(0, 10_000), default=20, show_default=True, help="How many seeds the spread shows."
)
@as_json
@output("Write the JSON document to this file as well; - prints it.")
@click.pass_context
def course(ctx: click.Context, seeds: int, as_json: bool, output: Path | None) -> int:
    """Reproduce the course's published figures, side by side, and show what other seeds give.

    The 2-10-5-1 network is trained on two circles from zeros, large random, He and Xavier weights, as in the course's
    exercise on initialization. Costs, accuracies and printed parameters are set beside the published ones. The course
    uses one seed; --seeds shows how much of its result is that seed's, and --seeds 0 leaves that out.
    """
    return 0 if ctx.invoked_subcommand else _reproduce(seeds, as_json=as_json, output=output)


def _reproduce(seeds: int, *, as_json: bool, output: Path | None) -> int:
    if output == Path("-"):
        as_json, output = True, None
    if output:
        _check_writable(output)
    with progress("training networks", "judging") as show:
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
    if path.is_dir():
        raise OutputError(f"The output {path} must be a file, got a folder. Name a file in it, such as course.json.")
    store.prepare(path.parent)


@course.command(epilog="Exit codes: 0 every figure is reproduced, 1 one is not. Example: initlab course gradcheck")
@as_json
def gradcheck(as_json: bool) -> int:
    """Reproduce the exercise on gradient checking, beside what initlab says of the same code.

    The course's network with the two bugs that it plants, with either mended, and with both: the difference that the
    course published, the one here, and initlab's verdict with the place and the name of each mistake.
    """
    result = reproduce_gradient_checks()
    if as_json:
        click.echo(dumps(course_gradcheck.document(result)))
    else:
        Console().print(course_gradcheck.course_gradcheck(result), highlight=False)
    return 0 if result.reproduced else 1

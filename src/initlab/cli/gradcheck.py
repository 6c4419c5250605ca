"""gradcheck: Say whether a gradient is right, wrong (where, and by what mistake), or beyond telling."""

from pathlib import Path

import click
from rich.console import Console

from initlab.api.gradcheck import gradcheck_at
from initlab.cli.options import as_json, output
from initlab.cli.progress import progress
from initlab.gradients.points import POINTS
from initlab.render import gradcheck as render
from initlab.render.json import dumps


@click.command(
    epilog="Exit codes: 0 right, 1 wrong, 2 part of it cannot be told (or a usage error), 3 nothing can be checked: "
    "the cost is random or keeps state, 130 interrupted. Example: initlab gradcheck net.py:case --points init,trained"
)
@click.argument("place", metavar="FILE:OBJECT")
@click.option("--points", default="init", show_default=True, help=f"Where: {', '.join(POINTS)}, or both.")
@click.option("--every", is_flag=True, help="Measure every entry, not one direction a block.")
@click.option("--tolerance", type=click.FloatRange(0, 1, min_open=True), metavar="SHARE",
              help="The coarsest resolution that passes.  [default: 1e-4; 0.1 in single precision]")  # fmt: skip
@click.option("--order", type=click.IntRange(1, 2), default=1, show_default=True, help="2: the gradient's gradient.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the random directions.")
@as_json
@output("Write the figure (gap against step size) to this PNG file.")
def gradcheck(
    place: str,
    points: str,
    every: bool,
    tolerance: float | None,
    order: int,
    seed: int,
    as_json: bool,
    output: Path | None,
) -> int:
    """Say whether a gradient is right, wrong (where, and by what mistake), or beyond telling.

    FILE:OBJECT is path/to/file.py:name or package.module:name: an initlab.GradientCase, a function that returns one or
    (cost, gradients, parameters), a torch module or autograd function, or a JAX function.
    """
    with progress("blocks", "naming the mistake", before="preparing") as show:
        found = gradcheck_at(
            place, order=order, points=points, every=every, tolerance=tolerance, seed=seed, output=output, progress=show
        )
    if as_json:
        asked = {"object": place, "points": points, "every": every, "order": order, "tolerance": tolerance}
        click.echo(dumps(render.document(found, configuration=asked)))
    else:
        Console().print(render.report(found), highlight=False)
        if output:
            click.echo(f"\nFigure: {output}")
    return found.exit_code

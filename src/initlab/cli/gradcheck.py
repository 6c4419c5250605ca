"""gradcheck: Say whether a gradient is right, wrong (where, and by what mistake), or beyond telling."""

from pathlib import Path
from typing import Any

import click
from rich.console import Console

from initlab.api.gradcheck import design_probe, gradcheck_at
from initlab.cli.options import as_json, output
from initlab.cli.progress import progress
from initlab.errors import SpecError
from initlab.experiments import store
from initlab.gradients.points import POINTS
from initlab.render import gradcheck as render
from initlab.render import probe as probe_render
from initlab.render.json import dumps


@click.command(
    epilog="Exit codes: 0 right, 1 wrong, 2 usage or input error, 3 it cannot be told: a block below the resolution or "
    "with nothing to test, or a cost that is random or keeps state, 130 interrupted. "
    "Example: initlab gradcheck net.py:case --points init,trained"
)
@click.argument("place", metavar="FILE:OBJECT", required=False)
@click.option("--points", default="init", show_default=True, help=f"Where: {', '.join(POINTS)}, or both.")
@click.option("--every", is_flag=True, help="Measure every entry, not one direction a block.")
@click.option(
    "--tolerance",
    type=click.FloatRange(0, 1, min_open=True),
    metavar="SHARE",
    help="The coarsest resolution that passes.  [default: 1e-4; 0.1 in single precision]",
)
@click.option("--order", type=click.IntRange(1, 2), default=1, show_default=True, help="2: the gradient's gradient.")
@click.option("--probe", metavar="WIDTHS", help="Instead: choose a batch and a start for a network, such as 4,5,3,1.")
@click.option("--activation", default="relu", show_default=True, help="Of --probe.")
@click.option("--head", default="sigmoid", show_default=True, help="Of --probe: sigmoid, softmax or linear.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the random directions.")
@as_json
@output("Write the figure (gap against step size) to this PNG file; the probe to this NPZ file.")
def gradcheck(
    place: str | None,
    probe: str | None,
    activation: str,
    head: str,
    as_json: bool,
    output: Path | None,
    **asked: Any,  # noqa: ANN401
) -> int:
    """Say whether a gradient is right, wrong (where, and by what mistake), or beyond telling.

    FILE:OBJECT is path/to/file.py:name or package.module:name: an initlab.GradientCase, a torch module, or a function
    that returns one of these, (cost, gradients, parameters), (module, inputs), (autograd Function, inputs) or (JAX
    function, arguments).
    """
    if (place is None) == (probe is None):
        raise SpecError("What is checked must be FILE:OBJECT or --probe WIDTHS, got both or none. Name one.")
    if probe is not None:
        return _probe(probe, activation, head, asked["seed"], as_json=as_json, output=output)
    with progress("blocks", "naming the mistake", before="preparing") as show:
        found = gradcheck_at(str(place), output=output, progress=show, **asked)
    if as_json:
        configuration = {"object": place, **{name: value for name, value in asked.items() if name != "seed"}}
        click.echo(dumps(render.document(found, configuration=configuration)))
    else:
        Console().print(render.report(found), highlight=False)
        if output:
            click.echo(f"\nFigure: {output}")
    return found.exit_code


def _probe(widths: str, activation: str, head: str, seed: int, *, as_json: bool, output: Path | None) -> int:
    if output and output.suffix != ".npz":
        raise SpecError(f"The probe must be a .npz file, got {output}. Name it so.")
    found = design_probe(widths, activation=activation, head=head, seed=seed)
    if output:
        store.write(store.prepare(output.parent) / output.name, probe_render.npz(found))
    if as_json:
        click.echo(dumps({**probe_render.document(found), "seed": seed}))
    else:
        Console().print(probe_render.probe(found), highlight=False)
    return 0

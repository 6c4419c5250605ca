"""theory: Compute gains, fixed points and trainable depth of an activation, and measure real networks beside them."""

from pathlib import Path

import click
from rich.console import Console, RenderableType

from initlab import api
from initlab.cli.options import as_json, output
from initlab.cli.progress import progress
from initlab.render import json
from initlab.render import theory as render

INTERRUPTED = 130
ACTIVATION = "A name of the catalogue, FILE.py:NAME, or MODULE:NAME."

sigma_w2 = click.option(
    "--sigma-w2", type=float, metavar="NUMBER", help="fan_in·Var(w).  [default: on the critical line]"
)
sigma_b2 = click.option("--sigma-b2", type=float, default=0.0, show_default=True, metavar="NUMBER", help="Var(b).")
activation = click.option("--activation", required=True, metavar="NAME", help=ACTIVATION)
seed = click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="The first of the seeds.")


class Shorthand(click.Group):
    """A group in which `theory tanh` means `theory gain tanh`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = ["gain", *args]
        return super().resolve_command(ctx, args)


@click.group(cls=Shorthand, epilog="Example: initlab theory tanh; initlab theory verify --activation tanh --depth 50")
def theory() -> None:
    """Compute gains, fixed points and trainable depth of an activation, and measure real networks beside them.

    `initlab theory NAME` is `initlab theory gain NAME`. An activation is a name of the catalogue, or a function of
    yours as FILE.py:NAME or MODULE:NAME, of NumPy, torch or JAX.
    """


def _show(document: dict[str, object], text: RenderableType, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(document))
    else:
        Console().print(text, highlight=False)


@theory.command(epilog="Example: initlab theory gain gelu")
@click.argument("name", metavar="ACTIVATION")
@click.option("--q", type=float, default=1.0, show_default=True, help="The mean square of the pre-activations.")
@as_json
def gain(name: str, q: float, as_json: bool) -> None:
    """Print the gains that keep signal or gradient, and whether the size they keep is stable."""
    found = api.theory_gain(name, q=q)
    _show(render.gain_document(found), render.gain(found), as_json=as_json)


@theory.command("map", epilog="Example: initlab theory map tanh --sigma-w2 1.5 --sigma-b2 0.05")
@click.argument("name", metavar="ACTIVATION")
@sigma_w2
@sigma_b2
@click.option("--depth", type=int, default=50, show_default=True, help="Layers of the Jacobian whose spread is given.")
@as_json
def map_(name: str, sigma_w2: float | None, sigma_b2: float, depth: int, as_json: bool) -> None:
    """Print fixed points, depth scales, trainable depth and the critical line."""
    found = api.theory_map(name, sigma_w2=sigma_w2, sigma_b2=sigma_b2, depth=depth)
    _show(render.overview_document(found), render.overview(found), as_json=as_json)


@theory.command(epilog="Exit codes: 0 at least 95 % of the layers lie in their band, 1 fewer, 2 usage error.")
@activation
@click.option("--depth", type=int, default=50, show_default=True, help="Layers.")
@click.option("--width", type=int, default=256, show_default=True, help="Units of every layer.")
@sigma_w2
@sigma_b2
@click.option("--networks", type=int, default=20, show_default=True, help="How many are drawn.")
@click.option("--examples", type=int, default=16, show_default=True, help="Inputs that each network sees.")
@seed
@click.option("--threads", type=click.IntRange(min=1), help="Networks measured at once.  [default: one a processor]")
@as_json
@output("Write the figure to this PNG file.")
def verify(
    activation: str,
    depth: int,
    width: int,
    sigma_w2: float | None,
    sigma_b2: float,
    networks: int,
    examples: int,
    seed: int,
    threads: int | None,
    as_json: bool,
    output: Path | None,
) -> int:
    """Draw real networks and print predicted against measured, layer by layer."""
    with progress("networks", "drawing") as show:
        found = api.theory_verify(
            activation,
            depth=depth,
            width=width,
            sigma_w2=sigma_w2,
            sigma_b2=sigma_b2,
            networks=networks,
            examples=examples,
            seed=seed,
            threads=threads,
            output=output,
            progress=show,
        )
    _show(render.verified_document(found), render.verified(found), as_json=as_json)
    return INTERRUPTED if found.interrupted else 0 if found.holds else 1

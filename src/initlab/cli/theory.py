"""theory: Compute gains, fixed points and trainable depth of an activation, and measure real networks beside them."""

from pathlib import Path
from typing import Any

import click
from rich.console import Console, RenderableType

from initlab.api.theory import theory_gain, theory_map, theory_phase, theory_recommend, theory_verify
from initlab.cli.options import as_json, output
from initlab.cli.progress import progress
from initlab.experiments import store
from initlab.render import json
from initlab.render import recommend as advice
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
    found = theory_gain(name, q=q)
    _show(render.gain_document(found), render.gain(found), as_json=as_json)


@theory.command("map", epilog="Example: initlab theory map tanh --sigma-w2 1.5 --sigma-b2 0.05")
@click.argument("name", metavar="ACTIVATION")
@sigma_w2
@sigma_b2
@click.option("--depth", type=int, default=50, show_default=True, help="Layers of the Jacobian whose spread is given.")
@as_json
def map_(name: str, sigma_w2: float | None, sigma_b2: float, depth: int, as_json: bool) -> None:
    """Print fixed points, depth scales, trainable depth and the critical line."""
    found = theory_map(name, sigma_w2=sigma_w2, sigma_b2=sigma_b2, depth=depth)
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
        found = theory_verify(
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


@theory.command(epilog="Example: initlab theory recommend --activation gelu --depth 40 --width 512")
@activation
@click.option("--depth", type=int, required=True, help="Layers, or residual blocks.")
@click.option("--width", type=int, required=True, help="Units of every layer.")
@click.option("--residual", is_flag=True, help="Each layer is added to what entered it.")
@as_json
def recommend(activation: str, depth: int, width: int, residual: bool, as_json: bool) -> None:
    """Say which scheme and gain to take, with the numbers behind it and what would make it wrong."""
    found = theory_recommend(activation, depth=depth, width=width, residual=residual)
    _show(advice.document(found), advice.recommendation(found), as_json=as_json)


@theory.command(epilog="Example: initlab theory phase --activation tanh --depth 30 -o phase.png")
@click.option("--activation", default="tanh", show_default=True, metavar="NAME", help="A name of the catalogue.")
@click.option(
    "--sigma-w2", type=float, nargs=2, default=(0.5, 4.0), show_default=True, help="The range of fan_in·Var(w)."
)
@click.option("--sigma-b2", type=float, nargs=2, default=(0.0, 0.2), show_default=True, help="The range of Var(b).")
@click.option("--depth", type=int, default=30, show_default=True, help="Layers of each trained network.")
@click.option("--width", type=int, default=64, show_default=True, help="Units of its hidden layers.")
@click.option("--across", type=int, default=8, show_default=True, help="Networks along; 0 trains none.")
@click.option("--up", type=int, default=3, show_default=True, help="Networks up.")
@click.option("--iterations", type=int, default=300, show_default=True, help="Training steps of each.")
@click.option("--learning-rate", type=float, default=0.001, show_default=True, help="The step size, with momentum 0.9.")
@seed
@click.option("--threads", type=click.IntRange(min=1), help="Networks trained at once.  [default: one a processor]")
@as_json
@output("The PNG file of the figure.  [default: initlab-runs/phase-ACTIVATION.png]")
def phase(as_json: bool, output: Path | None, **fields: Any) -> int:  # noqa: ANN401
    """Draw the phase diagram, order and chaos, with trained networks over it."""
    output = output or store.RUNS / f"phase-{fields['activation']}.png"
    with progress("networks", "drawing") as show:
        found = theory_phase(output=output, progress=show, **fields)
    _show(render.phase_document(found), render.phase(found), as_json=as_json)
    if not as_json and not found.interrupted:
        click.echo(f"\nFigure: {output}")
    return INTERRUPTED if found.interrupted else 0

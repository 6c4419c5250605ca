"""init: Draw a model's parameters as a policy plans them and write them into a safetensors file."""

from pathlib import Path

import click

from initlab.api.plan import needs_data
from initlab.api.weights import init_file
from initlab.cli.options import as_json, example_of, example_options, model_argument, output, policy_option, strict
from initlab.cli.progress import progress
from initlab.loading import make
from initlab.render import json
from initlab.render import plan as render


@click.command(epilog="Example: initlab init model.py:make_model --policy gpt2 --seed 0 -o model.safetensors")
@model_argument
@policy_option(default="auto")
@strict
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="The seed of every number.")
@example_options
@as_json
@output("The safetensors file, written whole or not at all.", required=True)
def init(model: str, policy: str, strict: bool, seed: int, as_json: bool, output: Path, **example: str | None) -> None:
    """Draw a model's parameters as a policy plans them and write them into a safetensors file.

    MODEL is FILE.py:NAME or MODULE:NAME: a model of torch or JAX, a dict of arrays, or a function that returns one.
    The same seed gives the same numbers in every framework and on every device.
    """
    with progress("drawing", "writing", before="drawing"):
        made, given = make(model, what="model"), example_of(**example)
        data = given if needs_data(policy) else None
        planned = init_file(made, policy, seed=seed, output=output, strict=strict, batch=data, example=given)
    if as_json:
        document = {**render.document(planned), **json.heading("init")}
        click.echo(json.dumps({**document, "seed": seed, "model": model, "output": str(output)}))
        return
    for words in render.open_ends(planned):
        click.echo(f"initlab: note: {words}", err=True)
    click.echo(f"{render.totals(planned)}, as {planned.policy.name} plans them with seed {seed}: {output}")

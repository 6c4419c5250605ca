"""plan: Say which scheme each parameter of a model gets and why, before anything is drawn."""

import click
from rich.console import Console

from initlab.api import plan as api
from initlab.cli.options import as_json, example_of, example_options, model_argument, policy_option, strict
from initlab.cli.progress import progress
from initlab.loading import make
from initlab.render import json
from initlab.render import plan as render
from initlab.render import verify as beside


@click.command(epilog="Example: initlab plan model.py:make_model --policy gpt2")
@model_argument
@policy_option(default="auto")
@strict
@click.option("--all", "every", is_flag=True, help="One row for every parameter, repeated blocks too.")
@click.option("--diff", is_flag=True, help="Show the plan beside what the model holds now.")
@click.option("--seed", type=click.IntRange(min=0), help="With --diff: compare with the very numbers of this seed.")
@example_options
@as_json
def plan(
    model: str,
    policy: str,
    strict: bool,
    every: bool,
    diff: bool,
    seed: int | None,
    as_json: bool,
    **example: str | None,
) -> None:
    """Say which scheme each parameter of a model gets and why, before anything is drawn.

    MODEL is FILE.py:NAME or MODULE:NAME: a model of torch or JAX, a dict of arrays, or a function that returns one.
    """
    made = make(model, what="model")
    planned = api.plan(made, policy, strict=strict, example=example_of(**example))
    if diff:
        with progress("comparing", "comparing", before="comparing") as show:
            found = planned.verify(made, seed=seed, progress=show)
        if as_json:
            click.echo(json.dumps({**beside.compared_document(found), "model": model}))
        else:
            Console().print(beside.compared(found, every=every), highlight=False)
        return
    if as_json:
        click.echo(json.dumps({**render.document(planned), "model": model}))
    else:
        Console().print(render.plan(planned, every=every), highlight=False)

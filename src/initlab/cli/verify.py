"""verify: Prove that a model or weights file holds what a policy plans, tensor by tensor."""

from typing import Any

import click
from rich.console import Console

from initlab.api import plan as api
from initlab.api.plan import needs_data
from initlab.api.weights import verify_file
from initlab.cli.options import as_json, example_of, example_options, policy_option, strict
from initlab.cli.progress import progress
from initlab.loading import make
from initlab.plans.verify import ALPHA, Verified
from initlab.plans.weights import PICKLES
from initlab.render import json
from initlab.render import verify as render

FILES = (".safetensors", *PICKLES)


@click.command(
    epilog="Exit codes: 0 all as planned, 1 some not, 2 usage error, 3 every tensor too small to tell. "
    "Example: initlab verify model.py:make_model --policy gpt2"
)
@click.argument("target", metavar="MODEL|FILE.safetensors")
@policy_option(default=None)
@strict
@click.option("--model", metavar="MODEL", help="Of a file: the model whose tensors it holds, as FILE.py:NAME.")
@click.option("--seed", type=click.IntRange(min=0), help="Compare with the very numbers of this seed, too.")
@click.option(
    "--alpha", type=float, default=ALPHA, show_default=True, help="The chance of any alarm if all is as planned."
)
@example_options
@as_json
def verify(
    target: str,
    policy: str | None,
    strict: bool,
    model: str | None,
    seed: int | None,
    alpha: float,
    as_json: bool,
    **example: str | None,
) -> int:
    """Prove that a model or weights file holds what a policy plans, tensor by tensor.

    Of a file that `initlab init` wrote, the policy and seed noted in it are the default; of a model, auto.
    """
    with progress("verifying", "verifying", before="loading") as show:
        found: Verified
        given = example_of(**example)
        shared: Any = {"seed": seed, "alpha": alpha, "strict": strict, "progress": show, "example": given}
        if target.endswith(FILES):
            made = make(model, what="model") if model is not None else None
            found = verify_file(target, policy, model=made, **shared)
        else:
            made = make(target, what="model")
            data = given if needs_data(policy or "auto") else None
            found = api.verify(made, policy or "auto", batch=data, **shared)
    if as_json:
        click.echo(json.dumps({**render.document(found), "target": target}))
    else:
        Console().print(render.verified(found), highlight=False)
    return 1 if not found.holds else 3 if found.tells_nothing else 0

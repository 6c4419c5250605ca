"""check: Say what is wrong with a network before its first training step."""

from pathlib import Path
from typing import Any

import click
from rich.console import Console

from initlab.api.check import check as run
from initlab.api.check import check_file
from initlab.cli.options import as_json, output, project_settings
from initlab.errors import UnknownNameError
from initlab.loading import load, make
from initlab.plans.weights import PICKLES
from initlab.render import check as render
from initlab.render import json

SETTINGS = ("select", "ignore", "strict", "prove", "loss", "seed", "thresholds")
"""What [tool.initlab.check] may say."""


def _settings(flags: dict[str, Any]) -> dict[str, Any]:
    """The project's settings, and the flags over them. Raises UnknownNameError for a setting that is none."""
    settings = project_settings("check")
    for key in settings:
        if key not in SETTINGS:
            raise UnknownNameError("setting of [tool.initlab.check]", key, SETTINGS)
    return {**settings, **{key: value for key, value in flags.items() if value not in (None, (), False)}}


def _names(texts: tuple[str, ...]) -> list[str]:
    return [name.strip() for text in texts for name in text.split(",") if name.strip()]


@click.command(
    epilog="Exit codes: 0 no error, 1 an error was found, 2 usage error.  Example: initlab check model.py:make_model"
)
@click.argument("model", metavar="FILE:FACTORY|FILE.safetensors")
@click.option(
    "--batch", metavar="FILE:NAME", help="The batch, or a function that makes it: (inputs, targets), or a mapping."
)
@click.option("--input", "input_", metavar="SIZES", help="Make a batch of numbers: 32x3x224x224.")
@click.option("--tokens", metavar="SIZES", help="Make a batch of tokens: 8x128:50257.")
@click.option("--loss", metavar="NAME", help="cross_entropy, mse, bce, or FILE:FUNCTION of output and target.")
@click.option(
    "--select", multiple=True, metavar="RULES", help="Only these rules: ids, names, or beginnings of ids (W06)."
)
@click.option("--ignore", multiple=True, metavar="RULES", help="All but these.")
@click.option("--prove", is_flag=True, help="Try each remedy on a copy, and say whether it clears the finding.")
@click.option("--strict", is_flag=True, help="Exit with 1 for a warning as well.")
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=None,
    help="The seed of what FACTORY draws in torch, and of the batch.  [default: 0]",
)
@as_json
@output("Write the report as well: to a .html, .sarif or .json file.")
def check(
    model: str,
    batch: str | None,
    input_: str | None,
    as_json: bool,
    output: Path | None,
    **flags: Any,  # noqa: ANN401
) -> int:
    """Say what is wrong with a network before its first training step.

    FILE:FACTORY is a model, or a function without arguments that returns one; or it is a .safetensors file, of which
    the weights alone are checked. One batch runs forward and backward, and again after each of two virtual optimizer
    steps; the model stays as it is. `initlab explain W020` explains a rule. Settings stand in [tool.initlab.check] of
    pyproject.toml here; flags stand over them.
    """
    settings = _settings(flags)
    strict, seed = bool(settings.pop("strict", False)), int(settings.pop("seed", 0))
    for key in ("select", "ignore"):
        given = settings.get(key, ())
        settings[key] = _names((given,) if isinstance(given, str) else tuple(given))
    loss: Any = settings.pop("loss", None)
    chosen: Any = load(loss, what="loss") if isinstance(loss, str) and ":" in loss else loss
    if Path(model.partition(":")[0]).suffix in (".safetensors", *PICKLES):
        rules = {key: settings[key] for key in ("select", "ignore", "thresholds") if key in settings}
        report = check_file(model, **rules)
    else:
        report = run(
            make(model, what="model", seed=seed),
            make(batch, what="batch") if batch else None,
            chosen,
            input=input_,
            **{**settings, "prove": bool(settings.get("prove")), "seed": seed},
        )
    if output is not None:
        report.save(output, source=model)
    if as_json:
        click.echo(json.dumps(render.document(report)))
    else:
        Console(width=120 if not Console().is_terminal else None).print(
            render.text(report), highlight=False, crop=False
        )
    return 1 if report.errors or (strict and not report.healthy) else 0

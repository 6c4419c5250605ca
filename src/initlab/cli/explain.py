"""explain: Print what a scheme does, or a mistake in a gradient is: its formula, an example and its reference."""

import click

from initlab.cli.options import as_json
from initlab.gradients.causes import CAUSES
from initlab.render import gradcheck, json, text
from initlab.schemes import SCHEMES


@click.command(epilog="Example: initlab explain he_normal")
@click.argument("name")
@as_json
def explain(name: str, as_json: bool) -> None:
    """Print what a scheme does, or a mistake in a gradient is: its formula, an example and its reference."""
    if name in CAUSES:
        cause = CAUSES[name]
        document = {**json.heading("explain"), **gradcheck.cause_document(cause)}
        click.echo(json.dumps(document) if as_json else gradcheck.cause(cause))
        return
    entry = SCHEMES[name]
    if as_json:
        click.echo(json.dumps({**json.heading("explain"), **json.scheme(entry)}))
    else:
        click.echo(text.scheme(entry))

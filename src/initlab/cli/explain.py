"""explain: Print what a scheme does, its formula, an example and its reference."""

import click

from initlab.cli.options import as_json
from initlab.render import json, text
from initlab.schemes import SCHEMES


@click.command(epilog="Example: initlab explain he_normal")
@click.argument("name")
@as_json
def explain(name: str, as_json: bool) -> None:
    """Print what a scheme does, its formula, an example and its reference."""
    entry = SCHEMES[name]
    if as_json:
        click.echo(json.dumps({**json.heading("explain"), **json.scheme(entry)}))
    else:
        click.echo(text.scheme(entry))

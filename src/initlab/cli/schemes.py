"""schemes: List the initialization schemes, with what each one does."""

import click

from initlab.cli.options import as_json
from initlab.render import json, text
from initlab.schemes import SCHEMES


@click.command(epilog="Example: initlab schemes; initlab explain he_normal")
@as_json
def schemes(as_json: bool) -> None:
    """List the initialization schemes: how each is written, and what it does.

    Values in brackets are options with their defaults: he_normal(gain=2) sets one.
    """
    entries = SCHEMES.values()
    if as_json:
        click.echo(json.dumps({**json.heading("schemes"), "schemes": [json.scheme(entry) for entry in entries]}))
        return
    for entry in entries:
        click.echo(text.scheme_line(entry))
    click.echo("\ninitlab explain NAME prints the formula, an example and the reference of one.")

"""explain: Print what a scheme, a rule of the check or a mistake in a gradient is: formula, example, source."""

from collections.abc import Callable, Mapping
from typing import Any

import click

from initlab.cli.options import as_json
from initlab.errors import UnknownNameError
from initlab.gradients.causes import CAUSES
from initlab.render import check, gradcheck, json, text
from initlab.rules import RULES
from initlab.schemes import SCHEMES

KINDS: tuple[tuple[Any, Callable[[Any], str], Callable[[Any], Mapping[str, Any]]], ...] = (
    (SCHEMES, text.scheme, json.scheme),
    (RULES, check.rule_page, check.rule_document),
    (CAUSES, gradcheck.cause, gradcheck.cause_document),
)
"""The catalogues that are explained, with the page and the document of an entry."""


@click.command(epilog="Example: initlab explain he_normal; initlab explain W020; initlab explain symmetric-units")
@click.argument("name")
@as_json
def explain(name: str, as_json: bool) -> None:
    """Print what a scheme, a rule of the check, or a mistake in a gradient is: its formula, an example, a source."""
    for catalogue, page, document in KINDS:
        for wanted in (name, name.upper()):
            if wanted in catalogue:
                entry = catalogue[wanted]
                click.echo(json.dumps({**json.heading("explain"), **document(entry)}) if as_json else page(entry))
                return
    known = [each for catalogue, *_ in KINDS for entry in catalogue for each in (entry, *catalogue.aliases(entry))]
    raise UnknownNameError("scheme, rule or mistake", name, known)

"""explain: Print what a scheme, a rule of the check or a mistake in a gradient is: formula, example, source."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import click

from initlab.cli.options import as_json
from initlab.errors import SpecError, UnknownNameError
from initlab.render import check, gradcheck, json, pages

DOCUMENTS: Mapping[str, Callable[[Any], Mapping[str, Any]]] = {
    "schemes": json.scheme,
    "rules": check.rule_document,
    "causes": gradcheck.cause_document,
}
"""The catalogues that are explained, with the document of an entry."""

GRADIENT = re.compile(r"d([A-Z]\w*|b\d*)")
"""dW2, db1, dZ3."""


@click.command(epilog="Example: initlab explain he_normal; initlab explain W020; initlab explain symmetric-units")
@click.argument("name")
@as_json
def explain(name: str, as_json: bool) -> None:
    """Print what a scheme, a rule of the check, or a mistake in a gradient is: its formula, an example, a source."""
    for kind in pages.KINDS:
        for wanted in (name, name.upper(), name.replace("-", "_")):
            if wanted in kind.catalogue:
                entry = kind.catalogue[wanted]
                document = {**json.heading("explain"), **DOCUMENTS[kind.folder](entry)}
                click.echo(json.dumps(document) if as_json else pages.text(kind.page(entry)))
                return
    known = [
        each for kind in pages.KINDS for entry in kind.catalogue for each in (entry, *kind.catalogue.aliases(entry))
    ]
    if GRADIENT.fullmatch(name):
        raise SpecError(
            f"The name must be of a scheme, a rule or a mistake, got {name}, a line of a backward pass. "
            "Run initlab gradcheck FILE:OBJECT: it names the mistake in it."
        )
    unknown = UnknownNameError("scheme, rule or mistake", name, known)
    if "Did you mean" in str(unknown):
        raise unknown
    raise SpecError(
        f"The name must be of a scheme, a rule or a mistake, got {name!r}. "
        "Take a name from initlab schemes, or one that initlab check or gradcheck printed."
    )

"""Options that several verbs share, and flags made from the fields of a document."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from initlab.adapters.batches import Made
from initlab.documents import read_toml
from initlab.errors import SpecError
from initlab.loading import make
from initlab.plans.policy import preset_names

Command = TypeVar("Command", bound=Callable[..., Any])

as_json = click.option("--json", "as_json", is_flag=True, help="Print one strict JSON document instead of text.")


model_argument = click.argument("model")
strict = click.option("--strict", is_flag=True, help="Make an error of anything that the policy leaves open.")


def example_options(command: Command) -> Command:
    """The options --batch, --input and --tokens: what the model is called with. A command gets them as they stand."""
    for decorate in (
        click.option("--tokens", metavar="SIZES", help="The same, made of tokens: 8x128:50257."),
        click.option("--input", "input_", metavar="SIZES", help="The same, made of numbers: 32x3x224x224."),
        click.option(
            "--batch",
            metavar="FILE:NAME",
            help="What the model takes, to see what follows each layer; else guessed. The data of lsuv, krahenbuhl and "
            "weight-norm.",
        ),
    ):
        command = decorate(command)
    return command


def example_of(batch: str | None, input_: str | None, tokens: str | None) -> object:
    """What a model is called with, as `--batch`, `--input` or `--tokens` say; None if none does.

    Raises SpecError when several do, or one is malformed.
    """
    if sum(given is not None for given in (batch, input_, tokens)) > 1:
        raise SpecError("The batch must be given once, got several of --batch, --input and --tokens. Keep one.")
    if batch is not None:
        return make(batch, what="batch")
    made = Made.features(input_) if input_ is not None else Made.tokens(tokens) if tokens is not None else None
    return made.array(seed=0) if made is not None else None


def output(what: str, *, required: bool = False) -> Callable[[Command], Command]:
    """The option -o, for `what` is written there."""
    kind = click.Path(path_type=Path)
    return click.option("-o", "--output", type=kind, required=required, metavar="PATH", help=what)


def policy_option(*, default: str | None) -> Callable[[Command], Command]:
    """The option --policy, with the names of the presets."""
    names = f"framework-default, {', '.join(preset_names())}, or FILE.toml."
    return click.option(
        "--policy", default=default, show_default=default is not None, metavar="NAME", help=f"A policy: {names}"
    )


def fields_as_flags(model: type[BaseModel]) -> Callable[[Command], Command]:
    """One flag for every field of a document, with its description and default. A flag not given is None."""

    def decorate(command: Command) -> Command:
        for name, field in reversed(model.model_fields.items()):
            default = "" if field.default in (None, PydanticUndefined) else f"  [default: {_written(field.default)}]"
            flag = f"--{name.replace('_', '-')}"
            switch = field.annotation == (bool | None)
            command = click.option(
                f"{flag}/{flag.replace('--', '--no-', 1)}" if switch else flag,
                name,
                default=None,
                metavar=None if switch else "VALUE",
                help=f"{field.description}{default}",
            )(command)
        return command

    return decorate


def _written(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else f"{value}"


def given(model: type[BaseModel], flags: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that were given as flags, each read as its field's kind where it can be, and as text where not."""
    return {
        name: flags[name] if isinstance(flags[name], bool) else _read(model.model_fields[name].annotation, flags[name])
        for name in model.model_fields
        if flags.get(name) is not None
    }


def _read(kind: object, text: str) -> object:
    words = str(kind)
    if "tuple" in words and "int" in words:
        return [_number(part.strip()) for part in text.split(",")] if text.strip() else []
    return _number(text) if "int" in words or "float" in words else text


def _number(text: str) -> object:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def project_settings(verb: str) -> dict[str, Any]:
    """The table [tool.initlab.VERB] of a pyproject.toml in this folder. Raises SpecError when that file is no TOML."""
    path = Path("pyproject.toml")
    table: object = read_toml(path, what="settings file") if path.is_file() else {}
    for name in ("tool", "initlab", verb):
        table = table.get(name, {}) if isinstance(table, dict) else table
    if not isinstance(table, dict):
        raise SpecError(f"[tool.initlab.{verb}] of pyproject.toml must be a table, got {table!r}.")
    return table

"""Presets: experiments that show one thing, each a TOML file in the folder `presets`.

A preset holds the fields of an experiment, and a `title` and `about`: what to look for, and what it means.
"""

import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Any

from initlab.errors import UnknownNameError


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A named experiment and the two sentences that go with it."""

    name: str
    title: str
    about: str
    fields: dict[str, Any]


def preset_names() -> list[str]:
    """The names of all presets."""
    folder = resources.files("initlab.experiments") / "presets"
    return sorted(file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml"))


def preset(name: str) -> Preset:
    """The preset of that name.

    >>> preset("symmetry").title
    'Breaking symmetry'

    Raises UnknownNameError, with the nearest name.
    """
    if name not in preset_names():
        raise UnknownNameError("preset", name, preset_names())
    text = (resources.files("initlab.experiments") / "presets" / f"{name}.toml").read_text(encoding="utf-8")
    fields = tomllib.loads(text)
    return Preset(name=name, title=fields.pop("title"), about=fields.pop("about").strip(), fields=fields)

"""Presets: experiments that show one thing, each a TOML file in the folder `presets`.

A preset sets the fields of an experiment, a `title` and what it is `about` among them.
"""

import tomllib
from importlib import resources
from typing import Any

from initlab.errors import UnknownNameError


def preset_names() -> list[str]:
    """The names of all presets."""
    folder = resources.files("initlab.experiments") / "presets"
    return sorted(file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml"))


def preset(name: str) -> dict[str, Any]:
    """The fields that the preset of that name sets.

    >>> preset("symmetry")["title"]
    'Breaking symmetry'

    Raises UnknownNameError, with the nearest name.
    """
    if not isinstance(name, str) or name not in preset_names():
        raise UnknownNameError("preset", str(name), preset_names())
    text = (resources.files("initlab.experiments") / "presets" / f"{name}.toml").read_text(encoding="utf-8")
    fields = tomllib.loads(text)
    return {**fields, "about": " ".join(fields["about"].split())}

"""Documents that people write and files that are written for them: read with one-line faults, written whole or not."""

import os
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import BaseModel, ValidationError

from initlab.errors import OutputError, SpecError


def read_toml(path: Path, *, what: str) -> dict[str, Any]:
    """What a TOML file holds; `what` it is to be is said in the errors.

    Raises SpecError when it cannot be read or is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SpecError(f"The {what} {path} must be a readable file, got: {error.strerror}. Write its path.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SpecError(f"The {what} {path} must be valid TOML, got: {error}.") from None


def fault(error: ValidationError, model: type[BaseModel]) -> str:
    """The first fault of a document, as one line: what, its bound, what was given, and what the field is for."""
    first = error.errors(include_url=False)[0]
    return told(str(first["loc"][0]) if first["loc"] else model.__name__.lower(), first, model)


def told(name: str, found: Mapping[str, Any], model: type[BaseModel]) -> str:
    """One of pydantic's errors, in the field of that name, as one line."""
    bound = (
        found["msg"]
        .removeprefix("Input should be ")
        .removeprefix("Value error, ")
        .replace("a valid integer", "a whole number")
        .replace("a valid ", "a ")
    )
    for words, sign in (("greater than or equal to", ">="), ("greater than", ">"), ("less than or equal to", "<=")):
        bound = bound.replace(words, sign)
    if found["type"] == "missing":
        bound = "given"
    purpose = model.model_fields[name].description if name in model.model_fields else ""
    got = "nothing" if found["type"] == "missing" else repr(found["input"])
    return f"{name} must be {bound}, got {got}. {purpose}".rstrip()


@contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """A file to write, under a temporary name beside its own; it takes its own when all is written, or never.

    Raises OutputError when it cannot be written.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise OutputError(f"The file {path} must be writable, got: {error.strerror}. Choose another with -o.") from None
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OutputError(
                f"The file {path} must be writable, got: {error.strerror}. Choose another with -o."
            ) from None
        raise

"""Every error that initlab raises on purpose.

    InitlabError                 exit code 1
    ├── UsageError               exit code 2: what was asked for cannot be done
    │   ├── UnknownNameError     a name that is in no catalogue; the nearest one is offered
    │   ├── SpecError            a field of an experiment, scheme, law or stream is out of its bounds
    │   ├── DataError            a data set cannot be read, or does not fit the network
    │   ├── OutputError          a result cannot be written where it was asked for
    │   └── MissingExtraError    an optional package is not installed; the pip line is given
    └── CatalogueError           a fault in initlab itself: two entries of one name, a section missing

Each message is one line: `<what> must be <constraint>, got <value>. <what to do>.`
"""

import difflib
from collections.abc import Iterable


class InitlabError(Exception):
    """Base of all errors that initlab raises on purpose."""

    exit_code = 1


class UsageError(InitlabError, ValueError):
    """What was asked for cannot be done; the message says what to do instead."""

    exit_code = 2


class UnknownNameError(UsageError):
    """A name that is in no catalogue.

    >>> raise UnknownNameError("scheme", "he_nromal", ["he_normal", "zeros"])
    Traceback (most recent call last):
    initlab.errors.UnknownNameError: Unknown scheme 'he_nromal'. Did you mean 'he_normal'?
    >>> raise UnknownNameError("mistake", "l2", ["l2_missing", "l2_on_bias", "sign"])
    Traceback (most recent call last):
    initlab.errors.UnknownNameError: Unknown mistake 'l2'. Did you mean 'l2_missing' or 'l2_on_bias'?
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        known = list(known)
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        near = near or sorted(each for each in known if name and name.lower() in each.lower())[:4]
        hint = f"Did you mean {' or '.join(map(repr, near))}?" if near else f"Known: {', '.join(sorted(known))}."
        super().__init__(f"Unknown {kind} {name!r}. {hint}")


class SpecError(UsageError):
    """A field of an experiment, scheme, law or stream is out of its bounds."""


class DataError(UsageError):
    """A data set cannot be read, or does not fit the network."""


class OutputError(UsageError):
    """A result cannot be written where it was asked for."""


class MissingExtraError(UsageError):
    """An optional package is not installed.

    >>> raise MissingExtraError("torch", extra="torch")
    Traceback (most recent call last):
    initlab.errors.MissingExtraError: torch is not installed. Run: pip install 'initlab[torch]'
    """

    def __init__(self, package: str, *, extra: str) -> None:
        super().__init__(f"{package} is not installed. Run: pip install 'initlab[{extra}]'")


class CatalogueError(InitlabError):
    """A fault in initlab itself, found when a catalogue is filled."""

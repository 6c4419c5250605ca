"""A catalogue: name -> entry, filled from a package's own files.

A package (`initlab.schemes`, say) owns one `Catalogue`. Each of its files registers what it defines, and the
catalogue imports those files when it is first read: adding an entry is one edit, in one file.
The documentation of an entry is its docstring, split at its `## ` headings.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from initlab.errors import CatalogueError, UnknownNameError

Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True, kw_only=True)
class Documentation:
    """A docstring as data: the first line, the text below it, and its headed sections."""

    summary: str
    body: str
    sections: Mapping[str, str]

    @classmethod
    def of(cls, documented: object) -> "Documentation":
        """Read the docstring of a function or class.

        >>> def f():
        ...     '''Does a thing.
        ...
        ...     y = x
        ...
        ...     ## References
        ...     A. Author, 2015.
        ...     '''
        >>> Documentation.of(f).sections
        {'References': 'A. Author, 2015.'}
        """
        lead, *headed = ("\n" + (inspect.getdoc(documented) or "")).split("\n## ")
        summary, _, body = lead.strip().partition("\n")
        sections = {}
        for block in headed:
            heading, _, text = block.partition("\n")
            sections[heading.strip()] = text.strip()
        return cls(summary=summary, body=body.strip(), sections=sections)


@dataclass(slots=True, kw_only=True)
class Catalogue(Generic[Entry]):
    """The entries of one kind, by name, with their aliases.

    `kind` is the word that error messages use; `package` is the package whose modules register the entries.
    Iteration is in alphabetical order of the names; aliases are looked up but not listed.
    """

    kind: str
    package: str
    _entries: dict[str, Entry] = field(default_factory=dict)
    _aliases: dict[str, str] = field(default_factory=dict)
    _filled: bool = False

    def add(self, name: str, entry: Entry, *, aliases: tuple[str, ...] = ()) -> None:
        """Register one entry. Raises CatalogueError when a name or alias is taken."""
        for taken in (name, *aliases):
            if taken in self._entries or taken in self._aliases:
                raise CatalogueError(f"Two entries of the {self.kind} catalogue are called {taken!r}.")
        self._entries[name] = entry
        self._aliases.update(dict.fromkeys(aliases, name))

    def __getitem__(self, name: str) -> Entry:
        """The entry of that name or alias. Raises UnknownNameError, with the nearest name."""
        self._fill()
        try:
            return self._entries[self._aliases.get(name, name)]
        except KeyError:
            raise UnknownNameError(self.kind, name, [*self._entries, *self._aliases]) from None

    def __contains__(self, name: object) -> bool:
        self._fill()
        return name in self._entries or name in self._aliases

    def __iter__(self) -> Iterator[str]:
        self._fill()
        return iter(sorted(self._entries))

    def __len__(self) -> int:
        self._fill()
        return len(self._entries)

    def values(self) -> list[Entry]:
        """All entries, in alphabetical order of their names."""
        return [self[name] for name in self]

    def aliases(self, name: str) -> list[str]:
        """The other names of one entry."""
        self._fill()
        return sorted(alias for alias, target in self._aliases.items() if target == name)

    def _fill(self) -> None:
        if self._filled:
            return
        package = importlib.import_module(self.package)
        for module in pkgutil.walk_packages(package.__path__, f"{self.package}."):
            importlib.import_module(module.name)
        self._filled = True

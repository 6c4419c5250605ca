"""Files dropped on the page: kept in a folder of the server's own, under a number, as long as it runs."""

import re
import secrets
import tempfile
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from initlab.errors import DataError
from initlab.experiments.files import read_file

MOST_ROWS, MOST_COLUMNS, MOST_CHARACTERS, MOST_KEPT = 20_000, 100, 5_000_000, 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that can serve: its number as `data`, its name, and what is in it."""

    data: str
    name: str
    path: Path
    examples: int
    features: int
    classes: int


class Uploads:
    """The files of one server; the oldest go when there are many."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="initlab-lab-")
        self._kept: OrderedDict[str, Upload] = OrderedDict()

    def add(self, name: str, text: str, *, target: str | None = None) -> Upload:
        """Keep a CSV file. Raises DataError, naming row and column, for one that cannot serve."""
        shown = _safe(name)
        _check_size(shown, text)
        number = secrets.token_hex(8)
        path = Path(self._folder.name) / number / shown
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
        try:
            table = read_file(path, target)
        except DataError as error:
            path.unlink()
            raise DataError(str(error).replace(str(path), shown)) from None
        kept = Upload(
            data=f"csv:{number}",
            name=shown,
            path=path,
            examples=len(table.x),
            features=table.x.shape[1],
            classes=len(table.classes),
        )
        self._kept[kept.data] = kept
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)[1].path.unlink(missing_ok=True)
        return kept

    def resolve(self, data: str) -> str:
        """The path behind a number, and any other name as it is. Raises DataError for a file that is gone."""
        if not data.startswith("csv:"):
            return data
        if data not in self._kept:
            raise DataError("The dropped file must still be there, but the server has it no more. Drop it again.")
        return str(self._kept[data].path)

    def name(self, words: str) -> str:
        """A text in which every file goes by the name that a person knows, not by its path."""
        for kept in self._kept.values():
            words = words.replace(str(kept.path), kept.name)
        return words

    def close(self) -> None:
        """Remove all files."""
        self._folder.cleanup()


def _safe(name: str) -> str:
    """A file name that is nothing but a name, and ends in .csv.

    >>> _safe("../../etc/pass wd.CSV"), _safe("..")
    ('pass_wd.csv', 'data.csv')
    """
    stem = re.sub(r"[^\w-]+", "_", re.split(r"[/\\]", name)[-1].rpartition(".")[0] or "data").strip("_")
    return f"{stem[:60] or 'data'}.csv"


def _check_size(name: str, text: str) -> None:
    rows = text.count("\n") + 1
    if len(text) > MOST_CHARACTERS or rows > MOST_ROWS:
        raise DataError(
            f"{name} must have at most {MOST_ROWS:,} rows and {MOST_CHARACTERS:,} characters, got {rows:,} and "
            f"{len(text):,}. Take a sample of it."
        )
    columns = text.partition("\n")[0].count(",") + 1
    if columns > MOST_COLUMNS:
        raise DataError(f"{name} must have at most {MOST_COLUMNS} columns, got {columns}. Leave some out.")

"""The user's own data: a CSV file with a target column, or an NPZ file with arrays of features and targets."""

import csv
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from initlab.errors import DataError
from initlab.experiments.table import Table

MOST_CLASSES = 20
"""A column of whole numbers with more distinct values than this is read as a regression target, not as classes."""


def read_file(path: Path, target: str | None) -> Table:
    """Read a CSV or NPZ file.

    The target of a CSV file is the named column, or the last. In an NPZ file it is the named array, or `y`; the
    features are the array `X` or `x`. Text, and whole numbers with at most 20 distinct values, are classes; other
    numbers are regression targets. Raises DataError, naming file, row and column.
    """
    try:
        features, targets = (_read_npz if path.suffix.lower() == ".npz" else _read_csv)(path, target)
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"The data file {path} must be readable, got: {error.strerror or error}.") from None
    except (csv.Error, zipfile.BadZipFile, ValueError, EOFError):
        kind = path.suffix[1:].upper()
        raise DataError(f"The data file {path} must be a {kind} file of plain numbers and text, got another.") from None
    y, classes = _targets(path, targets)
    return Table(x=features, y=y, classes=classes)


def _read_csv(path: Path, target: str | None) -> tuple[npt.NDArray[np.float64], list[str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = [row for row in csv.reader(file) if any(cell.strip() for cell in row)]
    if len(rows) < 2:
        raise DataError(f"The data file {path} must have at least two rows, got {len(rows)}.")
    headed = any(not _is_number(name) and _is_number(cell) for name, cell in zip(rows[0], rows[1], strict=False))
    header = [cell.strip() for cell in rows[0]] if headed else [str(i + 1) for i in range(len(rows[0]))]
    rows = rows[1:] if headed else rows
    if target is not None and target not in header:
        raise DataError(f"The target of {path} must be one of its columns {', '.join(header)}, got {target!r}.")
    column = header.index(target) if target is not None else len(header) - 1
    if len(header) < 2:
        raise DataError(f"The data file {path} must have a feature and a target column, got one column.")
    features = [
        [
            _number(cell, path, number, header[i])
            for i, cell in enumerate(_full(row, header, path, number))
            if i != column
        ]
        for number, row in enumerate(rows, start=1 + headed)
    ]
    return np.array(features), [row[column].strip() for row in rows]


def _full(row: list[str], header: list[str], path: Path, number: int) -> list[str]:
    if len(row) != len(header):
        raise DataError(f"Row {number} of {path} must have {len(header)} cells, got {len(row)}.")
    return row


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _number(cell: str, path: Path, row: int, column: str) -> float:
    value = float(cell) if _is_number(cell) else np.nan
    if not np.isfinite(value):
        raise DataError(f"Row {row}, column {column!r} of {path} must be a finite number, got {cell.strip()!r}.")
    return value


def _read_npz(path: Path, target: str | None) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.generic]]:
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        if not hasattr(arrays, "files"):
            raise DataError(f"The data file {path} must hold named arrays X and y. Save it with np.savez.")
        x_name = next((name for name in ("X", "x") if name in arrays.files), None)
        y_name = target or "y"
        if x_name is None or y_name not in arrays.files:
            raise DataError(f"The data file {path} must hold arrays X and {y_name}, got {', '.join(arrays.files)}.")
        x, y = arrays[x_name], arrays[y_name]
    if x.ndim != 2 or y.shape not in ((len(x),), (len(x), 1)) or not len(x):
        raise DataError(f"X of {path} must be (examples, features) and {y_name} (examples,), got {x.shape}, {y.shape}.")
    if not (np.issubdtype(x.dtype, np.number) and not np.iscomplexobj(x) and np.isfinite(x).all()):
        raise DataError(f"X of {path} must hold finite real numbers, got {x.dtype}.")
    return x.astype(np.float64), y.reshape(-1)


def _targets(
    path: Path, raw: list[str] | npt.NDArray[np.generic]
) -> tuple[npt.NDArray[np.float64] | npt.NDArray[np.int64], tuple[str, ...]]:
    values = np.asarray(raw)
    words = [cell for cell in values.tolist() if not _is_number(cell)] if values.dtype.kind == "U" else []
    if 0 < 2 * len(words) < values.size:
        raise DataError(f"The target of {path} must be all numbers or all names, got {words[0]!r} among numbers.")
    if values.dtype.kind == "U" and not words:
        values = values.astype(np.float64)
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise DataError(f"The target of {path} must be finite, got a value that is not. Drop or fill those rows.")
    if values.dtype.kind not in "fiubU":
        raise DataError(f"The target of {path} must hold numbers or text, got {values.dtype}.")
    names, numbers = np.unique(values, return_inverse=True)
    if "" in names:
        raise DataError(f"The target of {path} must not be empty in any row. Drop or fill those rows.")
    whole = values.dtype.kind != "f" or bool((values == np.round(values)).all())
    if values.dtype.kind == "U" or (whole and names.size <= MOST_CLASSES):
        return numbers.astype(np.int64), tuple(_label(name) for name in names)
    return values.astype(np.float64), ()


def _label(value: np.generic) -> str:
    return f"{value:g}" if value.dtype.kind == "f" else str(value)

"""Seeing which branches a NumPy program takes: arrays that note every comparison, maximum and absolute value.

A gradient exists where the branches stay put. Two evaluations with the same pattern lie on one smooth piece of a cost
built from ReLUs, clips, masks and max-pooling, so that differences between them are free of kinks.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from initlab.gradients.case import Array

COMPARES = frozenset({"greater", "greater_equal", "less", "less_equal", "equal", "not_equal"})
CHOOSES = frozenset({"maximum", "minimum", "fmax", "fmin"})
FOLDS = frozenset({"absolute", "fabs", "sign", "heaviside", "floor", "ceil", "rint", "trunc"})


class Pattern:
    """The branches taken so far, as a digest."""

    def __init__(self) -> None:
        self.digest = hashlib.blake2b(digest_size=16)
        self.noted = False

    def note(self, mask: object) -> None:
        """Add a mask of booleans, or of whole numbers."""
        self.noted = True
        array = np.asarray(mask)
        self.digest.update(np.packbits(array).tobytes() if array.dtype == bool else array.tobytes())

    def value(self) -> bytes:
        """What tells two patterns apart."""
        return self.digest.digest()


class Watched(np.ndarray):
    """An array that hands the pattern on to whatever is computed from it."""

    pattern: Pattern | None

    def __array_finalize__(self, source: Any) -> None:  # noqa: ANN401
        self.pattern = getattr(source, "pattern", None)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **keywords: Any) -> Any:  # noqa: ANN401
        pattern = next((x.pattern for x in inputs if isinstance(x, Watched)), None)
        plain = [_plain(x) for x in inputs]
        if "out" in keywords:
            keywords["out"] = tuple(_plain(x) for x in keywords["out"])
        result = getattr(ufunc, method)(*plain, **keywords)
        if pattern is not None:
            _note(pattern, ufunc.__name__, method, plain, result)
        if result is None or method == "at":
            return result
        return tuple(_watched(x, pattern) for x in result) if isinstance(result, tuple) else _watched(result, pattern)


def watched(parameters: Mapping[str, Array]) -> tuple[dict[str, Array], Pattern]:
    """The parameters as watched views, and the pattern that they fill."""
    pattern = Pattern()
    return {name: _watched(value, pattern) for name, value in parameters.items()}, pattern


def _note(pattern: Pattern, name: str, method: str, inputs: list[Any], result: Any) -> None:  # noqa: ANN401
    if method == "__call__" and name in COMPARES:
        pattern.note(result)
    elif method == "__call__" and name in CHOOSES:
        pattern.note(np.greater(inputs[0], inputs[1]))
    elif method == "__call__" and name == "clip":
        pattern.note(np.equal(result, inputs[0]))
    elif name in FOLDS:
        pattern.note(np.greater(inputs[0], 0) if name in ("absolute", "fabs") else result)


def _plain(value: Any) -> Any:  # noqa: ANN401
    return value.view(np.ndarray) if isinstance(value, Watched) else value


def _watched(value: Any, pattern: Pattern | None) -> Any:  # noqa: ANN401
    if not isinstance(value, np.ndarray) or value.dtype == object:
        return value
    view = value.view(Watched)
    view.pattern = pattern
    return view

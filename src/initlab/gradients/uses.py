"""What each use of a shared parameter adds to its gradient: one use is moved, and the others stay.

    d cost / dw = Σ over the uses k of  d cost / dw_k

A recurrent net uses its weights once a step. Arrays that carry a moved twin hand that over in the one use that is
asked for, so that a NumPy program need not be touched.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from initlab.gradients.case import Array
from initlab.gradients.harness import Harness
from initlab.gradients.projection import KAPPA, gaussian
from initlab.gradients.returned import Gradient
from initlab.numerics.differences import Value, differentiate

MOST_USES = 12
SHARP = 1e-4
"""A slope must be known to this share of itself to speak for one use."""


@dataclass(slots=True, kw_only=True)
class Book:
    """The uses seen so far, by what uses them, and which of them is to be moved."""

    moved: int | None = None
    seen: list[str] = field(default_factory=list)

    def take(self, value: "Tied", by: str) -> Array:
        """The value of this use."""
        self.seen.append(by)
        use = value.twin if len(self.seen) - 1 == self.moved else value
        return np.asarray(use).view(np.ndarray)


class Tied(np.ndarray):
    """An array with a moved twin of its shape; indexing and transposing apply to both."""

    twin: Array
    book: Book | None

    def __array_finalize__(self, source: Any) -> None:  # noqa: ANN401
        self.book = None

    def __getitem__(self, key: Any) -> Any:  # noqa: ANN401
        return self._both(lambda each: each[key])

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **keywords: Any) -> Any:  # noqa: ANN401
        return getattr(ufunc, method)(*_taken(inputs, ufunc.__name__), **keywords)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:  # noqa: ANN401
        return function(*_taken(args, "matmul" if function is np.dot else function.__name__), **kwargs)

    @property
    def T(self) -> Any:  # noqa: ANN401, N802
        """Both transposed."""
        return self._both(np.transpose)

    def _both(self, change: Callable[[Array], Any]) -> Any:  # noqa: ANN401
        value = change(self.view(np.ndarray))
        return tied(value, change(self.twin), self.book) if self.book and isinstance(value, np.ndarray) else value


def tied(value: Array, twin: Array, book: Book) -> Array:
    """The value with its twin."""
    found = value.view(Tied)
    found.twin, found.book = twin, book
    return found


def _taken(value: Any, by: str) -> Any:  # noqa: ANN401
    if isinstance(value, tuple | list):
        return type(value)(_taken(each, by) for each in value)
    if not isinstance(value, Tied):
        return value
    return value.view(np.ndarray) if value.book is None else value.book.take(value, by)


def single_use(harness: Harness, name: str, gradient: Gradient, *, noise: float, seed: int) -> tuple[int, int] | None:
    """(k, of how many): the one use, counted from 1, whose part of the gradient was returned for all of it.

    None where no single use gives it, the cost is no NumPy program, or its uses differ in kind.
    """
    if harness.case.branches is not None:
        return None
    try:
        book = Book()
        whole = _cost(harness, name, harness.theta[name], book)
        if whole != harness.cost(harness.fresh()) or not 2 <= len(book.seen) <= MOST_USES or len(set(book.seen)) > 1:
            return None
        fits = list(range(len(book.seen)))
        for draw in (90, 91):
            v = gaussian(name, harness.theta[name], seed=seed, draw=draw)
            fits = [use for use in fits if _fits(harness, name, v, use, gradient, noise)]
    except Exception:  # a program that refuses a subclass of ndarray may say so in any way
        return None
    return (fits[0] + 1, len(book.seen)) if len(fits) == 1 else None


def _fits(harness: Harness, name: str, v: Array, use: int, gradient: Gradient, noise: float) -> bool:
    def along(t: float) -> Value:
        return _cost(harness, name, harness.theta[name] + t * v, Book(moved=use)), None

    slope = float(np.sum(v * gradient.values[name]))
    found = differentiate(along, noise=noise, target=SHARP * abs(slope) / KAPPA)
    error = found.error + float(np.sqrt(np.sum((v * gradient.rounding[name]) ** 2)))
    return abs(slope - found.value) <= KAPPA * error <= SHARP * abs(slope)


def _cost(harness: Harness, name: str, twin: Array, book: Book) -> float:
    value = tied(harness.theta[name].copy(), twin, book)
    return harness.cost({**harness.fresh(), name: value})

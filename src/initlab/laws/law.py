"""What a law is, and the checks that all laws share."""

import math
import operator
from abc import ABC, abstractmethod
from dataclasses import dataclass
from numbers import Real

from initlab.errors import SpecError


@dataclass(frozen=True, slots=True, kw_only=True)
class Law(ABC):
    """A distribution of the entries of one tensor."""

    @property
    @abstractmethod
    def mean(self) -> float:
        """The expected value of an entry."""

    @property
    @abstractmethod
    def variance(self) -> float:
        """The variance of an entry, exact: that of a truncated law is the one after truncation."""

    @property
    @abstractmethod
    def support(self) -> tuple[float, float]:
        """The closed interval outside which no entry falls, before it is rounded to the dtype of a tensor."""

    @property
    def std(self) -> float:
        """The standard deviation of an entry."""
        return math.sqrt(self.variance)


def shown(value: object) -> str:
    """A value as an error message shows it: a whole number too long to print by its length.

    >>> shown(-0.5), shown(1 << 5000)
    ('-0.5', 'a whole number of 5001 bits')
    """
    if isinstance(value, int) and value.bit_length() > 1024:
        return f"a whole number of {value.bit_length()} bits"
    return repr(value)


def whole_number(value: object) -> int | None:
    """A whole number of any kind, NumPy's too, as a Python integer; None for anything else, and for a bool."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        return None
    try:
        return operator.index(value)
    except TypeError:
        return None


def number(law: object, field: str, what: str) -> float:
    """Make a field a Python float, and -0.0 plain 0.0: laws that are equal are then drawn alike."""
    value = getattr(law, field)
    try:
        if isinstance(value, bool) or not isinstance(value, Real):
            raise TypeError
        number = float(value) + 0.0
    except (TypeError, OverflowError):
        raise SpecError(f"{what} must be a number, got {shown(value)}. Give a float.") from None
    object.__setattr__(law, field, number)
    return number


def finite(law: object, field: str, what: str) -> None:
    """Make a field a finite number."""
    if not math.isfinite(value := number(law, field, what)):
        raise SpecError(f"{what} must be a finite number, got {value}.")


def not_negative(law: object, field: str, what: str) -> None:
    """Make a field a finite number of at least 0."""
    value = number(law, field, what)
    if not (math.isfinite(value) and value >= 0):
        raise SpecError(f"{what} must be a finite number >= 0, got {value}.")


def count(law: object, field: str, what: str, least: int = 1) -> None:
    """Make a field a Python integer of at least that size."""
    count = whole_number(getattr(law, field))
    if count is None or count < least:
        raise SpecError(f"{what} must be a whole number >= {least}, got {shown(getattr(law, field))}.")
    object.__setattr__(law, field, count)

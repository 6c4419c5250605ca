"""The options of a scheme: what each may be, as the signature of its function says.

A scheme writes the bounds of an option as its type:

    std: NotNegative = 0.05        longest: Annotated[int, Range(low=3)]        mode: Literal["fan_in", "fan_out"]
"""

import difflib
import inspect
from dataclasses import dataclass
from typing import Annotated, Literal, TypeGuard, get_args, get_origin

from initlab.errors import CatalogueError, SpecError

Option = float | int | str | bool

LARGEST = 1e30
"""The largest number an option may be, so that its square stays finite in float64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """The numbers from `low` to `high`, both included."""

    low: float = -LARGEST
    high: float = LARGEST

    def __str__(self) -> str:
        if self.low == -LARGEST and self.high == LARGEST:
            return "within ±1e30"
        return f"from {self.low:g} to {self.high:g}".replace("e+0", "e").replace("e+", "e")


NotNegative = Annotated[float, Range(low=0)]
Positive = Annotated[float, Range(low=1e-30)]
Share = Annotated[float, Range(low=0, high=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionKind:
    """What one option of a scheme may be: a number or whole number in a range, one of some words, or a yes or no.

    `default` is `inspect.Parameter.empty` where the option must be given.
    """

    name: str
    scheme: str
    type: type[float] | type[int] | type[str] | type[bool]
    words: tuple[str, ...] = ()
    range: Range = Range()
    default: object = inspect.Parameter.empty

    @classmethod
    def of(cls, parameter: inspect.Parameter, *, scheme: str) -> "OptionKind":
        """Read the kind of an option from the signature of its scheme. Raises CatalogueError for any other type."""
        kind, *bounds = get_args(parameter.annotation) if _annotated(parameter) else (parameter.annotation,)
        words = get_args(kind) if get_origin(kind) is Literal else ()
        kind = str if words else kind
        if kind not in (float, int, bool) and not words:
            raise CatalogueError(f"The option {parameter.name} of scheme {scheme} must have a type an option may have.")
        span = bounds[0] if bounds else Range()
        return cls(name=parameter.name, scheme=scheme, type=kind, words=words, range=span, default=parameter.default)

    @property
    def required(self) -> bool:
        """Whether the option must be given."""
        return self.default is inspect.Parameter.empty

    @property
    def constraint(self) -> str:
        """What the option must be, in words."""
        if self.words:
            return f"one of {', '.join(self.words)}"
        if self.type is bool:
            return "True or False"
        return f"{'a whole number' if self.type is int else 'a number'} {self.range}"

    def read(self, value: object) -> Option:
        """The value, if it is one that the option may have; a number where one is wanted becomes a float.

        Raises SpecError with what the option must be.
        """
        if self.words and isinstance(value, str) and value in self.words:
            return value
        if self.type is bool and isinstance(value, bool):
            return value
        if self.type in (float, int) and self._holds(value):
            return float(value) if self.type is float else value
        raise SpecError(
            f"The option {self.name} of scheme {self.scheme} must be {self.constraint}, got {shown(value)}. "
            f"{self._hint(value)}"
        )

    def _holds(self, value: object) -> TypeGuard[float]:
        """Whether a value is a number of this type and range; a whole number serves as a float, a bool as neither."""
        if isinstance(value, bool) or not isinstance(value, int if self.type is int else (int, float)):
            return False
        return self.range.low <= value <= self.range.high

    def _hint(self, value: object) -> str:
        near = difflib.get_close_matches(str(value), self.words, n=1) if isinstance(value, str) else []
        if near:
            return f"Did you mean {near[0]}?"
        return f"Write {self.scheme}({self.name}=...)." if self.required else f"Its default is {self.default}."


def _annotated(parameter: inspect.Parameter) -> bool:
    return get_origin(parameter.annotation) is Annotated


def shown(value: object) -> str:
    """A value as an error message shows it: short, on one line, whatever it is."""
    if isinstance(value, int) and value.bit_length() > 100:
        return f"a number of {value.bit_length()} bits"
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."

"""What a scheme is, and the catalogue of them."""

import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ParamSpec, TypeVar

from initlab.catalogue import Catalogue, Documentation
from initlab.errors import CatalogueError, SpecError, UnknownNameError
from initlab.laws import Constant, Law
from initlab.parameters import Fan, Parameter
from initlab.schemes.options import Option, OptionKind

P = ParamSpec("P")
Fact = TypeVar("Fact")

EXTRAS = ("role", "layer", "depth", "width", "gate")
"""The facts beside the fan that a scheme may ask for, by naming a keyword-only parameter like it."""

SECTIONS = ("Formula", "Example", "References")
"""The headed sections that the docstring of every scheme must have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """One entry of the catalogue: a function from a Fan to a Law, and what its signature and docstring say.

    `kinds` says what each option may be. `extras` are the facts about the parameter that the function asks for, and
    `needs` those of them that it cannot do without; its first parameter is named `_fan` where it does not look at the
    fan, and it `needs_fan` otherwise. A bias is zero unless the scheme `sets_biases`; a learned scale,
    of a norm or of a residual branch, is one, but for the residual scales of a scheme that `sets_scales`.
    """

    name: str
    function: Callable[..., Law] = field(repr=False)
    documentation: Documentation = field(repr=False)
    kinds: Mapping[str, OptionKind]
    extras: tuple[str, ...]
    needs: tuple[str, ...]
    needs_fan: bool
    sets_biases: bool
    sets_scales: bool

    @property
    def options(self) -> Mapping[str, object]:
        """The options a person may set, with their defaults (`inspect.Parameter.empty` where one must be given)."""
        return {name: kind.default for name, kind in self.kinds.items()}

    def law(self, parameter: Parameter, options: Mapping[str, Option] = MappingProxyType({})) -> Law:
        """The law of one parameter.

        Raises SpecError when the parameter lacks a fact that the scheme needs, or an option is missing, unknown or
        out of its bounds.
        """
        checked = self.checked(options)
        if not self.sets(parameter):
            return Constant(value=0.0 if parameter.role == "bias" else parameter.neutral)
        try:
            return self.function(self._fan(parameter), **self._facts(parameter), **checked)
        except SpecError as error:
            raise SpecError(f"The scheme {self.name} cannot set {parameter.name}. {error}") from None

    def checked(self, options: Mapping[str, object]) -> dict[str, Option]:
        """The options, each read as its kind says. Raises SpecError when one is missing, unknown or out of bounds."""
        for name in options:
            if name not in self.kinds:
                raise self._unknown(name)
        for name, kind in self.kinds.items():
            if kind.required and name not in options:
                raise SpecError(
                    f"The option {name} of scheme {self.name} must be {kind.constraint}, got nothing. "
                    f"Write {self.name}({name}=...)."
                )
        return {name: self.kinds[name].read(value) for name, value in options.items()}

    def _unknown(self, option: str) -> SpecError | UnknownNameError:
        if self.kinds:
            return UnknownNameError(f"option of scheme {self.name}:", option, self.kinds)
        return SpecError(f"The options of scheme {self.name} must be none, got {option!r}. Write {self.name}.")

    def sets(self, parameter: Parameter) -> bool:
        """Whether the scheme sets a parameter. A bias that it does not set is zero, a scale the one that is neutral.

        A bias without a fan is the shift of a normalisation, which no scheme sets.
        """
        role = parameter.role
        if role == "bias":
            return self.sets_biases and (parameter.fan is not None or not self.needs_fan)
        return role != "norm_scale" and (role != "residual_scale" or self.sets_scales)

    def _fan(self, parameter: Parameter) -> Fan:
        """The fan of a parameter; 1 -> 1 where it has none and is a learned scale, or the scheme ignores it."""
        if parameter.fan is None and (parameter.role == "residual_scale" or not self.needs_fan):
            return Fan.dense(1, 1)
        return known("fan", parameter.fan)

    def _facts(self, parameter: Parameter) -> dict[str, object]:
        facts = {name: getattr(parameter, name) for name in self.extras}
        for name in self.needs:
            known(name, facts[name])
        return {name: value for name, value in facts.items() if value is not None}


def known(what: str, value: Fact | None) -> Fact:
    """The value of a fact, if it is known. Raises SpecError when it is not.

    A scheme whose need for a fact depends on the role calls this; other needs are parameters without a default.
    """
    if value is None:
        raise SpecError(f"Its {what} must be known, got None. State it, or choose another scheme for it.")
    return value


SCHEMES: Catalogue[Scheme] = Catalogue(kind="scheme", package="initlab.schemes")


def scheme(
    *aliases: str, sets_biases: bool = False, sets_scales: bool = False
) -> Callable[[Callable[P, Law]], Callable[P, Law]]:
    """Register a function as a scheme under its own name and the given aliases.

    Its first parameter is the Fan; every other is keyword-only: an extra (see EXTRAS) or an option, whose type says
    what it may be (see `initlab.schemes.options`). Raises CatalogueError when the docstring lacks one of the SECTIONS.
    """

    def register(function: Callable[P, Law]) -> Callable[P, Law]:
        name = function.__name__
        documentation = Documentation.of(function)
        missing = [title for title in SECTIONS if title not in documentation.sections]
        if missing and sys.flags.optimize < 2:
            raise CatalogueError(f"The docstring of scheme {name} lacks {', '.join(missing)}.")
        fan, *keywords = inspect.signature(function).parameters.values()
        extras = [keyword for keyword in keywords if keyword.name in EXTRAS]
        options = [keyword for keyword in keywords if keyword.name not in EXTRAS]
        entry = Scheme(
            name=name,
            function=function,
            documentation=documentation,
            kinds=MappingProxyType({option.name: OptionKind.of(option, scheme=name) for option in options}),
            extras=tuple(extra.name for extra in extras),
            needs=tuple(extra.name for extra in extras if extra.default is inspect.Parameter.empty),
            needs_fan=not fan.name.startswith("_"),
            sets_biases=sets_biases,
            sets_scales=sets_scales,
        )
        SCHEMES.add(name, entry, aliases=aliases)
        return function

    return register

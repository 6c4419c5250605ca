"""What a scheme is, the catalogue of them, and how a person writes one: `he_normal`, `random(10)`."""

import ast
import inspect
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from initlab.catalogue import Catalogue, Documentation
from initlab.errors import CatalogueError, SpecError
from initlab.laws import Constant, Law
from initlab.parameters import Fan, Parameter

Option = float | int | str | bool

EXTRAS = ("role", "layer", "depth", "width", "gate")
"""The facts beside the fan that a scheme may ask for, by naming a keyword-only parameter like it."""

SECTIONS = ("Formula", "Example", "References")
"""The headed sections that the docstring of every scheme must have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """One entry of the catalogue: a function from a Fan to a Law, and what its signature and docstring say.

    `options` are the keyword parameters a person may set, with their defaults (`inspect.Parameter.empty` where one must
    be given); `extras` are the facts about the parameter that the function asks for.
    """

    name: str
    function: Callable[..., Law] = field(repr=False)
    documentation: Documentation = field(repr=False)
    options: Mapping[str, object]
    extras: tuple[str, ...]
    sets_biases: bool

    def law(self, parameter: Parameter, options: Mapping[str, Option] = MappingProxyType({})) -> Law:
        """The law of one parameter. Biases are zero unless the scheme says that it sets them.

        Raises SpecError when the parameter lacks a fact that the scheme needs, or an option is missing or unknown.
        """
        if parameter.role == "bias" and not self.sets_biases:
            return Constant(value=0.0)
        if parameter.fan is None:
            raise SpecError(f"The scheme {self.name} needs the fan of {parameter.name}, which is not known.")
        return self.function(parameter.fan, **self._facts(parameter), **options)

    def _facts(self, parameter: Parameter) -> dict[str, object]:
        facts = {name: getattr(parameter, name) for name in self.extras}
        for name, value in facts.items():
            if value is None and inspect.signature(self.function).parameters[name].default is inspect.Parameter.empty:
                raise SpecError(f"The scheme {self.name} needs the {name} of {parameter.name}, which is not known.")
        return {name: value for name, value in facts.items() if value is not None}


SCHEMES: Catalogue[Scheme] = Catalogue(kind="scheme", package="initlab.schemes")


def scheme(*aliases: str, sets_biases: bool = False) -> Callable[[Callable[..., Law]], Callable[..., Law]]:
    """Register a function as a scheme under its own name and the given aliases.

    Its first parameter is the Fan; every other is keyword-only: an extra (see EXTRAS) or an option. Raises
    CatalogueError when the docstring lacks one of the SECTIONS.
    """

    def register(function: Callable[..., Law]) -> Callable[..., Law]:
        documentation = Documentation.of(function)
        missing = [title for title in SECTIONS if title not in documentation.sections]
        if missing and sys.flags.optimize < 2:
            raise CatalogueError(f"The docstring of scheme {function.__name__} lacks {', '.join(missing)}.")
        _, *keywords = inspect.signature(function).parameters.values()
        SCHEMES.add(
            function.__name__,
            Scheme(
                name=function.__name__,
                function=function,
                documentation=documentation,
                options=MappingProxyType({p.name: p.default for p in keywords if p.name not in EXTRAS}),
                extras=tuple(p.name for p in keywords if p.name in EXTRAS),
                sets_biases=sets_biases,
            ),
            aliases=aliases,
        )
        return function

    return register


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A scheme with its options set, as a person wrote it; `label` is that text, tidied.

    >>> parse("random(10), he_normal")[0].law(Parameter(name="W1", shape=(3, 2), fan=Fan.dense(2, 3)))
    Normal(std=10.0, mean=0.0)
    """

    label: str
    scheme: Scheme
    options: Mapping[str, Option] = field(default_factory=dict)

    def law(self, parameter: Parameter) -> Law:
        """The law that the scheme gives this parameter."""
        return self.scheme.law(parameter, self.options)


def choose(text: str) -> Choice:
    """Read one scheme as a person writes it.

    Raises SpecError when the text is not one scheme, or an option is unknown, missing or out of its bounds.
    """
    choices = parse(text)
    if len(choices) != 1:
        raise SpecError(f"One scheme must be given here, got {text!r}. Write one name, such as he_normal.")
    return choices[0]


def parse(text: str) -> tuple[Choice, ...]:
    """Read a comma-separated list of schemes: `zeros, random(10), normal(std=0.02)`.

    Positional values fill the scheme's options in order. Raises SpecError with what is wrong, UnknownNameError for
    a name that is in no catalogue.
    """
    try:
        tree = ast.parse(f"({text},)", mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        tree = None
    if not text.strip() or not isinstance(tree, ast.Tuple):
        raise SpecError(f"Schemes must be a list like 'he_normal, random(10)', got {text!r}.")
    return tuple(_choice(node) for node in tree.elts)


def _choice(node: ast.expr) -> Choice:
    positional: list[ast.expr] = []
    named: list[ast.keyword] = []
    match node:
        case ast.Name(id=name):
            pass
        case ast.Call(func=ast.Name(id=name), args=positional, keywords=named):
            pass
        case _:
            raise SpecError(f"A scheme must be a name or a call like random(10), got {ast.unparse(node)!r}.")
    entry = SCHEMES[name]
    options = _options(entry, positional, named)
    choice = Choice(label=ast.unparse(node), scheme=entry, options=options)
    if "role" not in entry.extras:
        _try_out(choice)
    return choice


def _options(entry: Scheme, positional: list[ast.expr], named: list[ast.keyword]) -> dict[str, Option]:
    names = list(entry.options)
    takes = f"It takes {', '.join(names)}." if names else "It takes none."
    if len(positional) > len(names):
        raise SpecError(f"The scheme {entry.name} has too many values, got {len(positional)}. {takes}")
    options = {name: _value(entry, node) for name, node in zip(names, positional, strict=False)}
    for keyword in named:
        if keyword.arg not in names or keyword.arg in options:
            raise SpecError(f"The scheme {entry.name} has no option {keyword.arg!r} to set. {takes}")
        options[keyword.arg] = _value(entry, keyword.value)
    missing = [n for n in names if n not in options and entry.options[n] is inspect.Parameter.empty]
    if missing:
        raise SpecError(f"The scheme {entry.name} needs {', '.join(missing)}: write {entry.name}({missing[0]}=...).")
    for name, value in options.items():
        if isinstance(value, str) != isinstance(entry.options[name], str):
            kind = "a word" if isinstance(entry.options[name], str) else "a number"
            raise SpecError(f"The option {name} of scheme {entry.name} must be {kind}, got {value!r}.")
        if isinstance(entry.options[name], float):
            options[name] = float(value)
    return options


def _value(entry: Scheme, node: ast.expr) -> Option:
    if isinstance(node, ast.Name) and node.id not in ("inf", "nan"):
        return node.id
    try:
        value = float(node.id) if isinstance(node, ast.Name) else ast.literal_eval(node)
    except (ValueError, TypeError):
        value = None
    if not isinstance(value, (int, float, str)):
        raise SpecError(f"An option of scheme {entry.name} must be a number or a word, got {ast.unparse(node)!r}.")
    if isinstance(value, float) and not math.isfinite(value):
        raise SpecError(f"An option of scheme {entry.name} must be finite, got {ast.unparse(node)}.")
    return value


def _try_out(choice: Choice) -> None:
    """Apply a choice to a plain dense layer, so that an option out of bounds is refused where it was written."""
    facts = Parameter(name="W", shape=(4, 4), fan=Fan.dense(4, 4), layer=0, depth=2, width=4, gate="input")
    choice.law(facts)

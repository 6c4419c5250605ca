"""How a person writes a scheme: `he_normal`, `random(10)`, `zeros, normal(std=0.02)`."""

import ast
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field

from initlab.errors import SpecError
from initlab.laws import Law
from initlab.parameters import Parameter
from initlab.schemes.options import Option, shown
from initlab.schemes.scheme import SCHEMES, Scheme

LONGEST = 2000
"""The longest text, in characters, that is read as a list of schemes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A scheme with its options set, as a person wrote it; `label` is that text, tidied.

    >>> from initlab.parameters import Fan
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
        raise SpecError(
            f"The scheme must be one scheme, got {len(choices)} of them. Write one name, such as he_normal."
        )
    return choices[0]


def parse(text: str) -> tuple[Choice, ...]:
    """Read a comma-separated list of schemes: `zeros, random(10), normal(std=0.02)`.

    Positional values fill the scheme's options in order. Raises SpecError with what is wrong, UnknownNameError for
    a name that is in no catalogue.
    """
    if len(text) > LONGEST:
        raise SpecError(f"The schemes must be at most {LONGEST} characters, got {len(text)}. Write fewer of them.")
    source = f"({text.strip().removesuffix(',')},)"
    nodes = _nodes(source)
    if nodes is None:
        raise SpecError(
            f"The schemes must be a list like 'he_normal, random(10)', got {shown(text)}. "
            "Write names, separated by commas."
        )
    return tuple(_choice(node, source) for node in nodes)


def _nodes(source: str) -> list[ast.expr] | None:
    """The expressions of a tuple, or None when the text is not one."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None
    return tree.elts if isinstance(tree, ast.Tuple) else None


def _choice(node: ast.expr, source: str) -> Choice:
    match node:
        case ast.Name(id=name):
            return Choice(label=name, scheme=SCHEMES[name], options=SCHEMES[name].checked({}))
        case ast.Call(func=ast.Name(id=name)):
            options = SCHEMES[name].checked(_options(SCHEMES[name], node, source))
            return Choice(label=ast.unparse(node) if options else name, scheme=SCHEMES[name], options=options)
    raise SpecError(
        f"A scheme must be a name or a call like random(10), got {_written(node, source)}. Write the name of a scheme."
    )


def _options(scheme: Scheme, call: ast.Call, source: str) -> dict[str, object]:
    names = list(scheme.kinds)
    if len(call.args) > len(names):
        raise SpecError(
            f"The values for scheme {scheme.name} must be at most {len(names)}, got {len(call.args)}. "
            f"It takes {', '.join(names) or 'none'}."
        )
    options = {name: _value(scheme, node, source) for name, node in zip(names, call.args, strict=False)}
    for keyword in call.keywords:
        if keyword.arg is None:
            raise SpecError(f"The options of scheme {scheme.name} must be written out, got **. Write name=value.")
        if keyword.arg in options:
            raise SpecError(f"The option {keyword.arg} of scheme {scheme.name} must be given once, got two. Write one.")
        options[keyword.arg] = _value(scheme, keyword.value, source)
    return options


def _value(scheme: Scheme, node: ast.expr, source: str) -> object:
    """A number, a word (quoted or not) or True or False; infinities and NaN are read, to be refused by their option."""
    match node:
        case ast.Name(id="inf" | "nan" as name):
            return float(name)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Name(id="inf")):
            return float("-inf")
        case ast.Name(id=word):
            return word
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        value = None
    if not isinstance(value, (int, float, str)):
        raise SpecError(
            f"An option of scheme {scheme.name} must be a number or a word, got {_written(node, source)}. "
            "Write a number or a word."
        )
    return value


def _written(node: ast.expr, source: str) -> str:
    """A node as its author wrote it, short and quoted."""
    return shown(ast.get_source_segment(source, node))

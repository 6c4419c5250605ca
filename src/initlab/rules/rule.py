"""What a rule is, what it finds, and the catalogue of them."""

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal, get_args

from initlab.catalogue import Catalogue, Documentation
from initlab.errors import CatalogueError, SpecError
from initlab.laws import Law
from initlab.trace import Trace

Severity = Literal["error", "warning", "info", "evidence"]
"""An error is an exact statement, or ten times beyond a derived limit. Evidence explains; it accuses nobody."""

SEVERITIES: tuple[Severity, ...] = get_args(Severity)

Needs = Literal["weights", "passes"]
"""Whether a rule reads the weights alone, or passes over a batch as well."""

SECTIONS = ("Limit", "Example", "Use instead", "References")
"""The sections that the docstring of every rule must have: the formula of its limit with the thresholds by name, code
that makes it fire and code that does not, and where the limit comes from."""


class NotApplicable(Exception):  # noqa: N818 - a state of a rule, not an error
    """Raised by a rule that has nothing to say about a network, with the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A change to one weight: draw it anew from a law, or multiply it by a factor."""

    weight: str
    law: Law | None = None
    factor: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """What to do: changes to weights, where changes to weights mend it, and the same in words.

    `code` is Python for the model's framework, with `model` in it, where something else than the weights is to change.
    """

    words: str
    edits: tuple[Edit, ...] = ()
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One place where a rule fired.

    `path` names the weight or operation; `measured` and `limit` are comparable numbers, `formula` says how the limit
    is derived, `cause` what made it so, in words. `explained_by` is the rule and path of the finding that this one is
    an effect of; `code`, `cleared`, `together` (with all remedies at once) and `remains` (what a remedy that clears it
    leaves behind of its effects) are filled in by the check.
    """

    severity: Severity
    path: str
    measured: float
    limit: float
    formula: str
    cause: str
    remedy: Remedy
    rule: str = ""
    name: str = ""
    weights: tuple[str, ...] = ()
    explained_by: str = ""
    code: str = ""
    cleared: bool | None = None
    together: bool = False
    remains: str = ""

    @property
    def label(self) -> str:
        """The rule and the path: what its effects name it by."""
        return f"{self.rule} {self.path}"

    @property
    def counts(self) -> bool:
        """Whether it accuses: an error or a warning."""
        return self.severity in ("error", "warning")


Function = Callable[..., Iterator[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One entry of the catalogue: a function from a Trace to findings, with what its signature and docstring say."""

    id: str
    name: str
    function: Function = field(repr=False)
    documentation: Documentation = field(repr=False)
    thresholds: Mapping[str, Any]
    needs: Needs
    severity: Severity
    area: str

    def __call__(self, trace: Trace, thresholds: Mapping[str, Any] = MappingProxyType({})) -> tuple[Finding, ...]:
        """What the rule finds in a trace. Raises NotApplicable where it has nothing to say."""
        if self.needs == "passes" and not trace.passes:
            raise NotApplicable("there is no pass: only weights were given")
        found = self.function(trace, **thresholds)
        return tuple(replace(finding, rule=self.id, name=self.name) for finding in found)

    def checked(self, thresholds: Mapping[str, Any]) -> dict[str, float]:
        """Thresholds, each a number the rule has. Raises SpecError otherwise."""
        for name, value in thresholds.items():
            if name not in self.thresholds:
                known = ", ".join(self.thresholds) or "none"
                raise SpecError(
                    f"The thresholds of {self.name} must be among {known}, got {name!r}. Write one of them."
                )
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise SpecError(f"The threshold {name} of {self.name} must be a number, got {value!r}. Write a number.")
        return dict(thresholds)


RULES: Catalogue[Rule] = Catalogue(kind="rule", package="initlab.rules")


def rule(identity: str, name: str, *, severity: Severity, needs: Needs = "passes") -> Callable[[Function], Function]:
    """Register a function as a rule under its id and its name; `severity` is the worst that it says.

    Its first parameter is the Trace; every other is keyword-only: a threshold with its default. Raises CatalogueError
    when the docstring lacks one of the SECTIONS.
    """

    def register(function: Function) -> Function:
        documentation = Documentation.of(function)
        missing = [title for title in SECTIONS if title not in documentation.sections]
        if missing and sys.flags.optimize < 2:
            raise CatalogueError(f"The docstring of rule {identity} lacks {', '.join(missing)}.")
        _, *thresholds = inspect.signature(function).parameters.values()
        entry = Rule(
            id=identity,
            name=name,
            function=function,
            documentation=documentation,
            thresholds=MappingProxyType({each.name: each.default for each in thresholds}),
            needs=needs,
            severity=severity,
            area=function.__module__.split(".")[2],
        )
        RULES.add(identity, entry, aliases=(name,))
        return function

    return register

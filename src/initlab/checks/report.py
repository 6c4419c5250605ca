"""What a check found: the findings, causes above their effects, and the state that each rule ended in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from initlab.rules import Finding
from initlab.trace import Trace

State = Literal["fired", "passed", "not applicable", "skipped", "ignored", "errored"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The state of one rule, and the reason, where it did not run or had nothing to say."""

    rule: str
    name: str
    state: State
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Report:
    """A check of one network.

    `findings` are those that accuse, causes first, each followed by its effects; then what is only told. `rules` are
    all rules, in order. `configuration` is what was asked for, in full.
    """

    findings: tuple[Finding, ...]
    rules: tuple[Outcome, ...]
    trace: Trace
    configuration: Mapping[str, Any] = field(default_factory=dict)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings of severity error."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The findings of severity warning."""
        return tuple(finding for finding in self.findings if finding.severity == "warning")

    @property
    def notes(self) -> tuple[Finding, ...]:
        """What is told without accusing: information and evidence."""
        return tuple(finding for finding in self.findings if not finding.counts)

    @property
    def roots(self) -> tuple[Finding, ...]:
        """The findings that accuse and are nobody's effect."""
        return tuple(finding for finding in self.findings if finding.counts and not finding.explained_by)

    def effects(self, cause: Finding) -> tuple[Finding, ...]:
        """The findings that one explains."""
        return tuple(finding for finding in self.findings if finding.explained_by == cause.label)

    @property
    def healthy(self) -> bool:
        """Whether nothing accuses: neither an error nor a warning, and no rule broke down."""
        return not self.errors and not self.warnings and all(outcome.state != "errored" for outcome in self.rules)

    def ran(self, rule: str) -> bool:
        """Whether a rule was asked, and neither ignored nor left out."""
        return any(each.rule == rule and each.state not in ("ignored", "skipped") for each in self.rules)

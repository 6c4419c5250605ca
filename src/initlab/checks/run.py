"""Apply the rules to a trace: each ends in exactly one state, and one that breaks down hides no other."""

from collections.abc import Iterable, Mapping
from typing import Any

from initlab.checks.fold import folded
from initlab.checks.order import ordered
from initlab.checks.report import Outcome, Report
from initlab.errors import InitlabError, SpecError
from initlab.loading import said
from initlab.rules import RULES, Finding, NotApplicable, Rule
from initlab.trace import Trace


def chosen(names: Iterable[str]) -> set[str]:
    """The ids of rules given by id, name, or the beginning of an id (W06). Raises UnknownNameError for any other."""
    found: set[str] = set()
    for name in names:
        family = {rule.id for rule in RULES.values() if rule.id.startswith(name.upper())}
        found |= family or {RULES[name].id}
    return found


def apply(
    trace: Trace,
    *,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    thresholds: Mapping[str, Mapping[str, Any]] | None = None,
    configuration: Mapping[str, Any] | None = None,
) -> Report:
    """The report of a trace: of the selected rules (all, if none are), without the ignored ones.

    `thresholds` gives a rule, by id or name, other numbers than its own. Raises UsageError for a rule or a threshold
    that there is not.
    """
    selected, ignored = chosen(select), chosen(ignore)
    if both := selected & ignored:
        raise SpecError(f"A rule must be selected or ignored, got both for {', '.join(sorted(both))}. Choose.")
    numbers = {RULES[name].id: RULES[name].checked(given) for name, given in (thresholds or {}).items()}
    outcomes: list[Outcome] = []
    findings: list[Finding] = []
    for rule in RULES.values():
        if rule.id in ignored:
            outcomes.append(Outcome(rule=rule.id, name=rule.name, state="ignored"))
        elif selected and rule.id not in selected:
            outcomes.append(Outcome(rule=rule.id, name=rule.name, state="skipped", reason="not selected"))
        else:
            outcome, found = _applied(rule, trace, numbers.get(rule.id, {}))
            outcomes.append(outcome)
            findings += found
    return Report(
        findings=ordered(folded(findings), trace),
        rules=tuple(outcomes),
        trace=trace,
        configuration=dict(configuration or {}),
    )


def _applied(rule: Rule, trace: Trace, thresholds: Mapping[str, Any]) -> tuple[Outcome, tuple[Finding, ...]]:
    try:
        found = rule(trace, thresholds)
    except NotApplicable as reason:
        return Outcome(rule=rule.id, name=rule.name, state="not applicable", reason=str(reason)), ()
    except InitlabError:
        raise
    except Exception as error:
        return Outcome(rule=rule.id, name=rule.name, state="errored", reason=said(error)), ()
    return Outcome(rule=rule.id, name=rule.name, state="fired" if found else "passed"), found

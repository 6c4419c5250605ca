"""Prove a remedy: apply its code to a copy of the model, trace that, and see whether the finding is gone."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from initlab.checks.report import Report
from initlab.checks.run import apply
from initlab.errors import InitlabError
from initlab.rules import Finding
from initlab.trace import Trace


def proven(
    report: Report,
    remedied: Callable[[str], Any],
    retrace: Callable[[Any], Trace],
    thresholds: Any = None,  # noqa: ANN401
) -> Report:
    """The report with `cleared` set on every finding that has code and is nobody's effect.

    A remedy clears a finding when its rule no longer accuses any of its weights, nor a place that it did not before;
    none of its effects that are errors is left, and no error appears that was not there. Effects that are left and are
    warnings are named in `remains`. What a remedy does not clear alone is tried once more with all of them together.
    """
    roots = [finding for finding in report.roots if finding.code]
    select, ignore = (report.configuration.get(key, ()) for key in ("select", "ignore"))
    everything = "\n".join(dict.fromkeys(root.code for root in roots))

    def left(code: str) -> tuple[Finding, ...] | None:
        try:
            again = apply(retrace(remedied(code)), thresholds=thresholds, select=select, ignore=ignore)
        except (InitlabError, RuntimeError, AttributeError, TypeError, ValueError, ZeroDivisionError):
            return None
        return again.findings

    told: dict[int, Finding] = {}
    alone = {id(root): left(root.code) for root in roots}
    failed = [root for root in roots if not _cleared(report, root, alone[id(root)])]
    together = left(everything) if failed and len(roots) > 1 else None
    for root in roots:
        joint = root in failed and _cleared(report, root, together)
        after = together if joint else alone[id(root)]
        cleared = joint or root not in failed
        remains = _remains(report, root, after) if cleared else ""
        told[id(root)] = replace(root, cleared=cleared, together=joint, remains=remains)
    return replace(report, findings=tuple(told.get(id(finding), finding) for finding in report.findings))


def _cleared(report: Report, finding: Finding, after: tuple[Finding, ...] | None) -> bool:
    """Whether a finding is gone from those after a remedy with its grave effects, and nothing like it has come."""
    if after is None:
        return False
    left = [each for each in after if each.counts]
    own = {finding.path, *finding.weights}
    before = {(each.rule, name) for each in report.findings if each.counts for name in (each.path, *each.weights)}
    effects = {each.rule for each in report.effects(finding) if each.severity == "error"}
    return not any(
        (each.rule == finding.rule and (own & {each.path, *each.weights} or (each.rule, each.path) not in before))
        or (each.severity == "error" and (each.rule in effects or (each.rule, each.path) not in before))
        for each in left
    )


def _remains(report: Report, finding: Finding, after: tuple[Finding, ...] | None) -> str:
    """The effects that a remedy leaves."""
    rules = {each.rule for each in report.effects(finding)}
    return ", ".join(f"{each.rule} {each.name} ({each.path})" for each in after or () if each.rule in rules)

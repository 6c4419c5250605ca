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

    A remedy clears a finding when its rule no longer accuses the same place, and no error appears that was not there.
    What it does not clear alone is tried once more with all remedies together.
    """
    roots = [finding for finding in report.findings if finding.counts and finding.code and not finding.explained_by]
    everything = "\n".join(dict.fromkeys(root.code for root in roots))

    def left(code: str) -> tuple[Finding, ...] | None:
        try:
            return apply(retrace(remedied(code)), thresholds=thresholds).findings
        except (InitlabError, RuntimeError, AttributeError, TypeError, ValueError, ZeroDivisionError):
            return None

    alone = {id(root): _cleared(report, root, left(root.code)) for root in roots}
    together = left(everything) if len(roots) > 1 and not all(alone.values()) else None
    told = {
        id(root): replace(
            root,
            cleared=alone[id(root)] or _cleared(report, root, together),
            together=not alone[id(root)] and _cleared(report, root, together),
        )
        for root in roots
    }
    return replace(report, findings=tuple(told.get(id(finding), finding) for finding in report.findings))


def _cleared(report: Report, finding: Finding, after: tuple[Finding, ...] | None) -> bool:
    """Whether a finding is gone from those after a remedy, and no error has come."""
    if after is None:
        return False
    before = {(each.rule, each.path) for each in report.findings if each.counts}
    left = [each for each in after if each.counts]
    same = any(each.rule == finding.rule and each.path == finding.path for each in left)
    new = any(each.severity == "error" and (each.rule, each.path) not in before for each in left)
    return not same and not new

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
    """
    return replace(
        report,
        findings=tuple(
            replace(finding, cleared=_cleared(report, finding, remedied, retrace, thresholds))
            if finding.counts and finding.code and not finding.explained_by
            else finding
            for finding in report.findings
        ),
    )


def _cleared(
    report: Report,
    finding: Finding,
    remedied: Callable[[str], Any],
    retrace: Callable[[Any], Trace],
    thresholds: Any,  # noqa: ANN401
) -> bool:
    try:
        after = apply(retrace(remedied(finding.code)), thresholds=thresholds)
    except (InitlabError, RuntimeError, AttributeError, TypeError, ValueError):
        return False
    before = {(each.rule, each.path) for each in report.findings if each.counts}
    left = [each for each in after.findings if each.counts]
    same = any(each.rule == finding.rule and each.path == finding.path for each in left)
    new = any(each.severity == "error" and (each.rule, each.path) not in before for each in left)
    return not same and not new

"""A check as SARIF 2.1.0, which code hosts show beside the code."""

from importlib.metadata import version
from typing import Any

from initlab.checks.report import Report
from initlab.render import pages
from initlab.rules import RULES, Finding

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {"error": "error", "warning": "warning", "info": "note", "evidence": "note"}


def document(report: Report, *, source: str) -> dict[str, Any]:
    """One run of one tool: its rules, and a result for each finding, located in the file that the model came from."""
    driver = {
        "name": "initlab",
        "version": version("initlab"),
        "rules": [
            {
                "id": rule.id,
                "name": rule.name,
                "shortDescription": {"text": rule.documentation.summary},
                "fullDescription": {"text": rule.documentation.body},
                "help": {"text": pages.text(pages.rule(rule)), "markdown": pages.markdown(pages.rule(rule))},
                "defaultConfiguration": {"level": LEVELS[rule.severity]},
            }
            for rule in RULES.values()
        ],
    }
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": [_result(each, source) for each in report.findings]}],
    }


def _result(finding: Finding, source: str) -> dict[str, Any]:
    remedy = f" {finding.remedy.words}" + (f"\n{finding.code}" if finding.code else "")
    return {
        "ruleId": finding.rule,
        "level": LEVELS[finding.severity],
        "message": {"text": f"{finding.cause}{remedy}"},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": source.partition(":")[0]}},
                "logicalLocations": [{"fullyQualifiedName": finding.path, "kind": "member"}],
            }
        ],
        "properties": {"measured": str(finding.measured), "limit": str(finding.limit), "formula": finding.formula},
    }

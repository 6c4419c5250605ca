"""A check as text for a terminal and as a document for programs: what is wrong, where, why, and what mends it."""

import math
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.text import Text

from initlab.checks.report import Report, State
from initlab.render.json import heading, plain
from initlab.render.numerals import number
from initlab.rules import Finding, Rule

STYLES = {"error": "bold red", "warning": "bold yellow", "info": "cyan", "evidence": "dim"}
INDENT, WIDTH = 9, 117


@dataclass(frozen=True, slots=True, kw_only=True)
class Hanging:
    """A paragraph in the width there is, all of it INDENT from the left but for the head of its first line."""

    words: str
    head: str = " " * INDENT
    style: str = ""

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> Iterator[Text]:
        width = min(options.max_width, WIDTH) - INDENT
        first, *rest = textwrap.wrap(self.words, width) or [""]
        lines = [Text.assemble((self.head, self.style), first), *(Text(" " * INDENT + line) for line in rest)]
        yield Text("\n").join(lines)


def text(report: Report) -> RenderableType:
    """The report as something that rich can print: findings first, then what is only told, then what was checked."""
    parts: list[RenderableType] = [Text(title(report), style="bold"), Text(conditions(report), style="dim"), Text()]
    for finding in report.roots:
        parts += [_finding(finding, report.effects(finding)), Text()]
    for finding in report.notes:
        parts.append(_note(finding))
    if report.notes:
        parts.append(Text())
    more = f" initlab explain {report.roots[0].rule} tells where a limit comes from." if report.roots else ""
    parts.append(Text(states(report) + more, style="dim"))
    return Group(*parts)


def title(report: Report) -> str:
    """The verdict in one line."""
    if report.healthy:
        if report.trace.passes:
            return "Nothing is wrong at step zero, as far as one batch can tell."
        looked = sum(outcome.state == "passed" for outcome in report.rules)
        return f"Nothing is wrong, as far as weights alone can tell: {looked} of {len(report.rules)} rules read them."
    counts = [(len(report.errors), "error"), (len(report.warnings), "warning")]
    words = [f"{count} {word}{'s' if count > 1 else ''}" for count, word in counts if count]
    broken = sum(outcome.state == "errored" for outcome in report.rules)
    return ", ".join(words + ([f"{broken} rule{'s' if broken > 1 else ''} broke down"] if broken else [])) + "."


def conditions(report: Report) -> str:
    """What was measured, on what, in one line."""
    trace = report.trace
    size = sum(weight.size for weight in trace.weights)
    weights = f"{len(trace.weights)} weights of {size:,} numbers"
    if not trace.passes:
        return f"{weights}; no pass: weights alone were given."
    chance = trace.output.chance if trace.output else None
    beside = f" (chance {chance:.4g})" if chance is not None else ""
    return f"{weights}; {trace.batch}; loss {trace.first.loss:.4g}{beside}: {trace.loss}."


def _finding(finding: Finding, effects: Sequence[Finding]) -> RenderableType:
    """What, where, why, by how much, and the code that mends it."""
    head = Text.assemble(
        (f"{finding.severity:<8} ", STYLES[finding.severity]),
        (f"{finding.rule} {finding.name}", "bold"),
        "  ",
        (finding.path, "bold"),
    )
    parts: list[RenderableType] = [head, Hanging(words=finding.cause), Hanging(words=_measured(finding))]
    if finding.explained_by:
        parts.append(Hanging(words=f"Likely an effect of {finding.explained_by}: mend that first."))
    parts.append(Hanging(words=f"Remedy: {finding.remedy.words}{proof(finding)}"))
    if finding.code:
        code = textwrap.indent(finding.code, " " * (INDENT + 4))
        parts.append(Text(code, style="green", no_wrap=True, overflow="ignore"))
    minor = [each for each in effects if each.severity != "error"]
    if minor:
        told = ", ".join(f"{each.severity} {each.rule} {each.name} ({each.path})" for each in minor)
        parts.append(Hanging(words=f"Likely effects: {told}."))
    for each in effects:
        if each.severity == "error":
            parts += [Text(), _finding(each, ())]
    return Group(*parts)


def _measured(finding: Finding) -> str:
    return f"Measured {number(finding.measured)}, limit {number(finding.limit)}: {finding.formula}."


def proof(finding: Finding) -> str:
    """What became of a remedy that was tried, as a sentence; empty where none was."""
    if finding.cleared is None:
        return ""
    if not finding.cleared:
        return " Tried on a copy: it does not clear this."
    left = f"; {finding.remains} remains" if finding.remains else ""
    return f" Tried on a copy: {'together with the others it' if finding.together else 'it'} clears this{left}."


def _note(finding: Finding) -> RenderableType:
    head = f"{finding.severity:<{INDENT}}"
    told = f"{finding.rule} {finding.name}: {finding.cause}"
    return Hanging(words=told, head=head, style=STYLES[finding.severity])


def states(report: Report) -> str:
    """How many rules ended in which state, and why those broke down that did."""
    counts = Counter(outcome.state for outcome in report.rules)
    told = {state: f"{counts[state]} {state}" for state in get_args(State) if counts[state]}
    accuse = len({finding.rule for finding in report.findings if finding.counts})
    if "fired" in told and accuse < counts["fired"]:
        told["fired"] += f" ({accuse or 'none'} of them accuse{'s' if accuse == 1 else ''})"
    words = f"{len(report.rules)} rules: {', '.join(told.values())}."
    broken = [
        f"{outcome.rule} {outcome.name}: {outcome.reason}" for outcome in report.rules if outcome.state == "errored"
    ]
    return words + (f" Broke down: {'; '.join(broken)}." if broken else "")


def document(report: Report) -> dict[str, Any]:
    """The document of `initlab check`."""
    trace = report.trace
    return {
        **heading("check"),
        "seed": report.configuration.get("seed", 0),
        "configuration": report.configuration,
        "framework": trace.framework,
        "batch": trace.batch,
        "loss": trace.loss,
        "healthy": report.healthy,
        "findings": [finding_document(finding) for finding in report.findings],
        "rules": [
            {"rule": each.rule, "name": each.name, "state": each.state, "reason": each.reason} for each in report.rules
        ],
        "output": plain(trace.output),
        "passes": [each.loss for each in trace.passes],
        "layers": list(_layers(report)),
    }


def finding_document(finding: Finding) -> dict[str, Any]:
    """One finding, as programs read it."""
    return {
        "rule": finding.rule,
        "name": finding.name,
        "severity": finding.severity,
        "path": finding.path,
        "measured": finding.measured,
        "limit": finding.limit,
        "formula": finding.formula,
        "cause": finding.cause,
        "remedy": finding.code or finding.remedy.words,
        "advice": finding.remedy.words,
        "cleared": finding.cleared,
        "remains": finding.remains or None,
        "explained_by": finding.explained_by or None,
        "weights": list(finding.weights),
    }


def _layers(report: Report) -> Iterator[dict[str, Any]]:
    if not report.trace.passes:
        return
    for op in report.trace.first.ops:
        yield {
            "name": op.name,
            "kind": op.kind,
            "function": op.function,
            "units": op.units,
            "forward_std": op.std,
            "forward_mean": op.mean,
            "backward_std": None if math.isnan(op.backward_std) else op.backward_std,
            "dead": op.dead,
            "cosine": op.cosine,
        }


def rule_document(rule: Rule) -> dict[str, Any]:
    """One rule, as programs read it."""
    return {
        "rule": rule.id,
        "name": rule.name,
        "area": rule.area,
        "severity": rule.severity,
        "needs": rule.needs,
        "thresholds": dict(rule.thresholds),
        "summary": rule.documentation.summary,
        "text": rule.documentation.body,
        **{title.lower().replace(" ", "_"): body for title, body in rule.documentation.sections.items()},
    }

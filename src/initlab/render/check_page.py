"""A check as HTML: a page that stands alone in one file, and a fragment for notebooks, with the strip of the layers."""

import math
from html import escape
from importlib.metadata import version
from importlib.resources import files
from string import Template

from initlab.checks.report import Report
from initlab.render import check
from initlab.render.numerals import number
from initlab.rules import Finding

WIDE, TALL, LEFT = 1000, 150, 64
COLOURS = {"forward": "#0072B2", "backward": "#D55E00"}
KINDS = ("linear", "embedding", "recurrent", "norm")


def page(report: Report, *, source: str) -> str:
    """One page with everything in it; it asks nothing of the network and runs no script."""
    template = Template(files("initlab.render").joinpath("check.template.html").read_text(encoding="utf-8"))
    return template.substitute(
        title=escape(f"{source}: {check.title(report)}"),
        lead=escape(check.conditions(report)),
        findings=_findings(report) or "<p>No finding.</p>",
        notes=_notes(report),
        strip=strip(report),
        rules=_rules(report),
        version=escape(version("initlab")),
    )


def fragment(report: Report) -> str:
    """The verdict, the findings and the strip, to stand in a notebook."""
    return (
        f'<div class="initlab"><p><strong>{escape(check.title(report))}</strong></p>'
        f"<p>{escape(check.conditions(report))}</p>{_findings(report)}{strip(report)}</div>"
    )


def _findings(report: Report) -> str:
    roots = [finding for finding in report.findings if finding.counts and not finding.explained_by]
    return "\n".join(_finding(report, finding) for finding in roots)


def _finding(report: Report, finding: Finding) -> str:
    effects = [each for each in report.findings if each.explained_by == f"{finding.rule} {finding.path}"]
    parts = [
        f'<article class="{finding.severity}"><h3><span class="tag">{finding.severity}</span> '
        f"{finding.rule} {escape(finding.name)} · <code>{escape(finding.path)}</code></h3>",
        f"<p>{escape(finding.cause)}</p>",
        f"<p>Measured {number(finding.measured)}, limit {number(finding.limit)}: {escape(finding.formula)}.</p>",
        f"<p>Remedy: {escape(finding.remedy.words)}{check.proof(finding)}</p>",
    ]
    if finding.code:
        parts.append(f"<pre><code>{escape(finding.code)}</code></pre>")
    if effects:
        told = ", ".join(f"{each.rule} {escape(each.name)} (<code>{escape(each.path)}</code>)" for each in effects[:6])
        parts.append(f"<p>Likely effects: {told}.</p>")
    return "".join(parts) + "</article>"


def _notes(report: Report) -> str:
    if not report.notes:
        return ""
    lines = "".join(
        f"<li><strong>{each.rule} {escape(each.name)}</strong> ({each.severity}): {escape(each.cause)}</li>"
        for each in report.notes
    )
    return f"<h2>Told, without accusing</h2><ul>{lines}</ul>"


def _rules(report: Report) -> str:
    rows = "".join(
        f'<tr><th scope="row">{each.rule} {escape(each.name)}</th>'
        f"<td>{each.state}</td><td>{escape(each.reason)}</td></tr>"
        for each in report.rules
    )
    return (
        '<table><thead><tr><th scope="col">rule</th><th scope="col">state</th><th scope="col">reason</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def strip(report: Report) -> str:
    """The size of the signal in every layer on its way forward, and of the gradient on its way back, as drawings."""
    if not report.trace.passes:
        return ""
    ops = [op for op in report.trace.first.ops if op.kind in KINDS and math.isfinite(op.std)]
    names = [op.name for op in ops]
    accused = {name for finding in report.findings if finding.counts for name in (finding.path, *finding.weights)}
    marked = [bool(accused & {op.name, *op.weights}) for op in ops]
    forward = _drawn("forward", "forward: std of what each layer puts out", [op.std for op in ops], names, marked)
    backward = _drawn(
        "backward", "backward: std of its gradient, for one example", [op.backward_std for op in ops], names, marked
    )
    return f'<figure class="strip">{forward}{backward}</figure>'


def _drawn(which: str, title: str, values: list[float], names: list[str], marked: list[bool]) -> str:
    """Bars on a logarithmic scale, one a layer; a cross where there is nothing, a ring where a finding points."""
    live = [math.log10(value) for value in values if math.isfinite(value) and value > 0]
    if not live:
        return f"<figcaption>{title}: nothing arrives.</figcaption>"
    low, high = math.floor(min(live) - 0.2), math.ceil(max(live) + 0.2)
    step = (WIDE - LEFT) / max(1, len(values))
    marks = []
    for place, value in enumerate(values):
        x, told = LEFT + step * (place + 0.5), f"{escape(names[place])}: {number(value)}"
        colour = "#b00020" if marked[place] else COLOURS[which]
        if math.isfinite(value) and value > 0:
            y = 10 + TALL * (1 - (math.log10(value) - low) / (high - low))
            marks.append(
                f'<rect x="{x - 0.36 * step:.1f}" y="{y:.1f}" width="{0.72 * step:.1f}" height="{10 + TALL - y:.1f}" '
                f'fill="{colour}"><title>{told}</title></rect>'
            )
        else:
            marks.append(
                f'<text x="{x:.1f}" y="{TALL + 6}" text-anchor="middle" fill="{colour}">×<title>{told}</title></text>'
            )
    ticks = "".join(
        f'<text x="{LEFT - 8}" y="{14 + TALL * (1 - (power - low) / (high - low)):.1f}" text-anchor="end">10'
        f'<tspan dy="-5" font-size="9">{power}</tspan></text>'
        for power in range(low, high + 1, max(1, (high - low) // 4))
    )
    words = f"{title}; from {number(values[0])} in {escape(names[0])} to {number(values[-1])} in {escape(names[-1])}"
    return (
        f"<figcaption>{title}</figcaption>"
        f'<svg viewBox="0 0 {WIDE} {TALL + 24}" role="img" aria-label="{words}">{ticks}'
        f'<line x1="{LEFT}" x2="{WIDE}" y1="{10 + TALL}" y2="{10 + TALL}" stroke="currentColor" stroke-opacity=".4"/>'
        f"{''.join(marks)}</svg>"
    )

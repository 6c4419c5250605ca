"""A check as HTML: a page that stands alone in one file, and a fragment for notebooks, with the strip of the layers."""

from html import escape
from importlib.metadata import version
from importlib.resources import files
from string import Template

from initlab.checks.report import Report
from initlab.render import check
from initlab.render.html import FRAGMENT_STYLE
from initlab.render.numerals import number
from initlab.render.strip import strip
from initlab.rules import Finding


def page(report: Report, *, source: str) -> str:
    """One page with everything in it; it asks nothing of the network and runs no script."""
    template = Template(files("initlab.render").joinpath("check.template.html").read_text(encoding="utf-8"))
    return template.substitute(
        title=escape(f"{source}: {check.title(report)}"),
        lead=escape(check.conditions(report)),
        findings=_findings(report) or "<p>No rule accuses.</p>",
        strip=f"<h2>The signal, layer by layer</h2>{strip(report)}" if report.trace.passes else "",
        notes=_notes(report),
        states=escape(check.states(report)),
        rules=_rules(report),
        version=escape(version("initlab")),
        footer="one batch, two virtual steps; the model was left as it was" if report.trace.passes else "weights alone",
    )


def fragment(report: Report) -> str:
    """The verdict, the findings and the strip, to stand in a notebook."""
    return (
        f'<div class="initlab"><style>{FRAGMENT_STYLE}</style><p><strong>{escape(check.title(report))}</strong></p>'
        f"<p>{escape(check.conditions(report))}</p>{_findings(report)}{strip(report)}</div>"
    )


def _findings(report: Report) -> str:
    return "\n".join(_finding(report, finding) for finding in report.roots)


def _finding(report: Report, finding: Finding, *, level: int = 3) -> str:
    effects = report.effects(finding)
    parts = [
        f'<article class="{finding.severity}"><h{level}><span class="tag">{finding.severity}</span> '
        f"{finding.rule} {escape(finding.name)} · <code>{escape(finding.path)}</code></h{level}>",
        f"<p>{escape(finding.cause)}</p>",
        f"<p>Measured {number(finding.measured)}, limit {number(finding.limit)}: {escape(finding.formula)}.</p>",
        f"<p><strong>Remedy:</strong> {escape(finding.remedy.words + check.proof(finding))}</p>",
    ]
    if finding.code:
        parts.append(f'<pre tabindex="0" aria-label="Remedy as code"><code>{escape(finding.code)}</code></pre>')
    if effects:
        told = ", ".join(
            f"{each.severity} {each.rule} {escape(each.name)} (<code>{escape(each.path)}</code>)" for each in effects
        )
        each_of_them = "".join(_finding(report, each, level=level + 1) for each in effects)
        open_ = " open" if any(each.severity == "error" for each in effects) else ""
        parts.append(f"<details{open_}><summary>Likely effects: {told}</summary>{each_of_them}</details>")
    return "".join(parts) + "</article>"


def _notes(report: Report) -> str:
    if not report.notes:
        return ""
    lines = "".join(
        f"<li><strong>{each.rule} {escape(each.name)}</strong> ({each.severity}): {escape(each.cause)}</li>"
        for each in report.notes
    )
    return f"<h2>Told beside them, without accusing</h2><ul>{lines}</ul>"


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

"""A verification as text, as a document, and as a fragment for a notebook; and a plan beside what a model holds."""

from html import escape
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from initlab.plans.verify import Finding, Verdict, Verified, said
from initlab.render.dotted import Dotted
from initlab.render.html import FRAGMENT_STYLE
from initlab.render.json import heading
from initlab.render.plan import Fold, entry, folded, law, open_ends, title

SHOWN = 40
"""How many offenders the text names."""


def verified(found: Verified) -> RenderableType:
    """The offenders, the most telling fault of each, and what was tested."""
    parts: list[RenderableType] = [Text(summary(found), style="bold green" if found.holds else "bold red")]
    parts += [_line(finding) for finding in found.findings[:SHOWN]]
    if len(found.findings) > SHOWN:
        parts.append(Text(f"  and {len(found.findings) - SHOWN} more (--json lists all)"))
    parts.append(Text(conditions(found), style="dim"))
    return Group(*parts, *_notes(found))


def _notes(found: Verified) -> list[Text]:
    return [Text(f"Note: {words}", style="yellow") for words in open_ends(found.plan)]


def _line(finding: Finding) -> Text:
    name, _, rest = said(finding).partition(": ")
    return Text.assemble(("  " + name, "bold"), ": ", rest)


def summary(found: Verified) -> str:
    """The verdict in one line."""
    policy, rows = found.plan.policy.name, sum(verdict.row.law is not None for verdict in found.verdicts)
    numbers = " plans" if found.seed is None else f" and seed {found.seed} plan"
    if found.holds:
        return f"All {rows} parameters are as {policy}{numbers} them."
    return f"{len(found.findings)} of {rows} parameters are not as {policy}{numbers} them:"


def conditions(found: Verified) -> str:
    """What was tested, and what could not be."""
    same = sum(verdict.status == "same numbers" for verdict in found.verdicts)
    words = f"{same} hold the very numbers of seed {found.seed}. " if found.seed is not None else ""
    if found.tests:
        words += f"{found.tests} tests; a model that is as planned fails with a chance of at most {found.alpha:g}."
    if found.untold:
        some = "is" if len(found.untold) == 1 else "are"
        words += (
            f" {len(found.untold)} {some} too small to tell a spread that is wrong by √2, such as {found.untold[0]}."
        )
    left = sum(verdict.row.law is None for verdict in found.verdicts)
    return f"{words} {left} left alone.".strip() if left else words.strip()


def document(found: Verified) -> dict[str, Any]:
    """The document of `initlab verify`."""
    return {
        **heading("verify"),
        "seed": found.seed,
        "configuration": {"policy": found.plan.policy.model_dump(mode="json"), "alpha": found.alpha},
        "holds": found.holds,
        "tests": found.tests,
        "findings": [_finding(finding) for verdict in found.verdicts for finding in verdict.findings],
        "parameters": [{**entry(verdict.row), "status": verdict.status} for verdict in found.verdicts],
        "untold": found.untold,
        "notices": found.plan.notices,
        "note": found.plan.note,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "name": finding.name,
        "kind": finding.kind,
        "expected": finding.expected,
        "found": finding.found,
        "factor": finding.factor,
        "cause": finding.cause,
        "p": finding.p,
        "text": said(finding),
    }


def compared(found: Verified, *, every: bool = False) -> RenderableType:
    """The plan beside what the model holds now: one row a parameter, repeated blocks folded."""
    verdicts = {verdict.row.parameter.name: verdict for verdict in found.verdicts}
    drawn = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name, ratio in (("parameter", 4), ("planned", 3), ("now", 5)):
        drawn.add_column(name, overflow="fold", ratio=ratio)
    for fold in _alike(found, every=every):
        drawn.add_row(Dotted(Text(title(fold), style="bold")), law(fold), _now(verdicts[fold.first.parameter.name]))
    return Group(drawn, Text(_tally(found), style="bold"), Text(conditions(found), style="dim"), *_notes(found))


def _alike(found: Verified, *, every: bool) -> list[Fold]:
    """The rows of a plan, folded where what the blocks hold compares alike too."""
    groups: dict[object, list[Verdict]] = {}
    for verdict in found.verdicts:
        first = verdict.findings[0].kind if verdict.findings else None
        groups.setdefault((verdict.status, first), []).append(verdict)
    folds = [fold for group in groups.values() for fold in folded([verdict.row for verdict in group], every=every)]
    places = {verdict.row.parameter.name: place for place, verdict in enumerate(found.verdicts)}
    return sorted(folds, key=lambda fold: places[fold.first.parameter.name])


def _now(verdict: Verdict) -> Text:
    if not verdict.findings:
        return Text(verdict.status, style="green" if verdict.status != "left alone" else "dim")
    return Text(said(verdict.findings[0]).partition(": ")[2].replace(" was planned", ""), style="red")


def _tally(found: Verified) -> str:
    counts = {
        words: sum(verdict.status == words for verdict in found.verdicts)
        for words in ("same numbers", "as planned", "differs", "left alone")
    }
    return ", ".join(f"{number} {words}" for words, number in counts.items() if number) + "."


def compared_document(found: Verified) -> dict[str, Any]:
    """The document of `initlab plan --diff`."""
    verified_as = document(found)
    return {**verified_as, **heading("plan"), "diff": True}


def fragment(found: Verified) -> str:
    """The verdict for a notebook."""
    notes = "".join(f"<p><em>{escape(words)}</em></p>" for words in open_ends(found.plan))
    lines = "".join(f"<li>{escape(said(finding))}</li>" for finding in found.findings)
    return (
        f'<div class="initlab"><style>{FRAGMENT_STYLE}</style><p><strong>{escape(summary(found))}</strong></p>'
        f"<ul>{lines}</ul><p><small>{escape(conditions(found))}</small></p>{notes}</div>"
    )

"""One cause, one finding: the same thing said of many weights is said once, with all of their names."""

from collections.abc import Iterable
from dataclasses import replace

from initlab.rules import Edit, Finding
from initlab.words import listed

FOLDED = frozenset(
    {"W001", "W020", "W021", "W030", "W031", "W040", "W066", "W070", "W071", "W072", "W073", "W076", "W080"}
)
"""Rules that look at each place by itself, and may say the same of many."""

SHOWN = 12
"""So many names are listed, and the rest are counted."""


def folded(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings of one rule and severity as one: the first, with the names and the remedies of the others.

    >>> from initlab.rules import Remedy
    >>> one = Finding(severity="error", path="a", measured=1, limit=0, formula="", cause="Bad.", rule="W020",
    ...               remedy=Remedy(words="Draw it."))
    >>> [(each.path, each.cause) for each in folded([one, replace(one, path="b"), replace(one, path="c")])]
    [('a', 'Bad. The same holds of b and c.')]
    """
    groups: dict[object, list[Finding]] = {}
    for number, finding in enumerate(findings):
        same = finding.rule in FOLDED and finding.counts
        groups.setdefault((finding.rule, finding.severity) if same else number, []).append(finding)
    return tuple(group[0] if len(group) == 1 else _one(group) for group in groups.values())


def _one(group: list[Finding]) -> Finding:
    first = group[0]
    others = [path for path in dict.fromkeys(each.path for each in group) if path != first.path]
    edits: dict[str, Edit] = {edit.weight: edit for each in group for edit in each.remedy.edits}
    return replace(
        first,
        cause=f"{first.cause} The same holds of {_shown(others)}." if others else first.cause,
        remedy=replace(first.remedy, edits=tuple(edits.values())),
        weights=tuple(dict.fromkeys(name for each in group for name in (*each.weights, each.path))),
    )


def _shown(names: list[str]) -> str:
    return listed(names if len(names) <= SHOWN else [*names[:SHOWN], f"{len(names) - SHOWN} more"])

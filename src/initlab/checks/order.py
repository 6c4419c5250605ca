"""Cause above effect: which finding explains which, and the order in which they are told.

A rule states what it may explain. What happens to the weights comes before what it does to the signal, that before what
it does to the gradient, and the loss is last: a NaN explains everything, a layer whose scale is wrong explains a
softmax that condenses, a loss above chance and a gradient that explodes.
"""

from collections.abc import Iterable
from dataclasses import replace

from initlab.rules import Finding

CAUSES: tuple[tuple[str, ...], ...] = (
    ("W001",),
    ("W070", "W071", "W072", "W073", "W074"),
    ("W012",),
    ("W020", "W031"),
    ("W021", "W030", "W040", "W080"),
    ("W010",),
    ("W002",),
    ("W061", "W060"),
    ("W066",),
    ("W050",),
    ("W062", "W063"),
    ("W051", "W052"),
)
"""Rules that may be causes, the deepest first; those of one group do not explain each other."""

_RANK = {rule: rank for rank, group in enumerate(CAUSES) for rule in group}
SEVERITY = {"error": 0, "warning": 1, "info": 2, "evidence": 3}


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings with causes first; an effect follows its cause and names it in `explained_by`."""
    accusing = sorted((finding for finding in findings if finding.counts), key=_depth)
    told = sorted((finding for finding in findings if not finding.counts), key=lambda each: SEVERITY[each.severity])
    roots: list[Finding] = []
    effects: list[Finding] = []
    for finding in accusing:
        cause = next((root for root in roots if _explains(root, finding)), None)
        if cause is None:
            roots.append(finding)
        else:
            effects.append(replace(finding, explained_by=f"{cause.rule} {cause.path}"))
    told_in_order = []
    for root in roots:
        told_in_order += [root, *(each for each in effects if each.explained_by == f"{root.rule} {root.path}")]
    return (*told_in_order, *told)


def _depth(finding: Finding) -> tuple[int, int]:
    return _RANK.get(finding.rule, len(CAUSES)), SEVERITY[finding.severity]


def _explains(cause: Finding, effect: Finding) -> bool:
    """Whether one finding makes another: of a rule further up, or the same rule at the same weights."""
    return _RANK.get(cause.rule, len(CAUSES)) < _RANK.get(effect.rule, len(CAUSES))

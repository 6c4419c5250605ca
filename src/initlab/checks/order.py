"""Cause above effect: which finding explains which, and the order in which they are told.

What happens to the weights comes before what it does to the signal, that before what it does to the gradient, and the
loss is last. A finding explains another of a rule further down where

- it is at least as grave, or exact, or blames all of the same layers: no other warning about a limit explains an error;
- it lies upstream of what is seen in the signal, or at the same weights; what is seen in gradients comes from either
  side, since the gradient of a weight is what comes in times what comes back;
- its size suffices: one layer does not explain what all layers do, and a weight that stands out by itself is a fault
  of its own.
"""

from collections.abc import Iterable
from dataclasses import replace

from initlab.rules import Finding
from initlab.trace import Trace

CAUSES: tuple[tuple[str, ...], ...] = (
    ("W001",),
    ("W070", "W071", "W072", "W073", "W074", "W076", "W077"),
    ("W012", "W053"),
    ("W020", "W031"),
    ("W021", "W030", "W040", "W041", "W080"),
    ("W010",),
    ("W002",),
    ("W061", "W060"),
    ("W066",),
    ("W050",),
    ("W078",),
    ("W062", "W063"),
    ("W051", "W052"),
)
"""Rules that may be causes, the deepest first; those of one group do not explain each other."""

EXACT = frozenset(
    {"W001", "W010", "W012", "W020", "W021", "W031", "W041", "W053", "W071", "W072", "W073", "W076", "W077"}
)
"""Rules that state what the weights or units are, and not how far a limit is. So does any of a limit of 0."""

NETWORK = frozenset({"W050", "W060", "W061", "W063", "W066"})
"""Rules about the network as a whole. Where they blame several weights, all layers are out of scale alike."""

SIGNAL = frozenset({"W002", "W020", "W021", "W030", "W031", "W040", "W041", "W080"})
"""Rules about what a place of the network puts out: what makes it so is upstream."""

GRADIENT = frozenset({"W010", "W060", "W062", "W063"})
"""What a weight that is not trained may make: rules about what comes back."""

FED = ("batch", "targets")
"""Where a finding points that no weight is to blame for."""

FACTS = ("W040", "W041", "W010", "W066")
"""Rules whose certain findings come before what all layers do: gone flat, a softmax between, no gradient, zeros."""

_RANK = {rule: float(rank) for rank, group in enumerate(CAUSES) for rule in group}
_ALL_LAYERS = _RANK["W020"] + 0.5
SEVERITY = {"error": 0, "warning": 1, "info": 2, "evidence": 3}


def ordered(findings: Iterable[Finding], trace: Trace) -> tuple[Finding, ...]:
    """Findings with the causes of errors first; an effect follows its cause and names it in `explained_by`."""
    all_of_them = tuple(findings)
    accusing = sorted(
        (each for each in all_of_them if each.counts), key=lambda each: (_rank(each, trace), _grave(each))
    )
    told = sorted((each for each in all_of_them if not each.counts), key=_grave)
    reach = _Reach(trace)
    groups: list[list[Finding]] = []
    for finding in accusing:
        causes = [group for group in groups if _explains(group[0], finding, reach)]
        if causes:
            nearest = min(causes, key=lambda group: _far(group[0], finding, trace))
            nearest.append(replace(finding, explained_by=nearest[0].label))
        else:
            groups.append([finding])
    groups.sort(key=lambda group: min(map(_grave, group)))
    return (*(each for group in groups for each in group), *told)


def wide(finding: Finding) -> bool:
    """Whether it blames the layers together, or what they are fed."""
    return (finding.rule in NETWORK and finding.limit != 0 and len(finding.weights) > 1) or finding.path in FED


def _certain(finding: Finding) -> bool:
    """Whether it states a fact, or is ten times beyond its limit."""
    flat = finding.rule == "W040" and 10 * finding.measured <= finding.limit
    return finding.rule in EXACT or finding.path in FED or finding.limit == 0 or flat


def _grave(finding: Finding) -> int:
    return SEVERITY[finding.severity]


def _rank(finding: Finding, trace: Trace) -> float:
    rank = _RANK.get(finding.rule, float(len(CAUSES)))
    if finding.path in FED:
        return 0.0
    own = [weight for weight in trace.weights if weight.name == finding.path and not weight.bias]
    effect = finding.rule == "W010" and not any(weight.norm == 0 for weight in own)
    if finding.rule in FACTS and _certain(finding) and not effect:
        return _RANK["W020"] + (1 + FACTS.index(finding.rule)) / 10
    return _ALL_LAYERS + rank / 100 if wide(finding) else rank


def _explains(cause: Finding, effect: Finding, reach: "_Reach") -> bool:
    """Whether one finding makes another."""
    if _rank(cause, reach.trace) >= _rank(effect, reach.trace):
        return False
    if cause.rule == "W012" and effect.rule not in GRADIENT:
        return False
    alike = wide(cause) and set(cause.weights) == set(effect.weights)
    if not (exact := _certain(cause)) and not alike and _grave(cause) > _grave(effect):
        return False
    if cause.rule == "W001" or wide(cause) or _named(cause) & _named(effect):
        return True
    if wide(effect):
        return exact
    if effect.rule in ("W050", "W061") and len(effect.weights) == 1:
        return False
    return effect.rule not in SIGNAL or reach.upstream(cause, effect)


def _far(cause: Finding, effect: Finding, trace: Trace) -> tuple[bool, bool, float]:
    """Of several causes the one at the same weights comes first, then one that is as grave."""
    return not _named(cause) & _named(effect), _grave(cause) > _grave(effect), _rank(cause, trace)


def _named(finding: Finding) -> set[str]:
    return {finding.path, *finding.weights}


class _Reach:
    """What feeds what in the first pass, by the names of weights and operations."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.ops = trace.first.ops if trace.passes else ()

    def upstream(self, cause: Finding, effect: Finding) -> bool:
        """Whether an operation of one finding feeds that of the other."""
        edge = [place for place, op in enumerate(self.ops) if effect.path in (op.name, *op.weights)]
        seen: set[int] = set()
        while edge:
            if (place := edge.pop()) not in seen:
                seen.add(place)
                edge += self.ops[place].inputs
        return any(_named(cause) & {self.ops[place].name, *self.ops[place].weights} for place in seen)

"""The plan: a policy applied to the parameters of a model. One row a parameter, with its law and the reason."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from initlab.errors import SpecError
from initlab.laws import Law, Orthogonal, TruncatedNormal
from initlab.parameters import TABLES, Parameter, Role
from initlab.plans.gain import rule_gain
from initlab.plans.policy import KEEP, Policy, Rank, Rule

FARTHEST_CUT = 5.0
"""A truncation beyond so many standard deviations takes away less than one number in a million: it is a slip."""

NEVER_RESCALED: frozenset[Role] = TABLES | {"norm_scale"}
"""What the methods that look at data leave as it was drawn."""

NoticeKind = Literal["unmatched", "unreached", "ambiguous", "truncation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that the policy leaves open, in words; under `strict` it is an error."""

    kind: NoticeKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one parameter gets, and why. Without a law it is left as it is; one `rescaled` is so on a batch of data."""

    parameter: Parameter
    law: Law | None
    reason: str
    scheme: str | None = None
    gain: float | None = None
    rescaled: bool = False

    @property
    def draws(self) -> int:
        """How many random numbers it takes."""
        return self.parameter.size if self.law is not None and self.law.variance > 0 else 0

    @property
    def operations(self) -> float:
        """Floating-point operations of its QR decomposition, 4mn² - 4n³/3 for m >= n; 0 for other laws."""
        if not isinstance(self.law, Orthogonal):
            return 0.0
        n, m = sorted((self.law.rows, self.law.columns))
        return 4.0 * m * n * n - 4.0 * n**3 / 3


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The rows of a model in its own order, under one policy; `framework` is the adapter that read it.

    `note` says why nothing but names tells the roles, where the model could not be run to see what follows each layer.
    """

    policy: Policy
    framework: str
    rows: tuple[Row, ...]
    buffers: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    note: str = ""

    @property
    def laws(self) -> dict[str, Law]:
        """The law of each parameter that is set, by name."""
        return {row.parameter.name: row.law for row in self.rows if row.law is not None}

    @cached_property
    def by_name(self) -> Mapping[str, Row]:
        """The rows by the names of their parameters."""
        return {row.parameter.name: row for row in self.rows}

    @property
    def numbers(self) -> int:
        """How many numbers the parameters hold."""
        return sum(row.parameter.size for row in self.rows)

    @property
    def draws(self) -> int:
        """How many random numbers applying it takes."""
        return sum(row.draws for row in self.rows)

    @property
    def operations(self) -> float:
        """Floating-point operations of its QR decompositions."""
        return sum(row.operations for row in self.rows)


def plan(
    parameters: Iterable[Parameter],
    policy: Policy,
    *,
    framework: str,
    buffers: Sequence[str] = (),
    note: str = "",
    strict: bool = False,
) -> Plan:
    """Apply a policy to parameters.

    >>> from initlab.parameters import Fan
    >>> from initlab.plans.policy import preset
    >>> found = plan([Parameter(name="fc", shape=(10, 50), fan=Fan.dense(50, 10))], preset("he"), framework="numpy")
    >>> found.laws
    {'fc': Normal(std=0.2, mean=0.0)}

    Raises SpecError when there is no parameter, when a scheme lacks a fact about one, and, if `strict`, for what the
    policy leaves open.
    """
    ranked = policy.ranked()
    reached: dict[int, list[tuple[Parameter, bool]]] = {id(rule): [] for _, rule in ranked}
    rows, notices, ties = [], [], _Ties(policy)
    for parameter in parameters:
        found = _candidates(ranked, parameter)
        for place, (_, rule) in enumerate(found):
            reached[id(rule)].append((parameter, place == 0))
        ties.note(parameter, found)
        if not found and parameter.trainable and parameter.role not in ("buffer", "special"):
            notices.append(_unreached(parameter))
        rows.append(_row(parameter, found[0][1] if found else None, policy))
    if not rows:
        raise SpecError("The model must have at least one parameter, got none. Give a network with layers.")
    notices += ties.notices()
    notices += [_unmatched(policy, rule) for _, rule in ranked if not reached[id(rule)] and not rule.optional]
    notices += [notice for row in rows if (notice := _cuts_nothing(row)) is not None]
    if strict and notices:
        more = f" ({len(notices) - 1} more: plan it without --strict to see them.)" if len(notices) > 1 else ""
        raise SpecError(f"The policy {policy.name} must leave nothing open, got: {notices[0].text}{more}")
    return Plan(
        policy=policy,
        framework=framework,
        rows=tuple(rows),
        buffers=tuple(buffers),
        notices=tuple(notices),
        note=note,
    )


def _candidates(ranked: Sequence[tuple[Rank, Rule]], parameter: Parameter) -> list[tuple[Rank, Rule]]:
    """The rules that reach a parameter, the highest rank first. A special one is reached by name or role alone."""
    if not parameter.trainable or parameter.role == "buffer":
        return []
    special = parameter.role == "special"
    return [
        (rank, rule) for rank, rule in ranked if (not special or rule.name or rule.role) and rule.reaches(parameter)
    ]


def _row(parameter: Parameter, rule: Rule | None, policy: Policy) -> Row:
    said = [f"{rule.reason}"] if rule is not None and rule.reason else []
    if rule is None:
        return Row(parameter=parameter, law=None, reason=_joined(f"left as it is: {_alone(parameter)}", parameter.why))
    if rule.scheme == KEEP:
        return Row(parameter=parameter, law=None, reason=_joined("left as it is", *said, parameter.why))
    options = dict(rule.choice.options)
    gain = None
    if rule.gain is not None and parameter.role not in ("bias", "norm_scale"):
        gain, words = rule_gain(rule.gain, parameter)
        options["gain"] = gain * float(options.get("gain", 1.0))
        said.append(words)
    rescaled = policy.method is not None and parameter.role not in NEVER_RESCALED
    if rescaled:
        said.append("then rescaled on the batch")
    if parameter.padding is not None:
        said.append(f"row {parameter.padding} is padding and stays as it is")
    law = rule.choice.scheme.law(parameter, options)
    label = rule.choice.label
    if not rule.choice.scheme.sets(parameter):
        label = "zeros" if law.mean == 0 else "constant(1)"
    reason = _joined(*said, parameter.why)
    return Row(parameter=parameter, law=law, scheme=label, gain=gain, reason=reason, rescaled=rescaled)


def _alone(parameter: Parameter) -> str:
    if parameter.role == "buffer":
        return "a buffer"
    if parameter.role == "special":
        return "only the model's own code can set it"
    return "no rule reaches it" if parameter.trainable else "frozen"


def _joined(*said: str) -> str:
    return "; ".join(words for words in said if words)


def _unreached(parameter: Parameter) -> Notice:
    return Notice(
        kind="unreached", text=f"No rule reaches {parameter.name} (role {parameter.role}); it stays as it is."
    )


def _unmatched(policy: Policy, rule: Rule) -> Notice:
    return Notice(kind="unmatched", text=f"{_named(policy, rule)} matches nothing in this model.")


def _cuts_nothing(row: Row) -> Notice | None:
    law = row.law
    if not isinstance(law, TruncatedNormal):
        return None
    cut = max(abs(law.low), abs(law.high))
    if not FARTHEST_CUT < cut < math.inf:
        return None
    return Notice(
        kind="truncation",
        text=f"The cut of {row.parameter.name} at {cut:.3g}σ cuts nothing: give it in standard deviations, such as 2.",
    )


def _named(policy: Policy, rule: Rule) -> str:
    """A rule as a message names it: its number, its conditions and its scheme."""
    own = next((place for place, each in enumerate(policy.rules) if each is rule), None)
    if own is not None:
        return f"Rule {own + 1} of {policy.name} ({rule.conditions}: {rule.scheme})"
    place = next(place for place, each in enumerate(policy.inherited) if each is rule)
    return f"Rule {place + 1} of {policy.extends} ({rule.conditions}: {rule.scheme})"


class _Ties:
    """Pairs of rules of equal rank that reach one parameter, each pair told once."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._pairs: dict[tuple[int, int], tuple[Rule, Rule, list[str]]] = {}

    def note(self, parameter: Parameter, found: Sequence[tuple[Rank, Rule]]) -> None:
        if len(found) > 1 and found[0][0] == found[1][0]:
            first, second = found[0][1], found[1][1]
            self._pairs.setdefault((id(first), id(second)), (first, second, []))[2].append(parameter.name)

    def notices(self) -> list[Notice]:
        return [
            Notice(
                kind="ambiguous",
                text=f"{_named(self._policy, first)} and {_named(self._policy, second)} are of equal rank and "
                f"both reach {names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''}; the first wins.",
            )
            for first, second, names in self._pairs.values()
        ]

"""What a recorded run says of each parameter: which rows of a weight play which role, and what they go through."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from initlab.adapters.torch.curves import named_curve
from initlab.adapters.torch.flow import Addition, Event, ParamUse, Product, Recording
from initlab.parameters import Role

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Rows of a weight that play one role and go through one activation; None for all rows. `why` in words."""

    rows: tuple[int, ...] | None
    role: Role
    activation: str | None
    why: str


_RANKS: dict[Role, int] = {
    "query": 9,
    "key": 9,
    "value": 9,
    "attention_out": 8,
    "residual_out": 8,
    "gate": 6,
    "head": 4,
    "input": 2,
    "weight": 0,
}


class Evidence:
    """The recorded run, by parameter."""

    def __init__(self, recording: Recording) -> None:
        self.note = recording.note
        self.ran = bool(recording.products)
        self._products = _by(recording.products, lambda each: each.weight)
        self._events = _by(recording.events, lambda each: each.product.weight)
        self._uses = _by(recording.uses, lambda each: each.param)
        self._parts: dict[str, tuple[Part, ...]] = {}
        self._scales = {scale for addition in recording.additions for scale in addition.scales}
        self._branches = _branches(recording.additions)

    def products(self, name: str) -> list[Product]:
        """The products of a weight."""
        return self._products.get(name, [])

    def uses(self, name: str) -> list[ParamUse]:
        """What was done with a parameter outside of products."""
        return self._uses.get(name, [])

    def scales_branch(self, name: str) -> bool:
        """Whether a branch is multiplied by it before it is added to the stream."""
        return name in self._scales

    def parts(self, name: str) -> tuple[Part, ...]:
        """The rows of a weight by what becomes of them; none for one that was in no product."""
        if name not in self._parts:
            self._parts[name] = self._found(name)
        return self._parts[name]

    def _found(self, name: str) -> tuple[Part, ...]:
        products = [each for each in self.products(name) if each.kind in ("dense", "convolution")]
        if not products:
            return ()
        events = [each for each in self._events.get(name, ()) if each.product.kind in ("dense", "convolution")]
        base = _base(products)
        if all(event.rows is None for event in events):
            return (self._part(None, events, base),)
        size = max(product.outputs for product in products)
        touched = np.zeros((len(events), size), dtype=bool)
        for index, event in enumerate(events):
            touched[index, slice(None) if event.rows is None else list(event.rows)] = True
        patterns, of_row = np.unique(touched, axis=1, return_inverse=True)
        found = [
            self._part(
                tuple(np.flatnonzero(of_row.ravel() == index).tolist()),
                [event for event, there in zip(events, pattern, strict=True) if there],
                base,
            )
            for index, pattern in enumerate(patterns.T)
        ]
        return _merged(sorted(found, key=lambda part: part.rows or ()), size)

    def _part(self, rows: tuple[int, ...] | None, events: list[Event], base: tuple[Role, str]) -> Part:
        candidates = [base, *(said for event in events if (said := self._role(event)) is not None)]
        role = max((role for role, _ in candidates), key=_RANKS.__getitem__)
        why = "; ".join(dict.fromkeys(reason for own, reason in candidates if own == role and reason))
        activation, note = _activation(events)
        if role == "head" and activation == "linear":
            activation = None
        return Part(rows=rows, role=role, activation=activation, why="; ".join(filter(None, (why, note))))

    def _role(self, event: Event) -> tuple[Role, str] | None:
        use, product = event.use, event.product
        if use in ("query", "key", "value"):
            return use, f"the {use} of an attention"
        if use == "residual":
            role: Role = "attention_out" if product.attended else "residual_out"
            where = self._branches.get(product.weight or "", "")
            return role, f"added to the residual stream{' in ' + where if where else ''}"
        if use == "gated" and named_curve(event.curve)[0] != "linear":
            return "gate", "goes through an activation and multiplies another branch"
        if use == "output":
            return "head", "the model's output"
        return None


def _base(products: list[Product]) -> tuple[Role, str]:
    """The role that the inputs of a weight's products give it."""
    if any(product.attended for product in products):
        return "attention_out", "takes what an attention mixed"
    if all(product.before == 0 and product.of_input for product in products):
        return "input", "takes the model's input"
    return "weight", ""


def _branches(additions: list[Addition]) -> dict[str, str]:
    return {product.weight: each.place for each in reversed(additions) for product in each.products if product.weight}


def _activation(events: list[Event]) -> tuple[str | None, str]:
    """The activation that follows: the first that is not linear; and what there is to say of it."""
    if not events:
        return None, "what follows was not seen"
    found = list(dict.fromkeys(named_curve(event.curve) for event in events))
    bent = [each for each in found if each[0] != "linear"]
    if not bent:
        return "linear", ""
    name, note = bent[0]
    others = [other or "one unknown" for other, _ in bent[1:] if other != name]
    if others:
        note = "; ".join(filter(None, (note, f"elsewhere followed by {', '.join(others)}")))
    return name, note


def _merged(parts: list[Part], size: int) -> tuple[Part, ...]:
    """Parts of one role and activation together; all rows as None."""
    groups: dict[tuple[Role, str | None], list[Part]] = {}
    for part in parts:
        groups.setdefault((part.role, part.activation), []).append(part)
    made = []
    for (role, activation), alike in groups.items():
        rows = tuple(sorted(row for part in alike for row in part.rows or ()))
        made.append(Part(rows=None if len(rows) == size else rows, role=role, activation=activation, why=alike[0].why))
    return tuple(made)


def _by(items: Sequence[Item], key: Callable[[Item], str | None]) -> Mapping[str | None, list[Item]]:
    found: dict[str | None, list[Item]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return found

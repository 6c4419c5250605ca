"""Which edits of a backward pass return what a program returned: found one after the other, from the widest effect."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from initlab.gradients.case import Array
from initlab.gradients.causes.cause import ANY_FACTOR, CAUSES, Attempt, Variant
from initlab.gradients.layers import Layer
from initlab.gradients.reference import Edit, Kind, Line, Net, replay
from initlab.gradients.report import Mistake
from initlab.gradients.returned import Gradient
from initlab.gradients.suggestion import suggested

MOST_MISTAKES = 8
SCALING = frozenset({"literal_factor", "missing_mean", "doubled_mean", "sign", "zero_gradient"})
"""Slips that return the same numbers in a line as in each block that it feeds."""

MATCH = 1e-10
"""How close a replay must come, as a share of the largest entry, beside the rounding of what was returned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A cause, the edit that it is, and the blocks that it explains."""

    cause: str | None
    rank: int
    variant: Variant
    blocks: frozenset[str]


Chosen = tuple[Found, list[Found]]
"""An edit, and the others that return the same numbers."""


class Replayer:
    """What was returned, beside replays of a recognised network. `beside` is all that the user's function returns."""

    def __init__(self, net: Net, returned: Gradient, beside: Mapping[str, Any]) -> None:
        self.net, self.returned, self.beside = net, returned, beside
        self.slack = {
            name: 8 * returned.rounding[name] + MATCH * float(np.abs(value).max()) + net.off(name, value)
            for name, value in returned.values.items()
        }

    def matches(self, predicted: Mapping[str, Array]) -> frozenset[str]:
        """The blocks that are as returned."""
        return frozenset(
            name
            for name, value in self.returned.values.items()
            if name in predicted and bool(np.all(np.abs(predicted[name] - value) <= self.slack[name]))
        )

    def explain(self) -> tuple[tuple[Mistake, ...], frozenset[str]]:
        """The mistakes, and the blocks that are right or explained by them."""
        edits: dict[Line, Edit] = {}
        chosen: list[Chosen] = []
        right = self.matches(replay(self.net, {}).gradients())
        while len(right) < len(self.returned.values) and len(chosen) < MOST_MISTAKES:
            found = self._next(edits, right, {best.cause for best, _ in chosen})
            if not found:
                break
            best, same = found[0], found[1:]
            edits[best.variant.line] = best.variant.edit
            right = best.blocks
            chosen.append((best, same))
        chosen, right = self._without_chance(chosen, right)
        return self._mistakes(chosen), right

    def _without_chance(self, chosen: list[Chosen], right: frozenset[str]) -> tuple[list[Chosen], frozenset[str]]:
        """Leave out the names of a block alone where all else from its layer down stays unknown: dZ is wrong there."""
        unknown = set(self.returned.values) - right
        kept = [each for each in chosen if not self._is_chance(each[0].variant.line, unknown)]
        if len(kept) == len(chosen):
            return chosen, right
        edits = {best.variant.line: best.variant.edit for best, _ in kept}
        return kept, self.matches(replay(self.net, edits).gradients())

    def _is_chance(self, at: Line, unknown: set[str]) -> bool:
        kind, layer = at
        rest = {block for each in self.net.layers[:layer] for block in each.blocks}
        rest -= set(spoiled(self.net.layers, kind, layer))
        return kind in ("dW", "db") and bool(rest) and rest <= unknown

    def _next(self, edits: Mapping[Line, Edit], right: frozenset[str], known: Collection[str | None]) -> list[Found]:
        """The edits that explain most blocks more, without spoiling one; the likeliest first, all the same numbers.

        What was found already is the likeliest of its rank: one slip often runs through several lines.
        """
        seen = replay(self.net, edits)
        attempt = Attempt(net=self.net, seen=seen, returned=self.returned.values, slack=self.slack)
        found = [each for each in self._candidates(attempt, edits) if each.blocks > right]
        most = max((len(each.blocks) for each in found), default=0)
        best = [each for each in found if len(each.blocks) == most]
        best.sort(key=lambda each: (each.rank, each.cause not in known, _depth_of_effect(each.variant.line)))
        return [each for each in best if each.blocks == best[0].blocks]

    def _candidates(self, attempt: Attempt, edits: Mapping[Line, Edit]) -> Iterator[Found]:
        for entry in CAUSES.values():
            if entry.lines is None:
                continue
            for variant in entry.lines(attempt):
                if variant.line not in edits:
                    with np.errstate(all="ignore"):
                        predicted = replay(self.net, {**edits, variant.line: variant.edit}).gradients()
                        blocks = self.matches(predicted)
                    name = entry.name if variant.named else None
                    yield Found(cause=name, rank=entry.rank, variant=variant, blocks=blocks)

    def _mistakes(self, chosen: list[Chosen]) -> tuple[Mistake, ...]:
        """One mistake for each cause and text: the same slip in several lines is one."""
        mistakes: list[Mistake] = []
        done: frozenset[str] = self.matches(replay(self.net, {}).gradients())
        wrong = [name for name in self.returned.values if name not in done]
        for best, same in chosen:
            kind, layer = best.variant.line
            blocks = tuple(name for name in spoiled(self.net.layers, kind, layer) if name in wrong)
            same = [each for each in same if each.rank < ANY_FACTOR or best.rank == ANY_FACTOR]
            others = tuple(dict.fromkeys(_said(each, best) for each in same if each.variant.text != best.variant.text))
            if layer == 1 and kind == "dZ" and best.cause in SCALING:
                others = (*others, f"the same in {' and '.join(blocks)} each")
            mistakes.append(
                Mistake(
                    site=site(self.net.layers, kind, layer),
                    cause=best.cause,
                    text=best.variant.text,
                    line=suggested(self.net, kind, layer, cause=best.cause, beside=self.beside),
                    blocks=blocks,
                    others=others[:3],
                )
            )
        return tuple(mistakes)


def _said(each: Found, best: Found) -> str:
    kind, layer = each.variant.line
    return each.variant.text if each.variant.line == best.variant.line else f"{kind}{layer}: {each.variant.text}"


def _depth_of_effect(at: Line) -> int:
    """DZ before dA before dW: of lines that return the same numbers, the one that is written last is named."""
    return {"dW": 0, "db": 0, "dZ": 1, "dD": 2, "dA": 3}[at[0]]


def site(layers: tuple[Layer, ...], kind: Kind, layer: int) -> str:
    """The name of a line: the block, for dW and db; the line itself above."""
    own = layers[layer - 1]
    if kind == "dW":
        return own.weight
    if kind == "db":
        return own.bias or own.weight
    return f"{'dA' if kind == 'dD' else kind}{layer}"


def spoiled(layers: tuple[Layer, ...], kind: Kind, layer: int) -> tuple[str, ...]:
    """The blocks that a line feeds."""
    own = layers[layer - 1]
    if kind == "dW":
        return (own.weight,)
    if kind == "db":
        return (own.bias,) if own.bias else ()
    return tuple(block for each in layers if each.number <= layer for block in each.blocks)

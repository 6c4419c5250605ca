"""From wrong blocks to mistakes: where the chain breaks, then which mistake gives back what was returned."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from initlab.gradients.algebra import Named, block_of, readings
from initlab.gradients.case import Array, GradientCase
from initlab.gradients.causes.cause import ANY_FACTOR
from initlab.gradients.coordinates import Measured
from initlab.gradients.layers import Layer, Site, sites
from initlab.gradients.report import Mistake
from initlab.words import listed

Write = Callable[[Site, str | None], str | None]
"""The right line of a site, given the cause; None where the program does not determine it."""

FEW = 4
"""So many entries, rows or columns are listed."""

UNKNOWN = "no mistake of the catalogue returns these numbers"


def diagnose(
    case: GradientCase,
    theta: Mapping[str, Array],
    measured: Mapping[str, Measured],
    uses: Mapping[str, tuple[int, int] | None],
    *,
    layers: Sequence[Layer],
    write: Write,
) -> tuple[Mistake, ...]:
    """One mistake for each site of the blocks that were measured because they are wrong, by their numbers alone.

    `layers` are those of a chain of dense ones, where it is one; `write` knows the right line of a site.
    """
    peers = {name: found.numeric for name, found in measured.items() if found.complete}
    doubled = case.doubled(theta) if case.doubled and measured else {}
    changed = bool(case.saved_changed and measured and case.saved_changed(theta))
    above = case.upstream(theta) if case.upstream and measured else ()
    named = {
        name: readings(
            block_of(name, found, theta, case, peers, doubled, uses[name], saved_changed=changed, upstream=above)
        )
        for name, found in measured.items()
    }
    still = [name for name, found in measured.items() if not np.any(found.numeric)]
    if len(still) < len(measured):  # a block that does not move the cost, spoiled with others that do, is no copy
        named |= {name: {t: r for t, r in named[name].items() if r[0] != "unused_parameter"} for name in still}
    groups = [_mistake(site, named, measured, write) for site in sites(layers, measured)]
    found = [each for group in groups for each in group]
    return tuple(merged(found if layers else _unknown_at_once(found, list(theta), still)))


def _subject(names: Sequence[str]) -> str:
    """As a subject with its verb."""
    return f"{listed(names)} {'are' if len(names) > 1 else 'is'}"


def _unknown_at_once(mistakes: list[Mistake], names: list[str], still: Sequence[str]) -> list[Mistake]:
    """Several blocks of which nothing is known as one mistake: where no chain of layers is, one slip spoils many.

    `still` are those that do not move the cost.
    """
    unknown = [each for each in mistakes if each.cause is None and each.text == UNKNOWN]
    if len(unknown) < 2:
        return mistakes
    wrong = {block for each in mistakes for block in each.blocks}
    right = [name for name in names if name not in wrong]
    blocks = tuple(block for each in unknown for block in each.blocks)
    where = (
        f"{_subject(right)} right: it is further back" if right else "no block is right: it is in the loss, or ahead"
    )
    zero = [name for name in blocks if name in still]
    if zero:
        where += f"; the gradient of {_subject(zero)} 0, as before a norm, whose backward pass takes the mean off"
    one = replace(unknown[0], site=", ".join(blocks), blocks=blocks, text=f"{UNKNOWN}; {where}")
    return [*(each for each in mistakes if each not in unknown), one]


def _mistake(site: Site, named: Mapping[str, Named], measured: Mapping[str, Measured], write: Write) -> list[Mistake]:
    """One mistake for the whole site where one reading fits all its blocks; else one a block, if each has its own."""
    common = [text for text in named[site.blocks[0]] if all(text in named[name] for name in site.blocks)]
    if common:
        text = common[0]
        cause, rank = named[site.blocks[0]][text]
        others = tuple(each for each in common[1:] if named[site.blocks[0]][each][1] == rank or rank == ANY_FACTOR)
        if site.kind == "chain" and site.layer == 1:
            others = (*others, f"the same in {' and '.join(site.blocks)} each")
        line = write(site, cause)
        return [Mistake(site=site.name, cause=cause, text=text, line=line, blocks=site.blocks, others=others[:3])]
    alone = all(named[name] for name in site.blocks)
    if site.kind == "chain" and (alone or site.layer == 1):
        blocks = [Site(kind="block", name=name, blocks=(name,)) for name in site.blocks]
        if alone:
            return [each for block in blocks for each in _mistake(block, named, measured, write)]
    return [Mistake(site=site.name, cause=None, text=_unknown(site, measured), line=None, blocks=site.blocks)]


def _unknown(site: Site, measured: Mapping[str, Measured]) -> str:
    """What can be said of a mistake that is in no catalogue."""
    if site.kind == "chain":
        return f"{UNKNOWN}; what makes {site.name} is wrong, and with it every block below"
    where = _where(measured[site.blocks[0]])
    return f"{UNKNOWN}; {where}" if where else UNKNOWN


def _where(found: Measured) -> str:
    """The few entries that are wrong, or the rows and columns that hold them all."""
    wrong = np.zeros(found.shape, dtype=bool)
    wrong.flat[found.places[found.wrong]] = True
    count = int(wrong.sum())
    only = "only" if found.complete else "at least"
    for axis, word in ((1, "row"), (0, "column")):
        if found.complete and wrong.ndim == 2:
            lines = np.flatnonzero(wrong.any(axis=axis))
            if 0 < 2 * len(lines) < wrong.shape[1 - axis] and count > len(lines) and len(lines) <= FEW:
                zero = not np.any(found.analytic.reshape(found.shape).take(lines, axis=1 - axis))
                said = ", ".join(map(str, lines)) + (", which is 0" if zero else "")
                return f"wrong only in {word}{'s' if len(lines) > 1 else ''} {said}"
    if 0 < count <= FEW and len(found.places) > 2 * count:
        places = (list(map(int, place)) for place in np.argwhere(wrong))
        return f"wrong {only} at {', '.join(map(str, places))}"
    return ""


def merged(mistakes: Sequence[Mistake]) -> list[Mistake]:
    """The same slip in several lines as one mistake."""
    by_text: dict[tuple[str | None, str], Mistake] = {}
    for each in mistakes:
        key = (each.cause, each.text)
        known = by_text.get(key)
        if known is None or each.cause is None:
            by_text[key if each.cause else (None, f"{each.site} {each.text}")] = each
        else:
            blocks = tuple(dict.fromkeys([*known.blocks, *each.blocks]))
            by_text[key] = replace(known, site=f"{known.site}, {each.site}", blocks=blocks)
    return list(by_text.values())

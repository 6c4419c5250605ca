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

Write = Callable[[Site, str | None], str | None]
"""The right line of a site, given the cause; None where the program does not determine it."""

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
    named = {
        name: readings(block_of(name, found, theta, case, peers, doubled, uses[name], saved_changed=changed))
        for name, found in measured.items()
    }
    groups = [_mistake(site, named, measured, write) for site in sites(layers, measured)]
    found = [each for group in groups for each in group]
    return tuple(merged(found if layers else _unknown_at_once(found, list(theta))))


def listed(names: Sequence[str]) -> str:
    """As a subject with its verb.

    >>> listed(["W1", "b1", "W2"])
    'W1, b1 and W2 are'
    """
    *most, last = names
    return f"{', '.join(most)} and {last} are" if most else f"{last} is"


def _unknown_at_once(mistakes: list[Mistake], names: list[str]) -> list[Mistake]:
    """Several blocks of which nothing is known as one mistake: where no chain of layers is, one slip spoils many."""
    unknown = [each for each in mistakes if each.cause is None and each.text == UNKNOWN]
    if len(unknown) < 2:
        return mistakes
    wrong = {block for each in mistakes for block in each.blocks}
    right = [name for name in names if name not in wrong]
    blocks = tuple(block for each in unknown for block in each.blocks)
    where = f"{listed(right)} right: it is further back" if right else "no block is right: it is in the loss, or ahead"
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
    found = measured[site.blocks[0]]
    wrong = np.flatnonzero(found.wrong)
    if 0 < len(wrong) <= 4 and len(found.places) > 2 * len(wrong):
        places = (tuple(map(int, np.unravel_index(int(found.places[i]), found.shape))) for i in wrong)
        return f"{UNKNOWN}; wrong only at {', '.join(str(list(place)) for place in places)}"
    return UNKNOWN


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

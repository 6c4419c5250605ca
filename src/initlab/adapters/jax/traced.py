"""The blocks of an array by how it is used, where its layer is of no known kind."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace

from initlab.adapters.jax.flow import Fact, Flow
from initlab.adapters.jax.layers import table
from initlab.adapters.jax.leaves import Form
from initlab.adapters.jax.place import Block, Place
from initlab.adapters.jax.program import Number, Program, traced
from initlab.adapters.jax.uses import Use, uses_of
from initlab.adapters.jax.views import View, views_of
from initlab.parameters import Role

PRODUCTS = ("dot_general", "conv_general_dilated")
AFTER_NORM = ("add", "sub", "convert_element_type", "reshape", "transpose")


class Trace:
    """A model traced on shapes: the uses of each of its arrays, and what the flow says of its kernels."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.views: dict[Number, View] = views_of(program)
        self.uses: tuple[Use, ...] = uses_of(program)
        self.facts: list[Fact] = Flow(program=program, uses=self.uses).facts()
        self.normed = _normed(program)

    def of(self, leaf: int) -> list[Use]:
        """The uses of an array."""
        return [use for use in self.uses if use.view.weight == leaf]

    def fact(self, leaf: int, index: tuple[int, ...] = ()) -> Fact | None:
        """What is known of a kernel, or of one layer of a stack of them."""
        mine = [fact for fact in self.facts if fact.use.view.weight == leaf]
        exact = [fact for fact in mine if tuple(cut for _, cut in fact.use.index) == index[: len(fact.use.index)]]
        return next(iter(exact or mine), None)

    def shifted(self, leaf: int) -> Fact | None:
        """The kernel whose output an array is added to."""
        for fact in self.facts:
            if any(number in self.views and self.views[number].weight == leaf for number in fact.walk.shifts):
                return fact
        return None


def trace(form: Form) -> Trace | None:
    """The traced model; None where it cannot be called, or fails."""
    if form.forward is None or form.inputs is None:
        return None
    from initlab.adapters.jax.inputs import standing

    try:
        program = traced(
            form.forward, [standing(leaf.value) for leaf in form.leaves], [standing(each) for each in form.inputs]
        )
    except Exception:
        return None
    return Trace(program)


def blocks_by_use(shape: tuple[int, ...], uses: Sequence[Use], normed: frozenset[Number]) -> tuple[Block, ...]:
    """The blocks of an array from its uses: of several, being looked up counts most, then being multiplied."""
    for kind in ("lookup", "kernel", "table", "scale", "shift"):
        found = [use for use in uses if use.kind == kind]
        if found and kind == "kernel":
            return _kernels(shape, found)
        if found and kind in ("lookup", "table"):
            return (_table(shape, found[0]),)
        if found:
            return _entrywise(shape, found, normed)
    return ()


def _table(shape: tuple[int, ...], use: Use) -> Block:
    if use.kind == "lookup":
        return table(shape, role="embedding", why="rows that the data choose")
    if use.what == "concatenate":
        return table(shape, role="embedding", why="rows joined to the data")
    return table(shape, role="positional", why="table that is added to the data")


def _kernels(shape: tuple[int, ...], uses: Sequence[Use]) -> tuple[Block, ...]:
    made: dict[Place, Block] = {}
    for use in uses:
        for index in itertools.product(*(range(shape[axis]) for axis in use.batch)):
            place = Place(held=shape, groups=use.groups, cuts=(*use.view.cuts, *zip(use.batch, index, strict=True)))
            if sorted(axis for group in place.groups for axis in group) == _open(place):
                made.setdefault(place, Block(place=place, role="weight", fan=use.fan, why=f"{use.what}, as it is used"))
    whole_ones = [block for block in made.values() if not any(isinstance(cut, slice) for _, cut in block.place.cuts)]
    return tuple(whole_ones or made.values()) if _covered(shape, list(whole_ones or made.values())) else ()


def _open(place: Place) -> list[int]:
    """The held axes that no index drops."""
    dropped = {axis for axis, cut in place.cuts if isinstance(cut, int)}
    return [axis for axis in range(len(place.held)) if axis not in dropped]


def _covered(shape: tuple[int, ...], blocks: Sequence[Block]) -> bool:
    """Whether blocks hold as many numbers as their array."""
    return sum(math.prod(block.place.shape) for block in blocks) == math.prod(shape)


def _entrywise(shape: tuple[int, ...], uses: Sequence[Use], normed: frozenset[Number]) -> tuple[Block, ...]:
    """A scale or shift of the data, one a layer of a stack."""
    use = uses[0]
    role: Role
    if use.kind == "shift":
        role, why = "bias", "added to the data"
    elif use.data in normed:
        role, why = "norm_scale", "multiplies what was normalised" + (", as 1 + w" if use.view.shifted else "")
    else:
        role, why = "residual_scale", "multiplies the data entry by entry"
    indices = sorted({each.index for each in uses}) or [()]
    stacked = len(indices[0])
    return tuple(
        Block(
            place=Place(held=shape, groups=tuple((axis,) for axis in range(stacked, len(shape))), cuts=index),
            role=role,
            neutral=0.0 if use.view.shifted else 1.0,
            why=why,
        )
        for index in indices
        if len(index) == stacked
    )


def _normed(program: Program) -> frozenset[Number]:
    """The values that were divided by, or are made of, a statistic of the data."""
    statistics: set[Number] = set()
    normed: set[Number] = set()
    for step in program.steps:
        data = [number for number in step.reads if number not in program.held]
        reduced = step.name.startswith("reduce_") and "window" not in step.name
        if reduced or (data and step.name not in PRODUCTS and statistics.issuperset(data)):
            statistics.update(step.writes)
            continue
        scaled = step.name in ("mul", "div") and any(number in statistics or number in normed for number in data)
        if scaled or (len(data) == 1 and data[0] in normed and step.name in AFTER_NORM):
            normed.update(step.writes)
    return frozenset(statistics | normed)


def relabelled(block: Block, parts: Sequence[Role]) -> tuple[Block, ...]:
    """A packed projection of attention, or its bias, split into equal parts along its outputs."""
    axis = block.place.groups[0][0]
    share, odd = divmod(block.place.held[axis], len(parts))
    if odd or any(cut[0] == axis for cut in block.place.cuts):
        return (block,)
    words = [{"query": "queries", "key": "keys", "value": "values"}[role] for role in parts]
    return tuple(
        replace(
            block,
            place=replace(block.place, cuts=(*block.place.cuts, (axis, slice(k * share, (k + 1) * share)))),
            role="bias" if block.role == "bias" else role,
            label=role,
            fan=block.fan and replace(block.fan, outputs=block.fan.outputs // len(parts)),
            why=f"{block.why}; block {k} of what is packed of {', '.join(words[:-1])} and {words[-1]}",
        )
        for k, role in enumerate(parts)
    )

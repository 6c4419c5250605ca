"""What feeds what: for every value of a program, the measured operations that it came from last."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from initlab.adapters.jax.following import LAYOUT
from initlab.adapters.jax.program import Number, Program
from initlab.adapters.jax.sites import Site


@dataclass(slots=True, kw_only=True)
class Marks:
    """The operations behind each value, and the places of those that a sum or product joins to another signal.

    `direct` is the operation that a value is the result of, laid out otherwise perhaps; `residual` those that are added
    to what they were made of, or were made from, and `joins` says whether there is such a sum; `gates` those that
    another signal is multiplied with.
    """

    program: Program
    sites: Sequence[Site]
    ops: dict[Number, frozenset[int]] = field(default_factory=dict)
    direct: dict[Number, int] = field(default_factory=dict)
    inputs: list[tuple[int, ...]] = field(default_factory=list)
    residual: set[int] = field(default_factory=set)
    gates: set[int] = field(default_factory=set)
    joins: bool = False

    def __post_init__(self) -> None:
        results: dict[Number, int] = {site.result: place for place, site in enumerate(self.sites)}
        self.inputs = [()] * len(self.sites)
        statistics: set[Number] = set()
        for step in self.program.steps:
            data = [number for number in step.reads if number not in self.program.held]
            behind = [self.ops.get(number, frozenset[int]()) for number in data]
            joined = frozenset[int]().union(*behind)
            if step.name.startswith("reduce_") or (data and statistics.issuperset(data)):
                statistics.update(step.writes)
            elif len(data) == 2:
                self._join(step.name, data, statistics)
            for number in step.writes:
                self.ops[number] = joined
                if step.name in LAYOUT and len(data) == 1 and data[0] in self.direct:
                    self.direct[number] = self.direct[data[0]]
                if number in results:
                    self._at(results[number], number)

    def _at(self, place: int, number: Number) -> None:
        site = self.sites[place]
        given = self.ops.get(number if site.kind == "attention" else site.given, frozenset())
        self.inputs[place] = tuple(sorted(given - {place}))
        self.ops[number], self.direct[number] = frozenset({place}), place

    def _join(self, name: str, data: Sequence[Number], statistics: set[Number]) -> None:
        """A sum of a signal and what was made of it is a residual; a product of two signals is a gate."""
        if any(not self.ops.get(number) for number in data):
            return
        made = [self.direct[number] for number in data if number in self.direct]
        if name == "mul" and not statistics.intersection(data) and self._differ(data):
            self.gates.update(made)
        if name in ("add", "add_any") and any(self._made_of(*pair) for pair in (data, data[::-1])):
            self.residual.update(made)
            self.joins = True

    def _differ(self, data: Sequence[Number]) -> bool:
        """Whether two values come from different operations: z·σ(z) is one activation, and no gate."""
        one, two = (self.ops[number] for number in data)
        return one != two

    def _made_of(self, late: Number, early: Number) -> bool:
        """Whether a signal was made of another, by one operation or more."""
        target, own = self.ops[early], self.ops[late]
        seen: set[int] = set()
        edge = set(own)
        while edge:
            seen |= edge
            edge = {place for each in edge for place in self.inputs[each]} - seen
        return bool((seen - own) & target)

"""What feeds what: for every value of a program, the measured operations that it came from last."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from initlab.adapters.jax.following import LAYOUT, scalars_of
from initlab.adapters.jax.program import STACK, Number, Program
from initlab.adapters.jax.sites import Site


@dataclass(slots=True, kw_only=True)
class Marks:
    """The operations behind each value, and the places of those that a sum or product joins to another signal.

    `direct` is the operation that a value is the result of, laid out otherwise perhaps; `residual` those that are added
    to another signal or laid beside it, `gates` those that multiply one; `joins` says whether any signal is added to
    what it was made of.
    """

    program: Program
    sites: Sequence[Site]
    ops: dict[Number, frozenset[int]] = field(default_factory=dict)
    direct: dict[Number, int] = field(default_factory=dict)
    inputs: list[tuple[int, ...]] = field(default_factory=list)
    residual: set[int] = field(default_factory=set)
    gates: set[int] = field(default_factory=set)
    joins: bool = False
    scalars: dict[Number, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.scalars = scalars_of(self.program)
        results: dict[Number, int] = {site.result: place for place, site in enumerate(self.sites)}
        self.inputs = [()] * len(self.sites)
        statistics: set[Number] = set()
        for step in self.program.steps:
            data = [number for number in step.reads if number not in self.program.held]
            behind = [self.ops.get(number, frozenset[int]()) for number in data]
            joined = frozenset[int]().union(*behind)
            if step.name.startswith("reduce_") or (data and statistics.issuperset(data)):
                statistics.update(step.writes)
            elif data:
                self._join(step.name, step.reads, statistics)
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

    def _join(self, name: str, reads: Sequence[Number], statistics: set[Number]) -> None:
        """Note which results meet another signal: what is added to it, and what multiplies it.

        Numbers, statistics of a norm, and a function of the very same signal (z·σ(z)) are no other signal.
        """
        met = [number for number in dict.fromkeys(reads) if number not in self.scalars]
        behind = [self.ops.get(number, frozenset()) for number in met]
        if len(met) < 2 or statistics.intersection(met) or (behind[0] and len(set(behind)) == 1):
            return
        made = {self.direct[number] for number in met if number in self.direct}
        if name == "mul":
            self.gates |= made
        elif name in ("add", "add_any", "sub", "concatenate", STACK):
            self.residual |= made
        if name in ("add", "add_any") and all(behind):
            self.joins |= any(self._made_of(*pair) for pair in (met[:2], met[1::-1]))

    def _made_of(self, late: Number, early: Number) -> bool:
        """Whether a signal was made of another, by one operation or more."""
        target, own = self.ops[early], self.ops[late]
        seen: set[int] = set()
        edge = set(own)
        while edge:
            seen |= edge
            edge = {place for each in edge for place in self.inputs[each]} - seen
        return bool((seen - own) & target)

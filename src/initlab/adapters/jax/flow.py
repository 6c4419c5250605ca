"""What the flow of the data says of each kernel: what follows it, what it belongs to, whether it is first or last."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from initlab.adapters.jax.following import LAYOUT, SUMS, Walk, follow, scalars_of
from initlab.adapters.jax.program import Number, Program
from initlab.adapters.jax.uses import Use
from initlab.parameters import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One use of a kernel in its place. `parts` are the roles it plays in attention: several where it is packed."""

    use: Use
    walk: Walk
    parts: frozenset[Role] = frozenset()
    residual: bool = False
    first: bool = False
    last: bool = False


@dataclass(slots=True, kw_only=True)
class Flow:
    """A program with its uses, indexed."""

    program: Program
    uses: Sequence[Use]
    consumers: dict[Number, list[int]] = field(default_factory=lambda: defaultdict(list))
    producer: dict[Number, int] = field(default_factory=dict)
    kernels: dict[int, Use] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for at, step in enumerate(self.program.steps):
            for number in step.reads:
                self.consumers[number].append(at)
            self.producer.update(dict.fromkeys(step.writes, at))
        self.kernels = {use.at: use for use in self.uses if use.kind == "kernel"}

    def facts(self) -> list[Fact]:
        """What is known of each kernel, in the order they are used."""
        scalars = scalars_of(self.program)
        parts, later, leads = self._attention(), self._after(), self._leading()
        made = []
        for at, use in self.kernels.items():
            walk = follow(self.program, self.consumers, scalars, use.out)
            made.append(
                Fact(
                    use=use,
                    walk=walk,
                    parts=frozenset(parts[at]),
                    residual=any(self._skips(each.other, use.data) for each in walk.sums),
                    first=use.data not in later,
                    last=use.out not in leads,
                )
            )
        return made

    def _after(self) -> set[Number]:
        """The values that a kernel or a table of rows has had a part in."""
        begun = {use.out for use in self.uses if use.kind in ("kernel", "lookup")}
        for step in self.program.steps:
            if any(number in begun for number in step.reads):
                begun.update(step.writes)
        return begun

    def _leading(self) -> set[Number]:
        """The values that go on into a kernel."""
        leads: set[Number] = set()
        for at in range(len(self.program.steps) - 1, -1, -1):
            step = self.program.steps[at]
            if at in self.kernels or any(number in leads for number in step.writes):
                leads.update(step.reads)
        return leads

    def _skips(self, other: Number, given: Number | None) -> bool:
        """Whether what a branch is summed with is what the branch was computed from, or a projection of it."""
        if given is None:
            return False
        for summand in self._summands(other):
            if self._reaches(summand, given):
                return True
            use = self._projection(summand)
            if use is not None and use.data is not None and use.data != given and self._reaches(use.data, given):
                return True
        return False

    def _summands(self, number: Number) -> list[Number]:
        """A value and, where it is a sum, what it is a sum of."""
        found: list[Number] = []
        queue = [number]
        while queue and len(found) < 64:
            each = queue.pop()
            found.append(each)
            at = self.producer.get(each)
            if at is not None and (self.program.steps[at].name in SUMS or self.program.steps[at].name in LAYOUT):
                queue += [read for read in self.program.steps[at].reads if read not in self.program.held]
        return found

    def _projection(self, number: Number) -> Use | None:
        """The kernel that a value is the output of, but for biases, scales and layouts."""
        while (at := self.producer.get(number)) is not None:
            if at in self.kernels:
                return self.kernels[at]
            step = self.program.steps[at]
            data = [read for read in step.reads if read not in self.program.held]
            if len(data) != 1 or not (step.name in LAYOUT or step.name in SUMS or step.name in ("mul", "div")):
                return None
            number = data[0]
        return None

    def _reaches(self, early: Number, late: Number) -> bool:
        """Whether one value goes into the making of another. Values are numbered in the order they are made."""
        queue, seen = [late], {late}
        while queue:
            number = queue.pop()
            if number == early:
                return True
            at = self.producer.get(number)
            reads = self.program.steps[at].reads if at is not None else ()
            fresh = [read for read in reads if read >= early and read not in seen and read not in self.program.held]
            seen.update(fresh)
            queue += fresh
        return False

    def _attention(self) -> dict[int, set[Role]]:
        """The kernels that make queries, keys and values, and those that take what attention gives.

        Scores are a product of two values made from the data; weights are their exponentials; a second product, of
        the weights with a value, is what attention gives.
        """
        sources: dict[Number, frozenset[int]] = {}
        scores: dict[Number, int] = {}
        weights: dict[Number, int] = {}
        given: set[Number] = set()
        found: dict[int, set[Role]] = defaultdict(set)
        for at, step in enumerate(self.program.steps):
            data = [number for number in step.reads if number not in self.program.held]
            if not data or not step.writes:
                continue
            out = step.writes[0]
            if at in self.kernels:
                if data[0] in given:
                    found[at].add("attention_out")
                sources[out] = frozenset([at])
                continue
            if step.name == "dot_general" and len(data) == 2:
                weighted = [number for number in data if number in weights]
                if weighted:
                    self._mark(
                        found, sources, weights[weighted[0]], [number for number in data if number not in weights]
                    )
                    given.add(out)
                else:
                    scores[out] = at
                continue
            sources[out] = frozenset(kernel for number in data for kernel in sources.get(number, ()))
            for number in data:
                if number in scores and step.name in ("exp", "exp2"):
                    weights[out] = scores[number]
                elif number in scores and number not in weights:
                    scores[out] = scores[number]
                if number in weights:
                    weights[out] = weights[number]
                if number in given:
                    given.update(step.writes)
            for twin in step.writes[1:]:
                sources[twin] = sources[out]
        return found

    def _mark(
        self, found: dict[int, set[Role]], sources: dict[Number, frozenset[int]], scored: int, values: Sequence[Number]
    ) -> None:
        asked: tuple[Role, Role] = ("query", "key")
        for role, number in zip(asked, self.program.steps[scored].reads, strict=True):
            for kernel in sources.get(number, ()):
                found[kernel].add(role)
        for number in values:
            for kernel in sources.get(number, ()):
                found[kernel].add("value")

"""The operations of a program that are measured: products with weights, look-ups, norms, scores, activations.

A product is read after its bias; a norm after its scale and shift; scores of attention before softmax; an activation at
its input. In JAX all of these are runs of primitives, which are told by what they do.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from initlab.adapters.jax.following import SUMS
from initlab.adapters.jax.program import Number, Program, Step
from initlab.adapters.jax.regions import bends_of
from initlab.adapters.jax.uses import Use
from initlab.adapters.jax.views import PASSING, View
from initlab.trace import Kind

MOVES = PASSING | {"reshape", "transpose", "squeeze", "expand_dims", "broadcast_in_dim"}
ROOTS = ("rsqrt", "sqrt", "pow", "integer_pow")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One operation: the value that is read, and the axes of it along which the units lie.

    `given` is the value that it was applied to, `result` the one that goes on; `bias` a view that was added, `keys` the
    axis of keys of attention's scores.
    """

    kind: Kind
    function: str
    value: Number
    result: Number
    given: Number
    units: tuple[int, ...]
    weights: tuple[View, ...] = ()
    bias: View | None = None
    keys: int | None = None


@dataclass(slots=True, kw_only=True)
class Sites:
    """The sites of a program, in the order of their results."""

    program: Program
    uses: Sequence[Use]
    views: Mapping[Number, View]
    consumers: dict[Number, list[int]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for at, step in enumerate(self.program.steps):
            for number in dict.fromkeys(step.reads):
                self.consumers[number].append(at)

    def found(self) -> list[Site]:
        """Every site."""
        sites = [*self._products(), *self._norms(), *self._scores()]
        sites += [
            Site(
                kind="activation", function=_FUNCTIONS.get(bend.name, bend.name), value=bend.before, result=bend.after,
                given=bend.before, units=(-1,),
            )
            for bend in bends_of(self.program, self.consumers)
        ]  # fmt: skip
        return sorted(sites, key=lambda site: site.result)

    def _products(self) -> list[Site]:
        made = []
        for use in {use.at: use for use in self.uses if use.kind in ("kernel", "lookup")}.values():
            kernel, units = use.kind == "kernel", self._units(use)
            value, bias, units = self._after_bias(use.out, units) if kernel else (use.out, None, units)
            step = self.program.steps[use.at]
            function = _function(step) if kernel else "embedding"
            made.append(
                Site(
                    kind="linear" if kernel else "embedding", function=function, value=value, result=value,
                    given=use.out if use.data is None else use.data, units=units,
                    weights=(use.view,) if bias is None else (use.view, bias), bias=bias,
                )
            )  # fmt: skip
        return made

    def _units(self, use: Use) -> tuple[int, ...]:
        """The axes of a product's result along which its units lie."""
        step, shape = self.program.steps[use.at], self.program.shapes[use.out]
        if step.name.startswith("conv"):
            return (step.params["dimension_numbers"].out_spec[1],)
        if step.name != "dot_general":
            return (len(shape) - 1,)
        (left, right), (batch, _) = step.params["dimension_numbers"]
        free = [len(self.program.shapes[number]) for number in step.reads]
        first, second = free[0] - len(left) - len(batch), free[1] - len(right) - len(batch)
        if step.reads[1] in self.views:
            return tuple(range(len(batch) + first, len(batch) + first + second))
        return tuple(range(len(batch), len(batch) + first))

    def _after_bias(self, number: Number, units: tuple[int, ...]) -> tuple[Number, View | None, tuple[int, ...]]:
        """The value once its bias was added, if one is, on the way of which it may be turned."""
        start = (number, None, units)
        while len(self.consumers[number]) == 1 and units:
            step = self.program.steps[self.consumers[number][0]]
            if step.name in SUMS and len(step.reads) == 2:
                other = next((read for read in step.reads if read != number), number)
                view = self.views.get(other)
                return start if view is None or view.spread > len(units) else (step.writes[0], view, units)
            if step.name not in MOVES:
                break
            units = moved(step, self.program.shapes[number], self.program.shapes[step.writes[0]], units)
            number = step.writes[0]
        return start

    def _norms(self) -> list[Site]:
        """Values divided by a root of a statistic of their own."""
        rooted: dict[Number, bool] = {}
        over: dict[Number, bool] = {}
        centred: set[Number] = set()
        weights: dict[Number, tuple[View, ...]] = {}
        made = []
        for step in self.program.steps:
            data = [number for number in step.reads if number not in self.program.held]
            if step.name.startswith("reduce_") and "window" not in step.name and data:
                rooted |= dict.fromkeys(step.writes, False)
                over.update(dict.fromkeys(step.writes, 0 in step.params.get("axes", ())))
                continue
            if data and all(number in rooted for number in data) and len(step.writes) == 1:
                rooted[step.writes[0]] = step.name in ROOTS or any(rooted[number] for number in data)
                over[step.writes[0]] = any(over[number] for number in data)
                of = [self.views[number] for number in step.reads if number in self.views]
                weights[step.writes[0]] = (*of, *(view for number in data for view in weights.get(number, ())))
                continue
            statistic = [number for number in data if rooted.get(number)]
            if step.name in ("mul", "div") and len(data) == 2 and len(statistic) == 1:
                given = next(number for number in data if number != statistic[0])
                function = "batch_norm" if over[statistic[0]] else "layer_norm" if given in centred else "rms_norm"
                made.append(self._norm(function, step.writes[0], given, weights.get(statistic[0], ())))
            if step.name == "sub" and any(number in rooted for number in data):
                centred.update(step.writes)
        return made

    def _norm(self, function: str, number: Number, given: Number, weights: tuple[View, ...]) -> Site:
        """A norm, its scale and shift taken in."""
        units: tuple[int, ...] = ()
        bias = None
        for view in weights:
            units = _axes_of(view)
        while len(self.consumers[number]) == 1:
            step = self.program.steps[self.consumers[number][0]]
            other = next((read for read in step.reads if read != number), number)
            if step.name in MOVES:
                units = moved(step, self.program.shapes[number], self.program.shapes[step.writes[0]], units)
            elif step.name in ("mul", *SUMS) and other in self.views:
                weights = (*weights, self.views[other])
                units = _axes_of(self.views[other]) or units
                bias = self.views[other] if step.name in SUMS else bias
            else:
                break
            number = step.writes[0]
        last = (len(self.program.shapes[number]) - 1,)
        return Site(
            kind="norm",
            function=function,
            value=number,
            result=number,
            given=given,
            units=units or last,
            weights=weights,
            bias=bias,
        )

    def _scores(self) -> list[Site]:
        """Scores of attention, at the maximum that softmax takes of them; what attention gives is their result."""
        scores: dict[Number, Number] = {}
        shares: dict[Number, Number] = {}
        made: dict[Number, Site] = {}
        for step in self.program.steps:
            data = [number for number in step.reads if number not in self.program.held]
            if not data or not step.writes:
                continue
            out = step.writes[0]
            weighed = [shares[number] for number in data if number in shares]
            scored = [scores[number] for number in data if number in scores]
            if step.name == "dot_general" and len(data) == 2:
                if weighed:
                    made |= {scores: replace(made[scores], result=out) for scores in weighed if scores in made}
                else:
                    scores[out] = out
            elif step.name == "reduce_max" and scored and scored[0] not in made:
                made[scored[0]] = self._score(data[0], step.params["axes"][0])
            elif step.name in ("exp", "exp2") and scored:
                shares[out] = scored[0]
            elif weighed:
                shares[out] = weighed[0]
            elif scored:
                scores[out] = scored[0]
        return [site for site in made.values() if site.result != site.value]

    def _score(self, number: Number, axis: int) -> Site:
        return Site(
            kind="attention", function="scaled_dot_product_attention", value=number, result=number, given=number,
            units=(axis,), keys=axis,
        )  # fmt: skip


def _axes_of(view: View) -> tuple[int, ...]:
    """The axes that a scale or shift has numbers along."""
    return tuple(axis for axis, held in enumerate(view.axes) if held)


def moved(step: Step, shape: Sequence[int], result: Sequence[int], units: tuple[int, ...]) -> tuple[int, ...]:
    """Where axes that lie side by side have gone; none where that cannot be told."""
    if step.name == "transpose":
        order = list(step.params["permutation"])
        return tuple(sorted(order.index(axis) for axis in units))
    if step.name == "broadcast_in_dim":
        return tuple(step.params["broadcast_dimensions"][axis] for axis in units)
    if len(shape) == len(result) and tuple(shape) == tuple(result):
        return units
    if not units:
        return ()
    size, right = math.prod(shape[axis] for axis in units), math.prod(shape[max(units) + 1 :])
    for first in range(len(result)):
        for last in range(first + 1, len(result) + 1):
            if math.prod(result[first:last]) == size and math.prod(result[last:]) == right:
                return tuple(range(first, last))
    return ()


def _function(step: Step) -> str:
    """What torch calls a product."""
    if not step.name.startswith("conv"):
        return "linear"
    transposed = "_transpose" if any(spread > 1 for spread in step.params["lhs_dilation"]) else ""
    return f"conv{transposed}{len(step.params['window_strides'])}d"


_FUNCTIONS = {"gelu_tanh": "gelu", "leaky_relu_0.2": "leaky_relu"}

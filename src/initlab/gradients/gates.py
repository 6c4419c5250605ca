"""The gates: what makes every verdict worthless. Two calls must agree, and leave everything as it was."""

import numpy as np

from initlab.errors import DataError
from initlab.gradients.case import Array, GradientCase, check_gradients
from initlab.gradients.harness import Copies, Harness
from initlab.gradients.pins import Pinned, find
from initlab.gradients.projection import gaussian
from initlab.gradients.report import Gate
from initlab.gradients.state import State, carried

APART = 4.0
"""Two calls differ when they are further apart than so many rounding errors of the larger."""

ROUNDING = 2.0**-40
"""What threads and the order of sums may change, as a share of the largest entry."""

TURNS = "ABBABAAB"
FAR = 0.3
"""How far away a second place is, as a share of a direction."""


def gates(case: GradientCase, harness: Harness, before: State) -> tuple[list[Gate], Pinned | None]:
    """What is random or keeps state; and what to pin so that the gradients can be checked all the same.

    `before` is what the cost held before its first call. An empty list means that nothing is found.
    """
    costs = _in_turn(harness)
    found = _random(costs)
    if found is not None:
        return _pinned(case, harness, found)
    return _state(case, harness, before, costs), None


def _random(turns: dict[str, list[float]]) -> str | None:
    """What differs between calls at the same parameters, at two places in turn."""
    for at, costs in turns.items():
        for cost in costs[1:]:
            if not _same(np.array(costs[0]), np.array(cost)):
                where = "the same parameters" if at == "A" else "the same parameters, with calls at others in between"
                return f"the cost was {costs[0]:.10g}, then {cost:.10g}, at {where}"
    return None


def _in_turn(harness: Harness) -> dict[str, list[float]]:
    """The finite costs at the point, A, and away from it, B, in an order that no period of calls repeats."""
    places = {"A": harness.theta, "B": _moved(harness.theta)}
    costs: dict[str, list[float]] = {"A": [], "B": []}
    for at in TURNS:
        cost = _cost_at(harness, places[at])
        if np.isfinite(cost):
            costs[at].append(cost)
    return costs


def _moved(theta: Copies) -> Copies:
    return {name: value + FAR * gaussian(name, value, seed=0, draw=92) for name, value in theta.items()}


def _cost_at(harness: Harness, theta: Copies) -> float:
    """The cost; not a number where it cannot be computed."""
    try:
        with np.errstate(all="ignore"):
            return harness.cost({name: value.copy() for name, value in theta.items()})
    except DataError:
        return np.nan


def _kept(harness: Harness, before: State, turns: dict[str, list[float]]) -> list[Gate]:
    """A cost that is the very same number at places far apart, and another one there if it is the first call."""
    costs = {cost for each in turns.values() for cost in each}
    costs.add(_cost_at(harness, {name: -value for name, value in harness.theta.items()}))
    if len(costs) > 1:
        return []
    before.restore()
    if _cost_at(harness, _moved(harness.theta)) in costs:
        return []
    text = (
        f"the cost is {costs.pop():.10g} at parameters far apart, to the last digit: it is kept from an earlier call. "
        "Compute it anew from the parameters that it is given."
    )
    return [Gate(verdict="STATEFUL", text=text, cause="kept_state")]


def _pinned(case: GradientCase, harness: Harness, what: str) -> tuple[list[Gate], Pinned | None]:
    """Find the source that makes both calls agree when it draws the same numbers again."""
    for pinned in find(case):
        trial = Harness(case, harness.theta, pin=pinned.pin, count=harness.count)
        if _random(_in_turn(trial)) is None:
            text = f"{what}: each call draws anew from {pinned.name}. Draw the dropout mask or noise once, outside."
            return [Gate(verdict="NONDETERMINISTIC", text=text, cause="random_cost", pinned=pinned.name)], pinned
    names = carried(lambda: harness.cost(harness.fresh()), case.cost, *case.data)
    if names:
        text = f"each call of the cost changes {', '.join(names)}, and the next one reads it. Pass it in, or leave it."
        return [Gate(verdict="STATEFUL", text=text, cause="kept_state")], None
    text = (
        f"{what}, and no generator was found to pin. Draw the mask or noise once and pass it in, or seed a generator "
        "inside the cost."
    )
    return [Gate(verdict="NONDETERMINISTIC", text=text, cause="random_cost")], None


def _state(case: GradientCase, harness: Harness, before: State, turns: dict[str, list[float]]) -> list[Gate]:
    """Whether calls change the parameters or the data, and whether the gradients come out the same twice."""
    if not callable(case.gradients):
        return _changes(case, harness, backward=False) or _kept(harness, before, turns)
    found = _changes(case, harness, backward=True)
    if found:
        return found
    here = turns["A"][0]
    first = _gradients(harness)
    second = _gradients(harness)
    after = harness.cost(harness.fresh())
    if not _same(np.array(here), np.array(after)):
        text = f"the cost was {here:.10g} before the gradients were computed and {after:.10g} after"
        return [
            Gate(
                verdict="STATEFUL",
                text=f"{text}: the backward pass changes what the forward pass reads.",
                cause="kept_state",
            )
        ]
    return _apart(harness, first, second) or _kept(harness, before, turns)


def _apart(harness: Harness, first: Copies, second: Copies) -> list[Gate]:
    """Two gradients of the same parameters: equal, added up, or random."""
    names = [name for name in first if not _same(first[name], second[name])]
    if not names:
        return []
    third = _gradients(harness)
    listed = ", ".join(names)
    accumulates = all(_close(third[n] - second[n], second[n] - first[n]) for n in names)
    if accumulates:
        text = (
            f"the gradient of {listed} grows by the same amount with every call: it is added up. Set it to zero first."
        )
        return [Gate(verdict="STATEFUL", text=text, cause="accumulation")]
    text = (
        f"the gradient of {listed} differs between two calls although the cost does not: the backward pass draws a "
        "new mask. Keep the mask of the forward pass and use it again."
    )
    return [Gate(verdict="NONDETERMINISTIC", text=text, cause="resampled_mask")]


def _changes(case: GradientCase, harness: Harness, *, backward: bool) -> list[Gate]:
    """What a call leaves changed: the parameters it was given, those of the case, or the data."""
    for what in ("cost", "gradients") if backward else ("cost",):
        given, own = harness.fresh(), {name: np.array(value) for name, value in case.parameters.items()}
        data = [np.array(each) for each in case.data if isinstance(each, np.ndarray)]
        if what == "gradients":
            harness.cost(harness.fresh())
            check_gradients(harness.raw_gradients(given), harness.theta)
        else:
            harness.cost(given)
        changed = [name for name, value in given.items() if not _identical(value, harness.theta[name])]
        changed += [n for n, value in own.items() if not _identical(np.asarray(case.parameters[n]), value)]
        arrays = [each for each in case.data if isinstance(each, np.ndarray)]
        changed += [f"data[{i}]" for i, (a, b) in enumerate(zip(arrays, data, strict=True)) if not _identical(a, b)]
        if changed:
            _restore(case, own, arrays, data)
            text = f"a call of the {what} changes {', '.join(dict.fromkeys(changed))} in place. Work on a copy."
            return [Gate(verdict="STATEFUL", text=text, cause="kept_state")]
    return []


def _restore(case: GradientCase, own: Copies, arrays: list[Array], data: list[Array]) -> None:
    for name, value in own.items():
        if isinstance(case.parameters[name], np.ndarray):
            case.parameters[name][...] = value
    for array, copy in zip(arrays, data, strict=True):
        array[...] = copy


def _gradients(harness: Harness) -> Copies:
    return harness.gradients()


def spoils_saved(case: GradientCase, harness: Harness) -> list[Gate]:
    """A backward pass that is right once, and changes what it would need to be right again."""
    if case.saved_changed is None:
        return []
    with harness.pin():
        if not case.saved_changed(harness.fresh()):
            return []
    text = (
        "the backward pass changes in place what the forward pass saved for it: it is right once, and wrong when the "
        "same graph is gone through again. Work on a copy."
    )
    return [Gate(verdict="STATEFUL", text=text, cause="saved_tensor_changed")]


def fixed_gradients(harness: Harness, returned: Copies, moved: Copies) -> bool:
    """Whether the gradients are the very same at other parameters."""
    if not callable(harness.case.gradients):
        return False
    try:
        with np.errstate(all="ignore"):
            elsewhere = Harness(harness.case, moved, pin=harness.pin, count=harness.count).gradients()
    except DataError:  # the place is outside the domain
        return False
    return all(_identical(returned[name], elsewhere[name]) for name in returned)


def _identical(a: Array, b: Array) -> bool:
    return a.shape == b.shape and bool(np.array_equal(a, b))


def _same(a: Array, b: Array) -> bool:
    size = float(max(np.abs(a).max(), np.abs(b).max()))
    return bool(np.abs(a - b).max() <= ROUNDING * size)


def _close(a: Array, b: Array) -> bool:
    return bool(np.abs(a - b).max() <= 1e-6 * max(float(np.abs(a).max()), float(np.abs(b).max())))

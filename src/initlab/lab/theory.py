"""The theory tab's document: gains, each scheme's point in the phase diagram, and what is recommended here."""

from collections.abc import Callable
from functools import lru_cache
from statistics import median_low
from typing import Any

from initlab.api.theory import theory_gain, theory_map, theory_phase, theory_recommend
from initlab.errors import UsageError
from initlab.experiments.forecast import Forecast, forecasts
from initlab.experiments.problem import Problem
from initlab.lab import frames
from initlab.render import recommend as advice
from initlab.render import theory as render
from initlab.render.json import plain


def document(problem: Problem) -> dict[str, Any]:
    """What the theory says of this network; a part that it has no number for says why."""
    phi = problem.net.activation
    return {
        "activation": phi,
        "depth": problem.net.depth,
        "gain": _or_why(lambda: render.gain_document(theory_gain(phi))),
        "points": [_point(problem, found) for found in forecasts(problem)],
        "recommended": _or_why(lambda: advice.document(_recommended(problem))),
        "phase": _or_why(lambda: phase(phi)),
    }


def _or_why(make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return dict(plain(make()))
    except UsageError as error:
        return {"why_not": str(error)}


def _recommended(problem: Problem) -> Any:  # noqa: ANN401
    net = problem.net
    return theory_recommend(net.activation, depth=max(2, net.depth), width=median_low(net.widths[1:-1] or net.widths))


def _point(problem: Problem, found: Forecast) -> dict[str, Any]:
    """A scheme's (σ_w², σ_b²) and where signals settle there."""
    told = frames.forecast(found)
    point: dict[str, Any] = {name: told[name] for name in ("scheme", "why_not", "sigma_w2", "sigma_b2")}
    if not 0 < found.sigma_w2 < float("inf"):
        return point | {"fixed": None}
    overview = _or_why(
        lambda: render.overview_document(
            theory_map(problem.net.activation, sigma_w2=found.sigma_w2, sigma_b2=found.sigma_b2)
        )
    )
    return point | {"fixed": overview.get("fixed")}


@lru_cache(maxsize=32)
def phase(activation: str) -> dict[str, Any]:
    """The curves of an activation's phase diagram."""
    found: dict[str, Any] = plain(render.phase_document(theory_phase(activation=activation, across=0)))
    return {name: found[name] for name in ("configuration", "curves")}

"""A recommendation as text and as a document: the choice, the alternatives, the numbers, and what would overturn it."""

import math
from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from initlab.experiments.recommend import Candidate, Recommendation
from initlab.render.json import heading, plain
from initlab.render.theory import table

FORM = {"xavier": "Xavier's: affine where the signal lives", "he": "He's: straight on either side of a kink at zero"}
GONE = 1e6


def recommendation(found: Recommendation) -> RenderableType:
    """The choice first, then the numbers."""
    kind = "residual blocks" if found.residual else "layers"
    drawn = table("scheme", "σ_w²", "signal", "gradient", "why")
    for candidate in (found.choice, *found.alternatives):
        drawn.add_row(
            candidate.scheme,
            f"{candidate.sigma_w2:.4g}",
            *(_change(value) for value in (candidate.forward, candidate.backward)),
            candidate.why,
        )
    return Group(
        Text(f"{found.activation}, {found.depth} {kind} of {found.width}: {found.choice.scheme}", style="bold green"),
        Text(form(found)),
        drawn,
        Text("signal: its std in the last hidden layer over the first; gradient: in the first layer over the last"),
        *(Text(f"- {line}") for line in doubts(found)),
    )


def _change(value: float) -> str:
    return "vanishes" if value < 1 / GONE else "explodes" if value > GONE else f"{value:.3g}"


def form(found: Recommendation) -> str:
    """Why this form of scheme, and whether the rule of thumb came out."""
    shape = found.shape
    words = (
        f"The assumption met best is {FORM[shape.family]} (E φ² is {shape.affine:.1%} affine, "
        f"{shape.rectifier:.1%} that of a rectifier), so the rule of thumb is {found.rule}."
    )
    if found.residual:
        return words
    plain_one = next(c for c in (found.choice, *found.alternatives) if c.scheme == found.rule)
    if found.rule_holds:
        return f"{words} At this depth it serves as it is: no std changes by more than {_factor(plain_one)}."
    own, chosen = _factor(plain_one), _factor(found.choice)
    return f"{words} At this depth its own gain changes a std by {own}; the gain above, by {chosen}."


def _factor(candidate: Candidate) -> str:
    return f"a factor of {candidate.worst:.3g}" if candidate.worst < GONE else "more than a million"


def doubts(found: Recommendation) -> Iterator[str]:
    """What it would take for the advice to be wrong, with its number where there is one."""
    if found.gains.stability == "unstable" and not found.residual:
        yield (
            f"The size of the signal is not stable (dq'/dq = {found.gains.q_slope:.3f} > 1 at q = 1): inputs of mean "
            f"square 1/2 or 2 change a std by {found.halved:.3g} or {found.doubled:.3g}. Normalise inputs or layers."
        )
    else:
        yield f"Inputs of mean square 1/2 or 2 in place of 1 change a std by {found.halved:.3g} or {found.doubled:.3g}."
    if not math.isnan(found.spread):
        narrow = (
            " Too narrow for its depth: networks differ by more than the choice of scheme." if found.spread > 1 else ""
        )
        yield f"At this width the log of the signal's mean square varies by {found.spread:.3g} from net to net.{narrow}"
    xi = found.choice.fixed.xi_c
    if found.choice.fixed.phase in ("ordered", "chaotic") and not found.residual:
        low, high = found.choice.fixed.trainable
        inside = "within" if found.depth <= low else "beyond" if found.depth > high else "on the edge of"
        yield f"ξ_c = {xi:.3g}: {found.depth} layers are {inside} the trainable {low:.3g} to {high:.3g}."
    yield (
        "It says nothing for normalisation layers, other skips, layers that are far from square, or inputs that are "
        "not centred."
    )


def document(found: Recommendation) -> dict[str, Any]:
    """The document of `initlab theory recommend`."""
    return {**heading("theory-recommend"), **plain(found), "form": form(found), "doubts": list(doubts(found))}

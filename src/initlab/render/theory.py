"""What the theory says, as text for a terminal and as documents for programs: gains, maps, and the check by drawing."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from initlab.experiments.phase import BAND, PhaseDiagram
from initlab.experiments.theory_check import Verified
from initlab.render.json import heading, plain
from initlab.theory.fixed_points import Critical
from initlab.theory.gains import Account
from initlab.theory.overview import Overview

SHOWN = 16
"""How many layers of a deep network the table shows."""

DEAD = 0.005
"""The share of dead units from which they get columns of their own."""


def table(*columns: str) -> Table:
    """A table of the house: the first column names its row, the others are numbers."""
    drawn = Table(box=box.SIMPLE_HEAD)
    for place, column in enumerate(columns):
        drawn.add_column(column, justify="right" if place else "left", no_wrap=True)
    return drawn


def trap(found: Account) -> str | None:
    """The warning that a gain's fixed point is one the signal leaves; None where it is not."""
    gains = found.gains
    if gains.stability != "unstable":
        return None
    return (
        f"Trap: at the forward gain, q = {gains.q:g} is an unstable fixed point: dq'/dq = {gains.q_slope:.4g} > 1. "
        f"After 50 layers {0.9 * gains.q:g} has become {found.from_below:.2g}, and {1.1 * gains.q:g} "
        f"{found.from_above:.3g}. No gain holds the signal for long; normalise, or keep the network shallow."
    )


def gain(found: Account) -> RenderableType:
    """The gains of an activation, what they lead to, and a framework's beside them where it differs."""
    gains = found.gains
    drawn = table("gain", "value", "keeps")
    for name, value, keeps in (
        ("forward", gains.forward, "the signal's mean square"),
        ("backward", gains.backward, "the gradient's mean square"),
        ("average", gains.average, "half of either change"),
        ("geometric", gains.geometric, "the mean of both gains"),
    ):
        drawn.add_row(name, f"{value:.12g}", keeps)
    title = Text(f"{gains.activation} at q = {gains.q:g}", style="bold")
    parts: list[RenderableType] = [title, drawn, Text(f"relative error {gains.error:.1g}")]
    parts.append(Text(f"E φ = {gains.mean:.8f}   E φ² = {gains.square:.8f}   E φ'² = {gains.slope_square:.8f}"))
    parts.append(
        Text(
            f"At the forward gain: χ₁ = {gains.chi1:.5f} (growth of the gradient's mean square in a layer), "
            f"dq'/dq = {gains.q_slope:.4f} ({gains.stability})."
        )
    )
    if gains.kinks:
        parts.append(Text(f"Kinks: {', '.join(f'{kink:.6g}' for kink in gains.kinks)}."))
    if warning := trap(found):
        parts.append(Text(warning, style="bold red"))
    if words := beside(found):
        parts.append(Text(words))
    return Group(*parts)


def beside(found: Account) -> str | None:
    """A framework's gain where it differs, and what it leads to."""
    theirs = found.table
    if theirs is None or not theirs.differs:
        return None
    end = {0.0: "the signal vanishes", math.inf: "the signal explodes"}.get(
        theirs.settles, f"the signal settles at q = {theirs.settles:.4f}, where χ₁ = {theirs.chi1:.4f}"
    )
    return f"{theirs.framework}'s table says {theirs.gain:.6g}: with it {end}."


def gain_document(found: Account) -> dict[str, Any]:
    """The document of `initlab theory gain`."""
    return {**heading("theory-gain"), **plain(found.gains), "trap": trap(found), "table": found.table}


def overview(found: Overview) -> RenderableType:
    """Fixed points, lengths, the critical line and the Jacobian's spread."""
    here = found.fixed
    title = f"{here.activation} at σ_w² = {here.weight:.7g}, σ_b² = {here.bias:.4g}: {here.phase}"
    drawn = table("", "value")
    rows = {
        "q*, mean square": here.q,
        "dq'/dq": here.q_slope,
        "χ₁": here.chi1,
        "c*, correlation": here.c,
        "χ at c*": here.chi_c,
        "ξ_q, layers": here.xi_q,
        "ξ_c, layers": here.xi_c,
        "ξ_∇, layers": here.xi_gradient,
    }
    for name, value in rows.items():
        drawn.add_row(name, f"{value:.6g}")
    low, high = here.trainable
    parts: list[RenderableType] = [Text(title, style="bold"), drawn]
    parts += [Text(f"Trainable depth, 4 to 8 ξ_c: {_layers(low, high)}."), Text(line(found))]
    parts += [
        Text(
            f"Squared singular values over {s.depth} layers, {s.weights} weights: "
            f"relative variance {s.variance:.4g}, largest {s.largest:.4g} times the mean."
        )
        for s in found.spectra
    ]
    return Group(*parts)


def _layers(low: float, high: float) -> str:
    if math.isnan(low):
        return "none, the signal explodes"
    return "not bounded by ξ_c" if math.isinf(low) else f"{low:.3g} to {high:.3g} layers"


def line(found: Overview) -> str:
    """The critical line in words."""
    if not found.has_critical_line:
        return "Critical line: none; χ₁ = 1 would need σ_b² < 0 at every q."
    words = [f"at σ_b² = {found.fixed.bias:g}: {_critical(found.critical)}", f"at q = 1: {_critical(found.unit)}"]
    return f"Critical line, {'; '.join(words)}."


def _critical(point: Critical | None) -> str:
    if point is None:
        return "no point"
    warning = "" if point.q_slope <= 1 + 1e-9 else " (unstable)"
    return (
        f"σ_w² = {point.weight:.7g}, σ_b² = {point.bias:.6g}, q* = {point.q:.6g}, dq'/dq = {point.q_slope:.4g}{warning}"
    )


def overview_document(found: Overview) -> dict[str, Any]:
    """The document of `initlab theory map`."""
    return {**heading("theory-map"), **plain(found)}


def verified(result: Verified) -> RenderableType:
    """Predicted beside measured, layer by layer, and the share that agrees."""
    check, layers = result.check, result.prediction.layers
    title = (
        f"{check.activation}, {check.depth} layers of {check.width} units, σ_w² = {check.sigma_w2:.6g}, "
        f"σ_b² = {check.sigma_b2:g}: {len(result.forward)} networks, {check.examples} examples each"
    )
    dies = any(layer.dead >= DEAD for layer in layers)
    drawn = table("layer", "forward", "band", "seen", "back", "band", "seen", *(["dead", "is"] if dies else []))
    measured = [_middle(values) for values in (result.forward, result.backward)]
    for at in shown(len(layers)):
        layer = layers[at]
        drawn.add_row(
            str(at + 1),
            f"{layer.forward_std:.3g}",
            _band(layer.forward_band),
            f"{measured[0][at]:.3g}",
            f"{layer.backward_std:.3g}",
            _band(layer.backward_band),
            f"{measured[1][at]:.3g}",
            *([f"{layer.dead:.0%}", f"{result.dead[:, at].mean():.0%}"] if dies else []),
        )
    verdict = f"{result.agreement:.1%} of the layers lie in their band (95 % are asked for)."
    parts: list[RenderableType] = [
        Text(title, style="bold"),
        drawn,
        Text("std of the pre-activations and of their gradient (last layer: 1), the 99 % band, and the median seen"),
        Text(verdict, style="bold green" if result.holds else "bold red"),
    ]
    if result.interrupted:
        parts.append(Text("Interrupted: what is above comes from the networks that had finished.", style="yellow"))
    return Group(*parts)


def _middle(values: np.typing.NDArray[np.float64]) -> list[float]:
    return [math.nan] * values.shape[1] if not len(values) else np.median(values, axis=0).tolist()


def shown(depth: int) -> Sequence[int]:
    """The layers that a table shows: all of them, or the first, the last and some between."""
    return range(depth) if depth <= SHOWN else sorted({round(at) for at in np.linspace(0, depth - 1, SHOWN)})


def _band(band: tuple[float, float]) -> str:
    return f"{band[0]:.2g}–{band[1]:.2g}"


def verified_document(result: Verified) -> dict[str, Any]:
    """The document of `initlab theory verify`."""
    names = ("forward_std", "backward_std", "dead")
    tables = (result.forward, result.backward, result.dead)
    measured = {
        name: {"median": _middle(values), "min": _edge(values, np.min), "max": _edge(values, np.max)}
        for name, values in zip(names, tables, strict=True)
    }
    return {
        **heading("theory-verify"),
        "seed": result.check.seed,
        "configuration": result.check,
        "agreement": result.agreement,
        "holds": result.holds,
        "interrupted": result.interrupted,
        "predicted": result.prediction,
        "measured": measured,
    }


def _edge(values: np.typing.NDArray[np.float64], of: Any) -> list[float]:  # noqa: ANN401
    return of(values, axis=0).tolist() if len(values) else []


def phase(found: PhaseDiagram) -> RenderableType:
    """The trained networks, each with the depth to which its point is trainable, and how many did as predicted."""
    asked = found.phase
    drawn = table("σ_w²", "σ_b²", "trainable to", "accuracy", "loss")
    for outcome in found.outcomes:
        low, high = outcome.trainable
        drawn.add_row(
            f"{outcome.sigma_w2:.3g}",
            f"{outcome.sigma_b2:.3g}",
            _layers(low, high),
            f"{outcome.accuracy:.2f}",
            f"{outcome.loss:.3g}",
        )
    title = f"{asked.activation}: networks of {asked.depth} layers of {asked.width} units on digits"
    conditions = (
        f"{asked.iterations} steps of momentum, rate {asked.learning_rate:g}, batches of 128; chance {found.chance:.2f}"
    )
    parts: list[RenderableType] = [Text(title, style="bold"), Text(conditions), drawn]
    if found.judged:
        parts.append(
            Text(
                f"{found.agreement:.0%} of the {found.judged} networks outside the band of {BAND} did as predicted: "
                "above half of the best accuracy where it is deep enough, below where it is not."
            )
        )
    if found.interrupted:
        parts.append(Text("Interrupted: what is above comes from the networks that had finished.", style="yellow"))
    return Group(*parts)


def phase_document(found: PhaseDiagram) -> dict[str, Any]:
    """The document of `initlab theory phase`."""
    body = plain(found)
    return {**heading("theory-phase"), "seed": found.phase.seed, "configuration": body.pop("phase"), **body}

"""Theory: gains, maps, verification, phase diagram and recommendation for an activation."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from initlab.experiments import store
from initlab.experiments.phase import Phase, PhaseDiagram, diagram
from initlab.experiments.recommend import Recommendation, recommend
from initlab.experiments.theory_check import TheoryCheck, Verified, default_weight, verify
from initlab.theory.callables import Source, activation_of
from initlab.theory.gains import Account, account
from initlab.theory.overview import Overview, overview


def theory_gain(activation: Source, *, q: float = 1.0) -> Account:
    """The gains of an activation, by name, place in a file, or as a callable, and what they lead to.

    >>> round(theory_gain("tanh").gains.forward, 8)
    1.59253742

    Raises UsageError for an activation or a q that cannot serve.
    """
    return account(activation_of(activation), q=q)


def theory_map(
    activation: Source, *, sigma_w2: float | None = None, sigma_b2: float = 0.0, depth: int = 50
) -> Overview:
    """Fixed points, depth scales and the critical line of an activation; on that line where no σ_w² is given.

    >>> round(theory_map("tanh", sigma_w2=1.5, sigma_b2=0.05).fixed.xi_c, 2)
    15.79

    Raises UsageError for an activation, variance or depth that cannot serve.
    """
    return overview(activation_of(activation), sigma_w2=sigma_w2, sigma_b2=sigma_b2, depth=depth)


def theory_verify(
    activation: str = "tanh",
    *,
    sigma_w2: float | None = None,
    sigma_b2: float = 0.0,
    threads: int | None = None,
    output: str | Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    **sizes: int,
) -> Verified:
    """Draw networks and hold their layers against the theory; `sizes` are the other fields of `TheoryCheck`.

    `output` is a PNG file for the figure. Raises UsageError for what cannot be drawn or written.

    >>> theory_verify("relu", depth=4, width=64, networks=5).holds
    True
    """
    target = None if output is None else store.prepare(Path(output).parent) / Path(output).name
    weight = default_weight(activation, sigma_b2) if sigma_w2 is None else sigma_w2
    check = TheoryCheck(activation=activation, sigma_w2=weight, sigma_b2=sigma_b2, **sizes)
    found = verify(check, threads=threads, progress=progress)
    if target is not None and not found.interrupted:
        from initlab.render.figures import png, theory_check

        store.write(target, png(theory_check.draw(found)))
    return found


def theory_recommend(activation: Source, *, depth: int, width: int, residual: bool = False) -> Recommendation:
    """Which scheme and gain for a network of that activation, depth and width, with the numbers behind it.

    >>> theory_recommend("relu", depth=30, width=256).choice.scheme
    'he_normal'

    Raises UsageError for an activation, depth or width that cannot serve.
    """
    return recommend(activation_of(activation), depth=depth, width=width, residual=residual)


def theory_phase(
    *,
    threads: int | None = None,
    output: str | Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    **fields: Any,  # noqa: ANN401
) -> PhaseDiagram:
    """The phase diagram with trained networks over it; `fields` are those of `Phase`, `output` a PNG file.

    >>> [curve.side for curve in theory_phase(activation="erf", across=0).curves][:2]
    ['critical', 'ordered']

    Raises UsageError for what cannot be computed or written.
    """
    asked = Phase(**fields)
    target = None if output is None else store.prepare(Path(output).parent) / Path(output).name
    found = diagram(asked, threads=threads, progress=progress)
    if target is not None and not found.interrupted:
        from initlab.render.figures import phase, png

        store.write(target, png(phase.draw(found)))
    return found

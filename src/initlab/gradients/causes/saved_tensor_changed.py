"""A tensor that was saved for the backward pass is changed in place, behind autograd's back, before it is used.

## Formula
a = gradient at x', the changed x, in some of its lines

## Example
def backward(ctx, grad_output):
    x, w = ctx.saved_tensors
    dx = x.data.mul_(2) * w * grad_output   # wrong: x is 2 x from here on; write 2 * x
    return dx, x * x * grad_output
"""

from collections.abc import Iterator

from initlab.gradients.causes.cause import WITNESSED, Block, Reading, cause


def _blocks(block: Block) -> Iterator[Reading]:
    if block.saved_changed:
        yield Reading(text="a saved tensor is changed in place before it is used", predicted=block.a)


cause(__name__, blocks=_blocks, rank=WITNESSED)

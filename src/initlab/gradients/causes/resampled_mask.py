"""The backward pass of dropout draws a mask of its own.

## Formula
a = ... * D' / keep, where the forward pass multiplied by D / keep: two calls differ although the cost does not

## Example
dA1 = dA1 * (rng.random(dA1.shape) < keep) / keep    # wrong: use the D1 of the forward pass
"""

from initlab.gradients.causes.cause import cause

cause(__name__, gate=True)

"""A call of the cost or of the gradients changes what the next one reads.

## Formula
J(θ) depends on the calls before it: parameters or data changed in place, a counter, running statistics, a stale cache

## Example
X -= X.mean(axis=1, keepdims=True)    # changes the caller's X: write X = X - X.mean(axis=1, keepdims=True)
"""

from initlab.gradients.causes.cause import cause

cause(__name__, gate=True)

"""Gradients are added to those of the call before, not set.

## Formula
g_k = k ∇J, the k-th call at the same parameters: g_3 - g_2 = g_2 - g_1

## Example
grads["dW1"] += dZ1 @ X.T / m    # grads outlives the call: set it to zero first
"""

from initlab.gradients.causes.cause import cause

cause(__name__, gate=True)

"""The cost draws random numbers: dropout, noise or augmentation in the forward pass.

The source is looked for and pinned, so that each call draws the same numbers, and the gradients are then checked.

## Formula
J(θ) differs between two calls at the same θ, so that (J(θ + h v) - J(θ - h v)) / 2h measures the noise over h

## Example
D1 = np.random.rand(*A1.shape) < keep    # in every call: draw D1 once, outside, and pass it in
"""

from initlab.gradients.causes.cause import cause

cause(__name__, gate=True)

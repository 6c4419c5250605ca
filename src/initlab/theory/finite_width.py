"""How far a network of width n strays from the maps: the noise that one layer adds to the log of the mean square.

Given the layer's q, its n units are independent, so that the next q' = σ_w² mean φ² + σ_b² has the relative variance

    forward   κ/n,  κ = (σ_w²/q')² (E φ(u)² φ(v)² - (E φ²)²)
    backward  κ/n,  κ = (1 + 2r²) E φ'(u)² φ'(v)²/(E φ'²)² - 1

for one example with v = u and r = 1; for the mean over m examples of correlation c, 1/m of that and 1 - 1/m of the
same with v of correlation c to u, and r that of the gradients. For ReLU both are 5/n: the variance of ln q after L
layers is about 5L/n, and E q²/(E q)² = (1 + 5/n)^L. The two noises of one layer share its units, so they are related:

    both      κ/n,  κ = (σ_w²/q') (E φ(u)² φ'(v)²/E φ'² - E φ²)

Reference: Hanin, Rolnick, How to Start Training, 2018, arXiv:1803.01719.
"""

from initlab.errors import SpecError
from initlab.numerics.activations import Activation
from initlab.theory.moments import mixed, moments, pair
from initlab.theory.spectrum import checked_depth

MAX_WIDTH = 10_000_000


def checked_width(width: int) -> int:
    """The width. Raises SpecError unless it is a whole number from 1 to 10 million."""
    if isinstance(width, bool) or not isinstance(width, int) or not 1 <= width <= MAX_WIDTH:
        raise SpecError(f"A width must be a whole number from 1 to {MAX_WIDTH}, got {width}. 64 to 4096 is usual.")
    return width


def forward_noise(
    phi: Activation, q: float, *, share: float = 1.0, correlation: float = 1.0, examples: int = 1
) -> float:
    """κ of the forward pass; `share` is that of the weights in q', σ_w² E φ²/q'.

    >>> from initlab.numerics.activations import activation
    >>> round(forward_noise(activation("relu"), 1.0), 9)
    5.0
    """
    square = moments(phi, q).square
    one = pair(phi, q, 1.0, power=2)[0] / square**2 - 1
    if examples == 1:
        return share**2 * one
    two = pair(phi, q, correlation, power=2)[0] / square**2 - 1
    return share**2 * (one / examples + two * (1 - 1 / examples))


def backward_noise(phi: Activation, q: float, *, correlation: float = 1.0, examples: int = 1) -> float:
    """κ of the backward pass, for gradients of different examples that are not correlated.

    >>> from initlab.numerics.activations import activation
    >>> round(backward_noise(activation("relu"), 1.0), 9)
    5.0
    """
    slope = moments(phi, q).slope
    one = 3 * pair(phi, q, 1.0, power=2)[1] / slope**2 - 1
    if examples == 1:
        return one
    two = pair(phi, q, correlation, power=2)[1] / slope**2 - 1
    return one / examples + two * (1 - 1 / examples)


def shared_noise(
    phi: Activation, q: float, *, share: float = 1.0, correlation: float = 1.0, examples: int = 1
) -> float:
    """κ of the covariance of the forward and the backward noise of one layer.

    >>> from initlab.numerics.activations import activation
    >>> round(shared_noise(activation("relu"), 1.0), 9)
    1.0
    """
    found = moments(phi, q)
    product = found.square * found.slope
    one = mixed(phi, q, 1.0) / product - 1
    if examples == 1:
        return share * one
    two = mixed(phi, q, correlation) / product - 1
    return share * (one / examples + two * (1 - 1 / examples))


def moment_ratio(phi: Activation, *, q: float, depth: int, width: int) -> float:
    """E q_L²/(E q_L)² of a positively homogeneous activation without biases: (1 + κ/n)^L, for ReLU (1 + 5/n)^L.

    >>> from initlab.numerics.activations import activation
    >>> round(moment_ratio(activation("relu"), q=1.0, depth=16, width=64), 2)
    3.33
    """
    return (1 + forward_noise(phi, q) / checked_width(width)) ** checked_depth(depth)

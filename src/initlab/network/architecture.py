"""The shape of a multilayer perceptron, and its parameters laid out in one flat vector.

    a⁰ = x,   zˡ = Wˡ aˡ⁻¹ + bˡ,   aˡ = φ(zˡ),   logits = z^L

Examples are columns: x is (inputs, m), Wˡ is (n_l, n_{l-1}), bˡ is (n_l,).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

import numpy as np

from initlab.errors import SpecError
from initlab.numerics.activations import Floats, activation
from initlab.parameters import Fan, Parameter, Role

HeadName = Literal["sigmoid", "softmax", "linear"]
HEADS: tuple[HeadName, ...] = get_args(HeadName)

MAX_DEPTH = 1_000
MAX_WIDTH = 65_536
MAX_PARAMETERS = 100_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """A multilayer perceptron: its widths from input to output, the hidden activation, and the head.

    >>> Architecture(widths=(2, 10, 5, 1)).size
    91

    Raises SpecError when a width, or the whole, is out of bounds; UnknownNameError for an unknown activation.
    """

    widths: tuple[int, ...]
    activation: str = "relu"
    head: HeadName = "sigmoid"

    def __post_init__(self) -> None:
        activation(self.activation)
        if not 2 <= len(self.widths) <= MAX_DEPTH + 1:
            raise SpecError(f"A network must have between 1 and {MAX_DEPTH} layers, got {len(self.widths) - 1}.")
        for width in self.widths:
            if not (isinstance(width, int) and 1 <= width <= MAX_WIDTH):
                raise SpecError(f"A layer's width must be a whole number from 1 to {MAX_WIDTH}, got {width}.")
        if self.size > MAX_PARAMETERS:
            raise SpecError(f"A network must have at most {MAX_PARAMETERS:,} parameters, got {self.size:,}.")
        if self.head == "sigmoid" and self.widths[-1] != 1:
            raise SpecError(f"A sigmoid head must have 1 output, got {self.widths[-1]}. Use softmax for more classes.")

    @property
    def depth(self) -> int:
        """L, how many layers have weights."""
        return len(self.widths) - 1

    @property
    def size(self) -> int:
        """How many parameters there are in all."""
        return sum(n * k + n for k, n in pairwise(self.widths))

    @property
    def label(self) -> str:
        """The widths as the course writes them: 2-10-5-1."""
        return "-".join(map(str, self.widths))

    def parameters(self) -> Iterator[Parameter]:
        """The neutral facts of W1, b1, W2, b2, ..., in the order in which they are laid out."""
        for layer, (k, n) in enumerate(pairwise(self.widths)):
            role: Role = "head" if layer == self.depth - 1 else "input" if layer == 0 else "weight"
            hidden = None if role == "head" else self.activation
            bias: Role = "bias"
            for name, shape, own_role in ((f"W{layer + 1}", (n, k), role), (f"b{layer + 1}", (n,), bias)):
                yield Parameter(
                    name=name,
                    shape=shape,
                    role=own_role,
                    fan=Fan.dense(k, n),
                    activation=hidden,
                    layer=layer,
                    depth=self.depth,
                    width=self.widths[min(1, self.depth - 1)],
                )

    def layers(self, theta: Floats) -> list[tuple[Floats, Floats]]:
        """The weights and biases (W, b) of every layer, as views into the flat vector `theta`."""
        views, start = [], 0
        for k, n in pairwise(self.widths):
            stop = start + n * k
            views.append((theta[start:stop].reshape(n, k), theta[stop : stop + n]))
            start = stop + n
        return views

    def empty(self, dtype: str) -> Floats:
        """An uninitialised flat vector for the parameters."""
        return np.empty(self.size, dtype=dtype)

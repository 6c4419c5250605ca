"""What one forward and backward pass measured: plain numbers, no framework object inside."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """The measurements of one layer of `units` units over a batch of examples.

    `forward_std` is the standard deviation of the pre-activations z over units and examples; `backward_std` that of the
    gradient of one example's loss with respect to them, so that it does not depend on the batch size. `distinct`
    counts the units whose incoming weights differ; `dead` those whose output is zero on every example.
    """

    name: str
    units: int
    forward_std: float
    backward_std: float
    distinct: int
    dead: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The layers of one network on one batch, from input to output, and the mean loss there."""

    layers: tuple[Layer, ...]
    loss: float

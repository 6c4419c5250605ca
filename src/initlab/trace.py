"""What one forward and backward pass measured: plain numbers, no framework object inside."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """The measurements of one layer over a batch of m examples.

    `forward_std` is the standard deviation of the pre-activations over units and examples; `backward_std` that of the
    gradient of the *summed* per-example losses with respect to them, so that it does not depend on the batch size.
    `distinct` counts the units whose incoming weights differ; `dead` is the share of units that are exactly zero on
    every example, `saturated` the share of activations whose slope is below 1 % of the activation's largest slope.
    """

    name: str
    units: int
    forward_std: float
    backward_std: float
    distinct: int
    dead: float
    saturated: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The layers of one network on one batch, from input to output, and the loss there."""

    layers: tuple[Layer, ...]
    loss: float

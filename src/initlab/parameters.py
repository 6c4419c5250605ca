"""The neutral facts of one tensor: what a scheme may know of it, whatever the framework."""

import math
from dataclasses import dataclass, field
from typing import Literal, get_args

from initlab.errors import SpecError

Role = Literal[
    "weight",
    "input",
    "head",
    "bias",
    "norm_scale",
    "embedding",
    "positional",
    "recurrent",
    "query",
    "key",
    "value",
    "attention_out",
    "gate",
    "residual_out",
    "residual_scale",
    "buffer",
    "special",
]
ROLES: tuple[Role, ...] = get_args(Role)
"""`special` is what only the model's own code can set: decay tables of state-space layers, slopes of learned
activations, temperatures, the zero half of a low-rank adapter. It is left as the model made it."""

Gate = Literal["input", "forget", "cell", "output", "reset", "update"]
"""The blocks of an LSTM, and of a GRU: reset, update, and its candidate, the cell. A plain recurrence has the cell."""

RESIDUAL_OUTPUTS: frozenset[Role] = frozenset({"attention_out", "residual_out"})
"""The roles of the layers that write into a residual stream."""

TABLES: frozenset[Role] = frozenset({"embedding", "positional"})
"""The roles of the tensors whose rows are looked up, not multiplied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fan:
    """The effective connections into and out of one unit.

    For `inputs` and `outputs` channels, a kernel of `taps` positions, `groups` groups and a total stride `stride`:

        fan_in  = inputs/groups · taps            fan_out = outputs/groups · taps / stride
        transposed:  fan_in = inputs/groups · taps / stride,  fan_out = outputs/groups · taps

    >>> Fan.dense(64, 32).fan_in
    64.0
    >>> Fan(inputs=64, outputs=128, taps=9, groups=64).fan_in
    9.0

    Raises SpecError unless all five are whole numbers >= 1 and the groups divide the channels.
    """

    inputs: int
    outputs: int
    taps: int = 1
    groups: int = 1
    stride: int = 1
    transposed: bool = False

    def __post_init__(self) -> None:
        for name in ("inputs", "outputs", "taps", "groups", "stride"):
            value = getattr(self, name)
            if not (isinstance(value, int) and value >= 1):
                raise SpecError(f"The {name} of a fan must be a whole number >= 1, got {value}.")
        if self.inputs % self.groups or self.outputs % self.groups:
            raise SpecError(
                f"The groups of a fan must divide its channels, got {self.groups} for {self.inputs} -> {self.outputs}."
            )

    @classmethod
    def dense(cls, inputs: int, outputs: int) -> "Fan":
        """The fan of a dense layer with that many inputs and outputs."""
        return cls(inputs=inputs, outputs=outputs)

    @property
    def fan_in(self) -> float:
        """Effective connections into one output unit."""
        return self.inputs / self.groups * self.taps / (self.stride if self.transposed else 1)

    @property
    def fan_out(self) -> float:
        """Effective connections out of one input unit."""
        return self.outputs / self.groups * self.taps / (1 if self.transposed else self.stride)

    @property
    def fan_avg(self) -> float:
        """The arithmetic mean of both."""
        return (self.fan_in + self.fan_out) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One tensor of a model, in neutral terms.

    `shape` is in canonical order, (out, in, *taps), however the framework holds the tensor. A fused tensor (packed
    query, key and value; the gates of an LSTM) is several parameters, one a block, and `tensor` names what they are
    blocks of. `layer` counts residual blocks (or layers, where there are none) from 0; `depth` is how many there are,
    `branches` how many branches they add to the stream in all; `width` is the model dimension. What is not known is
    None, and a scheme that needs it says so. `module` is the type of the layer that holds the tensor, and `why` says in
    words what its role and fan were concluded from. `padding` is the row of a table that stands for nothing: it is
    never drawn. `neutral` is the value at which a norm's scale does nothing: 1, or 0 where the layer multiplies by
    1 + w.

    Raises SpecError when the layer is not a whole number >= 0, or the depth, branches or width not one >= 1.
    """

    name: str
    shape: tuple[int, ...]
    role: Role = "weight"
    fan: Fan | None = None
    activation: str | None = None
    layer: int | None = None
    depth: int | None = None
    branches: int | None = None
    width: int | None = None
    gate: Gate | None = None
    tied_to: tuple[str, ...] = field(default=())
    tensor: str | None = None
    module: str | None = None
    dtype: str = "float32"
    device: str = "cpu"
    trainable: bool = True
    padding: int | None = None
    neutral: float = 1.0
    why: str = ""

    def __post_init__(self) -> None:
        for what, least in (("layer", 0), ("depth", 1), ("branches", 1), ("width", 1)):
            value = getattr(self, what)
            if value is not None and not (isinstance(value, int) and value >= least):
                raise SpecError(f"The {what} of {self.name} must be a whole number >= {least}, got {value}.")

    @property
    def size(self) -> int:
        """How many numbers the tensor holds."""
        return math.prod(self.shape)

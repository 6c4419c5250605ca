"""What a network does before its first training step, measured: plain numbers, no framework object inside.

An adapter measures, and never judges; the rules judge, and never see a model. `Signal` is the short account of one
pass, layer by layer. `Trace` is the long one, of several: the weights as they are, and then, after no, one, two virtual
optimizer steps, what every operation put out and which gradient came back to it.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["linear", "embedding", "norm", "attention", "activation", "recurrent"]
"""What an operation is: a product with a weight, a look-up, a normalisation, scores of attention, a nonlinearity."""

LossKind = Literal["cross_entropy", "bce", "mse", "other"]


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
class Signal:
    """The layers of one network on one batch, from input to output, and the mean loss there."""

    layers: tuple[Layer, ...]
    loss: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """A parameter as it is: a tied group once, under its first name.

    `finite` is the share of finite entries, `tiny` of those within 1e-10 of 0 and not 0; `mean`, `std`, `norm`
    (Euclidean) and `largest` (|entry|) are over those. `values` counts the distinct entries of a sample, at most 5.
    `rank` is the numerical rank, where the matrix may fall short of half of its full rank, which is that of its rows
    and columns that are not zero; None means that it does not; there, `repeats` says how often it holds each of its
    different rows, where that is equally often. `zeros` is the share of entries of a sample that are 0; `usual` and
    `loudest` are the median and the largest root mean square of a row. Two weights of one `digest` hold the same
    numbers.
    `fan_in` and `fan_out` are those of the operation that uses it, whatever the layout; `frozen` weights take no
    gradient; `used` says whether an operation of the forward pass read it; `cut` names what keeps the gradient from it
    (detach, no_grad), if something does. `gain` marks the scale of a normalisation; `directed` a weight that is divided
    by its own norm, so that its scale has no effect, `warped` one that a function bends before it is used.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    mean: float
    std: float
    norm: float
    largest: float
    finite: float = 1.0
    tiny: float = 0.0
    values: int = 5
    rank: int | None = None
    repeats: int = 1
    zeros: float = 0.0
    usual: float = 0.0
    loudest: float = 0.0
    digest: str = ""
    fan_in: float | None = None
    fan_out: float | None = None
    kind: Kind | None = None
    bias: bool = False
    gain: bool = False
    directed: bool = False
    warped: bool = False
    frozen: bool = False
    used: bool = True
    cut: str = ""
    aliases: tuple[str, ...] = ()
    module: str = ""

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)

    @property
    def matrix(self) -> bool:
        """Whether it multiplies: a kernel or a matrix, not a table, a bias or a gain."""
        many = len(self.shape) >= 2 and self.size > max(self.shape)
        return many and self.kind in ("linear", "recurrent") and not self.warped


@dataclass(frozen=True, slots=True, kw_only=True)
class Gradient:
    """The gradient of the loss with respect to one weight, in one pass.

    `norm` is Euclidean, `filled` the share of entries that are not zero, `flushed` the share of those that the weight's
    own dtype cannot hold, `weight` the norm of the weight in that pass.
    """

    norm: float
    weight: float
    filled: float = 1.0
    flushed: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Op:
    """One operation of one pass: a site of the network, in the order of execution.

    `name` is the module's path with the function's name where no weight names it, and a counter where the site runs
    more than once (`relu#2`). `function` is the operation's own name; `weights` are the names of those it reads;
    `inputs` are the places, in the pass, of the measured operations that feed it. `head` marks the last weights before
    the loss, `residual` a result that is added to another signal or laid beside it, `gate` one that multiplies another.

    Its result z (for an activation: its input) has `units` along the axis of features and `rows` otherwise, of
    `examples` examples. `mean`, `std`, `square` (the mean square) and `largest` are over all of it, `finite` is the
    share of finite entries, `top` is the largest entry of each unit's... see `dead`.

    - `dead`: units of an activation that is 0 below 0 whose input is <= 0 on every row; `lit`: those whose input is
      > 0 on every row. None for other functions.
    - `cosine`: mean cosine of the rows of different examples, the units' biases taken off; None for one example.
    - `distinct`: different nonzero columns of z, `nonzero` of how many. `alike`: units whose z *and* gradient, which
      is not zero, are those of another unit. `moved`: units whose gradient is not zero.
    - `slope`: E φ'(z)²/φ'(0)² of a bounded activation.
    - `shares`: mean of Σp² over the rows, of a product that reads the result p of a softmax over the same units: 1/n
      where all n are alike, 1 where one has all. None for any other.
    - `scores`: standard deviation of the scores of attention over the `keys` a query sees, of the median query.
    - `backward_std`: of the gradient of one example's loss with respect to z; NaN where none came.
    """

    name: str
    kind: Kind
    function: str
    units: int
    rows: int
    examples: int
    mean: float = 0.0
    std: float = 0.0
    square: float = 0.0
    largest: float = 0.0
    finite: float = 1.0
    dtype: str = "float32"
    weights: tuple[str, ...] = ()
    inputs: tuple[int, ...] = ()
    head: bool = False
    residual: bool = False
    gate: bool = False
    dead: int | None = None
    lit: int | None = None
    cosine: float | None = None
    distinct: int | None = None
    nonzero: int | None = None
    alike: int | None = None
    moved: int | None = None
    slope: float | None = None
    shares: float | None = None
    scores: float | None = None
    keys: int | None = None
    backward_std: float = math.nan
    backward_finite: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One forward and backward pass: the loss, every operation, and the gradient of every weight.

    A weight without a gradient is not in `gradients`: the loss does not depend on it. Between the first pass and the
    last no operations are measured, and `ops` is empty; the last looks again at the sites of the first that had units
    alike, dead, or without a gradient, for `distinct`, `alike`, `moved` and `dead` only, and is empty without such.
    `size` is the mean of the losses of the examples where they are weighted with signs, and may cancel in `loss`.
    """

    loss: float
    ops: tuple[Op, ...]
    gradients: Mapping[str, Gradient]
    size: float = 0.0

    def elasticity(self, name: str) -> float:
        """S = |W| |∂L/∂W| / |L|: by how many per cent a change of W by one per cent may change the loss.

        L is the larger of `loss` and `size`. S depends neither on the scale of the loss nor on how a product of layers
        shares its gain. NaN without a gradient or a loss.
        """
        found = self.gradients.get(name)
        scale = max(abs(self.loss), self.size)
        return found.weight * found.norm / scale if found is not None and scale else math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Squash:
    """A loss that takes logits and was given what a `function` onto [0, 1] made, at that site.

    `module` is its name where a module does nothing else, and `floor` the least loss that such logits allow.
    """

    function: str
    site: str
    module: str
    floor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """The loss and what it compares, before the first step.

    `loss` is the mean over `samples`, `error` its standard error. `chance` is the loss of the predictor that knows
    nothing (ln K, ln 2, the mean of y² about its mean `target`), `entropy` that of one that knows how frequent each
    class is (None for a regression); `offset` what the right bias alone would save, in nats, with its error. `spread`
    is the standard deviation of the logits about their mean over the classes, `bias_spread` that of the logits' mean
    over the samples. `given` says whether the targets were given rather than drawn, `squash` whether the loss takes for
    logits what is none.
    """

    kind: LossKind
    loss: float
    error: float = 0.0
    samples: int = 0
    classes: int | None = None
    chance: float | None = None
    target: float | None = None
    entropy: float | None = None
    offset: float | None = None
    offset_error: float = 0.0
    spread: float | None = None
    bias_spread: float | None = None
    given: bool = True
    squash: Squash | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """A weight of `size` numbers that the loss depends on and that is none of the model's parameters.

    `holder` is the attribute it is found under and `kept` what that is; `code` registers it, where one line does.
    """

    name: str
    size: int
    holder: str
    kept: str
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A few virtual steps of a network, and of the same with some of its weights drawn as is usual.

    `own` is the least loss that the network came to in `steps` steps of the better of several rates, `usual` that of
    the other one; `start` is the lower of their losses before. Losses that are not finite are infinite.
    """

    weights: tuple[str, ...]
    steps: int
    own: float
    usual: float
    start: float

    @property
    def progress(self) -> float:
        """The share of the first loss that the network with usual weights took away."""
        return (self.start - self.usual) / abs(self.start) if self.start else 0.0

    @property
    def handicap(self) -> float:
        """The share of that progress which the network itself lacks; 0 where there is none."""
        return (self.own - self.usual) / (self.start - self.usual) if self.progress > 0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A network at step zero: its weights, its output, and one pass after each of no, one, two... virtual steps.

    `cosine` is the mean cosine of different examples at the input, `fed` the mean and the standard deviation of what
    was fed in (None for whole numbers), `batch` and `loss` say in words what was fed in and what was minimised,
    `unseen` names the functions that are not understood with the weights that they read, `noise` those that drew what
    went into the passes as it was (what drops out is off), `precision` is the relative rounding of the numbers that
    were computed with, `unscaled` names the normalisations in eval mode most of whose running variances are below their
    ε, `strays` are used and no module has them, `trial` is there where one was run. A trace of weights alone has no
    passes.
    """

    framework: str
    weights: tuple[Weight, ...]
    passes: tuple[Pass, ...] = ()
    output: Output | None = None
    cosine: float | None = None
    fed: tuple[float, float] | None = None
    batch: str = ""
    loss: str = ""
    unseen: tuple[str, ...] = ()
    noise: tuple[str, ...] = ()
    unscaled: tuple[str, ...] = ()
    strays: tuple[Stray, ...] = ()
    precision: float = 2.0**-23
    rate: float = 1e-3
    residual: bool = False
    normalised: bool = False
    trial: Trial | None = None
    derived: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What the rules made of it once, by name."""
    _by_name: dict[str, Weight] = field(default_factory=dict, init=False, repr=False, compare=False)
    _readers: dict[str, list[int]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _followers: dict[int, list[int]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._by_name.update({weight.name: weight for weight in self.weights})
        for place, op in enumerate(self.passes[0].ops if self.passes else ()):
            for name in set(op.weights):
                self._readers.setdefault(name, []).append(place)
            for before in set(op.inputs):
                self._followers.setdefault(before, []).append(place)

    def weight(self, name: str) -> Weight:
        """The weight of that name."""
        return self._by_name[name]

    @property
    def first(self) -> Pass:
        """The pass before any step."""
        return self.passes[0]

    @property
    def last(self) -> Pass:
        """The pass after the last virtual step."""
        return self.passes[-1]

    def trained(self) -> Iterator[Weight]:
        """The weights that take a gradient."""
        return (weight for weight in self.weights if not weight.frozen)

    def readers(self, weight: str) -> Iterator[tuple[int, Op]]:
        """The operations of the first pass that read a weight, with their places."""
        return ((place, self.first.ops[place]) for place in self._readers.get(weight, ()))

    def followers(self, place: int) -> Iterator[tuple[int, Op]]:
        """The operations of the first pass that the one at a place feeds, with their places."""
        return ((after, self.first.ops[after]) for after in self._followers.get(place, ()))

    def before(self, op: Op) -> Iterator[Op]:
        """The operations of the first pass that feed one, the nearest first, across activations and norms."""
        seen, edge = set(), list(op.inputs)
        while edge:
            place = edge.pop(0)
            if place not in seen:
                seen.add(place)
                yield self.first.ops[place]
                edge += self.first.ops[place].inputs

    def signal(self) -> Signal:
        """The first pass, layer by layer: the operations with weights of their own."""
        layers = tuple(
            Layer(
                name=op.name,
                units=op.units,
                forward_std=op.std,
                backward_std=op.backward_std,
                distinct=-1 if op.distinct is None else op.distinct,
                dead=op.dead or 0,
            )
            for op in self.first.ops
            if op.kind in ("linear", "embedding", "recurrent")
        )
        return Signal(layers=layers, loss=self.first.loss)

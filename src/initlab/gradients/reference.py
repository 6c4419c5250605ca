"""The network behind a cost, recognised from its values, and its backward pass with any line replaced.

    dZ^L = c (P - Y)                     dAˡ = Wˡ⁺¹ᵀ dZˡ⁺¹,   dDˡ = dAˡ ∘ maskˡ,   dZˡ = dDˡ ∘ φ'(zˡ)
    dWˡ = dZˡ Aˡ⁻¹ᵀ + r Wˡ,              dbˡ = Σ dZˡ

A bug is an edit of a line: replaying the pass with it gives what a program with that bug returns, to the last digits.
The cost is recognised when c Σ losses + r/2 Σ W² equals it at four points, for one of the activations and heads: two
unknowns, four equations.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from scipy.special import expit, logsumexp, softmax

from initlab.gradients.case import Array
from initlab.gradients.frames import Frame, frames_of
from initlab.gradients.harness import Copies, Harness
from initlab.gradients.layers import Layer, chains_of
from initlab.gradients.projection import gaussian
from initlab.numerics.activations import ACTIVATIONS, Activation

Kind = str
"""dZ, dA, dD, dW or db: the lines of the backward pass."""

Line = tuple[Kind, int]
Edit = Callable[["Backward", int], Array]
Edits = Mapping[Line, Edit]

AGREE = 1e-9
MOST_FRAMES = 12
"""How many pairs of data within reach are tried."""

LIKELY = ("relu", "tanh", "sigmoid", "leaky_relu")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """How logits become predictions and a sum of losses; the gradient of that is (P - Y) times `slope`."""

    name: str
    prediction: Callable[[Array], Array]
    losses: Callable[[Array, Array], float]
    slope: Callable[[Array], Array] = lambda p: np.ones_like(p)


def _cross_entropy(z: Array, y: Array) -> float:
    return float(np.sum(np.maximum(z, 0) - y * z + np.log1p(np.exp(-np.abs(z)))))


HEADS = (
    Head(name="sigmoid", prediction=expit, losses=_cross_entropy),
    Head(
        name="softmax",
        prediction=lambda z: softmax(z, axis=0),
        losses=lambda z, y: float(np.sum(y.sum(axis=0) * logsumexp(z, axis=0)) - np.sum(y * z)),
    ),
    Head(name="linear", prediction=lambda z: z, losses=lambda z, y: float(np.sum((z - y) ** 2) / 2)),
    Head(
        name="sigmoid, squared error",
        prediction=expit,
        losses=lambda z, y: float(np.sum((expit(z) - y) ** 2) / 2),
        slope=lambda p: p * (1 - p),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Net:
    """A recognised network after its forward pass; lists count layers from 1, A[0] is X.

    `H` are the activations before dropout and `A` after. `c` multiplies the summed losses (1/m for a mean), `r` the
    weights in their gradient (lam/m). `rows` says that the user's examples are rows, and the weights transposed.
    """

    layers: tuple[Layer, ...]
    W: Mapping[int, Array]
    b: Mapping[int, Array | None]
    Z: Mapping[int, Array]
    H: Mapping[int, Array]
    A: Mapping[int, Array]
    Y: Array
    P: Array
    masks: Mapping[int, Array | None]
    activation: Activation
    head: Head
    c: float
    r: float
    m: int
    lam: float
    keep: float
    rows: bool
    shapes: Mapping[str, tuple[int, ...]]

    @property
    def depth(self) -> int:
        """L."""
        return len(self.layers)

    def lines(self) -> Iterator[Line]:
        """All lines of the backward pass, in the order in which they run."""
        for layer in range(self.depth, 0, -1):
            if layer < self.depth:
                yield ("dA", layer)
                if self.masks.get(layer) is not None:
                    yield ("dD", layer)
            yield ("dZ", layer)
            yield ("dW", layer)
            if self.b[layer] is not None:
                yield ("db", layer)


@dataclass(slots=True, kw_only=True)
class Backward:
    """A backward pass as far as it has run: the lines of every layer."""

    net: Net
    dZ: dict[int, Array] = field(default_factory=dict)  # noqa: N815
    dA: dict[int, Array] = field(default_factory=dict)  # noqa: N815
    dD: dict[int, Array] = field(default_factory=dict)  # noqa: N815
    dW: dict[int, Array] = field(default_factory=dict)  # noqa: N815
    db: dict[int, Array] = field(default_factory=dict)

    def gradients(self) -> Copies:
        """DW and db by the user's names and in the user's shapes."""
        found: Copies = {}
        for layer in self.net.layers:
            dW = self.dW[layer.number]
            found[layer.weight] = dW.T if self.net.rows else dW
            if layer.bias:
                found[layer.bias] = self.db[layer.number].reshape(self.net.shapes[layer.bias])
        return found


def line(seen: Backward, kind: Kind, layer: int) -> Array:
    """The right value of a line, from the lines before it."""
    net = seen.net
    if kind == "dA":
        return net.W[layer + 1].T @ seen.dZ[layer + 1]
    if kind == "dD":
        mask = net.masks[layer]
        return seen.dA[layer] if mask is None else seen.dA[layer] * mask
    if kind == "dW":
        return seen.dZ[layer] @ net.A[layer - 1].T + net.r * net.W[layer]
    if kind == "db":
        return np.asarray(seen.dZ[layer].sum(axis=1, keepdims=True))
    if layer == net.depth:
        return net.c * (net.P - net.Y) * net.head.slope(net.P)
    return seen.dD.get(layer, seen.dA[layer]) * net.activation.derivative(net.Z[layer], net.H[layer])


def replay(net: Net, edits: Edits) -> Backward:
    """The backward pass with some lines replaced."""
    seen = Backward(net=net)
    for kind, layer in net.lines():
        edit = edits.get((kind, layer))
        value = line(seen, kind, layer) if edit is None else edit(seen, layer)
        getattr(seen, kind)[layer] = value
    return seen


def recognise(harness: Harness, noise: float) -> Net | None:
    """The network whose cost this is, or None where it is none that is known, or its data are out of reach."""
    chains = chains_of(harness.theta)
    frames = list(islice((f for layers in chains for f in frames_of(harness.case, harness.theta, layers)), MOST_FRAMES))
    if not frames:
        return None
    thetas = [harness.theta, *(_moved(harness, k) for k in range(3))]
    costs = np.array([harness.cost({n: v.copy() for n, v in theta.items()}) for theta in thetas])
    slack = AGREE + 64 * noise / max(float(np.abs(costs).min()), 1e-300)
    with np.errstate(all="ignore"):
        return next(filter(None, (_recognised(harness, frame, thetas, costs, slack) for frame in frames)), None)


def _recognised(harness: Harness, frame: Frame, thetas: Sequence[Copies], costs: Array, slack: float) -> Net | None:
    penalties = np.array([sum(float(np.sum(W**2)) for W in frame.weights(t)[0].values()) / 2 for t in thetas])
    names = [*LIKELY, *(name for name in ACTIVATIONS if name not in LIKELY)]
    for name in names if len(frame.layers) > 1 else names[:1]:
        forwards = [frame.forward(theta, ACTIVATIONS[name]) for theta in thetas]
        for head in HEADS:
            found = _fit(frame, head, forwards, costs, penalties, slack)
            if found is not None:
                c, r = _round(found[0], frame.X.shape[1], len(frame.Y)), found[1]
                known = {"lam": harness.case.lam or 0.0, "keep": frame.keep}
                return net_at(frame, harness.theta, name, head, c=c, r=r, **known)
    return None


def _fit(
    frame: Frame,
    head: Head,
    forwards: list[tuple[dict[int, Array], dict[int, Array], dict[int, Array]]],
    costs: Array,
    penalties: Array,
    slack: float,
) -> tuple[float, float] | None:
    """C and r, where the costs are c · losses + r · penalties."""
    if forwards[0][0][len(frame.layers)].shape != frame.Y.shape:
        return None
    losses = np.array([head.losses(Z[len(frame.layers)], frame.Y) for Z, _, _ in forwards])
    if not np.isfinite(losses).all() or not np.isfinite(costs).all():
        return None
    columns = np.stack([losses, penalties], axis=1)
    (c, r), *_ = np.linalg.lstsq(columns / costs[:, None], np.ones(len(costs)), rcond=None)
    if np.abs(columns @ (c, r) / costs - 1).max() > slack or c <= 0:
        return None
    return float(c), 0.0 if abs(r) * penalties.max() < 10 * slack * np.abs(costs).max() else float(r)


def net_at(
    frame: Frame,
    theta: Mapping[str, Array],
    activation: str,
    head: Head,
    *,
    c: float,
    r: float,
    lam: float,
    keep: float,
) -> Net:
    """The network on its data at some parameters, after its forward pass."""
    W, b = frame.weights(theta)
    Z, H, A = frame.forward(theta, ACTIVATIONS[activation])
    return Net(
        layers=frame.layers,
        W=W,
        b=b,
        Z=Z,
        H=H,
        A=A,
        Y=frame.Y,
        P=head.prediction(Z[len(frame.layers)]),
        masks=frame.masks,
        activation=ACTIVATIONS[activation],
        head=head,
        c=c,
        r=r,
        m=frame.X.shape[1],
        lam=lam,
        keep=keep,
        rows=frame.rows,
        shapes={name: value.shape for name, value in theta.items()},
    )


def _round(c: float, m: int, outputs: int) -> float:
    """C as the person meant it, 1/m or 1 say, where it is that to nine digits."""
    means = (near * times for times in (1.0, 2.0, 0.5) for near in (1 / m, 1.0, 1 / (m * outputs)))
    return next((near for near in means if abs(c / near - 1) < 1e-8), c)


def _moved(harness: Harness, k: int) -> Copies:
    return {
        name: value + 0.5 * gaussian(f"recognise {name}", value, seed=0, draw=k)
        for name, value in harness.theta.items()
    }

"""The network behind a cost, recognised from its values, and its backward pass with any line replaced.

    dZ^L = c (P - Y)                     dAˡ = Wˡ⁺¹ᵀ dZˡ⁺¹,   dDˡ = dAˡ ∘ maskˡ,   dZˡ = dDˡ ∘ φ'(zˡ)
    dWˡ = dZˡ Aˡ⁻¹ᵀ + r Wˡ,              dbˡ = Σ dZˡ

A bug is an edit of a line: replaying the pass with it gives what a program with that bug returns, to the last digits.
The cost is recognised when c Σ losses + r/2 Σ W² equals it at four points, for one of the activations and heads: two
unknowns, four equations. Both are as exact as the costs are: where one is a number that a person would have meant,
1/m or lam/m say, within that, it is taken to be that number.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
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
EXACT = 1e-8
COARSEST = 1e-3
"""Costs, or a factor c, that are known no better than to this share of themselves tell no network from another."""

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
class Fit:
    """C and r as fitted to the costs, and how far off they may be."""

    c: float
    r: float
    off_c: float = 0.0
    off_r: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Net:
    """A recognised network after its forward pass; lists count layers from 1, A[0] is X.

    `H` are the activations before dropout and `A` after. `c` multiplies the summed losses (1/m for a mean), `r` the
    weights in their gradient (lam/m); `off_c` and `off_r` are their errors, 0 where they are what a person means.
    `rows` says that the user's examples are rows, and the weights transposed.
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
    off_c: float
    off_r: float
    m: int
    lam: float
    keep: float
    rows: bool
    shapes: Mapping[str, tuple[int, ...]]

    @property
    def depth(self) -> int:
        """L."""
        return len(self.layers)

    @property
    def on_a_kink(self) -> bool:
        """Whether some hidden unit is exactly at a kink, where the derivative is a convention."""
        kinks = self.activation.kinks
        return any(bool(np.isin(self.Z[layer], kinks).any()) for layer in range(1, self.depth))

    def off(self, name: str, value: Array) -> Array:
        """How far a replayed gradient may be off because c and r are."""
        found = self.off_c / self.c * np.abs(value)
        weight = next((each.number for each in self.layers if each.weight == name), None)
        if weight is None or not self.off_r:
            return np.asarray(found)
        W = self.W[weight].T if self.rows else self.W[weight]
        return np.asarray(found + (self.off_r + self.off_c / self.c * abs(self.r)) * np.abs(W))

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
    exact = 4 * noise / max(float(np.abs(costs).min()), 1e-300)
    with np.errstate(all="ignore"):
        return next(filter(None, (_recognised(harness, frame, thetas, costs, exact) for frame in frames)), None)


def _recognised(harness: Harness, frame: Frame, thetas: Sequence[Copies], costs: Array, exact: float) -> Net | None:
    penalties = np.array([sum(float(np.sum(W**2)) for W in frame.weights(t)[0].values()) / 2 for t in thetas])
    names = [*LIKELY, *(name for name in ACTIVATIONS if name not in LIKELY)]
    for name in names if len(frame.layers) > 1 else names[:1]:
        forwards = [frame.forward(theta, ACTIVATIONS[name]) for theta in thetas]
        for head in HEADS:
            found = _fit(frame, head, forwards, costs, penalties, exact)
            if found is not None:
                meant = _meant(found, harness.case.lam or 0.0, frame.X.shape[1], len(frame.Y))
                lam, keep = harness.case.lam or 0.0, frame.keep
                return net_at(frame, harness.theta, name, head, fit=meant, lam=lam, keep=keep)
    return None


def _fit(
    frame: Frame,
    head: Head,
    forwards: list[tuple[dict[int, Array], dict[int, Array], dict[int, Array]]],
    costs: Array,
    penalties: Array,
    exact: float,
) -> Fit | None:
    """C and r, where the costs, `exact` to that share of themselves, are c · losses + r · penalties."""
    slack = AGREE + 16 * exact
    if slack > COARSEST:
        return None
    if forwards[0][0][len(frame.layers)].shape != frame.Y.shape:
        return None
    losses = np.array([head.losses(Z[len(frame.layers)], frame.Y) for Z, _, _ in forwards])
    if not np.isfinite(losses).all() or not np.isfinite(costs).all():
        return None
    if not np.all(costs):
        return None
    columns = np.stack([losses, penalties], axis=1) / costs[:, None]
    (c, r), *_ = np.linalg.lstsq(columns, np.ones(len(costs)), rcond=None)
    off = float(np.abs(columns @ (c, r) - 1).max())
    if off > slack or c <= 0:
        return None
    errors = max(off, exact) * np.sqrt(np.diag(np.linalg.pinv(columns.T @ columns)))
    if errors[0] > COARSEST * c:
        return None
    return Fit(c=float(c), r=float(r), off_c=float(errors[0]), off_r=float(errors[1]))


def net_at(
    frame: Frame,
    theta: Mapping[str, Array],
    activation: str,
    head: Head,
    *,
    fit: Fit,
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
        c=fit.c,
        r=fit.r,
        off_c=fit.off_c,
        off_r=fit.off_r,
        m=frame.X.shape[1],
        lam=lam,
        keep=keep,
        rows=frame.rows,
        shapes={name: value.shape for name, value in theta.items()},
    )


def _meant(fit: Fit, lam: float, m: int, outputs: int) -> Fit:
    """C and r as the person meant them, where the fit allows one such number."""
    means = {near * times for times in (1.0, 2.0, 0.5) for near in (1 / m, 1.0, 1 / (m * outputs))}
    c, off_c = _nearest(fit.c, fit.off_c, means)
    r, off_r = _nearest(fit.r, fit.off_r, {0.0, lam / m, lam, 2 * lam / m, 2 * lam})
    return Fit(c=c, r=r, off_c=off_c, off_r=off_r)


def _nearest(fitted: float, off: float, meant: Collection[float]) -> tuple[float, float]:
    """The number that is within the error, and its error: none where it is the only one; what was fitted if none is."""
    close = sorted(meant, key=lambda each: abs(each - fitted))
    within = [each for each in close if abs(each - fitted) <= max(4 * off, EXACT * abs(fitted))]
    return (within[0], 0.0 if len(within) == 1 else 4 * off) if within else (fitted, off)


def _moved(harness: Harness, k: int) -> Copies:
    return {
        name: value + 0.5 * gaussian(f"recognise {name}", value, seed=0, draw=k)
        for name, value in harness.theta.items()
    }

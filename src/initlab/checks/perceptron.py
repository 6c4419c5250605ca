"""The trace of the from-scratch perceptron, in plain NumPy: the same numbers as of its twin in torch."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from initlab.adapters import batches
from initlab.adapters.trace_record import SKETCHES, Record, finished
from initlab.adapters.virtual_steps import EPSILON, RATE, STEPS
from initlab.errors import DataError
from initlab.network.architecture import Architecture
from initlab.network.heads import HEAD
from initlab.network.reference import Pass as Seen
from initlab.network.reference import deltas, forward, gradient
from initlab.numerics.activations import Floats, activation
from initlab.numerics.matrix import measures
from initlab.trace import Gradient, LossKind, Op, Output, Pass, Trace, Weight

KINDS: dict[str, LossKind] = {"softmax": "cross_entropy", "sigmoid": "bce", "linear": "mse"}
BOUNDED = ("tanh", "sigmoid", "hardtanh", "softsign")


@dataclass(frozen=True, slots=True, kw_only=True)
class Perceptron:
    """The from-scratch network with its parameters: what `initlab.check` takes without a framework.

    >>> from initlab.network.initialize import initialize
    >>> from initlab.schemes import choose
    >>> net = Architecture(widths=(2, 10, 5, 1))
    >>> model = Perceptron(net=net, theta=initialize(net, choose("zeros"), seed=0))
    >>> [weight.name for weight in trace(model).weights][:2]
    ['W1', 'b1']
    """

    net: Architecture
    theta: Floats


def trace(
    model: Perceptron,
    batch: tuple[Floats, Floats] | None = None,
    loss: str | Callable[..., Any] | None = None,
    *,
    steps: int = STEPS,
    rate: float = RATE,
    seed: int = 0,
) -> Trace:
    """Measure a perceptron on (inputs, targets), examples in rows; on made ones, if none are given.

    The loss is that of its head. Raises DataError for another loss, or a batch that does not fit.
    """
    if loss is not None:
        raise DataError(f"The loss must be that of the head {model.net.head}, got another. Leave it out.")
    x, y, words = _batch(model.net, batch, seed)
    theta, passes = model.theta.astype(np.float64), []
    with np.errstate(all="ignore"):
        first = seen = forward(model.net, theta, x)
        for step in range(steps + 1):
            found = gradient(model.net, theta, seen, y)
            passes.append(_pass(model.net, theta, seen, found, y))
            if step == steps or not math.isfinite(passes[-1].loss):
                break
            theta = theta - rate * _step(model.net, found)
            seen = forward(model.net, theta, x)
    return Trace(
        framework="numpy",
        weights=_weights(model.net, model.theta.astype(np.float64)),
        passes=tuple(passes),
        output=_output(model.net, first.z[-1], y, given=batch is not None),
        cosine=_cosine(x),
        fed=(float(x.mean()), float(x.std())),
        batch=words,
        loss=f"that of the {model.net.head} head",
        precision=float(np.finfo(model.theta.dtype).eps),
        rate=rate,
    )


def _batch(net: Architecture, given: tuple[Floats, Floats] | None, seed: int) -> tuple[Floats, Floats, str]:
    """Inputs (features, m) and targets (outputs, m)."""
    features, outputs = net.widths[0], net.widths[-1]
    if given is None:
        made = batches.Made(shape=(64, features))
        classes = 2 if net.head == "sigmoid" else outputs
        drawn = batches.classes((64,), classes, seed=seed)
        y = np.eye(outputs)[drawn] if net.head == "softmax" else drawn[:, np.newaxis].astype(np.float64)
        y = batches.numbers((64, outputs), seed=seed).astype(np.float64) if net.head == "linear" else y
        return made.array(seed=seed).astype(np.float64).T, y.T, str(made)
    x, y = (np.asarray(each, dtype=np.float64) for each in given)
    if net.head == "softmax" and y.ndim == 1:
        y = np.eye(outputs)[y.astype(np.int64)]
    y = y.reshape(len(y), -1)
    if x.ndim != 2 or x.shape[1] != features or y.shape != (len(x), outputs):
        raise DataError(
            f"The batch must be ({features} features, {outputs} outputs) a row, got shapes {x.shape} and {y.shape}."
        )
    return x.T, y.T, f"the batch given, {len(x)}×{features}"


def _step(net: Architecture, found: Floats) -> Floats:
    """g/√(g² + ḡ² + ε²), ḡ the root mean square of each tensor, as in the trace of torch."""
    moved = found.copy()
    for part in (each for pair in net.layers(moved) for each in pair):
        part /= np.sqrt(part**2 + np.mean(part**2) + EPSILON**2)
    return moved


def _pass(net: Architecture, theta: Floats, seen: Seen, flat: Floats, y: Floats) -> Pass:
    back = deltas(net, theta, seen, y)
    gradients = {}
    for layer, ((W, b), (dW, db)) in enumerate(zip(net.layers(theta), net.layers(flat), strict=True), start=1):
        for name, values, found in ((f"W{layer}", W, dW), (f"b{layer}", b, db)):
            gradients[name] = Gradient(
                norm=float(np.linalg.norm(found)),
                weight=float(np.linalg.norm(values)),
                filled=float(np.count_nonzero(found)) / found.size,
            )
    return Pass(loss=HEAD[net.head].loss(seen.z[-1], y), ops=_ops(net, theta, seen, back), gradients=gradients)


def _ops(net: Architecture, theta: Floats, seen: Seen, back: list[Floats]) -> tuple[Op, ...]:
    """Two records a layer, its product and its activation; of the last, the product alone."""
    records: list[Record] = []
    phi = activation(net.activation)
    for layer, (z, delta, (_, b)) in enumerate(zip(seen.z, back, net.layers(theta), strict=True), start=1):
        record = _record(len(records), f"layer {layer}", "linear", z)
        record.weights, record.head = (f"W{layer}", f"b{layer}"), layer == net.depth
        record.values = _moments(z) | {"cosine": _cosine(z - b[:, np.newaxis])}
        record.sketch = _sketch(z)
        record.received(_sketch(delta), float(np.linalg.norm(delta)))
        records.append(record)
        if layer < net.depth and net.activation != "linear":
            bent = _record(len(records), f"layer {layer}.{net.activation}", net.activation, z)
            bent.kind, bent.values = "activation", dict(record.values)
            if net.activation == "relu":
                bent.values |= {"dead": int((z.max(axis=1) <= 0).sum()), "lit": int((z.min(axis=1) > 0).sum())}
            if net.activation in BOUNDED:
                slope = phi.derivative(z, phi.function(z)) / phi.derivative(np.zeros(1), phi.function(np.zeros(1)))
                bent.values["slope"] = float(np.mean(slope**2))
            records.append(bent)
    return finished(records)


def _record(place: int, site: str, function: str, z: Floats) -> Record:
    return Record(
        place=place,
        site=site,
        kind="linear",
        function=function,
        units=z.shape[0],
        rows=z.shape[1],
        examples=z.shape[1],
        dtype=str(z.dtype),
        epsilon=float(np.finfo(z.dtype).eps),
        inputs=(place - 1,) if place else (),
    )


def _moments(z: Floats) -> dict[str, Any]:
    finite = float(np.isfinite(z).mean())
    found = {"mean": float(z.mean()), "std": float(z.std()), "square": float(np.mean(z**2))}
    return found | {"largest": float(np.abs(z).max()), "finite": finite}


def _cosine(columns: Floats) -> float:
    """Mean cosine of different examples, which are columns."""
    norm = np.linalg.norm(columns[:, :64], axis=0)
    ready = columns[:, :64][:, norm > 0] / norm[norm > 0]
    count = ready.shape[1]
    return float((np.sum(ready.sum(axis=1) ** 2) - count) / (count * (count - 1))) if count > 1 else 1.0


def _sketch(z: Floats) -> Floats:
    """Weighted sums over the examples, and the norm of each unit."""
    places = np.arange(1, z.shape[1] + 1, dtype=np.float64)
    angles = np.sqrt(np.arange(1, SKETCHES + 1)) * 2.399963229728653
    weights = np.cos(places[:, np.newaxis] * angles + places[:, np.newaxis] ** 2 * 1e-3)
    return np.column_stack([z @ weights, np.linalg.norm(z, axis=1)])


def _weights(net: Architecture, theta: Floats) -> tuple[Weight, ...]:
    found = []
    for layer, (W, b) in enumerate(net.layers(theta), start=1):
        fan_out, fan_in = map(float, W.shape)
        for name, values in ((f"W{layer}", W), (f"b{layer}", b)):
            weight = Weight(name=name, shape=values.shape, dtype=str(values.dtype), **measures(values))
            matrix = replace(weight, kind="linear", fan_in=fan_in, fan_out=fan_out)
            found.append(replace(weight, bias=True) if name[0] == "b" else matrix)
    return tuple(found)


def _output(net: Architecture, z: Floats, y: Floats, *, given: bool) -> Output:
    """What the loss says, as for torch: against chance, and against the frequencies of the classes."""
    losses = HEAD[net.head].losses(z, y) * (2.0 / z.shape[0] if net.head == "linear" else 1.0)
    count = z.shape[1]
    shares = y.mean(axis=1) if net.head == "softmax" else np.array([y.mean(), 1 - y.mean()])
    entropy = -float(sum(p * math.log(p) for p in shares if 0 < p < 1))
    classes = {"softmax": z.shape[0], "sigmoid": 2}.get(net.head)
    centred = z - z.mean(axis=0) if net.head == "softmax" else z - z.mean()
    return Output(
        kind=KINDS[net.head],
        loss=float(losses.mean()),
        error=float(losses.std(ddof=1)) / math.sqrt(count) if count > 1 else 0.0,
        samples=count,
        classes=classes,
        chance=math.log(classes) if classes else float(y.var()),
        target=None if classes else float(y.mean()),
        entropy=entropy if classes else None,
        spread=float(np.sqrt(np.mean(centred**2))),
        bias_spread=float(np.sqrt(np.mean(centred.mean(axis=1) ** 2))),
        given=given,
    )

"""Multilayer perceptrons written out in NumPy, one text for one architecture."""

from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np
from benchmarks.gradmut.program import Arrays, Program

ACTIVATION = {
    "relu": ("np.maximum({z}, 0)", "({z} > 0)"),
    "leaky": ("np.where({z} > 0, {z}, 0.01 * {z})", "np.where({z} > 0, 1, 0.01)"),
    "tanh": ("np.tanh({z})", "(1 - {h}**2)"),
    "sigmoid": ("1 / (1 + np.exp(-{z}))", "{h} * (1 - {h})"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One network. `mean_early`: 1/m in dZ of the last layer, once; otherwise in every dW and db, as in the course."""

    widths: tuple[int, ...] = (5, 8, 4, 1)
    activation: str = "tanh"
    head: str = "bce"
    m: int = 7
    lam: float = 0.0
    keep: float = 1.0
    scale: float = 1.0
    std: float | None = None
    bias: float = 0.3
    single: bool = False
    arrays32: bool = False
    mean_early: bool = False
    stable: bool = False
    seed: int = 0

    @property
    def name(self) -> str:
        """What tells it from its neighbours."""
        parts = [self.activation, self.head, "x".join(map(str, self.widths)), f"m{self.m}"]
        parts += [f"l2={self.lam:g}"] * bool(self.lam) + [f"keep={self.keep:g}"] * (self.keep < 1)
        return "-".join([*parts, "early" if self.mean_early else "late", f"s{self.seed}"])

    @property
    def layers(self) -> int:
        """L."""
        return len(self.widths) - 1

    @property
    def double(self) -> "Spec":
        """The same in float64."""
        return replace(self, single=False, arrays32=False)

    def dropped(self, layer: int) -> bool:
        """Whether dropout follows this layer."""
        return self.keep < 1 and 1 <= layer < self.layers

    def generator(self) -> np.random.Generator:
        """The numbers of this network alone."""
        return np.random.default_rng([crc32(self.name.encode()), self.seed])


@dataclass(frozen=True, slots=True, kw_only=True)
class Net:
    """A program at a point: parameters and data."""

    spec: Spec
    program: Program
    parameters: Arrays
    data: tuple[np.ndarray, np.ndarray]


def program(spec: Spec) -> Program:
    """The text of this architecture."""
    names = tuple(f"{kind}{layer}" for layer in range(1, spec.layers + 1) for kind in "Wb")
    masks = {f"M{layer}": mask for layer, mask in _masks(spec).items()}
    text = Program.written(
        names, forward(spec), backward(spec), m=spec.m, lam=spec.lam * spec.scale, keep=spec.keep, c=spec.scale, **masks
    )
    return replace(text, single=spec.single)


def forward(spec: Spec) -> str:
    """Up to the cost J."""
    lines = ["A0 = X"]
    for layer in range(1, spec.layers):
        lines.append(f"Z{layer} = W{layer} @ A{layer - 1} + b{layer}")
        value = ACTIVATION[spec.activation][0].format(z=f"Z{layer}")
        if spec.dropped(layer):
            lines += [f"H{layer} = {value}", f"A{layer} = H{layer} * M{layer} / keep"]
        else:
            lines.append(f"A{layer} = {value}")
    lines.append(f"Z{spec.layers} = W{spec.layers} @ A{spec.layers - 1} + b{spec.layers}")
    return "\n".join([*lines, *_head(spec), *_penalty(spec)])


def _head(spec: Spec) -> list[str]:
    z, a = f"Z{spec.layers}", f"A{spec.layers}"
    scaled = "" if spec.scale == 1 else "c * "
    if spec.head == "softmax":
        return [
            f"E = np.exp({z} - {z}.max(axis=0))",
            f"{a} = E / E.sum(axis=0)",
            f"J = -{scaled}(Y * np.log({a})).sum() / m",
        ]
    if spec.head == "mse":
        return [f"{a} = {z}", f"J = {scaled}(({a} - Y) ** 2).sum() / m"]
    sigmoid = f"{a} = 1 / (1 + np.exp(-{z}))"
    if spec.stable:
        return [sigmoid, f"J = {scaled}(np.logaddexp(0, {z}) - Y * {z}).sum() / m"]
    return [sigmoid, f"J = -{scaled}(Y * np.log({a}) + (1 - Y) * np.log(1 - {a})).sum() / m"]


def _penalty(spec: Spec) -> list[str]:
    squares = " + ".join(f"(W{layer} ** 2).sum()" for layer in range(1, spec.layers + 1))
    return [f"J = J + lam / (2 * m) * ({squares})"] if spec.lam else []


def backward(spec: Spec) -> str:
    """From dZ of the last layer down to dW1 and db1."""
    last = spec.layers
    early, late = (" / m", "") if spec.mean_early else ("", " / m")
    scaled = ("2 * " if spec.head == "mse" else "") + ("" if spec.scale == 1 else "c * ")
    lines = [f"dZ{last} = {scaled}(A{last} - Y){early}"]
    for layer in range(last, 0, -1):
        decay = f" + lam / m * W{layer}" if spec.lam else ""
        lines.append(f"dW{layer} = dZ{layer} @ A{layer - 1}.T{late}{decay}")
        lines.append(f"db{layer} = dZ{layer}.sum(axis=1, keepdims=True){late}")
        if layer > 1:
            lines += _below(spec, layer - 1)
    return "\n".join(lines)


def _below(spec: Spec, layer: int) -> list[str]:
    z, h = f"Z{layer}", f"H{layer}" if spec.dropped(layer) else f"A{layer}"
    lines = [f"dA{layer} = W{layer + 1}.T @ dZ{layer + 1}"]
    if spec.dropped(layer):
        lines.append(f"dH{layer} = dA{layer} * M{layer} / keep")
    upper = f"dH{layer}" if spec.dropped(layer) else f"dA{layer}"
    return [*lines, f"dZ{layer} = {upper} * {ACTIVATION[spec.activation][1].format(z=z, h=h)}"]


def _masks(spec: Spec) -> dict[int, np.ndarray]:
    rng = np.random.default_rng([crc32(spec.name.encode()), spec.seed, 1])
    layers = [layer for layer in range(1, spec.layers) if spec.dropped(layer)]
    return {layer: (rng.random((spec.widths[layer], spec.m)) < spec.keep).astype(float) for layer in layers}


def data(spec: Spec) -> tuple[np.ndarray, np.ndarray]:
    """(X, Y) with examples as columns; Y is 0 or 1, one-hot, or real."""
    rng = spec.generator()
    x = rng.normal(size=(spec.widths[0], spec.m))
    outputs = spec.widths[-1]
    if spec.head == "softmax":
        return x, np.eye(outputs)[:, rng.permutation(np.arange(spec.m) % outputs)]
    return x, rng.normal(size=(outputs, spec.m)) if spec.head == "mse" else rng.integers(0, 2, (outputs, spec.m)) * 1.0


def initial(spec: Spec) -> Arrays:
    """Weights of variance 1/n_in (2/n_in for ReLU), or of the stated std; small biases."""
    rng = spec.generator()
    gain = 2.0 if spec.activation in ("relu", "leaky") else 1.0
    parameters: Arrays = {}
    for layer, (n_in, n_out) in enumerate(zip(spec.widths, spec.widths[1:], strict=False), start=1):
        std = np.sqrt(gain / n_in) if spec.std is None else spec.std
        parameters[f"W{layer}"] = std * rng.normal(size=(n_out, n_in))
        parameters[f"b{layer}"] = spec.bias * min(1.0, float(std)) * rng.normal(size=(n_out, 1))
    return parameters


def net(spec: Spec, *, steps: int = 0) -> Net:
    """The network at initialization, or after some steps of gradient descent; in float32 where it says so."""
    parameters, (x, y) = initial(spec), data(spec)
    descend = program(spec.double).gradients()
    rate = (0.03 if spec.head == "mse" else 0.2) / spec.scale
    for _ in range(steps):
        slopes = descend(parameters, x, y)
        parameters = {name: value - rate * slopes[f"d{name}"] for name, value in parameters.items()}
    if spec.single or spec.arrays32:
        parameters, x, y = {name: np.float32(value) for name, value in parameters.items()}, np.float32(x), np.float32(y)
    return Net(spec=spec, program=program(spec), parameters=parameters, data=(x, y))

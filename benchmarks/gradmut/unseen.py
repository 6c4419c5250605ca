"""A second set of held-out mistakes, written on the day of the run, after the catalogue was closed."""

from collections.abc import Iterator

from benchmarks.gradmut.layers.family import Row
from benchmarks.gradmut.mlp import Spec, backward
from benchmarks.gradmut.operators import Lines
from benchmarks.gradmut.program import Edit


def edits(spec: Spec) -> list[Edit]:
    """The mistakes of a multilayer perceptron."""
    lines = Lines(backward(spec))
    found = list(last_layer(spec, lines))
    for layer in range(spec.layers, 0, -1):
        found += blocks(spec, lines, layer)
        if layer < spec.layers:
            found += hidden(lines, layer)
    return found


def last_layer(spec: Spec, lines: Lines) -> Iterator[Edit]:
    """Derivatives that are none of this loss."""
    last = spec.layers
    dz, a, z = f"dZ{last}", f"A{last}", f"Z{last}"
    value, difference = lines.values[dz], f"({a} - Y)"
    for name, new in (
        ("gate on the logit", f"({a} - Y) * (np.abs({z}) < 1)"),
        ("another temperature", f"({a} * np.abs({a}) ** 0.5 - Y)"),
        ("eighths", f"np.round(({a} - Y) * 8) / 8"),
        ("positive examples weighted", f"({a} - Y) * (1 + Y)"),
        ("margin", f"({a} - Y - 0.1 * np.sign({a} - Y))"),
    ):
        yield lines.edit(dz, value.replace(difference, new), name, site=z, cause="loss form")


def blocks(spec: Spec, lines: Lines, layer: int) -> Iterator[Edit]:
    """The lines of dW and db."""
    w, dz, a = f"W{layer}", f"dZ{layer}", f"A{layer - 1}"
    weights = lines.values[f"dW{layer}"]
    mean = "" if spec.mean_early else " / m"

    def edit(target: str, value: str, name: str, cause: str | None = None) -> Edit:
        return lines.edit(target, value, name, site=target[1:], cause=cause)

    sums = f"{dz}.sum(axis=1, keepdims=True) @ {a}.sum(axis=1, keepdims=True).T / m"
    yield edit(f"dW{layer}", weights.replace(f"{dz} @ {a}.T", sums), "product of sums", "examples")
    yield edit(f"dW{layer}", f"({weights}) @ np.linalg.inv({a} @ {a}.T / m + np.eye({a}.shape[0]))", "preconditioned")
    yield edit(
        f"dW{layer}",
        f"{weights} - {w} * (({weights}) * {w}).sum() / ({w}**2).sum()",
        "radial part removed",
        "decay form",
    )
    yield edit(f"dW{layer}", f"np.sign({weights}) * np.abs({weights}).mean()", "signs")
    yield edit(f"dW{layer}", weights.replace(f"{a}.T", f"({a} + 0.1).T"), "inputs shifted", "cache form")
    yield edit(f"dW{layer}", weights.replace(f"{a}.T", f"np.sort({a}, axis=1).T"), "inputs sorted", "cache form")
    yield edit(
        f"dW{layer}",
        f"np.roll({weights}, 1, axis=1)" if spec.widths[layer - 1] > 2 else f"1.1 * ({weights}) + 0.1",
        "columns rolled",
        "layout form",
    )
    yield edit(f"db{layer}", f"np.linalg.norm({dz}, axis=1, keepdims=True){mean}", "norm", "bias form")
    yield edit(
        f"db{layer}", f"({dz} * (1 + {dz} / np.abs({dz}).max())).sum(axis=1, keepdims=True){mean}", "self-weighted"
    )
    yield edit(f"db{layer}", f"({dz} * {a}.mean(axis=0)).sum(axis=1, keepdims=True){mean}", "weighted by the inputs")


def hidden(lines: Lines, layer: int) -> Iterator[Edit]:
    """The lines of dA and dZ."""
    dz, da, z, w, up = f"dZ{layer}", f"dA{layer}", f"Z{layer}", f"W{layer + 1}", f"dZ{layer + 1}"
    value, product = lines.values[dz], lines.values[da]
    upper = value.split(" * ", 1)[0]

    def edit(target: str, new: str, name: str, cause: str | None = None) -> Edit:
        return lines.edit(target, new, name, site=f"Z{layer}", cause=cause)

    yield edit(dz, f"{upper} * (np.abs({z}) < 1)", "hard tanh", "derivative form")
    yield edit(dz, f"{value} * np.linspace(1, 0.5, {z}.shape[0])[:, None]", "units faded")
    yield edit(dz, f"0 * {value} + ({value}).mean(axis=1, keepdims=True)", "the mean for every example", "examples")
    yield edit(dz, f"{value} + 0.1 * {upper}", "leak")
    yield edit(da, f"np.abs({w}).T @ {up}", "weights' sizes", "weights form")
    yield edit(da, f"({w} / np.linalg.norm({w}, axis=0)).T @ {up}", "weights normalized", "weights form")
    yield edit(da, f"({product})[:, np.argsort({z}[0])]", "examples in another order", "examples")
    yield edit(da, f"np.tanh(3 * ({product}) / np.abs({product}).max()) * np.abs({product}).max()", "squashed")


LAYERS: dict[str, tuple[Row, ...]] = {
    "convolution": (
        (
            "pooled gradient to the largest",
            "/ 4\n",
            "/ 4 * (A2 > A2.mean(axis=(2, 3), keepdims=True)) * 2\n",
            "Z2",
            None,
        ),
        ("kernel's rows averaged", "", "dK2 = 0 * dK2 + dK2.mean(axis=2, keepdims=True)", "K2", None),
        ("dilated", "dP2[:, :, i:i + r, j:j + r] +=", "dP2[:, :, i:i + r, j:j + r] += 0.1 * i +", "Z1", None),
    ),
    "batch norm": (
        ("variance held for half", "+ dvar * 2 * D / m", "+ dvar * D * (D > 0) / m", "W1", None),
        ("gamma's gradient ranked", "(dV * N).sum", "(dV * np.sort(N, axis=1)).sum", "gamma", None),
        (
            "scale leaks into beta",
            "dbeta = dV.sum(axis=1, keepdims=True)",
            "dbeta = (dV * (1 + 0.1 * N)).sum(axis=1, keepdims=True)",
            "beta",
            None,
        ),
    ),
    "layer norm": (
        ("median", "- dN.mean(axis=0)", "- np.median(dN, axis=0)", "Z1", None),
        ("first unit unnormalized", "", "dW1[0] = (dN @ X.T)[0]", "W1", None),
        ("gamma's gradient clipped to its sign", "(dV * N).sum", "(dV * np.sign(N)).sum", "gamma", None),
    ),
    "LSTM": (
        ("peephole", "df = ds * s[t]", "df = ds * s[t] * (1 + 0.1 * s[t])", "z", None),
        ("forgets every other step", "ds = ds * f", "ds = ds * f * (t % 2)", "z", None),
        ("inputs of the last step", "dW += dz @ u.T", "dW += dz @ gates[3][0].T", "W", None),
    ),
    "attention": (
        ("values mixed", "dv = dH @ P.T", "dv = dH @ (0.9 * P.T + 0.1 / m)", "V", None),
        ("sharpened", "dS = P * ", "dS = P**2 * ", "S", None),
        ("positions weighted", "dK = dk @ A.T", "dK = dk * np.linspace(1, 2, m) @ A.T", "K", None),
    ),
}
"""Of the layers, by family."""

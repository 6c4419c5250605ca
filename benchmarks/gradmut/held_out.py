"""Held-out mistakes: written apart from the rules, of kinds that no catalogue lists. A checker should find them, place
them, and say that it does not know their name.
"""

from collections.abc import Iterator

from benchmarks.gradmut.layers.family import Row
from benchmarks.gradmut.mlp import Spec, backward
from benchmarks.gradmut.operators import Lines
from benchmarks.gradmut.program import Edit


def edits(spec: Spec) -> list[Edit]:
    """The held-out mistakes of a multilayer perceptron."""
    lines = Lines(backward(spec))
    found = list(last_layer(spec, lines))
    for layer in range(spec.layers, 0, -1):
        found += blocks(spec, lines, layer)
        if layer < spec.layers:
            found += hidden(spec, lines, layer)
    return found


def last_layer(spec: Spec, lines: Lines) -> Iterator[Edit]:
    """Derivatives of other losses."""
    dz, a = f"dZ{spec.layers}", f"A{spec.layers}"
    value, difference = lines.values[dz], f"({a} - Y)"
    site = f"Z{spec.layers}"
    for name, new in (
        ("labels smoothed", f"({a} - 0.9 * Y - 0.1 / Y.shape[0])"),
        ("hinge", f"({a} - Y) * (np.abs({a} - Y) > 0.3)"),
        ("focal", f"({a} - Y) * np.abs({a} - Y)"),
        ("first example weighted", f"({a} - Y) * np.linspace(1.5, 1, m)"),
        ("absolute", f"np.sign({a} - Y)"),
    ):
        yield lines.edit(dz, value.replace(difference, new), name, site=site, cause="loss form")


def blocks(spec: Spec, lines: Lines, layer: int) -> Iterator[Edit]:
    """DW and db spoiled in ways of their own."""
    w, b, dw, db = f"W{layer}", f"b{layer}", f"dW{layer}", f"db{layer}"
    weights, biases = lines.values[dw], lines.values[db]
    early = "" if spec.mean_early else " / m"
    clip = 0.02 * spec.scale

    def edit(target: str, value: str, name: str, cause: str | None = None) -> Edit:
        return lines.edit(target, value, name, site=target[1:], cause=cause)

    yield edit(dw, f"np.tril({weights})", "triangle")
    yield edit(dw, f"({weights}) / np.linalg.norm({weights})", "normalized")
    yield edit(dw, f"np.clip({weights}, -{clip}, {clip})", "clipped", "clipped")
    yield edit(dw, weights.replace(f"dZ{layer} @", f"dZ{layer}[:, ::-1] @"), "examples reversed", "examples")
    yield edit(dw, weights.replace(f"dZ{layer} @", f"np.cumsum(dZ{layer}, axis=1) @"), "running sum", "examples")
    yield edit(
        dw,
        weights.replace(f"A{layer - 1}.T", f"(A{layer - 1} - A{layer - 1}.mean(axis=1, keepdims=True)).T"),
        "inputs centred",
    )
    yield edit(
        dw,
        f"0.9 * ({weights}) + 0.1 * {weights.split(' @ ')[0]}[:, :1] @ A{layer - 1}[:, :1].T",
        "momentum of one example",
    )
    yield edit(dw, f"{weights} + {0.01 * spec.scale} * {w} ** 3", "cubic decay")
    yield edit(dw, f"({weights}) * np.arange(1, {w}.shape[0] + 1)[:, None]", "rows weighted")
    yield edit(db, f"(dZ{layer} * np.abs(dZ{layer})).sum(axis=1, keepdims=True){early}", "squared", "bias form")
    yield edit(
        db,
        f"{biases} * np.linspace(1, 2, {b}.shape[0])[:, None]" if spec.widths[layer] > 1 else f"{biases} + 0.05",
        "units weighted",
    )
    yield edit(db, f"dZ{layer}.max(axis=1, keepdims=True){early}", "maximum", "bias form")
    yield edit(db, f"m * np.median(dZ{layer}, axis=1, keepdims=True){early}", "median", "bias form")
    yield edit(db, f"dZ{layer}[:, ::2].sum(axis=1, keepdims=True){early}", "every second example", "examples")


def hidden(spec: Spec, lines: Lines, layer: int) -> Iterator[Edit]:
    """The way back through a layer."""
    dz, da, z, w = f"dZ{layer}", f"dA{layer}", f"Z{layer}", f"W{layer + 1}"
    value, product = lines.values[dz], lines.values[da]
    upper = value.split(" * ", 1)[0]

    def edit(target: str, new: str, name: str, cause: str | None = None) -> Edit:
        return lines.edit(target, new, name, site=f"Z{layer}", cause=cause)

    yield edit(dz, f"{upper} * (1 / (1 + np.exp(-3 * {z})))", "smooth step", "derivative form")
    yield edit(dz, f"{upper} * np.exp(-({z} ** 2))", "bell", "derivative form")
    yield edit(dz, f"np.abs({value})", "absolute", "bias form")
    yield edit(dz, f"{value} - ({value}).mean(axis=1, keepdims=True)", "centred", "bias form")
    yield edit(da, f"np.clip({w}, -0.3, 0.3).T @ dZ{layer + 1}", "weights clipped", "weights form")
    yield edit(da, f"np.sign({w}).T @ dZ{layer + 1}", "weights' signs", "weights form")
    yield edit(da, f"{product} * np.linspace(0.5, 1.5, m)", "examples weighted")
    yield edit(da, f"{product} + {0.01 * spec.scale}", "constant added")


LAYERS: dict[str, tuple[Row, ...]] = {
    "batch norm": (
        ("moving average", "dZ1 = dN * s +", "dZ1 = dN * (0.9 * s + 0.1) +", "W1", None),
        ("statistics over the units", "+ dmu / m", "+ dmu.mean() / m", "W1", None),
        (
            "beta centred",
            "dbeta = dV.sum(axis=1, keepdims=True)",
            "dbeta = dV.sum(axis=1, keepdims=True) - dV.sum() / dV.shape[0]",
            "beta",
            None,
        ),
        ("half of the examples", "dZ1 @ X.T", "2 * dZ1[:, ::2] @ X[:, ::2].T", "W1", None),
        ("clipped", "dN = dV * gamma", "dN = np.clip(dV * gamma, -0.02 * c, 0.02 * c)", "W1", None),
    ),
    "layer norm": (
        ("unbiased", "(dN * N).mean(axis=0)", "(dN * N).sum(axis=0) / (N.shape[0] - 1)", "Z1", None),
        ("normalized gradient", "dW1 = dZ1 @ X.T", "dW1 = dZ1 @ X.T / np.linalg.norm(dZ1)", "W1", None),
        ("absolute value", "dN = dV * gamma", "dN = dV * np.abs(gamma) * 1.1 + 0.01 * dV**2", "Z1", None),
        ("rows from the second", "", "dW2[0] = 0", "W2", None),
        ("running sum over examples", "dW2 = dZ2 @ A1.T", "dW2 = np.cumsum(dZ2, axis=1) @ A1.T", "W2", None),
    ),
    "convolution": (
        (
            "stride 2 in one sum",
            "dK1[:, :, i, j] = np.tensordot(dZ1, P1[:, :, i:i + r, j:j + r]",
            "dK1[:, :, i, j] = 4 * np.tensordot(dZ1[:, :, ::2, ::2], P1[:, :, i:i + r:2, j:j + r:2]",
            "K1",
            None,
        ),
        ("corner of the kernel forgotten", "", "dK2[:, :, 2, 2] = 0", "K2", None),
        ("channels rolled", "dZ1 = dA1 *", "dZ1 = np.roll(dA1, 1, axis=0) *", "Z1", None),
        (
            "border clipped",
            "dZ1 = dA1 *",
            "dZ1 = np.pad(dA1[:, :, 1:, 1:], ((0, 0), (0, 0), (1, 0), (1, 0))) *",
            "Z1",
            None,
        ),
        ("smoothed", "dK1[:, :, i, j] = np", "dK1[:, :, i, j] = 0.9 * dK1[:, :, i - 1, j] + np", "K1", None),
    ),
    "LSTM": (
        ("clipped in time", "ds = ds * f", "ds = np.clip(ds * f, -0.01 * c, 0.01 * c)", "z", None),
        ("damped in time", "dh = (W.T @ dz)[:k]", "dh = 0.9 * (W.T @ dz)[:k]", "z", None),
        ("divided by the length", "    dW += dz @ u.T", "    dW += dz @ u.T / (t + 1)", "W", None),
        ("first state leaks", "df = ds * s[t]", "df = ds * (s[t] + 0.1)", "z", None),
        ("last step twice", "", "dW += dz @ u.T", "W", None),
    ),
    "attention": (
        ("causal mask the other way", "dq = k @ dS", "dq = k @ np.tril(dS)", "Q", None),
        ("temperature of the labels", "(B - Y) / m", "(B - (0.9 * Y + 0.1 / 6)) / m", "Z", None),
        ("positions shifted", "dK = dk @ A.T", "dK = dk @ np.roll(A, 1, axis=1).T", "K", None),
        ("straight-through", "dP = v.T @ dH", "dP = np.sign(v).T @ dH", "S", None),
        ("values through the output", "dV = dv @ A.T", "dV = dv @ R.T", "V", None),
    ),
}
"""Of the layers, by family."""

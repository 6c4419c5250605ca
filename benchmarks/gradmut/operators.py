"""What people get wrong in the backward pass of a multilayer perceptron: one function a line, one edit a mistake."""

from collections.abc import Iterator

from benchmarks.gradmut.mlp import Spec, backward
from benchmarks.gradmut.program import Edit


class Lines:
    """The lines of a backward pass by what they make, and edits of them."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.values = dict(line.split(" = ", 1) for line in text.splitlines())

    def edit(self, target: str, value: str, name: str, *, site: str, cause: str | None) -> Edit:
        """`target` made by `value` instead."""
        old = f"{target} = {self.values[target]}"
        return Edit(name=f"{target}:{name}", old=old, new=f"{target} = {value}", site=site, cause=cause)


def edits(spec: Spec) -> list[Edit]:
    """All mistakes of this network, in a fixed order; those that leave the text alone are left out."""
    lines = Lines(backward(spec))
    found = list(last_layer(spec, lines))
    for layer in range(spec.layers, 0, -1):
        found += weights(spec, lines, layer)
        found += biases(spec, lines, layer)
        if layer < spec.layers:
            found += products(spec, lines, layer)
            found += derivatives(spec, lines, layer)
    found += everywhere(spec, lines)
    found += swapped(spec)
    return [edit for edit in found if edit.old != edit.new]


def last_layer(spec: Spec, lines: Lines) -> Iterator[Edit]:
    """The derivative of the loss by Z of the last layer."""
    last = spec.layers
    dz, a = f"dZ{last}", f"A{last}"
    value = lines.values[dz]
    bare, difference = value.replace("2 * ", "", 1), f"({a} - Y)"

    def edit(name: str, new: str, cause: str) -> Edit:
        return lines.edit(dz, new, name, site=f"Z{last}", cause=cause)

    yield edit("no label", value.replace(difference, a), "loss")
    yield edit("sign", value.replace(difference, f"(Y - {a})"), "sign")
    yield edit("doubled", f"2 * {value}", "factor")
    yield edit("halved", f"{value} / 2", "factor")
    yield edit("mean twice", f"{value} / m", "mean")
    yield edit("labels rolled", value.replace(difference, f"({a} - np.roll(Y, 1, axis=1))"), "labels")
    if spec.head == "mse":
        yield edit("2 forgotten", bare, "factor")
    else:
        yield edit("activation derivative too", f"{value} * {a} * (1 - {a})", "loss")
    if spec.mean_early:
        yield edit("mean missing", value.replace(" / m", ""), "mean")
    if spec.scale != 1:
        yield edit("scale missing", value.replace("c * ", ""), "factor")


def weights(spec: Spec, lines: Lines, layer: int) -> Iterator[Edit]:
    """The line of dW."""
    dw, w, dz, a = f"dW{layer}", f"W{layer}", f"dZ{layer}", f"A{layer - 1}"
    value = lines.values[dw]
    decay = f" + lam / m * {w}" if spec.lam else ""
    mean = "" if spec.mean_early else " / m"
    product = f"{dz} @ {a}.T"

    def edit(name: str, new: str, cause: str) -> Edit:
        return lines.edit(dw, new, name, site=w, cause=cause)

    if mean:
        yield edit("mean missing", product + decay, "mean")
    yield edit("mean twice", f"{product}{mean} / m{decay}", "mean")
    yield edit("doubled", f"{product}{mean} * 2{decay}", "factor")
    yield edit("halved", f"0.5 * {product}{mean}{decay}", "factor")
    yield edit("sign", f"-{product}{mean}{decay}", "sign")
    yield edit("zero", f"np.zeros_like({w})", "zero")
    yield edit("reshaped", f"({a} @ {dz}.T).reshape({w}.shape){mean}{decay}", "layout")
    yield edit("Fortran order", f"({product}{mean}).reshape({w}.shape[::-1]).T{decay}", "layout")
    yield edit("last example dropped", f"{dz}[:, :-1] @ {a}[:, :-1].T{mean}{decay}", "off by one")
    yield edit("first example dropped", f"{dz}[:, 1:] @ {a}[:, 1:].T{mean}{decay}", "off by one")
    yield edit("one example", f"{dz}[:, :1] @ {a}[:, :1].T{mean}{decay}", "one example")
    yield from _caches(spec, lines, layer)
    if spec.lam:
        yield edit("L2 missing", product + mean, "l2")
        yield edit("L2 not divided by m", f"{product}{mean} + lam * {w}", "l2")
        yield edit("L2 twice", f"{product}{mean} + 2 * lam / m * {w}", "l2")
        yield edit("L2 halved", f"{product}{mean} + lam / (2 * m) * {w}", "l2")
        yield edit("L2 sign", f"{product}{mean} - lam / m * {w}", "l2")
        yield edit("L1", f"{product}{mean} + lam / m * np.sign({w})", "l1")
        yield edit("L2 inside the mean", f"({product} + lam / m * {w}){mean}" if mean else value, "l2")
        yield edit("L2 squared", f"{product}{mean} + lam / m * {w} ** 2", "l2 form")
    else:
        yield edit("decay without penalty", f"{value} + 0.1 * {w}", "l2 not in cost")


def _caches(spec: Spec, lines: Lines, layer: int) -> Iterator[Edit]:
    """DW with another factor on the right: what the shapes allow."""
    value, widths = lines.values[f"dW{layer}"], spec.widths
    others = [f"Z{layer - 1}"] if layer > 1 else []
    others += [f"H{layer - 1}"] if spec.dropped(layer - 1) else []
    others += ["X"] if layer > 1 and widths[layer - 1] == widths[0] else []
    others += [f"A{layer}"] if widths[layer - 1] == widths[layer] else []
    for other in others:
        new = value.replace(f"A{layer - 1}.T", f"{other}.T")
        yield lines.edit(f"dW{layer}", new, f"uses {other}", site=f"W{layer}", cause="cache")


def biases(spec: Spec, lines: Lines, layer: int) -> Iterator[Edit]:
    """The line of db."""
    db, b, dz = f"db{layer}", f"b{layer}", f"dZ{layer}"
    value = lines.values[db]
    mean = "" if spec.mean_early else " / m"
    total = f"{dz}.sum(axis=1, keepdims=True)"

    def edit(name: str, new: str, cause: str) -> Edit:
        return lines.edit(db, new, name, site=b, cause=cause)

    if mean:
        yield edit("mean missing", total, "mean")
    yield edit("mean twice", f"{dz}.mean(axis=1, keepdims=True){mean}", "mean")
    yield edit("times 4", f"4 * {value}", "factor")
    yield edit("halved", f"{value} * 0.5", "factor")
    yield edit("sign", f"-{value}", "sign")
    yield edit("zero", f"np.zeros_like({b})", "zero")
    yield edit("summed over all axes", f"np.ones_like({b}) * {dz}.sum(){mean}", "batch sum")
    yield edit("mean over units", f"np.ones_like({b}) * {dz}.sum(axis=1).mean(){mean}", "batch sum")
    yield edit("first example alone", f"{dz}[:, :1]{mean}", "one example")
    yield edit("last example dropped", f"{dz}[:, :-1].sum(axis=1, keepdims=True){mean}", "off by one")
    if spec.lam:
        yield edit("regularised", f"{value} + lam / m * {b}", "l2 on bias")


def products(spec: Spec, lines: Lines, layer: int) -> Iterator[Edit]:
    """The line of dA: the way back through the weights, and through dropout."""
    da, w, dz = f"dA{layer}", f"W{layer + 1}", f"dZ{layer + 1}"
    value = lines.values[da]

    def edit(name: str, new: str, cause: str, target: str = da) -> Edit:
        return lines.edit(target, new, name, site=f"Z{layer}", cause=cause)

    if spec.widths[layer] == spec.widths[layer + 1]:
        yield edit("not transposed", f"{w} @ {dz}", "weights")
    yield edit("reshaped, not transposed", f"{w}.reshape({w}.shape[::-1]) @ {dz}", "weights")
    yield edit("updated weights", f"({w} - 0.1 * dW{layer + 1}).T @ {dz}", "weights updated")
    for other in range(1, spec.layers + 1):
        if other != layer + 1 and spec.widths[other - 1 : other + 1] == spec.widths[layer : layer + 2]:
            yield edit(f"uses W{other}", f"W{other}.T @ {dz}", "weights")
    yield edit("sign", f"-{value}", "sign")
    yield edit("doubled", f"2 * {value}", "factor")
    yield edit("mean again", f"{value} / m", "mean")
    yield edit("detached", f"np.zeros_like({value})", "zero")
    if spec.dropped(layer):
        target = f"dH{layer}"
        yield edit("keep missing", f"{da} * M{layer}", "keep", target)
        yield edit("keep twice", f"{da} * M{layer} / keep / keep", "keep", target)
        yield edit("keep times", f"{da} * M{layer} * keep", "keep", target)
        yield edit("mask missing", f"{da} / keep", "dropout mask", target)
        yield edit("dropout forgotten", da, "dropout mask", target)
        yield edit("mask of dropped units", f"{da} * (1 - M{layer}) / keep", "dropout mask", target)


def derivatives(spec: Spec, lines: Lines, layer: int) -> Iterator[Edit]:
    """The line of dZ: the derivative of the activation."""
    dz, z, a = f"dZ{layer}", f"Z{layer}", f"A{layer}"
    value = lines.values[dz]
    upper, _ = value.split(" * ", 1)
    h = f"H{layer}" if spec.dropped(layer) else a

    def edit(name: str, derivative: str, cause: str) -> Edit:
        return lines.edit(dz, f"{upper} * {derivative}", name, site=f"Z{layer}", cause=cause)

    yield lines.edit(dz, upper, "derivative missing", site=f"Z{layer}", cause="derivative")
    yield lines.edit(dz, f"2 * {value}", "doubled", site=f"Z{layer}", cause="factor")
    yield lines.edit(dz, f"{value} / m", "mean again", site=f"Z{layer}", cause="mean")
    yield lines.edit(dz, f"-{value}", "sign", site=f"Z{layer}", cause="sign")
    for name, derivative, cause in _wrong_derivatives(spec, z, a, h):
        yield edit(name, derivative, cause)
    if spec.widths[layer] == spec.widths[layer + 1] and layer + 1 < spec.layers:
        other = value.split(" * ", 1)[1].replace(z, f"Z{layer + 1}").replace(h, f"A{layer + 1}")
        yield edit("of the next layer", other, "derivative argument")


def _wrong_derivatives(spec: Spec, z: str, a: str, h: str) -> Iterator[tuple[str, str, str]]:
    argument, mask = "derivative argument", "mask"
    if spec.activation == "tanh":
        yield "of Z", f"(1 - {z}**2)", argument
        yield "not squared", f"(1 - {h})", "derivative form"
        yield "plus", f"(1 + {h}**2)", "derivative form"
        yield "of the sigmoid", f"{h} * (1 - {h})", "derivative of another"
    elif spec.activation == "sigmoid":
        yield "of Z", f"{z} * (1 - {z})", argument
        yield "half of it", f"(1 - {h})", "derivative form"
        yield "of tanh", f"(1 - {h}**2)", "derivative of another"
    else:
        low = "0" if spec.activation == "relu" else "0.01"
        yield "inverted", f"np.where({z} < 0, 1, {low})", mask
        yield "threshold", f"np.where({z} > 0.5, 1, {low})", mask
        yield "sign", f"np.sign({z})", mask
        if spec.activation == "relu":
            yield "A >= 0", f"({a} >= 0)", mask
            yield "leaky", f"np.where({z} > 0, 1, 0.01)", "derivative of another"
        else:
            yield "of ReLU", f"({z} > 0)", "derivative of another"
    if spec.dropped(spec.layers - 1) and spec.activation in ("tanh", "sigmoid"):
        after = f"(1 - {a}**2)" if spec.activation == "tanh" else f"{a} * (1 - {a})"
        yield "after dropout", after, argument


def everywhere(spec: Spec, lines: Lines) -> Iterator[Edit]:
    """A line that is wrong in the same way in every layer."""

    def edit(name: str, old: str, new: str, site: str, cause: str) -> Iterator[Edit]:
        changed = lines.text.replace(old, new)
        if changed != lines.text:
            yield Edit(name=f"everywhere:{name}", old=lines.text, new=changed, site=site, cause=cause)

    if not spec.mean_early:
        yield from edit("mean missing", ".T / m", ".T", "W*", "mean")
        yield from edit("mean missing in b", "True) / m", "True)", "b*", "mean")
    if spec.lam:
        yield from edit("L2 sign", "+ lam / m", "- lam / m", "W*", "l2")
        yield from edit("L2 not divided", "+ lam / m", "+ lam", "W*", "l2")
        yield from edit("L2 halved", "+ lam / m", "+ lam / (2 * m)", "W*", "l2")
        yield from edit("L2 missing", "+ lam / m", "+ 0", "W*", "l2")
    if spec.keep < 1:
        yield from edit("keep missing", " / keep", "", "Z*", "keep")
    derivative = {"tanh": "(1 - {}**2)", "sigmoid": "{} * (1 - {})"}.get(spec.activation)
    if derivative and spec.keep == 1 and spec.layers > 2:
        wrong = lines.text
        for layer in range(1, spec.layers):
            wrong = wrong.replace(derivative.format(f"A{layer}", f"A{layer}"), "1")
        yield Edit(
            name="everywhere:derivative missing",
            old=lines.text,
            new=wrong,
            site="Z*",
            cause="derivative",
        )


def swapped(spec: Spec) -> Iterator[Edit]:
    """Gradients returned under each other's names."""
    widths = spec.widths
    for i in range(1, spec.layers + 1):
        for j in range(i + 1, spec.layers + 1):
            if widths[i] == widths[j]:
                yield _swap(f"b{i}", f"b{j}")
                if widths[i - 1] == widths[j - 1]:
                    yield _swap(f"W{i}", f"W{j}")


def _swap(one: str, other: str) -> Edit:
    added = f"d{one}, d{other} = d{other}, d{one}"
    return Edit(name=f"swap:{one} {other}", old="", new=added, site=f"{one} {other}", cause="swapped")

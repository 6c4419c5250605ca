"""The line to write instead of a wrong one: in the user's names and convention, computed before it is suggested.

    dZ^L = A^L - Y,   dWˡ = dZˡ Aˡ⁻¹ᵀ / m + (lam/m) Wˡ,   dbˡ = Σ dZˡ / m         the mean taken in each block
    dZ^L = (A^L - Y) / m,   dWˡ = dZˡ Aˡ⁻¹ᵀ + (lam/m) Wˡ,   dbˡ = Σ dZˡ           the mean taken at the start

Where the mean is taken shows in what is returned beside the gradients (dZ3, say) and in the mistake itself; where it
shows in neither, the line says what it takes for granted. A line that does not give back the right numbers, evaluated
as it stands, is not suggested.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from initlab.gradients.case import Array
from initlab.gradients.reference import Kind, Net, line, replay

Mean = bool | None
"""Whether the mean is taken at the start, in dZ^L; None where that does not show."""

CLOSE = 1e-5
"""A constant is written with six digits."""


def suggested(net: Net, kind: Kind, layer: int, *, cause: str | None, beside: Mapping[str, Any]) -> str | None:
    """The right line; `beside` is all that the user's function returns. None where no line gives the right numbers."""
    early = _early(net, kind, layer, cause, beside)
    assumed = (_is_mean(net.c, net.m) is None) if early is None else early
    for text in _lines(net, kind, layer, early=assumed):
        if _gives(net, text, kind, layer, early=assumed):
            return text + _caveat(net, kind, layer, early=assumed, known=early is not None)
    return None


def _early(net: Net, kind: Kind, layer: int, cause: str | None, beside: Mapping[str, Any]) -> Mean:
    if abs(net.c - 1) < 1e-9:
        return False
    votes = [sum(_votes(net, number, beside, early=early) for number in net.W) for early in (False, True)]
    if votes[0] != votes[1]:
        return votes[1] > votes[0]
    return (kind, layer) == ("dZ", net.depth) if cause == "missing_mean" else None


def _votes(net: Net, layer: int, beside: Mapping[str, Any], *, early: bool) -> int:
    """How many of the layer's gradients a dZ gives that was returned with them, the mean taken so."""
    own, dZ = net.layers[layer - 1], beside.get(f"dZ{layer}")
    if not isinstance(dZ, np.ndarray) or dZ.shape != net.Z[layer].shape[:: -1 if net.rows else 1]:
        return 0
    dZ = (dZ.T if net.rows else dZ) * (1.0 if early else net.c)
    made = {own.weight: dZ @ net.A[layer - 1].T + net.r * net.W[layer]}
    made |= {own.bias: dZ.sum(axis=1)} if own.bias else {}
    count = 0
    for name, value in made.items():
        found = beside.get(f"d{name}", beside.get(name))
        if isinstance(found, np.ndarray) and found.size == value.size:
            mine = found.T if net.rows and found.ndim == 2 and value.ndim == 2 else found.reshape(value.shape)
            count += _close(mine, value, 1e-9)
    return count


def _is_mean(c: float, m: int) -> str | None:
    """What divides the sum of the losses, for those who take the mean in each block."""
    return "" if abs(c - 1) < 1e-9 else " / m" if abs(c * m - 1) < 1e-9 else None


def _lines(net: Net, kind: Kind, layer: int, *, early: bool) -> Iterator[str]:
    weight, before = _name(net, layer, "W"), "X" if layer == 1 else f"A{layer - 1}"
    mean = "" if early else (_is_mean(net.c, net.m) or "")
    dZ = f"dZ{layer}"
    if kind == "dW":
        product = f"{before}.T @ {dZ}" if net.rows else f"{dZ} @ {before}.T"
        yield from (f"d{weight} = {product}{mean}{decay}" for decay in _decays(net, weight))
    elif kind == "db":
        bias = _name(net, layer, "b")
        yield f"d{bias} = np.sum({dZ}, axis={0 if net.rows else 1}{_keepdims(net, layer)}){mean}"
    elif kind == "dA":
        after = _name(net, layer + 1, "W")
        yield f"dA{layer} = dZ{layer + 1} @ {after}.T" if net.rows else f"dA{layer} = {after}.T @ dZ{layer + 1}"
    elif kind == "dD":
        yield f"dA{layer} = dA{layer} * D{layer} / keep_prob"
        yield f"dA{layer} = dA{layer} * D{layer}"
    elif layer < net.depth:
        yield from (f"dZ{layer} = dA{layer} * {slope}" for slope in _derivatives(net, layer))
    else:
        yield from (f"{dZ} = {scaled}" for scaled in _scaled(net, layer, early=early))


def _scaled(net: Net, layer: int, *, early: bool) -> Iterator[str]:
    """The derivative of the loss, times c where the mean is taken at the start."""
    slope = f" * A{layer} * (1 - A{layer})" if net.head.name == "sigmoid, squared error" else ""
    bare = f"A{layer} - Y"
    if not early:
        yield f"({bare}){slope}" if slope else bare
        return
    for times in ("", "2 * ", "0.5 * "):
        for over in (" / m", f" / A{layer}.size", ""):
            yield f"{times}({bare}){slope}{over}"
    yield f"{net.c:.6g} * ({bare}){slope}"


def _decays(net: Net, weight: str) -> Iterator[str]:
    """The L2 term by the coefficient that was stated, or by its number."""
    if not net.r:
        yield ""
        return
    if net.lam:
        yield from (f" + {c} * {weight}" for c in ("lam / m", "lam", "2 * lam", "2 * lam / m"))
    yield from sorted((f" + {net.r:.6g} * {weight}", f" + {net.r * net.m:.6g} / m * {weight}"), key=len)


def _keepdims(net: Net, layer: int) -> str:
    bias = net.layers[layer - 1].bias
    return ", keepdims=True" if bias is not None and len(net.shapes[bias]) == 2 else ""


def _name(net: Net, layer: int, kind: str) -> str:
    """The user's name of a weight or bias where it can stand in a program."""
    own = net.layers[layer - 1]
    name = own.weight if kind == "W" else own.bias
    return name if name is not None and name.isidentifier() else f"{kind}{layer}"


def _derivatives(net: Net, layer: int) -> Iterator[str]:
    """φ' at a layer, of A where no dropout is in between, or of Z."""
    z, a = f"Z{layer}", f"A{layer}"
    known = {
        "relu": (f"({z} > 0)",),
        "tanh": (f"(1 - {a}**2)", f"(1 - np.tanh({z})**2)"),
        "sigmoid": (f"{a} * (1 - {a})", f"np.exp(-{z}) / (1 + np.exp(-{z}))**2"),
    }
    yield from known.get(net.activation.name, (f"g_prime({z})",))


def _caveat(net: Net, kind: Kind, layer: int, *, early: bool, known: bool) -> str:
    """What the line takes for granted."""
    if kind == "dD":
        return f"  # D{layer}: zeros and ones" if net.keep < 1 else ""
    if abs(net.c - 1) < 1e-9 or kind == "dA" or (kind == "dZ" and layer < net.depth):
        return ""
    if kind == "dZ":
        return f"  # and no mean in dW{layer}" if early else "" if known else f"  # / m here, if dW{layer} has none"
    if early:
        return "" if known else f"  # dZ{net.depth} = {next(iter(_right_start(net)))}"
    return "" if known else f"  # no / m, if dZ{layer} has it"


def _right_start(net: Net) -> Iterator[str]:
    for text in _scaled(net, net.depth, early=True):
        if _gives(net, f"dZ{net.depth} = {text}", "dZ", net.depth, early=True):
            yield text


def _gives(net: Net, text: str, kind: Kind, layer: int, *, early: bool) -> bool:
    """Whether the line, evaluated, is what the recognised network's own backward pass has there."""
    seen = replay(net, {})
    right = line(seen, kind, layer)
    if not early and kind in ("dZ", "dA", "dD"):
        right = right / net.c
    right = right.T if net.rows else right
    if kind == "db":
        bias = net.layers[layer - 1].bias
        right = right.reshape(net.shapes[bias]) if bias else right
    with np.errstate(all="ignore"):
        reach = _namespace(net, early=early, masking=kind == "dD")
        found = eval(text.partition(" = ")[2], {"__builtins__": {}}, reach)  # noqa: S307
    return found.shape == right.shape and _close(found, right, CLOSE)


def _namespace(net: Net, *, early: bool, masking: bool) -> dict[str, Any]:
    """What the user's backward pass has in reach, as its names have it; dA after the mask, but where that is made."""
    seen = replay(net, {})
    by = 1.0 if early else net.c
    own: dict[str, Any] = {"X": net.A[0], "Y": net.Y}
    own |= {f"A{layer}": A for layer, A in net.A.items() if layer} | {f"A{net.depth}": net.P}
    own |= {f"Z{layer}": Z for layer, Z in net.Z.items()}
    own |= {f"dZ{layer}": dZ / by for layer, dZ in seen.dZ.items()}
    own |= {f"dA{layer}": (dA if masking else seen.dD.get(layer, dA)) / by for layer, dA in seen.dA.items()}
    own |= {f"D{layer}": mask * net.keep for layer, mask in net.masks.items() if mask is not None}
    own |= {_name(net, layer, "W"): W for layer, W in net.W.items()}
    own = {name: value.T if net.rows else value for name, value in own.items()}

    def g_prime(z: Array) -> Array:
        return net.activation.derivative(z, net.activation.function(z))

    return {**own, "np": np, "m": net.m, "lam": net.lam, "keep_prob": net.keep, "g_prime": g_prime}


def _close(a: Array, b: Array, share: float) -> bool:
    return bool(np.abs(a - b).max() <= share * max(float(np.abs(b).max()), 1e-300))

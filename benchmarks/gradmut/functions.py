"""Operations with their own derivative, as torch.autograd.Function and as jax.custom_vjp, and six mistakes in each.

One text serves both: xp is torch or jax.numpy, g the cotangent, gx and gw what is returned. `rounded` casts to float32
and back, as code does that was written for float32.
"""

import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
from benchmarks.gradmut.case import Case
from benchmarks.gradmut.program import Arrays
from benchmarks.gradmut.truth import wrong_blocks


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """y from x and w, and gx and gw from g; `mistakes` are (name, old, new, site, cause)."""

    name: str
    forward: str
    backward: str
    mistakes: tuple[tuple[str, str, str, str, str | None], ...]
    x: tuple[int, int] = (4, 3)
    w: tuple[int, int] = (4, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Native:
    """The function as its framework knows it, and its arguments as NumPy arrays."""

    framework: str
    function: Callable[..., Any]
    arguments: tuple[np.ndarray, ...]


NO_COTANGENT = ("not multiplied by the cotangent", "", "g = 0 * g + 1", "x w", "function")

OPERATIONS = (
    Operation(
        name="softplus",
        forward="y = xp.log(1 + xp.exp(x)) * w",
        backward="s = 1 / (1 + xp.exp(-x))\ngx = g * w * s\ngw = g * xp.log(1 + xp.exp(x))",
        mistakes=(
            ("w forgotten", "g * w * s", "g * s", "x", None),
            ("sigmoid's derivative", "g * w * s", "g * w * s * (1 - s)", "x", "derivative of another"),
            ("sign", "g * w * s", "-g * w * s", "x", "sign"),
            ("zero", "gw = g * xp.log(1 + xp.exp(x))", "gw = 0 * g", "w", "zero"),
            NO_COTANGENT,
            ("swapped", "", "gx, gw = gw, gx", "x w", "swapped"),
        ),
    ),
    Operation(
        name="linear",
        forward="y = x @ w",
        backward="gx = g @ w.T\ngw = x.T @ g",
        w=(3, 2),
        mistakes=(
            ("mean", "gw = x.T @ g", "gw = x.T @ g / 4", "w", "mean"),
            ("transposed", "gw = x.T @ g", "gw = (g.T @ x).reshape(3, 2)", "w", "layout"),
            ("doubled", "gx = g @ w.T", "gx = 2 * g @ w.T", "x", "factor"),
            ("last example dropped", "x.T @ g", "x[:-1].T @ g[:-1]", "w", "off by one"),
            NO_COTANGENT,
            ("float32", "gw = x.T @ g", "gw = rounded(x.T @ g)", "w", "float32"),
        ),
    ),
    Operation(
        name="swish",
        forward="s = 1 / (1 + xp.exp(-w * x))\ny = x * s",
        backward="gx = g * (s + x * w * s * (1 - s))\ngw = g * x * x * s * (1 - s)",
        mistakes=(
            ("product rule forgotten", "g * (s + x * w * s * (1 - s))", "g * s", "x", None),
            ("first term forgotten", "g * (s + x * w * s * (1 - s))", "g * x * w * s * (1 - s)", "x", None),
            ("w forgotten", "x * w * s", "x * s", "x", None),
            ("x once", "g * x * x * s", "g * x * s", "w", None),
            ("sign", "gw = g", "gw = -g", "w", "sign"),
            NO_COTANGENT,
        ),
    ),
    Operation(
        name="row norm",
        forward="n = xp.sqrt((x**2).sum(axis=1, keepdims=True))\ny = x / n * w",
        backward="h = g * w\ngx = h / n - x * (h * x).sum(axis=1, keepdims=True) / n**3\ngw = g * x / n",
        mistakes=(
            ("norm held fixed", " - x * (h * x).sum(axis=1, keepdims=True) / n**3", "", "x", None),
            ("power", "n**3", "n**2", "x", None),
            ("axis", "(h * x).sum(axis=1, keepdims=True)", "(h * x).sum(axis=0, keepdims=True)", "x", None),
            ("sign of the term", "h / n - x", "h / n + x", "x", None),
            ("not divided", "gw = g * x / n", "gw = g * x", "w", None),
            NO_COTANGENT,
        ),
    ),
    Operation(
        name="softmax",
        forward="e = xp.exp(x)\np = e / e.sum(axis=1, keepdims=True)\ny = p * w",
        backward="h = g * w\ngx = p * (h - (h * p).sum(axis=1, keepdims=True))\ngw = g * p",
        mistakes=(
            ("diagonal alone", "p * (h - (h * p).sum(axis=1, keepdims=True))", "p * (1 - p) * h", "x", "softmax"),
            ("no sum", " - (h * p).sum(axis=1, keepdims=True)", "", "x", "softmax"),
            ("sum of g", "(h * p).sum", "(g * p).sum", "x", "softmax"),
            ("uses x", "gw = g * p", "gw = g * x", "w", "cache"),
            ("float32", "gw = g * p", "gw = rounded(g * p)", "w", "float32"),
            NO_COTANGENT,
        ),
    ),
    Operation(
        name="standardized",
        forward="d = x - x.mean(axis=0)\ns = 1 / xp.sqrt((d**2).mean(axis=0) + 0.01)\nn = d * s\ny = n * w",
        backward="h = g * w\ngx = s * (h - h.mean(axis=0) - n * (h * n).mean(axis=0))\ngw = g * n",
        mistakes=(
            ("mean term", "h - h.mean(axis=0) - n", "h - n", "x", "normalization"),
            ("variance term", " - n * (h * n).mean(axis=0)", "", "x", "normalization"),
            ("sums", "(h * n).mean(axis=0)", "(h * n).sum(axis=0)", "x", "normalization"),
            ("s forgotten", "s * (h", "(h", "x", "normalization"),
            ("uses d", "gw = g * n", "gw = g * d", "w", "cache"),
            NO_COTANGENT,
        ),
    ),
    Operation(
        name="quadratic form",
        forward="y = (x @ w) * x",
        backward="gx = g * (x @ w) + (g * x) @ w.T\ngw = x.T @ (g * x)",
        w=(3, 3),
        mistakes=(
            ("one branch", "g * (x @ w) + (g * x) @ w.T", "g * (x @ w)", "x", "branch"),
            ("other branch", "g * (x @ w) + (g * x) @ w.T", "(g * x) @ w.T", "x", "branch"),
            ("not transposed", "(g * x) @ w.T", "(g * x) @ w", "x", "weights"),
            ("gradient transposed", "gw = x.T @ (g * x)", "gw = (g * x).T @ x", "w", "layout"),
            ("halved", "gw = x.T", "gw = 0.5 * x.T", "w", "factor"),
            NO_COTANGENT,
        ),
    ),
    Operation(
        name="gelu",
        forward="t = xp.tanh(0.8 * (x + 0.045 * x**3))\ny = 0.5 * x * (1 + t) * w",
        backward=(
            "gx = g * w * (0.5 * (1 + t) + 0.5 * x * (1 - t**2) * 0.8 * (1 + 0.135 * x**2))\n"
            "gw = g * 0.5 * x * (1 + t)"
        ),
        mistakes=(
            ("inner derivative", " * (1 + 0.135 * x**2)", "", "x", None),
            ("constant", "0.135", "0.045", "x", None),
            ("tanh' of x", "(1 - t**2)", "(1 - x**2)", "x", "derivative argument"),
            ("first term alone", " + 0.5 * x * (1 - t**2) * 0.8 * (1 + 0.135 * x**2)", "", "x", None),
            ("half", "gw = g * 0.5", "gw = g", "w", "factor"),
            NO_COTANGENT,
        ),
    ),
    Operation(
        name="gate",
        forward="s = 1 / (1 + xp.exp(-w))\nt = xp.tanh(x)\ny = t * s",
        backward="gx = g * s * (1 - t**2)\ngw = g * t * s * (1 - s)",
        mistakes=(
            ("tanh' missing", " * (1 - t**2)", "", "x", "derivative"),
            ("tanh' of x", "(1 - t**2)", "(1 - x**2)", "x", "derivative argument"),
            ("sigmoid' missing", " * s * (1 - s)", "", "w", "derivative"),
            ("sigmoid' of w", "s * (1 - s)", "w * (1 - w)", "w", "derivative argument"),
            ("float32", "gw = g * t * s * (1 - s)", "gw = rounded(g * t * s * (1 - s))", "w", "float32"),
            NO_COTANGENT,
        ),
    ),
    Operation(
        name="log-sum-exp",
        forward="e = xp.exp(x * w)\ny = xp.log(e.sum(axis=1, keepdims=True))",
        backward="p = e / e.sum(axis=1, keepdims=True)\ngx = g * p * w\ngw = g * p * x",
        mistakes=(
            ("not normalized", "p = e / e.sum(axis=1, keepdims=True)", "p = e", "x w", None),
            ("over the other axis", "p = e / e.sum(axis=1, keepdims=True)", "p = e / e.sum(axis=0)", "x w", None),
            ("w forgotten", "g * p * w", "g * p", "x", None),
            ("all alike", "g * p * x", "g * x / 3", "w", None),
            ("zero", "gx = g * p * w", "gx = 0 * p", "x", "zero"),
            NO_COTANGENT,
        ),
    ),
)  # fmt: skip


def _text(operation: Operation, backward: str) -> tuple[str, str]:
    forward = textwrap.indent(operation.forward, "    ")
    back = textwrap.indent(f"{operation.forward}\n{backward}", "    ")
    return f"def run(x, w):\n{forward}\n    return y", f"def back(x, w, g):\n{back}\n    return gx, gw"


def _compiled(operation: Operation, backward: str, **space: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
    for text in _text(operation, backward):
        exec(text, space)
    return space["run"], space["back"]


def torch_function(operation: Operation, backward: str) -> Any:
    """The operation as a torch.autograd.Function."""
    import torch

    run, back = _compiled(operation, backward, xp=torch, rounded=lambda v: v.float().double())

    class Written(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, w: Any) -> Any:
            ctx.save_for_backward(x, w)
            return run(x, w)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return back(*ctx.saved_tensors, g)

    return Written


def jax_function(operation: Operation, backward: str) -> Callable[..., Any]:
    """The operation as a jax.custom_vjp."""
    import jax

    jax.config.update("jax_enable_x64", True)

    def rounded(value: Any) -> Any:
        return value.astype("float32").astype("float64")

    run, back = _compiled(operation, backward, xp=jax.numpy, rounded=rounded)
    function = jax.custom_vjp(run)
    function.defvjp(lambda x, w: (run(x, w), (x, w)), lambda saved, g: back(*saved, g))
    return function


def _numpy(operation: Operation, backward: str, weights: np.ndarray, theta: Arrays) -> Arrays:
    _, back = _compiled(operation, backward, xp=np, rounded=lambda v: v.astype(np.float32).astype(float))
    gx, gw = back(theta["x"], theta["w"], weights)
    return {"x": gx, "w": gw}


def cases(chosen: Callable[[str], bool]) -> Iterator[Case]:
    """Every operation in both frameworks, right and with each mistake, under a cost Σ weights · y."""
    for operation in OPERATIONS:
        rng = np.random.default_rng(crc32(operation.name.encode()))
        theta = {"x": rng.normal(size=operation.x), "w": rng.normal(size=operation.w)}
        run, _ = _compiled(operation, operation.backward, xp=np, rounded=None)
        weights = rng.normal(size=run(theta["x"], theta["w"]).shape)
        for framework in ("torch", "jax"):
            if not chosen(f"{framework}/{operation.name}"):
                continue
            for mistake in (None, *operation.mistakes):
                yield _case(operation, framework, mistake, theta, weights)


def _case(operation: Operation, framework: str, mistake: Any, theta: Arrays, weights: np.ndarray) -> Case:
    name, old, new, site, cause = mistake or ("correct", "", "", "", None)
    backward = operation.backward.replace(old, new, 1) if old else f"{new}\n{operation.backward}"
    if name == "swapped":
        backward = f"{operation.backward}\n{new}"
    if mistake and (backward == operation.backward or (old and operation.backward.count(old) != 1)):
        raise ValueError(f"{operation.name}: '{old}' must stand once in the text.")
    true = _numpy(operation, operation.backward, weights, theta)
    found = _numpy(operation, backward, weights, theta)
    function = torch_function(operation, backward) if framework == "torch" else jax_function(operation, backward)
    cost, gradients = _wrapped(framework, function, weights)
    return Case(
        name=f"{framework}/{operation.name}/{name}",
        family=framework,
        regime=f"{framework} functions",
        kind="mutant" if mistake else "correct",
        cost=cost,
        gradients=gradients,
        parameters=theta,
        true=true,
        found=found,
        wrong=wrong_blocks(found, true),
        sites=frozenset(site.split()) | {site},
        causes=frozenset({cause}),
        expected=frozenset({"WRONG" if mistake else "PASS"}),
        native=Native(framework=framework, function=function, arguments=(theta["x"], theta["w"])),
    )


def _wrapped(framework: str, function: Callable[..., Any], weights: np.ndarray) -> Any:
    return (_torch_pair if framework == "torch" else _jax_pair)(function, weights)


def _torch_pair(function: Any, weights: np.ndarray) -> Any:
    import torch

    scale = torch.tensor(weights)

    def cost(p: Arrays) -> float:
        with torch.no_grad():
            return float((scale * function.apply(torch.tensor(p["x"]), torch.tensor(p["w"]))).sum())

    def gradients(p: Arrays) -> Arrays:
        x, w = (torch.tensor(p[name], requires_grad=True) for name in "xw")
        (scale * function.apply(x, w)).sum().backward()
        return {"dx": x.grad.numpy(), "dw": w.grad.numpy()}

    return cost, gradients


def _jax_pair(function: Callable[..., Any], weights: np.ndarray) -> Any:
    import jax

    def total(x: Any, w: Any) -> Any:
        return (weights * function(x, w)).sum()

    slopes = jax.grad(total, (0, 1))

    def gradients(p: Arrays) -> Arrays:
        return dict(zip(("dx", "dw"), map(np.asarray, slopes(*_jax(p))), strict=True))

    return lambda p: float(total(*_jax(p))), gradients


def _jax(p: Arrays) -> Any:
    import jax

    return jax.numpy.asarray(p["x"]), jax.numpy.asarray(p["w"])

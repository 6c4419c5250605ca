"""The rules that others decide by, run for real: torch, JAX, SciPy, numdifftools, and the course's formula.

Each takes a case and says whether it rejects it. Networks in NumPy are wrapped as a user would wrap them: in a
torch.autograd.Function, in a jax.custom_vjp around a callback. Parameters are passed flat where the library wants one
array. What a rule asks of the cost twice is remembered: the rules are the libraries' own, and so are their evaluations.
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from benchmarks.gradmut.case import Case
from benchmarks.gradmut.program import Arrays
from benchmarks.gradmut.truth import by_parameter

COURSE_STEP = 1e-7
SCIPY_THRESHOLD = 1e-6

Verdict = dict[str, Any]


class Flat:
    """A case as functions of one vector, in the type of its parameters; evaluations are counted."""

    def __init__(self, case: Case) -> None:
        self.case, self.evaluations = case, 0
        self.shapes = {name: value.shape for name, value in case.parameters.items()}
        self.theta = np.concatenate([value.ravel() for value in case.parameters.values()])

    def split(self, theta: np.ndarray) -> Arrays:
        """One array for each parameter."""
        sizes = np.cumsum([int(np.prod(shape)) for shape in self.shapes.values()])[:-1]
        parts = np.split(np.asarray(theta), sizes)
        return {name: part.reshape(shape) for (name, shape), part in zip(self.shapes.items(), parts, strict=True)}

    def cost(self, theta: np.ndarray) -> float:
        """J, remembered where the case's cost has no state."""
        self.evaluations += 1
        memory = self.case.memory
        key = np.asarray(theta).tobytes()
        if memory is not None and key in memory:
            return memory[key]
        value = float(self.case.cost(self.split(theta), *self.case.data))
        if memory is not None:
            memory[key] = value
        return value

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        """What the code under test returns, in one vector."""
        found = by_parameter(self.case.gradients(self.split(theta), *self.case.data))
        return np.concatenate([found[name].ravel() for name in self.shapes])


def course(case: Case) -> Verdict:
    """gradient_check_n: ‖a − n‖/(‖a‖ + ‖n‖) over all parameters, steps of 1e-7; above 2e-7 there is a mistake."""
    flat = Flat(case)
    theta = flat.theta.astype(float)
    slope = np.empty(theta.size)
    for i in range(theta.size):
        ends = []
        for sign in (1, -1):
            moved = theta.copy()
            moved[i] += sign * COURSE_STEP
            ends.append(flat.cost(moved.astype(flat.theta.dtype)))
        slope[i] = (ends[0] - ends[1]) / (2 * COURSE_STEP)
    gradient = flat.gradient(flat.theta)
    size = np.linalg.norm(gradient) + np.linalg.norm(slope)
    difference = float(np.linalg.norm(gradient - slope) / size) if size else 0.0
    return {"rejected": difference > 2e-7, "difference": difference, "evaluations": flat.evaluations}


def scipy(case: Case) -> Verdict:
    """scipy.optimize.check_grad, and the threshold that users put: 1e-6."""
    from scipy.optimize import check_grad

    flat = Flat(case)
    difference = float(check_grad(flat.cost, flat.gradient, flat.theta))
    return {"rejected": not difference <= SCIPY_THRESHOLD, "difference": difference, "evaluations": flat.evaluations}


def numdifftools(case: Case) -> Verdict:
    """numdifftools.Gradient, compared as its users do: np.allclose with its own tolerances."""
    import numdifftools as nd

    flat = Flat(case)
    theta = flat.theta.astype(float)
    slope = nd.Gradient(lambda v: flat.cost(v.astype(flat.theta.dtype)))(theta)
    right = np.allclose(np.ravel(slope), flat.gradient(flat.theta))
    return {"rejected": not right, "evaluations": flat.evaluations}


def torch_slow(case: Case) -> Verdict:
    """torch.autograd.gradcheck as it comes."""
    return _torch(case, fast_mode=False)


def torch_fast(case: Case) -> Verdict:
    """torch.autograd.gradcheck, fast_mode=True."""
    return _torch(case, fast_mode=True)


def _torch(case: Case, *, fast_mode: bool) -> Verdict:
    import torch
    from torch.autograd import gradcheck

    if case.native is not None:
        inputs = tuple(torch.tensor(value, requires_grad=True) for value in case.native.arguments)
        return {
            "rejected": not gradcheck(case.native.function.apply, inputs, raise_exception=False, fast_mode=fast_mode)
        }
    flat = Flat(case)
    inputs = tuple(torch.tensor(value, requires_grad=True) for value in case.parameters.values())
    function = _torch_function(flat)
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        right = gradcheck(function, inputs, raise_exception=False, fast_mode=fast_mode)
    return {"rejected": not right, "evaluations": flat.evaluations}


def _torch_function(flat: Flat) -> Callable[..., Any]:
    import torch

    class Written(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *parameters: Any) -> Any:
            ctx.save_for_backward(*parameters)
            theta = np.concatenate([value.detach().numpy().ravel() for value in parameters])
            return torch.tensor(flat.cost(theta), dtype=parameters[0].dtype)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            theta = np.concatenate([value.detach().numpy().ravel() for value in ctx.saved_tensors])
            found = flat.split(flat.gradient(theta))
            return tuple(g * torch.tensor(found[name], dtype=g.dtype) for name in found)

    return Written.apply


def jax(case: Case) -> Verdict:
    """jax.test_util.check_grads in reverse mode, first order, with 64-bit numbers enabled."""
    import jax as library
    from jax.test_util import check_grads

    library.config.update("jax_enable_x64", True)
    flat = Flat(case)
    if case.native is not None:
        function, arguments = case.native.function, tuple(map(library.numpy.asarray, case.native.arguments))
    else:
        function, arguments = _jax_function(flat), (library.numpy.asarray(flat.theta),)
    try:
        check_grads(function, arguments, order=1, modes=["rev"])
    except AssertionError:
        return {"rejected": True, "evaluations": flat.evaluations}
    return {"rejected": False, "evaluations": flat.evaluations}


def _jax_function(flat: Flat) -> Callable[..., Any]:
    import jax as library

    kind = flat.theta.dtype
    value = library.ShapeDtypeStruct((), kind)
    slopes = library.ShapeDtypeStruct(flat.theta.shape, kind)

    @library.custom_vjp
    def function(theta: Any) -> Any:
        return library.pure_callback(lambda t: np.asarray(flat.cost(np.asarray(t)), kind), value, theta)

    def back(theta: Any, g: Any) -> Any:
        return (g * library.pure_callback(lambda t: flat.gradient(np.asarray(t)).astype(kind), slopes, theta),)

    function.defvjp(lambda theta: (function(theta), theta), back)
    return function


RULES: dict[str, tuple[Callable[[Case], Verdict], float]] = {
    "course": (course, 1.0),
    "scipy": (scipy, 1.0),
    "torch fast": (torch_fast, 0.4),
    "torch slow": (torch_slow, 0.4),
    "jax": (jax, 0.05),
    "numdifftools": (numdifftools, 0.05),
}
"""Each rule, and the share of the cases that it is run on."""


COMPARED = ("mutant", "sparse", "correct", "real")


def applies(name: str, case: Case) -> bool:
    """Whether a rule is asked: about functions without state; those of a framework are for its own checker alone."""
    if case.native is not None:
        return name.startswith(case.native.framework)
    return case.renew is None and case.kind in COMPARED

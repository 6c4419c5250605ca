"""Running an exact program, with a tap at some of its values: what was there, and what the loss thinks of it."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from initlab.adapters.jax.program import INDEX, STACK, Number, Program, Step


def run(
    program: Program, weights: Sequence[Any], inputs: Sequence[Any], nudges: dict[Number, Any]
) -> tuple[list[Any], dict[Number, Any]]:
    """What a program puts out, and the values at its taps. A nudge is added to its value: zero, for its gradient."""
    values: dict[Number, Any] = dict(program.constants)
    values |= zip(program.weights, weights, strict=True)
    values |= zip(program.inputs, inputs, strict=True)
    tapped: dict[Number, Any] = {}

    def tap(number: Number) -> None:
        if number in nudges:
            values[number] = tapped[number] = values[number] + nudges[number]

    for number in program.inputs:
        tap(number)
    for step in program.steps:
        results = _done(step, [values[number] for number in step.reads])
        values.update(zip(step.writes, results, strict=True))
        for number in step.writes:
            tap(number)
    return [values[number] for number in program.outputs], tapped


def _done(step: Step, given: list[Any]) -> list[Any]:
    if step.name == INDEX:
        return [given[0][step.params["index"]]]
    if step.name == STACK and step.primitive is None:
        return [jnp.stack(given)]
    bound = step.primitive.get_bind_params(dict(step.params))
    functions, params = bound if isinstance(bound, tuple) else ((), bound)  # before and since JAX 0.10
    made = step.primitive.bind(*functions, *given, **params)
    return list(made) if step.primitive.multiple_results else [made]


Passed = Callable[..., tuple[tuple[Any, Any], tuple[Any, Any]]]


def measured(program: Program, loss: Callable[[list[Any]], Any]) -> Passed:
    """A compiled function of (weights, nudges, inputs): ((loss, (outputs, tapped)), (gradients, gradients of taps))."""

    def forward(weights: Any, nudges: Any, inputs: Any) -> Any:  # noqa: ANN401
        outputs, tapped = run(program, weights, inputs, nudges)
        return loss(outputs), (outputs, tapped)

    return jax.jit(jax.value_and_grad(forward, argnums=(0, 1), has_aux=True))  # type: ignore[no-any-return]

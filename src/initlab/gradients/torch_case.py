"""A torch module, its parameters and its inputs, or an autograd Function, as a case; on a copy, in float64.

The cost is that of the user, or a fixed random combination of the outputs: Σ R ∘ output. For the second order it is
Σ u ∘ (gradient of the cost), whose gradient runs through the backward pass of the backward pass.
"""

import copy
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.func import functional_call

from initlab.adapters.torch.examples import as_example, examples
from initlab.errors import DataError, SpecError
from initlab.gradients.case import Array, GradientCase
from initlab.gradients.torch_branches import Branches
from initlab.gradients.torch_saved import changes_what_is_saved
from initlab.laws import Normal
from initlab.loading import said
from initlab.streams import sample

BATCH = 5
"""How many examples a guessed batch has."""

Tensors = dict[str, torch.Tensor]
Program = Callable[[Tensors], Any]


def module_case(
    module: nn.Module, inputs: object = None, *, loss: Callable[..., Any] | None = None, order: int = 1
) -> GradientCase:
    """A module at its parameters and its floating-point inputs, (x, ...) or a dict of them; guessed where not given.

    Raises SpecError when no inputs are given and none can be guessed, DataError when the module fails on them.
    """
    arguments, keywords = _example(module, inputs)
    own = copy.deepcopy(module)
    given = {f"input {i}" if len(arguments) > 1 else "input": x for i, x in enumerate(arguments) if _floats(x)}
    given |= {name: x for name, x in keywords.items() if _floats(x)}
    start = {name: p for name, p in own.named_parameters() if p.requires_grad and _floats(p)} | given
    held = tuple(own.named_parameters())

    def program(tensors: Tensors) -> Any:  # noqa: ANN401
        return _called(own, held, tensors, arguments, keywords)

    return _case(program, start, dtype=_dtype(own, start, program), loss=loss, order=order)


def function_case(
    function: type[torch.autograd.Function], inputs: object, *, loss: Callable[..., Any] | None = None, order: int = 1
) -> GradientCase:
    """An autograd Function at its floating-point inputs. Raises SpecError without inputs."""
    if inputs is None:
        raise SpecError(
            f"The function {function.__name__} must have inputs, got none. Give params=(x, ...), or name a function "
            "that returns (Function, inputs)."
        )
    (arguments, keywords) = as_example(inputs)
    arguments = (*arguments, *keywords.values())
    names = [*list(inspect.signature(function.forward).parameters)[1:], *(f"input {i}" for i in range(len(arguments)))]
    names = names[: len(arguments)]
    tensors = [torch.as_tensor(x) if isinstance(x, np.ndarray) else x for x in arguments]

    def program(moved: Tensors) -> Any:  # noqa: ANN401
        return function.apply(*(moved.get(name, x) for name, x in zip(names, tensors, strict=True)))

    start = {name: x for name, x in zip(names, tensors, strict=True) if _floats(x)}
    return _case(program, start, dtype=_dtype(None, start, program), loss=loss, order=order)


def _example(module: nn.Module, inputs: object) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if inputs is not None and inputs != ():
        return as_example(inputs)
    for arguments, keywords in examples(module):
        for batch in (BATCH, None):
            drawn = tuple(_drawn(x, f"input {i}", batch) for i, x in enumerate(arguments))
            named = {name: _drawn(x, name, batch) for name, x in keywords.items()}
            try:
                with torch.no_grad():
                    copy.deepcopy(module)(*drawn, **named)
            except Exception:  # a wrong guess may fail in any way
                continue
            return drawn, named
    raise SpecError(
        f"The inputs of {type(module).__name__} must be given, got none that it runs on. Give data=(x, ...), or name a "
        "function that returns (module, inputs)."
    )


def _drawn(x: Any, name: str, batch: int | None) -> Any:  # noqa: ANN401
    """A Gaussian in place of a guessed tensor of floats; other things as they are."""
    if not _floats(x):
        return x
    shape = tuple(x.shape)
    shape = (batch, *shape[1:]) if batch and shape[:1] == (1,) else shape
    return torch.from_numpy(sample(Normal(std=1.0), name=f"gradcheck {name}", seed=0, shape=shape)).to(x.dtype)


def _called(
    module: nn.Module,
    held: Sequence[tuple[str, nn.Parameter]],
    tensors: Tensors,
    arguments: Sequence[Any],
    keywords: Mapping[str, Any],
) -> Any:  # noqa: ANN401
    own = {name: tensor for name, tensor in tensors.items() if not (name.startswith("input") or name in keywords)}
    positions = ["input"] if len(arguments) == 1 else [f"input {i}" for i in range(len(arguments))]
    moved = tuple(tensors.get(name, x) for name, x in zip(positions, arguments, strict=True))
    named = {name: tensors.get(name, x) for name, x in keywords.items()}
    if torch.is_grad_enabled():
        return functional_call(module, own, moved, named)
    for name, parameter in held:
        parameter.data = own.get(name, parameter)
    return module(*moved, **named)


def _dtype(module: nn.Module | None, start: Tensors, program: Program) -> torch.dtype:
    """float64 where the program runs in it, on a copy; else the dtype it has. Raises DataError when it runs in none."""
    try:
        if module is not None:
            module.double()
        with torch.no_grad():
            program({name: x.detach().to(torch.float64) for name, x in start.items()})
    except (RuntimeError, TypeError, ValueError):
        native = next(iter(start.values())).dtype
        if module is not None:
            module.to(native)
        try:
            with torch.no_grad():
                program({name: x.detach().to(native) for name, x in start.items()})
        except Exception as error:
            raise DataError(
                f"The module or function must run on its inputs, got {said(error)}. Give inputs that fit."
            ) from error
        return native
    return torch.float64


def _case(
    program: Program, start: Tensors, *, dtype: torch.dtype, loss: Callable[..., Any] | None, order: int
) -> GradientCase:
    if not start:
        raise DataError("The parameters and inputs must hold floating-point numbers, got none that needs a gradient.")

    def first(tensors: Tensors) -> torch.Tensor:
        output = program(tensors)
        return loss(output) if loss is not None else _combined(output)

    scalar = first if order == 1 else _second(first)

    def tensors(parameters: Mapping[str, Array], *, grad: bool) -> Tensors:
        own = np.array if grad else np.asarray
        return {
            name: torch.from_numpy(own(value, dtype=np.float64)).to(dtype).requires_grad_(grad)
            for name, value in parameters.items()
        }

    def cost(parameters: Mapping[str, Array]) -> Array:
        with torch.set_grad_enabled(order > 1):
            value: Array = scalar(tensors(parameters, grad=order > 1)).detach().numpy()
            return value

    def branches(parameters: Mapping[str, Array]) -> tuple[Array, bytes | None]:
        with Branches() as seen:
            value = cost(parameters)
        return value, seen.pattern.value() if seen.pattern.noted else None

    def gradients(parameters: Mapping[str, Array], *, times: float = 1.0) -> dict[str, Array]:
        leaves = tensors(parameters, grad=True)
        with torch.enable_grad():
            total = times * scalar(leaves)
            found = torch.autograd.grad(total, list(leaves.values()), allow_unused=True)
        return {
            name: np.zeros(tuple(leaf.shape)) if g is None else g.detach().numpy()
            for (name, leaf), g in zip(leaves.items(), found, strict=True)
        }

    def upstream(parameters: Mapping[str, Array]) -> list[Array]:
        with torch.no_grad():
            output = program(tensors(parameters, grad=False))
        if not isinstance(output, torch.Tensor) or order > 1:
            return []
        leaf = output.detach().clone().requires_grad_()
        with torch.enable_grad():
            (found,) = torch.autograd.grad(loss(leaf) if loss is not None else _combined(leaf), leaf)
        return [found.numpy()]

    return GradientCase(
        cost=cost,
        gradients=gradients,
        upstream=upstream,
        parameters={name: x.detach().to(torch.float64).numpy().copy() for name, x in start.items()},
        branches=branches,
        doubled=lambda parameters: gradients(parameters, times=2.0),
        saved_changed=lambda parameters: changes_what_is_saved(lambda: gradients(parameters)),
    )


def _second(first: Callable[[Tensors], torch.Tensor]) -> Callable[[Tensors], torch.Tensor]:
    """Σ u ∘ gradient, with fixed Gaussian u."""

    def scalar(tensors: Tensors) -> torch.Tensor:
        leaves = list(tensors.values())
        found = torch.autograd.grad(first(tensors), leaves, create_graph=True, allow_unused=True)
        parts = [
            (g * _fixed(f"second order {name}", g)).sum()
            for name, g in zip(tensors, found, strict=True)
            if g is not None and g.requires_grad
        ]
        return torch.stack(parts).sum() if parts else 0.0 * leaves[0].sum()

    return scalar


def _combined(output: object) -> torch.Tensor:
    """Σ R ∘ output over all tensors of floats in an output; the output itself where it is one number."""
    found = list(_tensors(output))
    if not found:
        raise DataError(f"The output must hold a tensor of floating-point numbers, got {type(output).__name__}.")
    if len(found) == 1 and found[0].numel() == 1:
        return found[0].reshape(())
    parts = [(x * _fixed(f"output {i}", x)).sum() / x.numel() ** 0.5 for i, x in enumerate(found)]
    return torch.stack(parts).sum()


def _fixed(name: str, like: torch.Tensor) -> torch.Tensor:
    drawn = sample(Normal(std=1.0), name=f"gradcheck {name}", seed=0, shape=tuple(like.shape) or (1,))
    return torch.from_numpy(drawn).reshape(like.shape).to(like.dtype)


def _tensors(value: object) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        if value.is_floating_point():
            yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _tensors(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _tensors(each)


def _floats(x: object) -> bool:
    return isinstance(x, torch.Tensor) and x.is_floating_point() and x.numel() > 0

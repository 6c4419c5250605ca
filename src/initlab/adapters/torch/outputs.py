"""What the layers of a torch model put out on a batch, in the order of execution, and weights rescaled by it.

One forward pass: when a layer has computed its output, it may be rescaled there and then, its output computed anew, and
the pass goes on with that. The model is in evaluation mode meanwhile and gets its own mode back; buffers, gradients and
generators stay as they were.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from initlab.adapters.torch.reading import Reading
from initlab.errors import SpecError
from initlab.loading import said

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One layer's output on a batch: mean and standard deviation of each channel, and of all numbers together."""

    name: str
    mean: float
    std: float
    channel_mean: Reals
    channel_std: Reals
    has_bias: bool


class Change(Protocol):
    """What to do to a layer: its numbers times `scale`, `shift` added to its biases; one number or one a channel."""

    @property
    def scale(self) -> Any: ...  # noqa: ANN401

    @property
    def shift(self) -> Any: ...  # noqa: ANN401


Adjust = Callable[[Output], Change | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A module with a weight that is planned: the name and tensor of it, its bias, and the axes of its channels."""

    name: str
    module: nn.Module
    weight: torch.Tensor
    rows: int
    bias: torch.Tensor | None
    channels: int


def layers(model: nn.Module, reading: Reading) -> list[Layer]:
    """The dense and convolutional layers of a model, each once, with torch's weight normalisation or without."""
    found: dict[int, Layer] = {}
    for name, entry in reading.entries.items():
        for owner, key in entry.named.owners:
            holder = _normalised(model, owner) if key == "original0" else owner
            if holder is None or id(holder) in found or key not in ("weight", "original0"):
                continue
            if isinstance(holder, nn.Linear | nn.modules.conv._ConvNd) or type(holder).__name__ == "Conv1D":
                bias = getattr(holder, "bias", None)
                found[id(holder)] = Layer(
                    name=name,
                    module=holder,
                    weight=entry.tensor,
                    rows=0 if key == "original0" else entry.block.axes.index(0),
                    bias=bias if isinstance(bias, torch.Tensor) else None,
                    channels=1 if isinstance(holder, nn.modules.conv._ConvNd) else -1,
                )
    return list(found.values())


def _normalised(model: nn.Module, owner: nn.Module) -> nn.Module | None:
    """The layer whose weight a parametrization list holds."""
    for module in model.modules():
        lists = getattr(module, "parametrizations", None)
        if lists is not None and any(each is owner for each in lists.values()):
            return module
    return None


def run(model: nn.Module, chosen: Sequence[Layer], batch: Any, adjust: Adjust) -> Any:  # noqa: ANN401
    """Run a batch through a model; `adjust` is asked at each chosen layer, once. Returns the model's output.

    Raises SpecError when the model cannot take the batch.
    """
    seen: set[str] = set()

    def hook(layer: Layer) -> Callable[..., Any]:
        def after(module: nn.Module, args: Any, kwargs: Any, output: Any) -> Any:  # noqa: ANN401
            if layer.name in seen or not isinstance(output, torch.Tensor):
                return output
            seen.add(layer.name)
            for _ in range(10):
                change = adjust(_measured(layer, output))
                if change is None:
                    break
                _apply(layer, change.scale, change.shift)
                output = module.forward(*args, **kwargs)
            return output

        return after

    with torch.no_grad(), _evaluating(model):
        handles = [layer.module.register_forward_hook(hook(layer), with_kwargs=True) for layer in chosen]
        try:
            return called(model, batch)
        finally:
            for handle in handles:
                handle.remove()


def called(model: nn.Module, batch: Any) -> Any:  # noqa: ANN401
    """What a model returns for a batch: a tensor, a tuple of arguments, or a dict of them."""
    try:
        if isinstance(batch, Mapping):
            return model(**batch)
        return model(*batch) if isinstance(batch, tuple | list) else model(batch)
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        raise SpecError(f"The batch must be one that the model takes, got {said(error)}. Give its inputs.") from None


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode


def _measured(layer: Layer, output: torch.Tensor) -> Output:
    numbers = output.detach().double()
    axes = [axis for axis in range(numbers.ndim) if axis != layer.channels % numbers.ndim]
    spread, mean = torch.std_mean(numbers, dim=axes, correction=0)
    return Output(
        name=layer.name,
        mean=float(numbers.mean()),
        std=float(numbers.std(correction=0)),
        channel_mean=mean.cpu().numpy(),
        channel_std=spread.cpu().numpy(),
        has_bias=layer.bias is not None,
    )


def _apply(layer: Layer, scale: Any, shift: Any = 0.0) -> None:  # noqa: ANN401
    by = torch.as_tensor(scale, dtype=layer.weight.dtype, device=layer.weight.device)
    shape = [1] * layer.weight.ndim
    if by.ndim:
        shape[layer.rows] = -1
    layer.weight.detach().mul_(by.reshape(shape) if by.ndim else by)
    if layer.bias is not None:
        layer.bias.detach().mul_(by.to(layer.bias)).add_(torch.as_tensor(shift).to(layer.bias))


def relative_gradients(
    model: nn.Module,
    chosen: Sequence[Layer],
    batch: Any,  # noqa: ANN401
    direction: Callable[..., Any],
) -> dict[str, float]:
    """For each layer, √(mean g²/mean w²) of its weight, g the gradient of the output along a random direction."""
    wanted = [layer.weight for layer in chosen]
    with torch.enable_grad(), _evaluating(model):
        output = first_tensor(called(model, batch))
        along = torch.as_tensor(direction(tuple(output.shape)), dtype=output.dtype, device=output.device)
        gradients = torch.autograd.grad((output * along).sum(), wanted, allow_unused=True)
    return {
        layer.name: float((gradient.double() ** 2).mean() / (layer.weight.detach().double() ** 2).mean()) ** 0.5
        for layer, gradient in zip(chosen, gradients, strict=True)
        if gradient is not None and bool(gradient.any())
    }


def scale(chosen: Sequence[Layer], factors: Mapping[str, float]) -> None:
    """Multiply weights and biases of layers by a number each."""
    for layer in chosen:
        if layer.name in factors:
            _apply(layer, factors[layer.name])


def first_tensor(output: Any) -> torch.Tensor:  # noqa: ANN401
    """The first tensor of floats in what a model returns."""
    if isinstance(output, torch.Tensor) and output.is_floating_point():
        return output
    inside = output.values() if isinstance(output, Mapping) else output if isinstance(output, tuple | list) else ()
    for each in inside:
        try:
            return first_tensor(each)
        except SpecError:
            continue
    raise SpecError(f"The model must return a tensor of floats, got {type(output).__name__}. Return its logits.")

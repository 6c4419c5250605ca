"""A batch: what is fed to the model, by place and by name, and the targets; given, or made from a stated shape."""

import inspect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from initlab.adapters.batches import Made
from initlab.errors import DataError

TARGETS = ("target", "targets", "label", "labels", "y")
"""The keys of a mapping that are targets where the model takes no argument of that name."""

IMAGE = 32
"""The side of the pictures that are made for a network whose first layer is a convolution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The arguments of the model, the targets, and what they are in words."""

    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    target: Any = None
    words: str = ""

    @property
    def main(self) -> Any:  # noqa: ANN401
        """The first tensor that is fed in."""
        for value in _leaves((*self.args, *self.kwargs.values())):
            if not value.numel():
                raise DataError(f"The batch must hold an example, got sizes {tuple(value.shape)}. Give one that does.")
            return value
        raise DataError("The batch must hold a tensor, got none. Give (inputs, targets), or a mapping of arguments.")

    @property
    def examples(self) -> int:
        """How many examples there are."""
        return int(self.main.shape[0]) if self.main.ndim else 1

    @property
    def tokens(self) -> Any:  # noqa: ANN401
        """The whole numbers of shape (examples, length) that are fed in, or None."""
        main = self.main
        return main if not main.is_floating_point() and main.ndim == 2 else None


def _leaves(values: Iterable[Any]) -> Iterator[Any]:
    """The tensors among values, and in the sequences and mappings among them."""
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from _leaves(value)
        elif isinstance(value, Mapping):
            yield from _leaves(value.values())


def batch_of(model: Any, given: Any, *, seed: int) -> Batch:  # noqa: ANN401
    """The batch for a model: read from what was given, made from a shape, or made for the model's first layer."""
    if given is None:
        given = made_for(model)
    if isinstance(given, Made):
        return _made(model, given, seed=seed)
    device = _device(model)
    if isinstance(given, Mapping):
        return _named(model, {key: _moved(value, device) for key, value in given.items()})
    if isinstance(given, list | tuple) and len(given) == 2:
        inputs, target = _moved(given[0], device), _moved(given[1], device)
        if isinstance(inputs, Mapping):
            return Batch(kwargs=inputs, target=target, words="the batch given")
        args = tuple(inputs) if isinstance(inputs, list | tuple) else (inputs,)
        return Batch(args=args, target=target, words=_words(args[0]))
    if isinstance(given, list | tuple) and len(given) == 1:
        given = given[0]
    moved = _moved(given, device)
    if not isinstance(moved, torch.Tensor):
        raise DataError(
            f"The batch must be a tensor, (inputs, targets) or a mapping, got {type(given).__name__}. "
            "Give one of these."
        )
    return Batch(args=(moved,), words=_words(moved))


def _words(tensor: Any) -> str:  # noqa: ANN401
    sizes = "×".join(map(str, tensor.shape)) if isinstance(tensor, torch.Tensor) else "?"
    return f"the batch given, {sizes}"


def _named(model: Any, given: Mapping[str, Any]) -> Batch:  # noqa: ANN401
    takes = _takes(model)
    target = next((given[key] for key in TARGETS if key in given and takes is not None and key not in takes), None)
    kwargs = {key: value for key, value in given.items() if takes is None or key in takes or key not in TARGETS}
    return Batch(kwargs=kwargs, target=target, words="the batch given")


def _takes(model: Any) -> set[str] | None:  # noqa: ANN401
    """The names of the arguments of a model's forward; None where it takes any."""
    parameters = inspect.signature(model.forward).parameters.values()
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters):
        named = {parameter.name for parameter in parameters}
        return None if "labels" not in named else named | {"attention_mask"}
    return {parameter.name for parameter in parameters}


def _device(model: Any) -> Any:  # noqa: ANN401
    return next((parameter.device for parameter in model.parameters()), torch.device("cpu"))


def _moved(value: Any, device: Any) -> Any:  # noqa: ANN401
    """Tensors, and arrays as tensors, on the device of the model; all else as it is."""
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biufc":
            raise DataError(f"The batch must hold numbers, got an array of {value.dtype}. Turn it into numbers first.")
        value = torch.from_numpy(value)
    if isinstance(value, torch.Tensor):
        return value.detach().to(device)
    if isinstance(value, list | tuple) and value and all(isinstance(each, torch.Tensor | np.ndarray) for each in value):
        return type(value)(_moved(each, device) for each in value)
    if isinstance(value, Mapping):
        return {key: _moved(each, device) for key, each in value.items()}
    return value


def made_for(model: Any) -> Made:  # noqa: ANN401
    """The shape of a batch for a model, from its configuration or its first layer.

    Raises DataError where neither says it.
    """
    config = getattr(model, "config", None)
    words = getattr(config, "vocab_size", None)
    if isinstance(words, int) and getattr(model, "main_input_name", "") == "input_ids":
        longest = min(getattr(config, key, 64) or 64 for key in ("max_position_embeddings", "n_positions"))
        return Made(shape=(8, min(64, longest)), vocabulary=words)
    size = getattr(config, "image_size", None)
    if isinstance(size, int):
        return Made(shape=(16, int(getattr(config, "num_channels", 3)), size, size))
    for module in model.modules():
        kind = type(module).__name__
        if kind == "Embedding":
            return Made(shape=(32, 32), vocabulary=module.num_embeddings)
        if kind == "Linear":
            return Made(shape=(64, module.in_features))
        if kind == "Conv2d":
            return Made(shape=(32, module.in_channels, IMAGE, IMAGE))
        if kind == "Conv1d":
            return Made(shape=(32, module.in_channels, 4 * IMAGE))
        if kind in ("LSTM", "GRU", "RNN"):
            return Made(shape=(32, 16, module.input_size))
    if next(model.parameters(), None) is None:
        raise DataError("The model must have a trainable weight, got none. Give a network with layers.")
    raise DataError(
        "The batch must be given, got none, and the model's first layer does not say it. "
        "State --input 32x3x224x224, --tokens 8x128:50257 or --batch FILE:NAME."
    )


def _made(model: Any, made: Made, *, seed: int) -> Batch:  # noqa: ANN401
    array = torch.from_numpy(made.array(seed=seed)).to(_device(model))
    first = next((parameter for parameter in model.parameters() if parameter.is_floating_point()), None)
    if array.is_floating_point() and first is not None:
        array = array.to(first.dtype)
    takes = inspect.signature(model.forward).parameters
    main = getattr(model, "main_input_name", None)
    if made.vocabulary is not None and "labels" in takes and main == "input_ids" and hasattr(model, "config"):
        return Batch(kwargs=_language(model, array, takes), words=str(made))
    if hasattr(model, "config") and main in takes:
        return Batch(kwargs={str(main): array}, words=str(made))
    return Batch(args=(array,), words=str(made))


def _language(model: Any, tokens: Any, takes: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ANN401
    """The arguments of a model of transformers that computes its own loss from labels."""
    name = type(model).__name__
    if name.endswith("ForSequenceClassification"):
        count = int(getattr(model.config, "num_labels", 2))
        return {"input_ids": tokens, "labels": torch.arange(tokens.shape[0], device=tokens.device) % count}
    lm = name.endswith(("LMHeadModel", "ForCausalLM", "ForMaskedLM", "ForConditionalGeneration", "ForPreTraining"))
    return {"input_ids": tokens, "labels": tokens} if lm and "labels" in takes else {"input_ids": tokens}

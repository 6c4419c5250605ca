"""Inputs on which a model can be run: given, or guessed from its configuration or its first layer.

An example is what the model is called with: a tuple of positional arguments and a dict of others.
"""

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import nn

from initlab.adapters.torch.names import modules_of

Example = tuple[tuple[Any, ...], dict[str, Any]]

LENGTH = 8
"""How many tokens or frames a guessed sequence has."""


def as_example(given: object) -> Example:
    """What a person gives: a dict of arguments, a tuple of them, or the only one."""
    if isinstance(given, Mapping):
        return (), dict(given)
    return (tuple(given) if isinstance(given, (tuple, list)) else (given,)), {}


def examples(model: nn.Module) -> Iterator[Example]:
    """Inputs to try, the likeliest first; none for a model whose needs cannot be guessed."""
    for name in ("example_input_array", "example_inputs"):
        given = getattr(model, name, None)
        if given is not None and not callable(given):
            yield as_example(given)
    config = getattr(model, "config", None)
    if config is not None and hasattr(model, "main_input_name"):
        yield from _of_transformers(model, config)
        return
    yield from _of_first_layer(model)


def _of_transformers(model: Any, config: Any) -> Iterator[Example]:  # noqa: ANN401
    """What a model of transformers is called with, from the names of its arguments and its configuration."""
    accepted = inspect.signature(model.forward).parameters
    plain = {"use_cache": False} if "use_cache" in accepted else {}
    made = {name: maker(config) for name, maker in _MAKERS.items() if name in accepted}
    main = model.main_input_name
    wanted = [name for name in (main, *_TOGETHER.get(main, ())) if name in made]
    if "pixel_values" in made and "input_ids" in made and main != "pixel_values":
        yield (
            (),
            {**plain, **{name: made[name] for name in ("input_ids", "attention_mask", "pixel_values") if name in made}},
        )
    if wanted:
        yield (), {**plain, **{name: made[name] for name in wanted}}
    required = [
        n for n, p in accepted.items() if p.default is inspect.Parameter.empty and p.kind is p.POSITIONAL_OR_KEYWORD
    ]
    if required and all(name in made for name in required):
        yield (), {**plain, **{name: made[name] for name in required}}


def _setting(config: Any, names: tuple[str, ...], otherwise: Any) -> Any:  # noqa: ANN401
    for part in (config, *(getattr(config, name, None) for name in ("vision_config", "text_config", "audio_config"))):
        for name in names:
            value = getattr(part, name, None)
            if value is not None:
                return value
    return otherwise


def _tokens(config: Any) -> torch.Tensor:  # noqa: ANN401
    vocabulary = int(_setting(config, ("vocab_size",), 8))
    return (torch.arange(LENGTH) % max(1, vocabulary - 1) + (vocabulary > LENGTH)).clamp(max=vocabulary - 1)[None]


def _pixels(config: Any) -> torch.Tensor:  # noqa: ANN401
    size = _setting(config, ("image_size",), 64)
    height, width = size if isinstance(size, (tuple, list)) else (size, size)
    return (
        torch.linspace(0, 1, int(height) * int(width))
        .view(1, 1, int(height), int(width))
        .repeat(1, int(_setting(config, ("num_channels",), 3)), 1, 1)
    )


def _features(config: Any) -> torch.Tensor:  # noqa: ANN401
    bins = int(_setting(config, ("num_mel_bins", "input_feat_per_channel"), 80))
    frames = 2 * int(_setting(config, ("max_source_positions",), 50))
    return torch.zeros(1, bins, frames)


_MAKERS = {
    "input_ids": _tokens,
    "decoder_input_ids": _tokens,
    "inputs": _tokens,
    "attention_mask": lambda _: torch.ones(1, LENGTH, dtype=torch.long),
    "pixel_values": _pixels,
    "input_values": lambda _: torch.linspace(-1, 1, 4000)[None],
    "input_features": _features,
}
_TOGETHER = {
    "input_ids": ("attention_mask", "decoder_input_ids"),
    "pixel_values": ("input_ids", "attention_mask"),
    "input_features": ("decoder_input_ids",),
}


def _of_first_layer(model: nn.Module) -> Iterator[Example]:
    """One tensor that the first layer of a known kind takes, for a model whose forward needs one argument."""
    needed = [
        p
        for p in inspect.signature(model.forward).parameters.values()
        if p.default is inspect.Parameter.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    settings = getattr(model, "default_cfg", None) or getattr(model, "pretrained_cfg", None)
    if isinstance(settings, Mapping) and "input_size" in settings:
        yield (torch.zeros(1, *settings["input_size"]),), {}
    for _, _, module in modules_of(model):
        shapes = list(_shapes(module))
        for shape in shapes:
            one = (
                torch.ones(shape, dtype=torch.long)
                if isinstance(module, (nn.Embedding, nn.EmbeddingBag))
                else _ramp(shape)
            )
            yield tuple(one for _ in range(max(1, len(needed)))), {}
        if shapes:
            return


def _ramp(shape: tuple[int, ...]) -> torch.Tensor:
    count = int(torch.Size(shape).numel())
    return torch.linspace(-1, 1, max(count, 1)).view(shape)


def _shapes(module: Any) -> Iterator[tuple[int, ...]]:  # noqa: ANN401
    if isinstance(module, nn.Linear):
        width = module.in_features
        yield from ((2, width), (2, LENGTH, width))
        side = round((width / 3) ** 0.5), round(width**0.5)
        yield from (
            (2, channels, each, each)
            for channels, each in zip((3, 1), side, strict=True)
            if channels * each * each == width
        )
    elif isinstance(module, (nn.Embedding, nn.EmbeddingBag)):
        yield from ((2, LENGTH), (LENGTH,))
    elif isinstance(module, (nn.RNNBase, nn.RNNCellBase)):
        yield (2, module.input_size) if isinstance(module, nn.RNNCellBase) else (2, LENGTH, module.input_size)
    elif isinstance(module, nn.modules.conv._ConvNd):
        dimensions = len(module.kernel_size)
        sizes = {1: (64, 1024), 2: (64, 224, 32, 28, 8), 3: (16, 32, 64)}[dimensions]
        yield from ((1, module.in_channels, *([size] * dimensions)) for size in sizes)
    elif isinstance(module, nn.MultiheadAttention):
        yield (2, LENGTH, module.embed_dim)
    elif isinstance(module, nn.LayerNorm):
        yield (2, LENGTH, *module.normalized_shape)

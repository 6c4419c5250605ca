"""The names of a torch model's tensors: without what wrappers put in, and one for a group that shares memory.

A wrapper holds the model it wraps under a name of its own: DistributedDataParallel under `module`, torch.compile under
`_orig_mod`, a LoRA layer its base under `base_layer`. Those steps are left out, so that a model has the same names, and
draws the same weights, wrapped or not.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import nn

WRAPPERS = {
    "DataParallel": "module",
    "DistributedDataParallel": "module",
    "FullyShardedDataParallel": "_fsdp_wrapped_module",
    "OptimizedModule": "_orig_mod",
    "ActivationWrapper": "_checkpoint_wrapped_module",
    "PeftModel": "base_model",
    "BaseTuner": "model",
    "BaseTunerLayer": "base_layer",
    "AuxiliaryTrainingWrapper": "original_module",
}
"""The class of a wrapper, by its name so that its library is not loaded, and what it holds the wrapped module under."""


PARAMETRIZED = {"original": "", "original0": "_g", "original1": "_v"}
"""What a parametrised weight is held as, and the ending of the name that it had before torch 2.0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """One tensor of a model: its names, the first of them its own, and where the model holds it.

    `owners` are the modules that hold it, each with the name it has there; `paths` the names with the wrappers in.
    `layer` is the layer that uses it, as `key`: its first owner, or the one whose parametrised tensor it is.
    """

    tensor: torch.Tensor
    names: tuple[str, ...]
    paths: tuple[str, ...]
    owners: tuple[tuple[nn.Module, str], ...]
    buffer: bool
    layer: nn.Module
    key: str

    @property
    def name(self) -> str:
        """The canonical name: the first one met."""
        return self.names[0]


def wrapped(module: nn.Module) -> str | None:
    """The name under which a wrapper holds what it wraps; None for any other module."""
    for kind in type(module).__mro__:
        inner = WRAPPERS.get(kind.__name__)
        if inner is not None and not kind.__module__.startswith("__") and hasattr(module, inner):
            return inner
    return None


def unwrapped(model: nn.Module) -> nn.Module:
    """The model inside all wrappers around the whole of it."""
    while (inner := wrapped(model)) is not None:
        model = getattr(model, inner)
    return model


def modules_of(module: nn.Module, name: str = "", path: str = "") -> Iterator[tuple[str, str, nn.Module]]:
    """Every place of a module in a model, shared ones at each of theirs: (canonical name, path, module)."""
    yield name, path, module
    inner = wrapped(module)
    for step, child in module._modules.items():
        if child is not None:
            yield from modules_of(child, name if step == inner else joined(name, step), joined(path, step))


def joined(prefix: str, name: str) -> str:
    """A dotted name.

    >>> joined("", "fc"), joined("fc", "weight")
    ('fc', 'fc.weight')
    """
    return f"{prefix}.{name}" if prefix else name


def named_tensors(model: nn.Module) -> tuple[Named, ...]:
    """The parameters, then the buffers, in the order of the model; tensors that are one, or one memory, once."""
    held: dict[object, list[tuple[str, str, nn.Module, str, torch.Tensor]]] = {}
    buffers: set[object] = set()
    places = list(modules_of(model))
    for is_buffer in (False, True):
        for name, path, module in places:
            for key, tensor in (module._buffers if is_buffer else module._parameters).items():
                if tensor is None:
                    continue
                same = memory_of(tensor)
                held.setdefault(same, []).append((joined(name, key), joined(path, key), module, key, tensor))
                if is_buffer and len(held[same]) == 1:
                    buffers.add(same)
    modules = {name: module for name, _, module in places}
    return tuple(_named(found, same in buffers, modules) for same, found in held.items())


def _named(
    places: list[tuple[str, str, nn.Module, str, torch.Tensor]], buffer: bool, modules: Mapping[str, nn.Module]
) -> Named:
    name, _, layer, key, _ = places[0]
    home, _, held = name.rpartition(".parametrizations.")
    if home in modules and key in PARAMETRIZED and held:
        layer, key = modules[home], held.split(".")[0] + PARAMETRIZED[key]
    return Named(
        layer=layer,
        key=key,
        tensor=places[0][4],
        names=tuple(dict.fromkeys(name for name, *_ in places)),
        paths=tuple(dict.fromkeys(path for _, path, *_ in places)),
        owners=tuple((module, key) for _, _, module, key, _ in places),
        buffer=buffer,
    )


def memory_of(tensor: torch.Tensor) -> object:
    """What two tensors have in common when they are one: the tensor itself, or the same memory in the same shape."""
    if tensor.is_meta or tensor.numel() == 0 or hasattr(tensor, "placements") or tensor.layout != torch.strided:
        return id(tensor)
    try:
        address = tensor.data_ptr()
    except RuntimeError:  # a tensor without storage of its own, such as a functional one
        return id(tensor)
    if address == 0:
        return id(tensor)
    return (str(tensor.device), address, tuple(tensor.shape), tensor.stride(), tensor.dtype)

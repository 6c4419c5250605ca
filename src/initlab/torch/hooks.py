"""A whole model in one line, and the same where a library calls for it."""

from collections.abc import Callable
from typing import Any, TypeVar

from torch import nn

from initlab.api.plan import Source, init, plan

Model = TypeVar("Model", bound=nn.Module)


def init_(
    model: Model,
    policy: Source = "auto",
    *,
    seed: int = 0,
    strict: bool = False,
    batch: Any = None,  # noqa: ANN401
) -> Model:
    """Draw a model's parameters in place, as a policy plans them, and return the model.

    The numbers depend on the seed and the names of the parameters alone: not on the device, the dtype's neighbours, the
    wrappers around the model, or how it is sharded. torch's generators are not touched.
    A policy that looks at data, such as lsuv, takes a `batch` of it.

    >>> from torch import nn
    >>> model = init_(nn.Sequential(nn.Linear(50, 200), nn.ReLU(), nn.Linear(200, 10)), "he", seed=0)
    >>> round(model[0].weight.std().item(), 2)
    0.2

    Raises UsageError for a policy that does not fit the model, before anything is written.
    """
    return init(model, policy, seed=seed, strict=strict, batch=batch)


def init_weights(
    policy: Source = "auto", *, seed: int = 0, first: Callable[[Any, nn.Module], None] | None = None
) -> Callable[[Any, nn.Module], None]:
    """A method for `PreTrainedModel._init_weights` of transformers, which calls it for each module of a model.

    The model is drawn when its turn comes, after its parts, so that names and depths are those of the whole. What a
    checkpoint has filled is left alone. `first` is called for every module before: the model's own method, for the
    buffers that it computes.

    >>> class Net(nn.Module):
    ...     _init_weights = init_weights("he", seed=0)
    ...
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.fc = nn.Linear(50, 200)
    ...         self.apply(self._init_weights)
    >>> round(Net().fc.weight.std().item(), 2)
    0.2
    """

    def _init_weights(self: nn.Module, module: nn.Module) -> None:
        if first is not None:
            first(self, module)
        if module is self:
            loaded = {name for name, tensor in self.named_parameters() if getattr(tensor, "_is_hf_initialized", False)}
            plan(self, policy).without(loaded).apply(self, seed=seed)

    return _init_weights

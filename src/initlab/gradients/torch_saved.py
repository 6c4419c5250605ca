"""Whether a backward pass changes the tensors that were saved for it."""

from collections.abc import Callable

import torch


def changes_what_is_saved(run: Callable[[], object]) -> bool:
    """Run a forward and backward pass; whether the second changes a tensor that the first saved for it.

    What the forward pass itself goes on to change, running means say, is as it is when the backward pass begins.
    """
    kept: list[torch.Tensor] = []
    begun: list[tuple[torch.Tensor, torch.Tensor]] = []

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        kept.append(tensor.detach())
        return tensor

    def use(tensor: torch.Tensor) -> torch.Tensor:
        begun.extend((each, each.clone()) for each in kept)
        kept.clear()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, use):
        run()
    return any(not _same(now, then) for now, then in begun)


def _same(a: torch.Tensor, b: torch.Tensor) -> bool:
    return bool(torch.all((a == b) | (torch.isnan(a) & torch.isnan(b))))

"""Whether a backward pass changes the tensors that were saved for it."""

from collections.abc import Callable

import torch


def changes_what_is_saved(run: Callable[[], object]) -> bool:
    """Run a forward and backward pass; whether a tensor saved between them is another one afterwards."""
    kept: list[tuple[torch.Tensor, torch.Tensor]] = []

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        kept.append((tensor.detach(), tensor.detach().clone()))
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        run()
    return any(not torch.equal(now, then) for now, then in kept)

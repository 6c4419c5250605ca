"""Units along an axis: which output unit each number of a tensor is."""

import torch


def along(places: torch.Tensor, dim: int) -> torch.Tensor:
    """The indices along one dimension, where they are the same along the others."""
    return places[tuple(slice(None) if each == dim else 0 for each in range(places.ndim))]


def spread(units: torch.Tensor | None, shape: torch.Size, dim: int) -> torch.Tensor | None:
    """Units along one axis of a tensor of that shape; None when their number is another."""
    if units is None or units.numel() != shape[dim]:
        return None
    along = [1] * len(shape)
    along[dim] = -1
    return units.view(along).expand(shape)


def relabelled(units: torch.Tensor, shape: torch.Size) -> torch.Tensor | None:
    """Units that run along one axis only, for a tensor of another shape that has the same axis; else None."""
    runs = [axis for axis in range(units.ndim) if varies(units, axis)]
    if len(runs) != 1:
        return None
    vector = along(units, runs[0])
    places = [axis for axis, size in enumerate(shape) if size == vector.numel()]
    place = runs[0] if runs[0] in places else places[0] if len(places) == 1 else None
    return None if place is None else spread(vector, shape, place)


def varies(units: torch.Tensor, axis: int) -> bool:
    """Whether the units differ along an axis."""
    if units.stride(axis) == 0 or units.shape[axis] == 1:
        return False
    units = units[tuple(slice(0, None if step else 1) for step in units.stride())]
    return bool((units != units.narrow(axis, 0, 1)).any())

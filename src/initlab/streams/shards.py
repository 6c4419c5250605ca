"""Which part of a whole tensor this rank's shard of a DTensor is, from its placements alone: nothing is sent.

Along each axis of the tensor, a mesh dimension that shards it cuts the indices that are left into chunks of ⌈n/ranks⌉,
the last ones shorter or empty, and this rank keeps the one of its coordinate. A strided shard, as FSDP over tensor
parallelism makes it, first cuts into `split_factor` chunks and keeps its share of each. Whatever rows and columns are
left are runs of consecutive indices, and each product of runs is a rectangle of the whole tensor.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from initlab.errors import SpecError
from initlab.streams.layout import Part

Indices: TypeAlias = NDArray[np.int64]


def local_parts(tensor: Any) -> Iterator[tuple[torch.Tensor, Part]]:  # noqa: ANN401
    """The rectangles of a DTensor's local tensor, each with the part of the whole that it is.

    Raises SpecError for a placement that is neither a shard nor a replica.
    """
    coordinate = tensor.device_mesh.get_coordinate()
    if coordinate is None:
        return
    local, shape = tensor.to_local(), tuple(tensor.shape)
    kept = kept_indices(shape, tensor.placements, tensor.device_mesh.shape, coordinate)
    if tuple(local.shape) != tuple(len(indices) for indices in kept):
        raise SpecError(f"The local shard must have the shape of its placements, got {tuple(local.shape)} of {shape}.")
    for pieces in itertools.product(*(runs(indices) for indices in kept)):
        cut = tuple(slice(place, place + size) for place, _, size in pieces)
        starts, sizes = tuple(first for _, first, _ in pieces), tuple(size for _, _, size in pieces)
        yield local[cut], Part(shape=shape, starts=starts, sizes=sizes)


def kept_indices(
    shape: Sequence[int], placements: Sequence[Any], mesh: Sequence[int], coordinate: Sequence[int]
) -> list[Indices]:
    """Which indices along each axis the rank at that coordinate holds."""
    kept = [np.arange(size) for size in shape]
    for placement, ranks, rank in zip(placements, mesh, coordinate, strict=True):
        if placement.is_replicate():
            continue
        axis = getattr(placement, "dim", None)
        if axis is None:
            raise SpecError(f"The placements of a DTensor to fill must be shards or replicas, got {placement}.")
        groups = chunks(kept[axis], getattr(placement, "split_factor", 1))
        kept[axis] = np.concatenate([chunks(group, ranks)[rank] for group in groups])
    return kept


def chunks(indices: Indices, count: int) -> list[Indices]:
    """`count` chunks of ⌈n/count⌉, the last ones shorter or empty.

    >>> [len(chunk) for chunk in chunks(np.arange(5), 4)]
    [2, 2, 1, 0]
    """
    step = max(1, -(-len(indices) // count))
    return [indices[part * step : (part + 1) * step] for part in range(count)]


def runs(indices: Indices) -> list[tuple[int, int, int]]:
    """Runs of consecutive indices: (place of the first, the first, how many).

    >>> runs(np.array([4, 5, 8]))
    [(0, 4, 2), (2, 8, 1)]
    """
    starts = np.flatnonzero(np.diff(indices, prepend=-2) != 1)
    ends = [*starts[1:], len(indices)] if len(indices) else []
    return [(int(start), int(indices[start]), int(end - start)) for start, end in zip(starts, ends, strict=True)]

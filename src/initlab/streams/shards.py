"""Which part of a whole tensor this rank's shard of a DTensor is, from its placements alone: nothing is sent.

Along each axis of the tensor, a mesh dimension that shards it cuts the indices that are left into chunks of ⌈n/ranks⌉,
the last ones shorter or empty, and this rank keeps the one of its coordinate. A strided shard, as FSDP over tensor
parallelism makes it, stands before the shards that it was cut from: those whose ranks multiply to its `split_factor`
cut first, then it. Without such shards it cuts into `split_factor` chunks and keeps its share of each. Whatever is
left along an axis are runs of consecutive indices, and each product of runs is a rectangle of the whole tensor.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch

from initlab.errors import SpecError
from initlab.streams.layout import Part


class Run(NamedTuple):
    """Consecutive indices: the first, and how many."""

    start: int
    size: int


class Cut(NamedTuple):
    """How one mesh dimension shards an axis: its number of ranks, this rank's coordinate, and the split factor."""

    ranks: int
    rank: int
    split_factor: int


def local_parts(tensor: Any) -> Iterator[tuple[torch.Tensor, Part]]:  # noqa: ANN401
    """The rectangles of a DTensor's local tensor, each with the part of the whole that it is.

    Raises SpecError for a placement that is neither a shard nor a replica.
    """
    coordinate = tensor.device_mesh.get_coordinate()
    if coordinate is None:
        return
    local, shape = tensor.to_local(), tuple(tensor.shape)
    kept = kept_runs(shape, tensor.placements, tensor.device_mesh.shape, coordinate)
    if tuple(local.shape) != tuple(sum(run.size for run in runs) for runs in kept):
        raise SpecError(f"The local shard must have the shape of its placements, got {tuple(local.shape)} of {shape}.")
    for pieces in itertools.product(*(placed(runs) for runs in kept)):
        cut = tuple(slice(place, place + run.size) for place, run in pieces)
        starts, sizes = tuple(run.start for _, run in pieces), tuple(run.size for _, run in pieces)
        yield local[cut], Part(shape=shape, starts=starts, sizes=sizes)


def kept_runs(
    shape: Sequence[int], placements: Sequence[Any], mesh: Sequence[int], coordinate: Sequence[int]
) -> list[list[Run]]:
    """Which indices along each axis the rank at that coordinate holds."""
    cuts: list[list[Cut]] = [[] for _ in shape]
    for placement, ranks, rank in zip(placements, mesh, coordinate, strict=True):
        if placement.is_replicate():
            continue
        axis = getattr(placement, "dim", None)
        if axis is None:
            raise SpecError(f"The placements of a DTensor to fill must be shards or replicas, got {placement}.")
        cuts[axis].append(Cut(ranks, rank, getattr(placement, "split_factor", 1)))
    return [_kept(size, ordered(of_axis)) for size, of_axis in zip(shape, cuts, strict=True)]


def ordered(cuts: Sequence[Cut]) -> list[Cut]:
    """The cuts of one axis in the order in which torch made them; one that found its place is strided no more.

    >>> [cut.ranks for cut in ordered([Cut(3, 0, 4), Cut(4, 0, 1)])]
    [4, 3]
    """
    order: list[Cut] = []
    for cut in reversed(cuts):
        before = range(len(order) + 1)
        place = next((k for k in before if math.prod(c.ranks for c in order[:k]) == cut.split_factor), None)
        if place is None:
            order.insert(0, cut)
        else:
            order.insert(place, cut._replace(split_factor=1))
    return order


def _kept(size: int, cuts: Sequence[Cut]) -> list[Run]:
    runs = [Run(0, size)] if size else []
    for cut in cuts:
        groups = [chunk(runs, cut.split_factor, group) for group in range(cut.split_factor)]
        runs = joined([run for group in groups for run in chunk(group, cut.ranks, cut.rank)])
    return runs


def chunk(runs: Sequence[Run], count: int, which: int) -> list[Run]:
    """One of `count` chunks of ⌈n/count⌉ indices, the last ones shorter or empty.

    >>> [chunk([Run(0, 3), Run(9, 2)], 2, which) for which in range(2)]
    [[Run(start=0, size=3)], [Run(start=9, size=2)]]
    """
    step = -(-sum(run.size for run in runs) // count)
    first, last, place, inside = which * step, (which + 1) * step, 0, []
    for run in runs:
        low, high = max(first - place, 0), min(last - place, run.size)
        if low < high:
            inside.append(Run(run.start + low, high - low))
        place += run.size
    return inside


def joined(runs: Sequence[Run]) -> list[Run]:
    """The same indices in as few runs as will do.

    >>> joined([Run(4, 2), Run(6, 1), Run(8, 1)])
    [Run(start=4, size=3), Run(start=8, size=1)]
    """
    out: list[Run] = []
    for run in runs:
        if out and out[-1].start + out[-1].size == run.start:
            out[-1] = Run(out[-1].start, out[-1].size + run.size)
        else:
            out.append(run)
    return out


def placed(runs: Sequence[Run]) -> list[tuple[int, Run]]:
    """Each run with the place of its first index in the local tensor."""
    ends = itertools.accumulate(run.size for run in runs)
    return [(end - run.size, run) for end, run in zip(ends, runs, strict=True)]

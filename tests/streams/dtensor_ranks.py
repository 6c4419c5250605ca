"""What each rank of `test_dtensor.py` runs: fill DTensors from their placements, and compare with the whole.

Arguments: rank, number of ranks, the port of rank 0. Prints how many elements were compared, and how many differ.
"""

import os
import sys

import numpy as np
import torch
import torch.distributed as dist
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, Replicate, Shard, distribute_tensor
from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module
from torch.distributed.tensor.placement_types import _StridedShard

from initlab.laws import CopiedRows, Identity, Normal, Orthogonal, TruncatedNormal
from initlab.streams import sample
from initlab.streams.shards import kept_runs
from initlab.streams.torch import fill_, fill_module

LAWS = {
    "w": lambda shape: Normal(std=1.0),
    "trunc": lambda shape: TruncatedNormal(scale=1.0),
    "copied": lambda shape: CopiedRows(row=Normal(std=1.0)),
    "orthogonal": lambda shape: Orthogonal(rows=shape[0], columns=int(np.prod(shape[1:]))),
    "identity": lambda shape: Identity(rows=shape[0], columns=int(np.prod(shape[1:]))),
}
SHAPES = [(7, 10), (8, 4), (3, 5), (1, 6), (2, 3, 5)]


def compare(tensor, law, name, counts):
    """Count the local elements that are not those of the whole tensor at the indices that this rank holds."""
    whole = sample(law, name=name, seed=3, shape=tuple(tensor.shape), dtype="float32")
    local = tensor.to_local().detach().numpy()
    kept = local_indices(tensor)
    counts[0] += local.size
    counts[1] += int((local != whole[np.ix_(*kept)]).sum())
    assert local.shape == tuple(len(indices) for indices in kept)


def local_indices(tensor):
    """Where torch itself puts this rank's elements: the indices of each axis, sharded like the tensor."""
    kept = []
    for axis, size in enumerate(tensor.shape):
        index = torch.arange(size).reshape([-1 if axis == other else 1 for other in range(tensor.ndim)])
        index = index.expand(tensor.shape).contiguous()
        local = distribute_tensor(index, tensor.device_mesh, tensor.placements, src_data_rank=None).to_local()
        kept.append(np.unique(local.numpy()) if local.numel() else np.arange(local.shape[axis]))
    return kept


def check_placements(mesh, placements, counts):
    for shape in SHAPES:
        for name, law_of in LAWS.items():
            law = law_of(shape)
            tensor = distribute_tensor(torch.full(shape, torch.nan), mesh, placements, src_data_rank=None)
            fill_(tensor, law, name=name, seed=3)
            if not any(isinstance(placement, _StridedShard) for placement in placements):
                compare(tensor, law, name, counts)


def check_fsdp(mesh, counts):
    """FSDP2: parameters built on the meta device, sharded, given memory and drawn, each rank its own rows."""
    with torch.device("meta"):
        module = torch.nn.Sequential(torch.nn.Linear(9, 7), torch.nn.Linear(7, 3))
    for layer in module:
        fully_shard(layer, mesh=mesh)
    fully_shard(module, mesh=mesh)
    laws = {name: Normal(std=0.1) for name, _ in module.named_parameters()}
    fill_module(module, laws, seed=3)
    for name, tensor in module.named_parameters():
        assert isinstance(tensor, DTensor)
        compare(tensor, laws[name], name, counts)


def check_strided(mesh, counts):
    """FSDP over tensor parallelism: torch's own split of a strided shard, even and uneven."""
    for size in (8, 12, 7, 10, 5, 3):
        for factor in (1, 2, 3):
            placement = _StridedShard(0, split_factor=factor)
            for rank in range(mesh.size()):
                theirs = placement._split_tensor(torch.arange(size), mesh.size(), with_padding=False, contiguous=True)[
                    0
                ][rank]
                runs = kept_runs((size,), [placement], [mesh.size()], [rank])[0]
                counts[0] += 1
                counts[1] += theirs.tolist() != [index for run in runs for index in range(run.start, sum(run))]


def check_fsdp_over_tp(mesh, counts):
    """FSDP2 over tensor parallelism, uneven in both: the gathered parameters are those of the whole module."""
    with torch.device("meta"):
        module = torch.nn.Sequential(torch.nn.Linear(5, 7), torch.nn.Linear(7, 3))
    parallelize_module(module, mesh["tp"], {"0": ColwiseParallel(), "1": RowwiseParallel()})
    for layer in module:
        fully_shard(layer, mesh=mesh["dp"])
    fully_shard(module, mesh=mesh["dp"])
    laws = {name: Normal(std=0.1) for name, _ in module.named_parameters()}
    fill_module(module, laws, seed=3)
    for name, tensor in module.named_parameters():
        whole = sample(laws[name], name=name, seed=3, shape=tuple(tensor.shape), dtype="float32")
        # torch's own full_tensor() misplaces uneven strided shards: gather rank by rank, as FSDP does
        held = DTensor.from_local(
            gathered(tensor, mesh),
            mesh["tp"],
            [tensor.placements[1]],
            run_check=False,
            shape=tensor.shape,
            stride=tensor.stride(),
        )
        full = held.full_tensor().numpy()
        counts[0] += full.size
        counts[1] += int((full != whole).sum())


def gathered(tensor, mesh):
    """The tensor-parallel shard whose pieces the ranks of FSDP hold."""
    local = tensor.to_local().detach()
    pieces = [None] * mesh["dp"].size()
    dist.all_gather_object(pieces, local, group=mesh["dp"].get_group())
    return torch.cat(pieces, dim=tensor.placements[0].dim)


def main():
    rank, size, port = (int(argument) for argument in sys.argv[1:4])
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    dist.init_process_group("gloo", rank=rank, world_size=size)
    line = init_device_mesh("cpu", (size,))
    counts = [0, 0]
    for placement in (Shard(0), Shard(1), Replicate()):
        check_placements(line, [placement], counts)
    check_fsdp(line, counts)
    check_strided(line, counts)
    if size == 4:
        square = init_device_mesh("cpu", (2, 2))
        for pair in ([Shard(0), Shard(1)], [Shard(1), Shard(0)], [Shard(0), Shard(0)], [Replicate(), Shard(1)]):
            check_placements(square, pair, counts)
        check_fsdp_over_tp(init_device_mesh("cpu", (2, 2), mesh_dim_names=("dp", "tp")), counts)
    print(f"compared {counts[0]} differ {counts[1]}")
    dist.destroy_process_group()


if __name__ == "__main__":
    main()

"""DTensor shards hold the bits of the whole tensor: every rank draws its own part, in processes of its own."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
if not torch.distributed.is_available():
    pytest.skip("this torch has no torch.distributed", allow_module_level=True)

from initlab.streams.shards import Run, chunk, kept_runs  # noqa: E402

RANKS = Path(__file__).with_name("dtensor_ranks.py")


@pytest.mark.parametrize("size", [2, 4])
def test_every_rank_holds_its_part_of_the_whole(size):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ranks = [
        subprocess.Popen(
            [sys.executable, RANKS, str(rank), str(size), str(port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(size)
    ]
    try:
        results = [rank.communicate(timeout=300) for rank in ranks]
    finally:
        for rank in ranks:
            rank.kill()
    for rank, (out, err) in zip(ranks, results, strict=True):
        assert rank.returncode == 0, err
        compared, differ = (int(word) for word in out.split()[1::2])
        assert compared > 300
        assert differ == 0


def test_chunks_are_those_of_torch():
    for size in range(20):
        for count in range(1, 9):
            theirs = [chunk.tolist() for chunk in torch.chunk(torch.arange(size), count)] if size else []
            ours = [indices(chunk([Run(0, size)], count, which)) for which in range(count)]
            assert [held for held in ours if held] == theirs


def indices(runs):
    return [index for run in runs for index in range(run.start, run.start + run.size)]


@pytest.mark.parametrize(("dp", "tp"), [(2, 2), (3, 4), (4, 2), (2, 3)])
def test_fsdp_over_tensor_parallelism_is_cut_as_torch_cuts_it(dp, tp):
    """Tensor parallelism chunks the axis first, and FSDP chunks what it is given: even, uneven and empty."""
    from torch.distributed.tensor import Shard
    from torch.distributed.tensor.placement_types import _StridedShard

    placements = [_StridedShard(0, split_factor=tp), Shard(0)]
    for n in range(1, 40):
        for i in range(dp):
            for j in range(tp):
                theirs = nth_chunk(nth_chunk(torch.arange(n), tp, j), dp, i).tolist()
                assert indices(kept_runs((n,), placements, (dp, tp), (i, j))[0]) == theirs


def nth_chunk(tensor, count, which):
    chunks = torch.chunk(tensor, count) if tensor.numel() else []
    return chunks[which] if which < len(chunks) else tensor[:0]


def test_a_huge_axis_takes_no_memory():
    from torch.distributed.tensor import Shard

    assert kept_runs((1 << 50,), [Shard(0)], [4], [3]) == [[Run(3 << 48, 1 << 48)]]


def test_a_partial_sum_is_refused():
    from torch.distributed.tensor import Partial

    from initlab.errors import SpecError

    with pytest.raises(SpecError, match="must be shards or replicas"):
        kept_runs((4,), [Partial()], [2], [0])

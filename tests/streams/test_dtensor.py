"""DTensor shards hold the bits of the whole tensor: every rank draws its own part, in processes of its own."""

import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
if not torch.distributed.is_available():
    pytest.skip("this torch has no torch.distributed", allow_module_level=True)

from initlab.streams.shards import chunks, kept_indices, runs  # noqa: E402

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
        results = [rank.communicate(timeout=90) for rank in ranks]
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
            ours = [chunk.tolist() for chunk in chunks(np.arange(size), count)]
            assert [chunk for chunk in ours if chunk] == theirs
            assert len(ours) == count


def test_runs_cover_the_indices():
    for indices in ([], [0], [3, 4, 5], [0, 1, 5, 6, 9]):
        covered = [first + step for _, first, size in runs(np.array(indices, dtype=np.int64)) for step in range(size)]
        assert covered == indices


def test_a_partial_sum_is_refused():
    from torch.distributed.tensor import Partial

    from initlab.errors import SpecError

    with pytest.raises(SpecError, match="must be shards or replicas"):
        kept_indices((4,), [Partial()], [2], [0])

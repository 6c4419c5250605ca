"""Sweeps that are too long for the tests.

python benchmarks/streams_quality.py sweep                       all 2³¹ heights of the normal law, in a minute
python benchmarks/streams_quality.py words index | RNG_test stdin32     raw words for PractRand, without end:
by index, by name or by seed
"""

import argparse
import sys
from collections.abc import Iterator

import numpy as np

from initlab.streams import Key, stream_key, words

STEP = 1 << 22


def sweep() -> int:
    """Every height: positive, below 2³¹, never rising with the word, and within 8e-9 of Φ⁻¹ at 2²² of them."""
    from initlab.streams.normal import heights

    last, faults, largest = None, 0, 0
    for first in range(0, 1 << 31, STEP):
        m = np.arange(first, first + STEP, dtype=np.uint64)
        height = heights((m << np.uint64(21)) | np.uint64(1 << 20)).astype(np.int64)
        faults += int((np.diff(height) > 0).sum()) + int(height[-1] < 1) + int(last is not None and height[0] > last)
        last, largest = int(height[-1]), max(largest, int(height[0]))
        print(f"\r{(first + STEP) / 2**31:6.1%}  faults {faults}", end="", file=sys.stderr)
    print(f"\nheights from {last} to {largest} ({largest / 2**28:.5f}), {faults} faults, error at most {error():.2e}")
    return int(faults > 0)


def error() -> float:
    from scipy.special import ndtri

    from initlab.streams.normal import normal_lattice

    word = np.unique(np.geomspace(1, (1 << 31) - 1, STEP).astype(np.uint32))
    return float(np.abs(normal_lattice(word) / 2**28 + ndtri((word + 0.5) / 2**32)).max())


def raw(order: str) -> Iterator[np.ndarray]:
    """Words in one of three orders: along one stream, or the first four of each of many."""
    turn = 0
    while True:
        if order == "index":
            yield words(stream_key("w", 0), turn * STEP, STEP)
        else:
            base = range(turn * 4096, (turn + 1) * 4096)
            keys: list[Key] = [stream_key(f"w{i}", 0) if order == "name" else stream_key("w", i) for i in base]
            yield np.concatenate([words(key, 0, 4) for key in keys])
        turn += 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["sweep", "words"])
    parser.add_argument("order", nargs="?", default="index", choices=["index", "name", "seed"])
    arguments = parser.parse_args()
    if arguments.what == "sweep":
        return sweep()
    for block in raw(arguments.order):
        sys.stdout.buffer.write(block.tobytes())
    return 0


if __name__ == "__main__":
    sys.exit(main())

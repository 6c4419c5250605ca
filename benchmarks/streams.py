"""How fast weights are drawn: initlab beside torch, NumPy and JAX, in turns, in one run.

    python benchmarks/streams.py [--log2 25] [--rounds 7]

Every figure is the best of the rounds, and the libraries take turns within a round, so that a busy machine slows all
of them alike. "floor" is the time that the machine needs to write the same bytes with constants.
"""

import argparse
import hashlib
import itertools
import os
import threading
import time
import tracemalloc
from collections.abc import Callable
from unittest import mock

import jax
import numpy as np
import torch

from initlab.laws import Law, Normal, Orthogonal, TruncatedNormal, Uniform
from initlab.streams import fill, sample, stream_key
from initlab.streams.draw import by_words
from initlab.streams.jax import sample_jax
from initlab.streams.rounding import carrier
from initlab.streams.sample import made_of
from initlab.streams.threads import available
from initlab.streams.torch import carrier_of, fill_, fill_module
from initlab.streams.transform import Transform

STD = 0.02
LAWS: dict[str, Law] = {
    "normal": Normal(std=STD),
    "uniform": Uniform(bound=STD),
    "truncated": TruncatedNormal(scale=STD),
}
AIMS = {"normal": (2, 3.5), "uniform": (3, 6), "truncated": (20, 30), "jax": (5, 10), "numpy": (5, 10)}

Runs = dict[str, Callable[[], object]]


def best(runs: Runs, rounds: int, slow: dict[str, int] | None = None) -> dict[str, float]:
    """The shortest time of each run, in seconds; `slow` says how many rounds the slow ones get."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(rounds):
        for name, run in runs.items():
            if turn >= (slow or {}).get(name, rounds):
                continue
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    return {name: min(measured) for name, measured in times.items()}


def free_processors() -> float:
    """How many processors a two-threaded program gets at present: other programs may hold one."""
    data = bytes(1 << 25)

    def hash_in(threads: int) -> float:
        start = time.perf_counter()
        workers = [threading.Thread(target=hashlib.sha256, args=(data,)) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return time.perf_counter() - start

    count = available()
    return count * min(hash_in(1) for _ in range(5)) / min(hash_in(count) for _ in range(5))


def elementwise(n: int, rounds: int) -> dict[str, float]:
    ours, theirs = np.empty(n, dtype=np.float32), torch.empty(n)
    runs: Runs = {"floor 1": lambda: ours.fill(1.0), "floor 2": lambda: theirs.zero_()}
    for name, law in LAWS.items():
        for threads in sorted({1, available()}):
            runs[f"{name} {threads}"] = lambda law=law, threads=threads: fill(
                ours, law, name="w", seed=0, threads=threads
            )
    generator, key = np.random.default_rng(0), jax.random.key(0)
    draw = jax.jit(lambda key: STD * jax.random.normal(key, (n,)))
    draw(key).block_until_ready()
    runs |= {
        "torch normal": lambda: theirs.normal_(0, STD),
        "torch uniform": lambda: theirs.uniform_(-STD, STD),
        "torch truncated": lambda: torch.nn.init.trunc_normal_(theirs, 0, STD, -2 * STD, 2 * STD),
        "numpy normal": lambda: generator.standard_normal(out=ours, dtype=np.float32),
        "jax normal": lambda: draw(key).block_until_ready(),
    }
    slow = dict.fromkeys(("torch truncated", "numpy normal", "jax normal"), max(2, rounds // 3))
    return best(runs, rounds, slow)


def print_elementwise(n: int, times: dict[str, float]) -> None:
    threads = available()
    print(
        f"write bandwidth: {4e-9 * n / times['floor 1']:.1f} GB/s by NumPy, {4e-9 * n / times['floor 2']:.1f} by torch"
    )
    print(f"\n{'law':<10}{'against':<18}{'theirs':>8}{'1 thread':>10}{f'{threads} threads':>11}   ns per element")
    rows = [("normal", "torch"), ("uniform", "torch"), ("truncated", "torch"), ("normal", "numpy"), ("normal", "jax")]
    for law, library in rows:
        theirs, one, all_ = (times[key] for key in (f"{library} {law}", f"{law} 1", f"{law} {threads}"))
        least, aim = AIMS[law if library == "torch" else library]
        print(
            f"{law:<10}{library:<18}{theirs / n * 1e9:8.2f}{one / n * 1e9:10.2f}{all_ / n * 1e9:11.2f}"
            f"   ratio {theirs / one:5.1f}x on one thread, {theirs / all_:5.1f}x on {threads}"
            f" (at least {least}x, aim {aim}x); {100 * times['floor 2'] / all_:.0f} % of the write floor"
        )


def orthogonal(rounds: int) -> None:
    tensor, law = torch.empty(2048, 2048), Orthogonal(rows=2048, columns=2048)
    fill_(tensor, law, name="w", seed=0)
    times = best(
        {
            "torch": lambda: torch.nn.init.orthogonal_(tensor),
            "ours": lambda: fill_(tensor, law, name="w", seed=0),
            "one": lambda: fill_(tensor, law, name="w", seed=0, threads=1),
        },
        rounds,
    )
    print(
        f"\northogonal 2048 x 2048: torch {times['torch'] * 1e3:.0f} ms, ours {times['ours'] * 1e3:.0f} ms, one thread "
        f"{times['one'] * 1e3:.0f} ms: ratio {times['torch'] / times['ours']:.1f}x (at least 1x, aim 2x)"
    )


def small(rounds: int) -> None:
    module = torch.nn.ParameterList([torch.empty(64) for _ in range(1000)])
    laws = {name: LAWS["normal"] for name, _ in module.named_parameters()}

    def init() -> None:
        for parameter in module:
            torch.nn.init.normal_(parameter, 0, STD)

    def plain() -> None:
        with mock.patch("initlab.streams.many.compiled_serves", return_value=False):
            fill_module(module, laws, seed=0)

    fill(np.empty(1 << 18, dtype=np.float32), LAWS["normal"], name="w", seed=0)
    times = best({"torch": init, "ours": lambda: fill_module(module, laws, seed=0), "plain": plain}, 3 * rounds)
    print(f"1,000 tensors of 64 before the kernel is loaded: {times['plain'] / times['torch']:.2f} times torch's")
    print(
        f"1,000 tensors of 64: torch.nn.init {times['torch'] * 1e3:.2f} ms, ours {times['ours'] * 1e3:.2f} ms: "
        f"{times['ours'] / times['torch']:.2f} times torch's (at most 2)"
    )
    one = np.empty((10, 2), dtype=np.float32)
    took = best({"one": lambda: [fill(one, LAWS["normal"], name="w", seed=0) for _ in range(1000)]}, rounds)["one"]
    print(f"one (10, 2) matrix: {took * 1e3:.1f} us")


def memory(n: int) -> None:
    out = np.empty(n, dtype=np.float32)
    for size in (n // 8, n):
        tracemalloc.start()
        fill(out[:size], LAWS["normal"], name="w", seed=0)
        print(f"memory beyond the buffer for {size:,} float32: {tracemalloc.get_traced_memory()[1]:,} bytes")
        tracemalloc.stop()


def mismatches(n: int) -> None:
    """Elements that differ between the NumPy files, the compiled kernel, torch (strided and not) and JAX."""
    compared, differ = 0, dict.fromkeys(("compiled", "torch", "torch strided", "jax"), 0)
    laws = [*LAWS.values(), Normal(std=STD, mean=1.0), TruncatedNormal(scale=STD, low=-1.0, high=3.0)]
    for law, dtype in itertools.product(laws, ("float32", "bfloat16", "float16")):
        transform, key = made_of(law, dtype), stream_key("w", 0)
        assert isinstance(transform, Transform)
        plain = np.empty((1, n), dtype=carrier(dtype))
        by_words(key, transform.values)(plain, 0, 0)
        strided = torch.empty(2, n, dtype=getattr(torch, dtype)).T[:, 0]
        drawn = {
            "compiled": sample(law, name="w", seed=0, shape=(n,), dtype=dtype),
            "torch": carrier_of(fill_(torch.empty(n, dtype=getattr(torch, dtype)), law, name="w", seed=0)),
            "torch strided": carrier_of(fill_(strided, law, name="w", seed=0)),
            "jax": np.asarray(sample_jax(law, name="w", seed=0, shape=(n,), dtype=dtype)),
        }
        compared += n
        for library, array in drawn.items():
            unsigned = f"u{plain.itemsize}"
            differ[library] += int((np.ascontiguousarray(array).view(unsigned) != plain.view(unsigned)[0]).sum())
    print(f"differences from the NumPy files in {compared:,} elements of 5 laws and 3 dtypes: {differ}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--log2", type=int, default=25, help="elements, as a power of two")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    n = 1 << arguments.log2
    print(f"float32, {n:,} elements, {available()} processors, load {os.getloadavg()[0]:.1f}")
    print(f"processors free for a program of {available()} threads, before: {free_processors():.1f}")
    fill(np.empty(1 << 20, dtype=np.float32), LAWS["normal"], name="w", seed=0)
    print_elementwise(n, elementwise(n, arguments.rounds))
    orthogonal(arguments.rounds)
    small(arguments.rounds)
    memory(n)
    mismatches(1 << 20)
    print(f"processors free for a program of {available()} threads, after: {free_processors():.1f}")


if __name__ == "__main__":
    main()

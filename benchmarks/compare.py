"""How fast networks train here, beside the plain loops they replace. Run: python benchmarks/compare.py

Rivals run in turn in one process, several rounds, and the ratios are of medians of times from the same round. Timings
are of this machine and this moment; the ratios are what travels.
"""

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import numpy as np
from threadpoolctl import threadpool_limits

from initlab import course
from initlab.experiments.datasets import load, scaled
from initlab.network.architecture import Architecture
from initlab.network.initialize import initialize
from initlab.network.recipe import Recipe
from initlab.network.trainer import Training
from initlab.schemes import choose

ROUNDS = 5
COURSE_NET = Architecture(widths=(2, 10, 5, 1))
DEEP_NET = Architecture(widths=(64, *[128] * 9, 10), head="softmax")
BATCH, DEEP_STEPS = 128, 200


def rounds(rivals: dict[str, Callable[[], object]], *, repeat: int = ROUNDS) -> dict[str, list[float]]:
    """Seconds of every rival in every round, one after the other within a round, after one round unmeasured."""
    times: dict[str, list[float]] = {name: [] for name in rivals}
    for measured in (False, *[True] * repeat):
        for name, job in rivals.items():
            begun = time.perf_counter()
            job()
            if measured:
                times[name].append(time.perf_counter() - begun)
    return times


def ratio(times: dict[str, list[float]], slow: str, fast: str) -> str:
    pairs = [a / b for a, b in zip(times[slow], times[fast], strict=True)]
    return f"{median(pairs):6.2f}x  [{min(pairs):.2f}, {max(pairs):.2f}]"


def multiplications(net: Architecture, examples: int) -> int:
    """Multiply-adds of one full-batch step: forward, weight gradients, and back through all layers but the first."""
    products = [n * k for k, n in zip(net.widths[:-1], net.widths[1:], strict=True)]
    return examples * (2 * sum(products) + sum(products[1:]))


def peak() -> float:
    """Multiply-adds a second of one core: a large float64 product in BLAS on one thread, the best of several."""
    a = np.random.default_rng(0).normal(size=(1024, 1024))
    with threadpool_limits(1):
        best = min(_timed(lambda: a @ a) for _ in range(8))
    return 1024**3 / best


def _timed(job: Callable[[], object]) -> float:
    begun = time.perf_counter()
    job()
    return time.perf_counter() - begun


def course_loop(x: np.ndarray, y: np.ndarray, parameters: dict[str, np.ndarray], steps: int) -> None:
    """The course's own loop, without printing: forward, loss, backward, update."""
    for _ in range(steps):
        a3, cache = course.forward_propagation(x, parameters)
        course.compute_loss(a3, y)
        parameters = course.update_parameters(parameters, course.backward_propagation(x, y, cache), 0.01)


def course_nets() -> None:
    x, y, _, _ = course.load_dataset()
    start = course.initialize_parameters_he([2, 10, 5, 1])
    steps, nets = 15_000, 32
    theta = initialize(COURSE_NET, choose("he"), seed=0)

    def one(seed: int = 0) -> None:
        Training(COURSE_NET, theta, x, y, Recipe(), seed=seed).advance(steps)

    def many() -> None:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(one, range(nets)))

    loop_steps = 3_000
    times = rounds(
        {"loop": lambda: course_loop(x, y, start, loop_steps), "one": one, "many": many},
    )
    times["loop"] = [seconds * steps / loop_steps for seconds in times["loop"]]
    times["many"] = [seconds / nets for seconds in times["many"]]
    print(f"Course net 2-10-5-1, 300 examples, {steps} full-batch steps (the loop timed over {loop_steps})")
    for name, label in (("loop", "NumPy loop"), ("one", "one net"), ("many", f"{nets} nets, 2 threads, a net")):
        print(f"  {label:32s} {median(times[name]):7.3f} s   {median(times[name]) / steps * 1e6:6.2f} us a step")
    print(f"  {'loop / one net':32s} {ratio(times, 'loop', 'one')}   asked: 4x")
    print(f"  {'loop / one of 32 nets':32s} {ratio(times, 'loop', 'many')}   asked: 8x")
    work = multiplications(COURSE_NET, 300) * steps
    share = work / median(times["one"]) / peak()
    print(f"  {work / steps / 1e3:.1f} thousand multiply-adds a step: {share:.0%} of one core's measured peak in BLAS")


def deep_net(dtype: str) -> None:
    import jax
    import jax.numpy as jnp
    import torch

    data = load("digits", target=None, seed=0, test_fraction=0.25)
    x = np.ascontiguousarray(scaled(data)[0].T)
    labels = data.train.y
    y = np.eye(10)[labels].T
    theta = initialize(DEEP_NET, choose("he"), seed=0, dtype=dtype)
    recipe = Recipe(learning_rate=0.01, batch_size=BATCH)
    order = np.random.default_rng(0).permutation(x.shape[1])
    batches = [order[i : i + BATCH] for i in range(0, len(order), BATCH)]

    def ours() -> None:
        with threadpool_limits(1):
            Training(DEEP_NET, theta, x, y, recipe, seed=0).advance(DEEP_STEPS)

    def ours_twice() -> None:
        with threadpool_limits(1), ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda seed: Training(DEEP_NET, theta, x, y, recipe, seed=seed).advance(DEEP_STEPS), (0, 1)))

    torch_x, torch_labels = torch.tensor(x.T.astype(dtype)), torch.tensor(labels)

    def with_torch() -> None:
        layers: list[torch.nn.Module] = []
        for W, _ in DEEP_NET.layers(theta):
            layers += [torch.nn.Linear(W.shape[1], W.shape[0], dtype=getattr(torch, dtype)), torch.nn.ReLU()]
        model = torch.nn.Sequential(*layers[:-1])
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        loss_of = torch.nn.CrossEntropyLoss()
        for step in range(DEEP_STEPS):
            batch = batches[step % len(batches)]
            optimizer.zero_grad()
            loss_of(model(torch_x[batch]), torch_labels[batch]).backward()
            optimizer.step()

    jax.config.update("jax_enable_x64", True)
    jax_x, jax_y = jnp.asarray(x.T.astype(dtype)), jnp.asarray(y.T.astype(dtype))
    jax_start = [(jnp.asarray(W.T), jnp.asarray(b)) for W, b in DEEP_NET.layers(theta)]

    def loss(parameters: list, x: jax.Array, y: jax.Array) -> jax.Array:
        for W, b in parameters[:-1]:
            x = jax.nn.relu(x @ W + b)
        W, b = parameters[-1]
        return -(jax.nn.log_softmax(x @ W + b) * y).sum(axis=1).mean()

    @jax.jit
    def step(parameters: list, x: jax.Array, y: jax.Array) -> list:
        slopes = jax.grad(loss)(parameters, x, y)
        return jax.tree.map(lambda value, slope: value - 0.01 * slope, parameters, slopes)

    def with_jax() -> None:
        parameters = jax_start
        for number in range(DEEP_STEPS):
            batch = batches[number % len(batches)]
            parameters = step(parameters, jax_x[batch], jax_y[batch])
        jax.block_until_ready(parameters)

    times = rounds({"one": ours, "two": ours_twice, "torch": with_torch, "jax": with_jax})
    times["two"] = [seconds / 2 for seconds in times["two"]]
    print(f"Digits net {DEEP_NET.label}, {dtype}, batches of {BATCH}, {DEEP_STEPS} steps; torch and JAX use both cores")
    for name, label in (("one", "one net, one thread"), ("two", "two nets, a net"), ("torch", "torch"), ("jax", "JAX")):
        print(f"  {label:32s} {median(times[name]) / DEEP_STEPS * 1e3:7.3f} ms a step")
    for rival in ("torch", "jax"):
        print(f"  {rival + ' / one net':32s} {ratio(times, rival, 'one')}   asked: 1x")
        print(f"  {rival + ' / one of two nets':32s} {ratio(times, rival, 'two')}")


def start_up() -> None:
    def timed(code: str) -> Callable[[], object]:
        return lambda: subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, check=True)

    times = rounds(
        {
            "floor": timed("import click, rich"),
            "import": timed("import initlab"),
            "help": timed("from initlab.cli.main import run; run(['--help'])"),
        },
        repeat=11,
    )
    print("Start-up, whole processes")
    for name, label in (("floor", "import click, rich"), ("import", "import initlab"), ("help", "initlab --help")):
        print(f"  {label:32s} {median(times[name]) * 1e3:7.1f} ms")
    print(f"  {'help / import click, rich':32s} {ratio(times, 'help', 'floor')}   asked: at most 2x")


MEMORY = """
import resource
from initlab.experiments.problem import bind
from initlab.experiments.run import run
from initlab.experiments.spec import Experiment
problem = bind(Experiment(data="digits", layers=(512, 512), schemes="he", seeds={seeds}, iterations=2))
run(problem, threads={threads})
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def memory() -> None:
    def peak_of(seeds: int, threads: int) -> float:
        code = MEMORY.format(seeds=seeds, threads=threads)
        return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)

    print("Peak memory, digits net 64-512-512-10 (2.5 MB of weights)")
    for seeds, threads in ((4, 2), (40, 2), (400, 2), (40, 8)):
        print(f"  {seeds:4d} nets asked for, {threads} in flight   {peak_of(seeds, threads):7.0f} MB")


if __name__ == "__main__":
    print(f"Python {sys.version.split()[0]}, NumPy {np.__version__}, {resource.getpagesize()} byte pages")
    course_nets()
    for number_type in ("float64", "float32"):
        deep_net(number_type)
    start_up()
    memory()

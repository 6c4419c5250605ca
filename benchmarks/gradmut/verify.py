"""The true gradients against a complex step, for every network. Run: python -m benchmarks.gradmut.verify

Where the cost has no complex form (a stable loss), against differences of long doubles; networks on kinks have no
gradient to compare with and are left out.
"""

from collections.abc import Iterator

import numpy as np
from benchmarks.gradmut import correct, layer_cases, mlp_cases
from benchmarks.gradmut.bench import Bench
from benchmarks.gradmut.regimes import POINTS, REGIMES
from benchmarks.gradmut.truth import complex_step, long_differences, wrong_blocks


def benches() -> Iterator[Bench]:
    yield from (bench for _, bench in mlp_cases.benches(REGIMES, POINTS))
    yield from (bench for _, bench in layer_cases.benches())
    yield from correct.benches({"init": 0, "trained": 100})


def gap(bench: Bench) -> float:
    """How far the true gradients are off, as a share of the norm of the block that is furthest."""
    measure = long_differences if "logaddexp" in bench.double.forward else complex_step
    with np.errstate(all="ignore"):
        measured = measure(bench.double.cost(), bench.theta, *bench.data64)
    return max(wrong_blocks(measured, bench.true, tolerance=0).values(), default=0.0)


def main() -> None:
    gaps = {
        f"{bench.regime} {bench.name}": (gap(bench), "logaddexp" in bench.double.forward)
        for bench in benches()
        if "kinks" not in bench.regime
    }
    for long, what in ((False, "complex step"), (True, "long doubles")):
        chosen = {name: each for name, (each, stable) in gaps.items() if stable == long}
        worst = max(chosen, key=lambda name: chosen[name])
        print(f"{what}: {len(chosen)} networks, furthest off {chosen[worst]:.1e}: {worst}")


if __name__ == "__main__":
    main()

"""Schoenholz et al., 2017: a tanh network trains up to a depth of about six correlation lengths.

The claim (figure 5): from weights of variance σ_w²/n and biases of variance σ_b² = 0.05, the correlation of two inputs
settles within ξ_c layers, and no network much deeper than 6 ξ_c trains, ordered (σ_w² = 1, 1.25) or chaotic (3, 4).
Accepted: 4 to 8 in every seed. The 6 is read off a picture; in a public reproduction of it the rule used here, the
deepest network with more than half of the best training accuracy, gives 4.4 to 7.6. Depths tried: 2 ξ_c to 9 ξ_c.
Here: digits, 64 units, 300 steps of SGD, rate 0.01, batches of 64 (the paper: MNIST, 300 units). The factor depends on
the budget: with momentum 0.9, networks trained past 10 ξ_c at σ_w² = 1, and only to 3 or 4 ξ_c at 2.5 and 4.

Reference: "Deep information propagation", ICLR 2017, arXiv:1611.01232.
"""

from concurrent.futures import ThreadPoolExecutor

from table import median_of, quick, row, show, watched
from threadpoolctl import threadpool_limits

from initlab import Experiment, sample
from initlab.experiments.problem import bind
from initlab.laws import Normal
from initlab.network.architecture import Architecture
from initlab.network.initialize import initialize
from initlab.network.trainer import Evaluation, Training
from initlab.numerics.activations import activation
from initlab.schemes import Choice, choose
from initlab.theory.fixed_points import fixed
from initlab.theory.maps import Point

BIAS, MULTIPLES = 0.05, range(2, 10)
DIGITS = bind(Experiment(data="digits", learning_rate=0.01, batch_size=64, test_fraction=0.1, dtype="float32"))


def accuracy(scheme: Choice, depth: int, seed: int) -> float:
    net = Architecture(widths=(64,) * depth + (10,), activation="tanh", head="softmax")
    theta = initialize(net, scheme, seed=seed, dtype="float32")
    for layer, (_, b) in enumerate(net.layers(theta), start=1):
        b[:] = sample(Normal(std=BIAS**0.5), name=f"b{layer}", seed=seed, shape=b.shape, dtype="float32")
    training = Training(net, theta, DIGITS.x, DIGITS.y, DIGITS.experiment.recipe, seed=seed)
    training.advance(300)
    return Evaluation(net, DIGITS.x, DIGITS.y, dtype="float32")(training.theta)[1]


def deepest(scheme: Choice, xi: float, seed: int) -> int:
    with threadpool_limits(1), ThreadPoolExecutor() as pool:
        reached = list(pool.map(lambda k: accuracy(scheme, round(k * xi), seed), MULTIPLES))
    return max(k for k, share in zip(MULTIPLES, reached, strict=True) if share > max(reached) / 2)


def main() -> int:
    short, rows = quick(__doc__), []
    for weight in (1.0,) if short else (1.0, 1.25, 3.0, 4.0):
        xi, seeds = fixed(Point(phi=activation("tanh"), weight=weight, bias=BIAS)).xi_c, 1 if short else 3
        scheme = choose(f"lecun_normal({weight**0.5})")
        drawn = watched(range(seeds), seeds, label := f"σ_w² = {weight}, ξ_c = {xi:.1f}")
        rows += [row(label, median_of([deepest(scheme, xi, seed) for seed in drawn]), "6", (4.0, 8.0))]
    return show("Schoenholz et al., 2017: trainable depth, in units of ξ_c", rows)


if __name__ == "__main__":
    raise SystemExit(main())

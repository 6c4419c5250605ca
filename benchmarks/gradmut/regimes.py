"""The networks of the eight regimes, each at initialization and after 150 steps of gradient descent."""

from dataclasses import replace

from benchmarks.gradmut.mlp import Spec

POINTS = {"init": 0, "trained": 150}
LEARNED = 150


def ordinary() -> list[Spec]:
    """Every activation and head, with and without L2 and dropout, the mean taken early or late."""
    return [
        Spec(activation="tanh", head="bce", widths=(5, 8, 4, 1), m=7, lam=0.7, seed=1),
        Spec(activation="tanh", head="softmax", widths=(6, 7, 5, 3), m=11, mean_early=True, seed=2),
        Spec(activation="tanh", head="mse", widths=(4, 6, 6, 2), m=7, lam=0.3, keep=0.8, seed=3),
        Spec(activation="sigmoid", head="bce", widths=(5, 6, 4, 1), m=9, lam=0.7, mean_early=True, seed=4),
        Spec(activation="sigmoid", head="softmax", widths=(5, 7, 5, 4), m=7, keep=0.7, seed=5),
        Spec(activation="sigmoid", head="mse", widths=(3, 8, 4, 2), m=13, lam=0.5, seed=6),
        Spec(activation="relu", head="bce", widths=(5, 10, 6, 1), m=11, lam=0.7, keep=0.8, seed=7),
        Spec(activation="relu", head="softmax", widths=(6, 9, 7, 3), m=7, lam=0.4, mean_early=True, seed=8),
        Spec(activation="relu", head="mse", widths=(4, 8, 8, 2), m=13, seed=9),
        Spec(activation="leaky", head="bce", widths=(5, 7, 4, 1), m=7, lam=0.7, seed=10),
        Spec(
            activation="leaky", head="softmax", widths=(4, 6, 5, 3), m=11, lam=0.6, keep=0.8, mean_early=True, seed=11
        ),
    ]


def scaled(scale: float) -> list[Spec]:
    """Costs that are tiny or huge."""
    return [
        Spec(activation="tanh", head="bce", widths=(5, 8, 4, 1), lam=0.7, scale=scale, seed=21),
        Spec(activation="relu", head="softmax", widths=(6, 9, 5, 3), m=11, lam=0.5, keep=0.8, scale=scale, seed=22),
        Spec(activation="sigmoid", head="mse", widths=(4, 6, 5, 2), m=9, mean_early=True, scale=scale, seed=23),
    ]


def many_examples() -> list[Spec]:
    """ReLU networks with 256 examples: kinks everywhere."""
    return [
        Spec(activation="relu", head="bce", widths=(5, 10, 6, 1), m=256, lam=0.7, seed=31),
        Spec(activation="relu", head="softmax", widths=(4, 12, 7, 3), m=256, seed=32),
        Spec(activation="relu", head="mse", widths=(6, 8, 5, 2), m=256, lam=2.0, mean_early=True, seed=33),
    ]


def vanishing(activation: str) -> list[Spec]:
    """Five layers, weights of standard deviation 0.01: gradients of 1e-7 and less in the first."""
    return [
        Spec(activation=activation, head="bce", widths=(5, 6, 5, 6, 4, 1), std=0.01, seed=41),
        Spec(
            activation=activation, head="softmax", widths=(4, 6, 5, 5, 4, 3), std=0.01, m=11, mean_early=True, seed=42
        ),
    ]


def single(activation: str) -> list[Spec]:
    """Float32: computed in it whatever is passed (single), or because the arrays are of that type."""
    inside = [
        Spec(activation=activation, head="bce", widths=(5, 8, 4, 1), lam=0.7, single=True, seed=51),
        Spec(activation=activation, head="softmax", widths=(6, 7, 5, 3), m=11, mean_early=True, single=True, seed=52),
    ]
    return [*inside, replace(inside[0], single=False, arrays32=True, widths=(4, 7, 5, 1), seed=53)]


REGIMES: dict[str, list[Spec]] = {
    "ordinary": ordinary(),
    "cost x 1e-5": scaled(1e-5),
    "cost x 1e4": scaled(1e4),
    "ReLU, 256 examples": many_examples(),
    "vanishing tanh": vanishing("tanh"),
    "vanishing sigmoid": vanishing("sigmoid"),
    "float32 tanh": single("tanh"),
    "float32 ReLU": single("relu"),
}

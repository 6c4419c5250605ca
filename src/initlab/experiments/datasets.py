"""The data sets: drawn, shipped with scikit-learn, or the user's own file. One function, one data set.

    circles · moons · blobs · xor · spirals         two features, drawn
    digits · iris · wine · breast_cancer            from scikit-learn
    FILE.csv · FILE.npz                             the user's own, read by `files.py`

A `Table` holds examples in rows; `split` lays them out as the network reads them, examples in columns.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from initlab.errors import DataError, UnknownNameError
from initlab.experiments.files import read_file
from initlab.experiments.table import Table
from initlab.laws import Normal, Uniform
from initlab.streams.sample import sample
from initlab.streams.words import permutation

DRAWN_EXAMPLES = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """A table split for training and testing; `standardise` is what its makers advise."""

    name: str
    train: Table
    test: Table
    standardise: bool


def circles() -> Data:
    """The course's two circles: 300 examples to train, 100 to test, noise 0.05; the inner one, radius 0.8, is class 1.

    It is drawn by scikit-learn's `make_circles` with the course's seeds, 1 and 2, and is therefore always the same.
    """
    from sklearn.datasets import make_circles

    def draw(examples: int, seed: int) -> Table:
        x, y = make_circles(n_samples=examples, noise=0.05, random_state=seed)
        return Table(x=x, y=y, classes=("outer", "inner"))

    return Data(name="circles", train=draw(300, 1), test=draw(100, 2), standardise=False)


def _moons(seed: int) -> Table:
    """Two interleaved half circles, noise 0.15."""
    from sklearn.datasets import make_moons

    x, y = make_moons(n_samples=DRAWN_EXAMPLES, shuffle=False)
    noise = sample(Normal(std=0.15), name="data/moons", seed=seed, shape=x.shape)
    return Table(x=x + noise, y=y, classes=("upper", "lower"))


def _blobs(seed: int) -> Table:
    """Three Gaussian blobs of standard deviation 0.8."""
    centres = np.array([(0.0, 2.0), (-1.8, -1.0), (1.8, -1.0)])
    y = np.arange(DRAWN_EXAMPLES) % len(centres)
    noise = sample(Normal(std=0.8), name="data/blobs", seed=seed, shape=(DRAWN_EXAMPLES, 2))
    return Table(x=centres[y] + noise, y=y, classes=("top", "left", "right"))


def _xor(seed: int) -> Table:
    """Points of a square; the class says whether the signs of the two features differ."""
    x = sample(Uniform(bound=1.0), name="data/xor", seed=seed, shape=(DRAWN_EXAMPLES, 2))
    return Table(x=x, y=(x[:, 0] * x[:, 1] < 0).astype(np.int64), classes=("same sign", "other sign"))


def _spirals(seed: int) -> Table:
    """Two spirals of one and a half turns, noise 0.03."""
    half = DRAWN_EXAMPLES // 2
    turn = np.sqrt(np.linspace(0.02, 1, half))
    angle = 3 * np.pi * turn
    arm = (turn * np.array([np.cos(angle), np.sin(angle)])).T
    noise = sample(Normal(std=0.03), name="data/spirals", seed=seed, shape=(2 * half, 2))
    return Table(x=np.concatenate([arm, -arm]) + noise, y=np.repeat([0, 1], half), classes=("first", "second"))


def _shipped(name: str) -> Callable[[int], Table]:
    def load(seed: int) -> Table:  # noqa: ARG001
        from sklearn import datasets

        bunch = getattr(datasets, f"load_{name}")()
        return Table(x=bunch.data, y=bunch.target, classes=tuple(map(str, bunch.target_names)))

    return load


DRAWN = MappingProxyType({"moons": _moons, "blobs": _blobs, "xor": _xor, "spirals": _spirals})
SHIPPED = MappingProxyType({name: _shipped(name) for name in ("breast_cancer", "digits", "iris", "wine")})
NAMES = ("circles", *DRAWN, *SHIPPED)


def load(name: str, *, target: str | None, seed: int, test_fraction: float) -> Data:
    """The data set of that name, or in that file, split.

    Raises UnknownNameError for a name that is neither, DataError for a file that cannot serve.
    """
    path = Path(name)
    if name == "circles":
        return circles()
    if name in DRAWN:
        return split(name, DRAWN[name](seed), seed=seed, test_fraction=test_fraction, standardise=False)
    if name in SHIPPED:
        return split(name, SHIPPED[name](seed), seed=seed, test_fraction=test_fraction, standardise=True)
    if path.suffix.lower() not in (".csv", ".npz"):
        raise UnknownNameError("data set", name, [*NAMES, "FILE.csv", "FILE.npz"])
    return split(path.name, read_file(path, target), seed=seed, test_fraction=test_fraction, standardise=True)


def split(name: str, table: Table, *, seed: int, test_fraction: float, standardise: bool) -> Data:
    """Hold out a share of every class (of all examples, where there are no classes) for testing, at random."""
    order = permutation(table.y.size, name="data/split", seed=seed)
    strata = table.y[order] if table.classes else np.zeros(order.size)
    held = np.zeros(order.size, dtype=bool)
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        held[members[: round(test_fraction * members.size)]] = True
    if not held.any() or held.all():
        raise DataError(f"{name} must leave examples to train and to test, got {table.y.size} in all. Give more rows.")
    train, test = table.rows(np.sort(order[~held])), table.rows(np.sort(order[held]))
    return Data(name=name, train=train, test=test, standardise=standardise)


def scaled(data: Data) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Training and test features centred and divided by the training set's standard deviation, feature by feature."""
    mean, std = data.train.x.mean(axis=0), data.train.x.std(axis=0)
    std[std == 0] = 1
    return (data.train.x - mean) / std, (data.test.x - mean) / std

"""Small data for the last networks: scikit-learn's own tables, claims, hazards, users' rows, queries, moves."""

from functools import cache

import torch
from benchmarks.initfaults.data import Pair, digits, images, integers, normal, tokens
from benchmarks.initfaults.zoo.fresh.data import ratings, scenes, uniform
from benchmarks.initfaults.zoo.late.data import columns, views
from sklearn import datasets
from torch import Tensor
from torch.nn import functional


def _loaded(name: str) -> Pair:
    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(0))
    rows = torch.tensor(x, dtype=torch.float32)[order]
    return (rows - rows.mean(0)) / rows.std(0), torch.tensor(y)[order]


@cache
def iris() -> Pair:
    return _loaded("iris")


@cache
def wine() -> Pair:
    return _loaded("wine")


@cache
def tumours() -> Pair:
    x, y = _loaded("breast_cancer")
    return x, y.float()[:, None]


@cache
def diabetes() -> Pair:
    x, y = _loaded("diabetes")
    y = y.float()[:, None]
    return x, (y - y.mean()) / y.std()


def positive() -> Pair:
    """The columns, and a positive claim whose logarithm follows the score."""
    x, y = columns()
    return x, torch.exp(0.8 * y)


@cache
def hazards() -> Pair:
    """The columns, and in which of eight intervals the event falls."""
    x, y = columns()
    return x, torch.bucketize(y[:, 0] + 0.2 * normal(len(x), seed=4), torch.linspace(-1.5, 1.5, 7))


def identities() -> Pair:
    """Digits; one of 3,000 labels, 300 a digit."""
    x, y = digits()
    return x, 300 * y + integers(300, len(y))


def one_hot() -> Pair:
    x, y = digits()
    return x, functional.one_hot(y, 10).float()


def soft() -> Pair:
    """Digits, and a teacher's probabilities."""
    x, y = one_hot()
    return x, 0.9 * y + 0.1 * torch.softmax(x @ normal(64, 10, seed=2) / 4, 1)


@cache
def rows_of_users() -> Pair:
    """600 users' ratings of 60 items; the same rows."""
    x = normal(600, 5) @ normal(5, 60, seed=1) / 5**0.5
    return x, x


@cache
def queries() -> Pair:
    """Queries of 8 documents with 10 features; their gains."""
    x = normal(768, 8, 10)
    return x, torch.softmax(2 * (x[..., 0] - x[..., 1] * x[..., 2]), 1)


@cache
def moves() -> Pair:
    """A state of 4, beside the action taken of 3 and what it returned."""
    x, action = normal(1024, 4), integers(3, 1024)
    value = (torch.tanh(x @ normal(4, 3, seed=1)) * 3).gather(1, action[:, None])
    return x, torch.cat([action[:, None].float(), value], 1)


@cache
def demonstrations() -> Pair:
    x = normal(1024, 11)
    return x, torch.tanh(torch.relu(x @ normal(11, 16, seed=1) / 2) @ normal(16, 3, seed=2) / 3)


@cache
def pairs() -> Pair:
    """Two digits side by side, half the time of one class; whether they are."""
    x, y = digits()
    other = torch.arange(len(y)).roll(1)
    for k in range(10):
        rows = (y == k).nonzero()[:, 0]
        same = rows[rows % 2 == 0]
        other[same] = rows.roll(1)[: len(same)]
    return torch.cat([x, x[other]], 1), (y == y[other]).float()[:, None]


def corners() -> Pair:
    """Scenes, and the shape's centre in units of the side."""
    x, _, mask = scenes()
    at = torch.linspace(-1, 1, 16)
    mass = mask.sum((1, 2)).clamp_min(1)
    return x, torch.stack([(mask.sum(2) * at).sum(1) / mass, (mask.sum(1) * at).sum(1) / mass], 1)


@cache
def turns() -> Pair:
    """Digits turned by a quarter some times; how many."""
    x, _ = images()
    y = torch.arange(len(x)) % 4
    return torch.stack([torch.rot90(a, int(k), (1, 2)) for a, k in zip(x, y, strict=True)]), y


@cache
def blurred() -> Pair:
    """Digits blurred, and sharp."""
    x, _ = images()
    return functional.avg_pool2d(x, 3, 1, 1), x


@cache
def noised() -> Pair:
    """Digits in noise of a level beside them; the digits."""
    x, _ = digits()
    level = uniform(len(x), 1)
    return torch.cat([x * (1 - level) + level * normal(*x.shape), level], 1), x


@cache
def real_or_not() -> Pair:
    """Digits and columns of digits shuffled; which."""
    x, _ = digits()
    shuffled = torch.stack(
        [x[torch.randperm(len(x), generator=torch.Generator().manual_seed(i)), i] for i in range(64)], 1
    )
    real = (torch.arange(len(x)) % 2).float()[:, None]
    return torch.where(real > 0, x, shuffled), real


@cache
def hidden_tokens() -> Pair:
    """The Markov chain with a seventh of its tokens replaced by 64; the tokens."""
    x, _ = tokens()
    return torch.where(uniform(*x.shape, seed=5) < 0.15, torch.full_like(x, 64), x), x


@cache
def swapped() -> Pair:
    """Views of columns, a third of the second's drawn from other rows (SCARF)."""
    x, _ = columns()
    other = x[torch.randperm(len(x), generator=torch.Generator().manual_seed(1))]
    return torch.cat([x, torch.where(uniform(*x.shape) < 0.3, other, x)], 1), torch.zeros(len(x))


def rated() -> Pair:
    x, y = ratings()
    return x, y


def two_views() -> tuple[Tensor, Tensor]:
    return views()

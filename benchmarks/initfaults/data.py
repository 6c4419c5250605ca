"""Small data: digits, circles, a curve, and tokens of a random Markov chain. The same for every seed of a network."""

from functools import cache

import numpy as np
import torch
from sklearn.datasets import load_digits, make_circles
from torch import Tensor
from torch.nn import functional

Pair = tuple[Tensor, Tensor]
ROWS = 64  # the batch that the checkers see


@cache
def digits() -> Pair:
    """1,797 images of 8 x 8 as rows of 64 standardised features, and their 10 classes."""
    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))
    x = (x[order] - x.mean()) / x.std()
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y[order])


@cache
def images() -> Pair:
    x, y = digits()
    return x.reshape(-1, 1, 8, 8), y


@cache
def circles() -> Pair:
    x, y = make_circles(1000, noise=0.05, factor=0.5, random_state=0)
    return torch.tensor(x / x.std(), dtype=torch.float32), torch.tensor(y)


@cache
def curve() -> Pair:
    """The curve y = sin(3 x1) + x2 x3 of 8 normal features, with unit variance."""
    x = torch.tensor(np.random.default_rng(0).normal(size=(1024, 8)), dtype=torch.float32)
    y = torch.sin(3 * x[:, :1]) + x[:, 1:2] * x[:, 2:3]
    return x, (y - y.mean()) / y.std()


@cache
def tokens(vocabulary: int = 64, length: int = 16, rows: int = 1024) -> Pair:
    """Sequences of a Markov chain in which each token has 4 likely successors; the target is the next token."""
    draw = np.random.default_rng(0)
    successors = draw.integers(vocabulary, size=(vocabulary, 4))
    states = np.empty((rows, length + 1), dtype=np.int64)
    states[:, 0] = draw.integers(vocabulary, size=rows)
    for t in range(length):
        states[:, t + 1] = successors[states[:, t], draw.choice(4, size=rows, p=(0.7, 0.1, 0.1, 0.1))]
    chain = torch.tensor(states)
    return chain[:, :-1].contiguous(), chain[:, 1:].contiguous()


def noise_images(rows: int = 8, side: int = 32, classes: int = 10, channels: int = 3) -> Pair:
    """Smooth random images: networks of images are drawn for inputs whose neighbouring pixels agree."""
    draw = torch.Generator().manual_seed(0)
    coarse = torch.randn(rows, channels, max(side // 4, 2), max(side // 4, 2), generator=draw)
    x = functional.interpolate(coarse, size=(side, side), mode="bilinear")
    return x / x.std(), torch.arange(rows) % classes


def normal(rows: int, *shape: int, seed: int = 0) -> Tensor:
    return torch.randn(rows, *shape, generator=torch.Generator().manual_seed(seed))


def integers(limit: int, *shape: int, seed: int = 0) -> Tensor:
    return torch.randint(limit, shape, generator=torch.Generator().manual_seed(seed))

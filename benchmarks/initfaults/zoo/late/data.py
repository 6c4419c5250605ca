"""Small data for the late networks: prices, grades, sessions, pairs of views, pendulums, knowledge graphs."""

from functools import cache

import numpy as np
import torch
from benchmarks.initfaults.data import Pair, digits, integers, normal
from benchmarks.initfaults.zoo.fresh.data import graphs, scenes, series, uniform


@cache
def columns() -> Pair:
    """10 numeric columns, one of them skewed, and a score that depends on five."""
    x = normal(1024, 10)
    x = torch.cat([x[:, :9], torch.exp(0.5 * x[:, 9:])], 1)
    y = torch.tanh(x[:, :1]) + 0.5 * x[:, 1:2] * x[:, 2:3] + torch.relu(x[:, 3:4]) - 0.3 * x[:, 9:]
    return x, (y - y.mean()) / y.std()


def prices() -> Pair:
    """The same columns; a log price of mean 12 and deviation 0.4."""
    x, y = columns()
    return x, 12 + 0.4 * y


@cache
def labelled() -> Pair:
    """The columns, and a binary label with probability by the score."""
    x, y = columns()
    return x, (uniform(1024, 1, seed=3) < torch.sigmoid(3 * y)).float()


def grades() -> Pair:
    """The columns, and one of five ordered grades."""
    x, y = columns()
    return x, torch.bucketize(y[:, 0], torch.tensor([-1.0, -0.3, 0.3, 1.0]))


@cache
def rates() -> Pair:
    """The columns; a count whose logarithm follows the score, near 50 in the mean."""
    x, y = columns()
    return x, torch.poisson(torch.exp(3.5 + 0.6 * y), generator=torch.Generator().manual_seed(0)).clamp_max(500)


@cache
def zipf(classes: int = 50) -> Pair:
    """Digits; a label of 50 whose frequency falls as its rank, decided by the digit and chance."""
    x, y = digits()
    draw = np.random.default_rng(0)
    share = 1 / np.arange(1, classes + 1)
    return x, torch.tensor(
        np.where(draw.random(len(y)) < 0.4, y.numpy(), draw.choice(classes, len(y), p=share / share.sum()))
    )


@cache
def sessions(items: int = 80, length: int = 12) -> Pair:
    """Sequences of items of a session, each mostly from one group of eight; the next item."""
    group, within = integers(items // 8, 1024, 1), integers(8, 1024, length + 1, seed=1)
    stray = integers(items, 1024, length + 1, seed=2)
    ids = torch.where(uniform(1024, length + 1) < 0.85, 8 * group + within, stray)
    return ids[:, :-1].contiguous(), ids[:, 1:].contiguous()


@cache
def chosen() -> Pair:
    """(user, bought, not bought) of 150 users and 100 items by latent tastes; no target."""
    users = integers(150, 2048)
    score = normal(150, 5) @ normal(100, 5, seed=1).T
    a, b = integers(100, 2048, seed=2), integers(100, 2048, seed=3)
    swap = score[users, a] < score[users, b]
    return torch.stack([users, torch.where(swap, b, a), torch.where(swap, a, b)], 1), torch.zeros(2048)


@cache
def counts_of_words() -> Pair:
    """(word, neighbour) of 100 words and how often they meet, as GloVe has them."""
    a, b = integers(100, 2048), integers(100, 2048, seed=1)
    affinity = (normal(100, 4) @ normal(100, 4, seed=2).T)[a, b]
    return torch.stack([a, b], 1), torch.exp(2 + 0.7 * affinity)[:, None]


@cache
def triples() -> Pair:
    """(head, relation, tail) of 60 entities on a circle and 4 steps along it, true or not."""
    head, relation = integers(60, 2048), integers(4, 2048, seed=1)
    right = uniform(2048, seed=2) < 0.5
    tail = torch.where(right, (head + 3 * relation + 1) % 60, integers(60, 2048, seed=3))
    return torch.stack([head, relation, tail], 1), right.float()[:, None]


@cache
def views() -> Pair:
    """Digits twice, each with noise of its own, side by side as 128 features."""
    x, y = digits()
    return torch.cat([x + 0.3 * normal(*x.shape), x + 0.3 * normal(*x.shape, seed=1)], 1), y


@cache
def captions() -> Pair:
    """A digit's picture and a caption of six words of 40 that names it, side by side; no target."""
    x, y = digits()
    words = torch.cat([(10 + 3 * y[:, None] + integers(3, len(y), 3)), integers(10, len(y), 3, seed=1)], 1)
    return torch.cat([x, words.float()], 1), y


@cache
def swings() -> Pair:
    """Angle and speed of a pendulum, and their rates of change."""
    x = torch.stack([6.28 * uniform(1024) - 3.14, 4 * uniform(1024, seed=1) - 2], 1)
    return x, torch.stack([x[:, 1], -torch.sin(x[:, 0])], 1)


@cache
def transitions() -> Pair:
    """State of 8 and action of 2; the change of the state, and the reward."""
    x = normal(1024, 10)
    change = 0.3 * torch.tanh(x[:, :8] @ normal(8, 8, seed=1) / 3) + 0.2 * (x[:, 8:] @ normal(2, 8, seed=2))
    y = torch.cat([change, -x[:, :8].square().mean(1, keepdim=True)], 1)
    return x, (y - y.mean(0)) / y.std(0)


@cache
def plays() -> Pair:
    """Boards of 6 x 6 with two kinds of stone; a move of 36 that a rule prefers, and who wins, side by side."""
    x = torch.stack([(integers(3, 768, 6, 6) == kind).float() for kind in (1, 2)], 1)
    score = x[:, 0] * 2 - x[:, 1] + 0.3 * normal(768, 6, 6)
    win = torch.sign(x[:, 0].sum((1, 2)) - x[:, 1].sum((1, 2)) + 0.1)
    return x, torch.stack([score.flatten(1).argmax(1).float(), win], 1)


@cache
def journeys(steps: int = 6) -> Pair:
    """Return to go, state of 4, last action of 4, by turns; the action that the rule takes."""
    state = normal(1024, steps, 4)
    action = (state[..., 0] > 0).long() + 2 * (state[..., 1] > 0).long()
    before = torch.cat([torch.zeros(1024, 1, dtype=torch.long), action[:, :-1]], 1)
    left = torch.flip(torch.cumsum(torch.flip(state[..., 2:3].abs(), (1,)), 1), (1,))
    return torch.cat([left, state, torch.nn.functional.one_hot(before, 4).float()], 2), action


@cache
def clips(side: int = 8, frames: int = 6) -> Pair:
    """A dot that moves on a torus: five frames, and the sixth."""
    at, speed = integers(side, 512, 2), integers(3, 512, 2, seed=1) - 1
    where = (at[:, None] + torch.arange(frames)[:, None] * speed[:, None]) % side
    x = torch.zeros(512, frames, side, side)
    rows, times = torch.arange(512)[:, None], torch.arange(frames)
    x[rows, times, where[..., 0], where[..., 1]] = 3.0
    return x[:, :-1] + 0.1 * normal(512, frames - 1, side, side), x[:, -1] / 3.0


def masks() -> Pair:
    x, _, mask = scenes()
    return x, mask


def boxes() -> Pair:
    """Scenes; on a grid of 4 x 4: class of 9 (0 is nothing) and where in the cell the shape's centre lies."""
    x, y, mask = scenes()
    at = torch.arange(16).float()
    mass = mask.sum((1, 2)).clamp_min(1)
    row, column = (mask * at[:, None]).sum((1, 2)) / mass, (mask * at).sum((1, 2)) / mass
    grid = torch.zeros(len(x), 3, 4, 4)
    index = torch.arange(len(x)), (row / 4).long().clamp_max(3), (column / 4).long().clamp_max(3)
    grid[index[0], 0, index[1], index[2]] = y.float() + 1
    grid[index[0], 1, index[1], index[2]] = row / 4 % 1
    grid[index[0], 2, index[1], index[2]] = column / 4 % 1
    return x, grid


def nodes() -> Pair:
    """The graphs; for each node whether it has more neighbours than most."""
    x, _ = graphs()
    return x, (x[..., 12] > 1.2).float()


def forecasts() -> Pair:
    """One channel of the series, and what follows."""
    x, y = series()
    return x[..., 0].contiguous(), y


@cache
def molecules(atoms: int = 6) -> Pair:
    """Positions in space and a charge of each of six atoms; the energy of their pairs."""
    place, charge = 1.5 * normal(1024, atoms, 3), integers(2, 1024, atoms, 1).float() * 2 - 1
    gap = (place[:, :, None] - place[:, None]).norm(dim=-1) + 0.5
    pairs = (charge * charge.transpose(1, 2) / gap) * (1 - torch.eye(atoms))
    y = pairs.sum((1, 2))[:, None]
    return torch.cat([place, charge], 2), (y - y.mean()) / y.std()


@cache
def shells() -> Pair:
    """Points in space, and how far they are from a bumpy sphere."""
    x = 2 * uniform(2048, 3) - 1
    return x, x.norm(dim=1, keepdim=True) - 0.5 - 0.1 * torch.sin(6 * x[:, :1])


@cache
def waves(size: int = 32) -> Pair:
    """A periodic function on a line, and it smoothed and squared: what an operator must learn."""
    t = torch.arange(size) / size
    k = torch.arange(1, 5)[:, None]
    a, b = normal(768, 4) / k[:, 0], normal(768, 4, seed=1) / k[:, 0]
    x = a @ torch.sin(2 * torch.pi * k * t) + b @ torch.cos(2 * torch.pi * k * t)
    y = (torch.roll(x, 1, 1) + x + torch.roll(x, -1, 1)) ** 2 / 9
    return x, (y - y.mean()) / y.std()

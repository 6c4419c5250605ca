"""Small data for the fresh networks: tables, sets, graphs, sounds, scenes, volumes, texts; one draw for all seeds."""

from functools import cache

import numpy as np
import torch
from benchmarks.initfaults.data import Pair, integers, normal
from torch import Tensor
from torch.nn import functional

PAD = 0


def uniform(rows: int, *shape: int, seed: int = 0) -> Tensor:
    return torch.rand(rows, *shape, generator=torch.Generator().manual_seed(seed))


@cache
def table() -> Pair:
    """6 normal columns, 4 categories of 10 as numbers; a binary label by a rule of both."""
    x, c = normal(1024, 6), integers(10, 1024, 4)
    score = x[:, 0] * x[:, 1] + (c[:, 0] % 3).float() - (c[:, 1] > 5).float() + 0.5 * x[:, 2]
    return torch.cat([x, c.float()], 1), (score > score.median()).float()[:, None]


@cache
def ratings() -> Pair:
    """(user, item) of 200 x 100, and a rating of unit variance from five latent factors."""
    users, items = integers(200, 2048), integers(100, 2048, seed=1)
    y = (normal(200, 5)[users] * normal(100, 5, seed=1)[items]).sum(1, keepdim=True)
    return torch.stack([users, items], 1), y / y.std()


@cache
def states() -> Pair:
    """States of 12 numbers and the return that follows: far from zero in mean, as returns are."""
    x = normal(1024, 12)
    y = torch.relu(x[:, :3]).sum(1, keepdim=True) + torch.cos(2 * x[:, 3:4])
    return x, (y - y.mean()) / y.std()


@cache
def clouds() -> Pair:
    """24 points of a sphere, a cube, a disc or a line, turned and noisy; the class is the shape."""
    z, y = normal(1024, 24, 3), torch.arange(1024) % 4
    ball, line = functional.normalize(z, dim=-1), z * torch.tensor([1.5, 0.05, 0.05])
    cube, disc = z.clamp(-0.8, 0.8), ball * torch.tensor([1.0, 1.0, 0.05])
    x = torch.stack([ball, cube, disc, line])[y, torch.arange(1024)]
    turn = torch.linalg.qr(normal(1024, 3, 3, seed=1))[0]
    return x @ turn + 0.05 * normal(1024, 24, 3, seed=2), y


@cache
def graphs(nodes: int = 12) -> Pair:
    """Adjacency (nodes x nodes) beside 4 features a node; the class is ring, star, two communities, or random."""
    y = torch.arange(1024) % 4
    same = (torch.arange(nodes)[:, None] // (nodes // 2) == torch.arange(nodes) // (nodes // 2)).float()
    gap = (torch.arange(nodes)[:, None] - torch.arange(nodes)).abs()
    ring, star = ((gap == 1) | (gap == nodes - 1)).float(), torch.zeros(nodes, nodes)
    star[0] = star[:, 0] = 1
    chance = torch.stack([0.8 * ring + 0.05, 0.8 * star + 0.05, 0.5 * same + 0.05, torch.full_like(same, 0.3)])[y]
    upper = torch.triu((uniform(1024, nodes, nodes) < chance).float(), 1)
    edges = upper + upper.transpose(1, 2)
    features = torch.cat([edges.sum(2, keepdim=True) / 3, normal(1024, nodes, 3)], 2)
    return torch.cat([edges, features], 2), y


@cache
def sounds(length: int = 128) -> Pair:
    """A tone of one of six pitches with a random phase, in noise."""
    y = torch.arange(768) % 6
    t = torch.arange(length) / length
    wave = torch.sin(2 * torch.pi * ((4 + 5 * y)[:, None] * t + uniform(768, 1)))
    return (wave + 0.3 * normal(768, length))[:, None], y


@cache
def series(steps: int = 32, ahead: int = 4) -> Pair:
    """Two channels of a sum of sines; the next four values of the first."""
    t = torch.arange(steps + ahead).float()
    phase, pitch = 6.28 * uniform(1024, 2, 1), 0.15 + 0.35 * uniform(1024, 2, 1, seed=1)
    wave = torch.sin(phase + pitch * t)
    both = torch.stack([wave.sum(1), wave[:, 0] - wave[:, 1]], 2)
    return both[:, :steps].contiguous(), both[:, steps:, 0].contiguous()


@cache
def scenes(side: int = 16) -> tuple[Tensor, Tensor, Tensor]:
    """Images of one disc, square, cross or bar in red or blue; the class of 8, and the mask."""
    rows, y = 768, torch.arange(768) % 8
    centre, size = 4 + (side - 8) * uniform(rows, 2), 2.5 + 1.5 * uniform(rows, 1, seed=1)
    at = torch.arange(side).float()
    dy, dx = (at[:, None] - centre[:, 0, None, None]).abs(), (at[None] - centre[:, 1, None, None]).abs()
    r = size[:, :, None]
    shapes = torch.stack([
        dy**2 + dx**2 < r**2, torch.maximum(dy, dx) < 0.8 * r, torch.minimum(dy, dx) + (torch.maximum(dy, dx) > r) < 1,
        (dy < 1) & (dx < 1.2 * r),
    ]).float()  # fmt: skip
    mask = shapes[y % 4, torch.arange(rows)]
    colour = torch.tensor([[1.0, 0.2, 0.1], [0.1, 0.3, 1.0]])[y // 4]
    x = mask[:, None] * colour[:, :, None, None] + 0.2 * normal(rows, 3, side, side)
    return (x - x.mean()) / x.std(), y, mask


@cache
def volumes(side: int = 8) -> Pair:
    """Blobs in one of four corners of a cube, in noise."""
    y = torch.arange(512) % 4
    at = torch.stack(torch.meshgrid(*[torch.arange(side).float()] * 3, indexing="ij"))
    corner = torch.stack([2.0 + 3 * (y % 2), 2.0 + 3 * (y // 2), torch.full((512,), 3.5)], 1)
    blob = torch.exp(-((at[None] - corner[:, :, None, None, None]) ** 2).sum(1) / 4)
    x = blob[:, None] + 0.3 * normal(512, 1, side, side, side)
    return (x - x.mean()) / x.std(), y


@cache
def texts(vocabulary: int = 100, length: int = 24) -> tuple[Tensor, Tensor, Tensor]:
    """Padded texts of four topics, each with its favourite words; the topic, and a tag of 5 a word (-100 at pads)."""
    draw = np.random.default_rng(0)
    y = np.arange(1024) % 4
    taste = draw.dirichlet(np.full(vocabulary - 1, 0.1), 4)
    ids = np.stack([draw.choice(vocabulary - 1, length, p=taste[topic]) + 1 for topic in y])
    lengths = draw.integers(length // 2, length + 1, 1024)
    ids[np.arange(length) >= lengths[:, None]] = PAD
    before = np.roll(ids, 1, 1)
    tags = np.where(ids == PAD, -100, (ids + (before > vocabulary // 2)) % 5)
    return torch.tensor(ids), torch.tensor(y), torch.tensor(tags)


def topics() -> Pair:
    return texts()[0], texts()[1]


def tags() -> Pair:
    return texts()[0], texts()[2]


@cache
def utterances(frames: int = 40, letters: int = 5) -> Pair:
    """40 frames of 8 features that spell five letters of 8, each held for 8 frames."""
    y = integers(8, 512, letters) + 1
    x = 1.5 * normal(9, 8, seed=3)[y].repeat_interleave(frames // letters, 1) + 0.5 * normal(512, frames, 8)
    return x / x.std(), y


@cache
def reversals(length: int = 6) -> Pair:
    """A source, and the target's own earlier tokens beside it; the target is the source read backwards."""
    source = integers(18, 1024, length) + 2
    target = source.flip(1)
    return torch.cat([source, torch.ones(1024, 1, dtype=torch.long), target[:, :-1]], 1), target


@cache
def rays() -> Pair:
    """A position and a direction; the colour there."""
    x = 2 * uniform(2048, 6) - 1
    y = torch.sigmoid(3 * torch.sin(4 * x[:, :3]) * torch.cos(3 * x[:, [1, 2, 0]]) + 0.3 * x[:, 3:])
    return x, y


@cache
def points(dimensions: int = 2) -> Pair:
    """Coordinates in [-1, 1] and a picture's values there."""
    x = 2 * uniform(2048, dimensions) - 1
    y = torch.sin(9 * x[:, :1]) * torch.cos(7 * x[:, 1:2]) + 0.5 * torch.sign(x[:, :1] + x[:, 1:2])
    return x, y / y.std()


@cache
def speckles() -> Pair:
    """Two interleaved moons, which generative models of the plane learn; the target is unused."""
    t = torch.pi * uniform(1024, 1)
    upper = (torch.arange(1024) % 2)[:, None].float()
    x = torch.cat([torch.cos(t) * (2 * upper - 1) + 1 - upper, torch.sin(t) * (2 * upper - 1) + 0.5 * (1 - upper)], 1)
    x = x + 0.1 * normal(1024, 2)
    return (x - x.mean(0)) / x.std(0), torch.zeros(1024)

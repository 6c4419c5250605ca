"""Tables, recommenders, values and policies: perceptrons under the heads, losses and draws that such tasks have."""

import math
from collections.abc import Callable
from itertools import pairwise

import torch
from benchmarks.initfaults.data import Pair, circles, curve, digits, integers
from benchmarks.initfaults.losses import (
    atoms_loss,
    gaussian_loss,
    hinge_loss,
    mixture_loss,
    pinball_loss,
    policy_loss,
    smooth_loss,
)
from benchmarks.initfaults.zoo.fresh.data import points, ratings, states, table
from benchmarks.initfaults.zoo.fresh.named import named
from benchmarks.initfaults.zoo.perceptrons import (
    glorot,
    he,
    layers,
    lecun,
    orthogonal,
    orthogonal_relu,
    zero,
)
from torch import Tensor, nn
from torch.nn import functional


class TableResNet(nn.Module):
    """Batch norm, linear, ReLU, dropout, linear, around a skip (Gorishniy et al., 2021)."""

    def __init__(self, width: int = 48, depth: int = 3) -> None:
        super().__init__()
        self.stem = nn.Linear(10, width)
        self.norms = nn.ModuleList(nn.BatchNorm1d(width) for _ in range(depth))
        self.ups = nn.ModuleList(nn.Linear(width, 2 * width) for _ in range(depth))
        self.downs = nn.ModuleList(nn.Linear(2 * width, width) for _ in range(depth))
        self.norm, self.head, self.drop = nn.BatchNorm1d(width), nn.Linear(width, 1), nn.Dropout(0.1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for norm, up, down in zip(self.norms, self.ups, self.downs, strict=True):
            x = x + down(self.drop(torch.relu(up(norm(x)))))
        return self.head(torch.relu(self.norm(x)))


class FeatureTokens(nn.Module):
    """FT-Transformer: a token a column, a class token, pre-norm layers (Gorishniy et al., 2021)."""

    def __init__(self, width: int = 24, depth: int = 2) -> None:
        super().__init__()
        bound = width**-0.5
        self.weight = nn.Parameter(torch.empty(6, width).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(6, width).uniform_(-bound, bound))
        self.categories = nn.Embedding(40, width)
        nn.init.uniform_(self.categories.weight, -bound, bound)
        self.first = nn.Parameter(torch.empty(1, 1, width).uniform_(-bound, bound))
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(width, 4, 2 * width, 0.0, batch_first=True, norm_first=True)
            for _ in range(depth)
        )
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        numbers = x[:, :6, None] * self.weight + self.bias
        kinds = self.categories(x[:, 6:].long() + 10 * torch.arange(4))
        h = torch.cat([self.first.expand(len(x), -1, -1), numbers, kinds], 1)
        for layer in self.layers:
            h = layer(h)
        return self.head(torch.relu(self.norm(h[:, 0])))


class DLRM(nn.Module):
    """Embeddings U(±1/√rows), a bottom perceptron, products of pairs, a top one (Naumov et al., 2019)."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(10, width) for _ in range(4))
        for each in self.tables:
            nn.init.uniform_(each.weight, -(10**-0.5), 10**-0.5)
        self.bottom1, self.bottom2 = nn.Linear(6, 32), nn.Linear(32, width)
        self.top1, self.top2, self.head = nn.Linear(width + 10, 64), nn.Linear(64, 32), nn.Linear(32, 1)
        for linear in (self.bottom1, self.bottom2, self.top1, self.top2, self.head):
            nn.init.normal_(linear.weight, std=math.sqrt(2 / (linear.in_features + linear.out_features)))
            nn.init.normal_(linear.bias, std=math.sqrt(1 / linear.out_features))

    def forward(self, x: Tensor) -> Tensor:
        dense = torch.relu(self.bottom2(torch.relu(self.bottom1(x[:, :6]))))
        rows = [each(x[:, 6 + i].long()) for i, each in enumerate(self.tables)]
        z = torch.stack([dense, *rows], 1)
        i, j = torch.tril_indices(5, 5, offset=-1)
        dots = (z @ z.transpose(1, 2))[:, i, j]
        return self.head(torch.relu(self.top2(torch.relu(self.top1(torch.cat([dense, dots], 1))))))


class CrossNetwork(nn.Module):
    """DCN-v2: x0 * (W x + b) + x beside a deep part (Wang et al., 2021)."""

    def __init__(self, depth: int = 3) -> None:
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(10, 6) for _ in range(4))
        self.cross = nn.ModuleList(nn.Linear(30, 30) for _ in range(depth))
        for linear in self.cross:
            nn.init.xavier_normal_(linear.weight)
            nn.init.zeros_(linear.bias)
        self.deep = nn.Sequential(nn.Linear(30, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU())
        self.head = nn.Linear(62, 1)

    def forward(self, x: Tensor) -> Tensor:
        x0 = h = torch.cat([x[:, :6], *(t(x[:, 6 + i].long()) for i, t in enumerate(self.tables))], 1)
        for linear in self.cross:
            h = x0 * linear(h) + h
        return self.head(torch.cat([h, self.deep(x0)], 1))


class Maxout(nn.Module):
    """The largest of three linear maps a unit (Goodfellow et al., 2013)."""

    def __init__(self, width: int = 48, depth: int = 3) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(k, 3 * n) for k, n in pairwise((64, *[width] * depth)))
        self.head = nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x).unflatten(1, (-1, 3)).amax(2)
        return self.head(x)


class Factors(nn.Module):
    """Users and items as vectors: their product and biases; or a perceptron over both (He et al., 2017)."""

    def __init__(self, kind: str, width: int = 16) -> None:
        super().__init__()
        self.users, self.items = nn.Embedding(200, width), nn.Embedding(100, width)
        nn.init.normal_(self.users.weight, std=0.1)
        nn.init.normal_(self.items.weight, std=0.1)
        self.neural = kind == "neural"
        if self.neural:
            self.fc1, self.fc2, self.head = nn.Linear(2 * width, 64), nn.Linear(64, 32), nn.Linear(32 + width, 1)
            for linear in (self.fc1, self.fc2):
                nn.init.xavier_uniform_(linear.weight)
        else:
            self.user_bias, self.item_bias = nn.Embedding(200, 1), nn.Embedding(100, 1)
            nn.init.zeros_(self.user_bias.weight)
            nn.init.zeros_(self.item_bias.weight)

    def forward(self, pairs: Tensor) -> Tensor:
        u, i = self.users(pairs[:, 0]), self.items(pairs[:, 1])
        if not self.neural:
            return (u * i).sum(1, keepdim=True) + self.user_bias(pairs[:, 0]) + self.item_bias(pairs[:, 1])
        h = torch.relu(self.fc2(torch.relu(self.fc1(torch.cat([u, i], 1)))))
        return self.head(torch.cat([h, u * i], 1))


class TwoTowers(nn.Module):
    """Query and item towers, unit vectors, in-batch softmax at temperature 0.1 given as logits."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        tower = lambda: nn.Sequential(nn.Linear(32, 64), nn.GELU(), nn.Linear(64, width))  # noqa: E731
        self.query, self.item = tower(), tower()
        self.temperature = nn.Parameter(torch.tensor(math.log(10.0)))

    def forward(self, x: Tensor) -> Tensor:
        q, i = functional.normalize(self.query(x[:, :32]), dim=1), functional.normalize(self.item(x[:, 32:]), dim=1)
        return q @ i.T * self.temperature.exp()


class Bayesian(nn.Module):
    """Weights drawn anew at every pass, N(mean, softplus(ρ)²) with ρ = -5 (Blundell et al., 2015)."""

    def __init__(self, widths: tuple[int, ...] = (64, 96, 96, 10)) -> None:
        super().__init__()
        self.means = nn.ParameterList(he(torch.empty(n, k)) for k, n in pairwise(widths))
        self.spreads = nn.ParameterList(torch.full((n, k), -5.0) for k, n in pairwise(widths))
        self.biases = nn.ParameterList(torch.zeros(n) for n in widths[1:])

    def forward(self, x: Tensor) -> Tensor:
        for index, (mean, spread, bias) in enumerate(zip(self.means, self.spreads, self.biases, strict=True)):
            x = functional.linear(torch.relu(x) if index else x, mean, bias) + torch.randn(len(x), len(mean)) * (
                torch.sqrt(
                    functional.linear(x**2 if not index else torch.relu(x) ** 2, functional.softplus(spread) ** 2)
                    + 1e-8
                )
            )
        return x


class Splines(nn.Module):
    """KAN: a SiLU base and 8 radial functions an edge, whose coefficients start small (Liu et al., 2024; Li, 2024)."""

    def __init__(self, widths: tuple[int, ...] = (8, 16, 16, 1), grid: int = 8) -> None:
        super().__init__()
        self.bases = nn.ModuleList(nn.Linear(k, n) for k, n in pairwise(widths))
        self.curves = nn.ModuleList(nn.Linear(k * grid, n, bias=False) for k, n in pairwise(widths))
        self.norms = nn.ModuleList(nn.LayerNorm(k) for k in widths[:-1])
        for curve_ in self.curves:
            nn.init.trunc_normal_(curve_.weight, std=0.1)
        self.grid = nn.Parameter(torch.linspace(-2, 2, grid), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        for base, curve_, norm in zip(self.bases, self.curves, self.norms, strict=True):
            near = torch.exp(-(((norm(x)[..., None] - self.grid) / 0.57) ** 2)).flatten(1)
            x = base(functional.silu(x)) + curve_(near)
        return x


class Policy(nn.Module):
    """PPO's actor: tanh, orthogonal √2, a last layer at 0.01 (Schulman et al., 2017; Huang et al., 2022)."""

    def __init__(self, actions: int = 10, width: int = 64) -> None:
        super().__init__()
        self.fc1, self.fc2, self.head = nn.Linear(64, width), nn.Linear(width, width), nn.Linear(width, actions)
        for linear, gain in ((self.fc1, math.sqrt(2)), (self.fc2, math.sqrt(2)), (self.head, 0.01)):
            nn.init.orthogonal_(linear.weight, gain)
            nn.init.zeros_(linear.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.tanh(self.fc2(torch.tanh(self.fc1(x)))))


class Deterministic(nn.Module):
    """DDPG's actor: fan-in uniform, a last layer U(±3e-3), tanh at the end (Lillicrap et al., 2016)."""

    def __init__(self, width: int = 96) -> None:
        super().__init__()
        self.fc1, self.fc2, self.head = nn.Linear(12, width), nn.Linear(width, width), nn.Linear(width, 3)
        for linear in (self.fc1, self.fc2):
            bound = linear.in_features**-0.5
            nn.init.uniform_(linear.weight, -bound, bound)
            nn.init.uniform_(linear.bias, -bound, bound)
        nn.init.uniform_(self.head.weight, -3e-3, 3e-3)
        nn.init.uniform_(self.head.bias, -3e-3, 3e-3)

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.head(torch.relu(self.fc2(torch.relu(self.fc1(x))))))


class MuP(nn.Sequential):
    """muP at width 256: N(0, 1/fan_in) inside, a zero readout divided by the width ratio (Yang et al., 2022)."""

    def __init__(self, width: int = 256, base: int = 64) -> None:
        super().__init__(nn.Linear(12, width), nn.GELU(), nn.Linear(width, width), nn.GELU(), nn.Linear(width, 1))
        for index in (0, 2):
            nn.init.normal_(self[index].weight, std=self[index].in_features ** -0.5)
        nn.init.zeros_(self[4].weight)
        self.ratio = width / base

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) / self.ratio


def sparse_torch(w: Tensor) -> Tensor:
    """As torch has it: nine in ten zeros in every column, the rest such that the variance is kept."""
    return nn.init.sparse_(w, 0.9, std=math.sqrt(2 / (0.1 * w.shape[1])))


def _actions() -> Pair:
    x, _ = states()
    return x, torch.tanh(x[:, :3] - x[:, 3:6])


def _halves() -> Pair:
    x, _ = digits()
    return x, torch.arange(64).repeat(29)[: len(x)]


def _ids(classes: int, rows: int = 256) -> Callable[[], Pair]:
    return lambda: (digits()[0][:rows], integers(classes, rows, seed=4))


def _matched(logits: Tensor, _: Tensor) -> Tensor:
    return functional.cross_entropy(logits, torch.arange(len(logits)))


def _wide_head(classes: int, std: float) -> nn.Module:
    net = layers((64, 96, 96, classes), "silu", he)
    nn.init.normal_(net.get_submodule("head").weight, std=std)  # type: ignore[arg-type]
    return net


BINARY, MSE, CE = nn.BCEWithLogitsLoss(), nn.MSELoss(), nn.CrossEntropyLoss()
TABLE = "stem " + " ".join(f"{part}.{i}" for i in range(3) for part in ("ups", "downs"))
TABLES = (
    named("table-resnet", table, TableResNet, BINARY, TABLE),
    named("ft-transformer", table, FeatureTokens, BINARY),
    named("dlrm", table, DLRM, BINARY, "bottom1 bottom2 top1 top2"),
    named("cross-network", table, CrossNetwork, BINARY),
    named("maxout", digits, Maxout, CE),
    named("matrix-factors", ratings, lambda: Factors("product"), MSE),
    named("neural-factors", ratings, lambda: Factors("neural"), MSE, "fc1 fc2", act="relu"),
    named("two-towers", _halves, TwoTowers, _matched),
    named("bayes-by-backprop", digits, Bayesian, CE),
    named("kan", curve, Splines, MSE),
    named("ppo-actor", digits, Policy, policy_loss, "fc1 fc2", act="tanh"),
    named("ddpg-actor", _actions, Deterministic, MSE, "fc1 fc2", act="relu"),
    named("value-critic", states, lambda: layers((12, 64, 64, 1), "tanh", orthogonal_relu, head=orthogonal), MSE),
    named("c51", states, lambda: layers((12, 96, 96, 51), "relu", None), atoms_loss, "fc1 fc2", act="relu"),
    named("mixture-density", curve, lambda: layers((8, 48, 48, 15), "tanh", None), mixture_loss, "fc1 fc2", act="tanh"),
    named("gaussian-head", curve, lambda: layers((8, 96, 96, 96, 2), "silu", he, head=glorot), gaussian_loss),
    named("quantiles", states, lambda: layers((12, 80, 80, 3), "gelu", lecun), pinball_loss, "fc1 fc2", act="gelu"),
    named("mup-value", states, MuP, MSE),
    named(
        "selu-regression",
        states,
        lambda: layers((12, *[72] * 10, 1), "selu", lecun),
        MSE,
        "fc1 fc2 fc3 fc4 fc5 fc6 fc7 fc8 fc9 fc10",
        act="selu",
    ),
    named(
        "orthogonal-curve",
        points,
        lambda: layers((2, *[64] * 6, 1), "tanh", orthogonal),
        MSE,
        "fc1 fc2 fc3 fc4 fc5 fc6",
        act="tanh",
    ),
    named("sparse-gelu", digits, lambda: layers((64, 256, 256, 10), "gelu", sparse_torch, head=glorot), smooth_loss),
    named(
        "zero-head-softplus", states, lambda: layers((12, 64, 64, 64, 1), "softplus", None, head=zero), nn.HuberLoss()
    ),
    named(
        "elu-hinge", digits, lambda: layers((64, 80, 80, 80, 10), "elu", lecun), hinge_loss, "fc1 fc2 fc3", act="elu"
    ),
    named("logistic-two", circles, lambda: layers((2, 48, 48, 2), "relu", he), CE),
    named("classes-300", _ids(300), lambda: layers((64, 128, 300), "relu", None), CE),
    named("classes-20000", _ids(20_000), lambda: _wide_head(20_000, 0.02), CE),
    named("classes-40000-zero", _ids(40_000), lambda: layers((64, 64, 40_000), "gelu", he, head=zero), CE),
)

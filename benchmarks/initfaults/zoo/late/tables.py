"""Tables: what people train on columns and categories, and the heads they put on top."""

import math
from collections.abc import Callable

import torch
from benchmarks.initfaults.data import digits
from benchmarks.initfaults.zoo.fresh.data import table
from benchmarks.initfaults.zoo.fresh.named import named
from benchmarks.initfaults.zoo.late.data import columns, grades, labelled, prices, rates, zipf
from benchmarks.initfaults.zoo.late.losses import (
    both_tasks,
    evidential_loss,
    many_tasks,
    negative_binomial_loss,
    ordered_loss,
)
from benchmarks.initfaults.zoo.perceptrons import glorot, he, layers
from torch import Tensor, nn
from torch.nn import functional


class Entities(nn.Module):
    """Entity embeddings U(±0.05) beside numbers, batch norm, two layers (Guo and Berkhahn, 2016)."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(10, 4) for _ in range(4))
        for each in self.tables:
            nn.init.uniform_(each.weight, -0.05, 0.05)
        self.norm = nn.BatchNorm1d(6)
        self.fc1, self.fc2, self.head = nn.Linear(22, width), nn.Linear(width, width // 2), nn.Linear(width // 2, 1)
        self.drop = nn.Dropout(0.1)

    def forward(self, x: Tensor) -> Tensor:
        parts = [each(x[:, 6 + i].long()) for i, each in enumerate(self.tables)]
        h = torch.relu(self.fc1(torch.cat([self.norm(x[:, :6]), *parts], 1)))
        return self.head(torch.relu(self.fc2(self.drop(h))))


class WideDeep(nn.Module):
    """A linear model of crossed categories beside a deep one of embeddings (Cheng et al., 2016)."""

    def __init__(self) -> None:
        super().__init__()
        self.wide, self.tokens = nn.Embedding(100, 1), nn.Embedding(40, 8)
        nn.init.zeros_(self.wide.weight)
        nn.init.normal_(self.tokens.weight, std=0.05)
        self.fc1, self.fc2, self.fc3, self.head = (
            nn.Linear(38, 64),
            nn.Linear(64, 32),
            nn.Linear(32, 16),
            nn.Linear(16, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        c = x[:, 6:].long()
        deep = torch.cat([x[:, :6], self.tokens(c + 10 * torch.arange(4)).flatten(1)], 1)
        deep = torch.relu(self.fc3(torch.relu(self.fc2(torch.relu(self.fc1(deep))))))
        return self.head(deep) + self.wide(10 * c[:, 0] + c[:, 1])


class DeepFM(nn.Module):
    """Factorization machine and perceptron on the same embeddings N(0, 0.01²) (Guo et al., 2017)."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.linear, self.tokens = nn.Embedding(40, 1), nn.Embedding(40, width)
        self.numbers = nn.Linear(6, width)
        for each in (self.linear, self.tokens):
            nn.init.normal_(each.weight, std=0.01)
        self.fc1, self.fc2, self.head = nn.Linear(5 * width, 64), nn.Linear(64, 64), nn.Linear(64, 1)

    def forward(self, x: Tensor) -> Tensor:
        ids = x[:, 6:].long() + 10 * torch.arange(4)
        v = torch.cat([self.tokens(ids), self.numbers(x[:, :6])[:, None]], 1)
        second = 0.5 * (v.sum(1) ** 2 - (v**2).sum(1)).sum(1, keepdim=True)
        return self.linear(ids).sum(1) + second + self.head(torch.relu(self.fc2(torch.relu(self.fc1(v.flatten(1))))))


class AutoInt(nn.Module):
    """Attention among fields with a residual projection and ReLU, no norms (Song et al., 2019)."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.tokens, self.numbers = nn.Embedding(40, width), nn.Parameter(torch.randn(6, width) * 0.1)
        nn.init.normal_(self.tokens.weight, std=0.1)
        self.attend = nn.ModuleList(nn.MultiheadAttention(width, 2, batch_first=True) for _ in range(2))
        self.skip = nn.ModuleList(nn.Linear(width, width, bias=False) for _ in range(2))
        self.head = nn.Linear(10 * width, 1)

    def forward(self, x: Tensor) -> Tensor:
        ids = x[:, 6:].long() + 10 * torch.arange(4)
        h = torch.cat([self.tokens(ids), x[:, :6, None] * self.numbers], 1)
        for attend, skip in zip(self.attend, self.skip, strict=True):
            h = torch.relu(attend(h, h, h, need_weights=False)[0] + skip(h))
        return self.head(h.flatten(1))


class TabNet(nn.Module):
    """Three masks by softmax with a prior of what is used up, GLU blocks, batch norms (Arik and Pfister, 2021)."""

    def __init__(self, width: int = 16, steps: int = 3) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(10)
        self.shared = nn.Linear(10, 4 * width, bias=False)
        self.own = nn.ModuleList(nn.Linear(2 * width, 4 * width, bias=False) for _ in range(steps))
        self.norms = nn.ModuleList(nn.BatchNorm1d(4 * width) for _ in range(2 * steps))
        self.masks = nn.ModuleList(nn.Linear(width, 10, bias=False) for _ in range(steps))
        self.head = nn.Linear(width, 1, bias=False)
        for w in (self.shared, *self.own, *self.masks):
            nn.init.xavier_normal_(
                w.weight, math.sqrt((w.in_features + w.out_features) / math.sqrt(4 * w.in_features)) / 2
            )

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(x)
        prior, out, read = torch.ones_like(x), 0.0, x.new_zeros(len(x), 16)
        for i, (own, mask) in enumerate(zip(self.own, self.masks, strict=True)):
            share = torch.softmax(mask(read) * prior, 1)
            prior = prior * (1.3 - share)
            h = functional.glu(self.norms[2 * i](self.shared(share * x * 10)))
            h = (h + functional.glu(self.norms[2 * i + 1](own(h)))) * math.sqrt(0.5)
            use, read = h.chunk(2, 1)
            out = out + torch.relu(use)
        return self.head(out)  # type: ignore[arg-type]


class Additive(nn.Module):
    """A small network a column, summed (Agarwal et al., 2021)."""

    def __init__(self, inputs: int = 10, width: int = 16) -> None:
        super().__init__()
        self.first = nn.Parameter(torch.randn(inputs, width))
        self.shift = nn.Parameter(0.5 * torch.randn(inputs, width))
        self.second = nn.Parameter(torch.randn(inputs, width, width) * math.sqrt(2 / width))
        self.third = nn.Parameter(torch.randn(inputs, width) / math.sqrt(width * inputs))
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        h = torch.relu((x[:, :, None] - self.shift) * self.first)
        h = torch.relu(torch.einsum("bik,ikm->bim", h, self.second))
        return (h * self.third).sum((1, 2))[:, None] + self.bias


class GatedResidual(nn.Module):
    """Gated residual units of the temporal fusion transformer: ELU, GLU, layer norm (Lim et al., 2021)."""

    def __init__(self, width: int = 32, depth: int = 2) -> None:
        super().__init__()
        self.stem = nn.Linear(10, width)
        self.ups = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.downs = nn.ModuleList(nn.Linear(width, 2 * width) for _ in range(depth))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(depth))
        self.head = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for up, down, norm in zip(self.ups, self.downs, self.norms, strict=True):
            x = norm(x + functional.glu(down(functional.elu(up(x)))))
        return self.head(x)


class Monotone(nn.Module):
    """Weights through softplus, tanh, so that the output rises with every input; raw weights near -2."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.first = nn.Parameter(-2 + 0.5 * torch.randn(width, 10))
        self.second = nn.Parameter(-2 + 0.5 * torch.randn(1, width))
        self.bias, self.out = nn.Parameter(torch.randn(width)), nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        h = torch.tanh(functional.linear(x, functional.softplus(self.first), self.bias))
        return functional.linear(h, functional.softplus(self.second), self.out)


class Ordinal(nn.Module):
    """CORAL: one score, and thresholds that start in order."""

    def __init__(self, width: int = 48) -> None:
        super().__init__()
        self.fc1, self.fc2, self.head = nn.Linear(10, width), nn.Linear(width, width), nn.Linear(width, 1, bias=False)
        self.steps = nn.Parameter(torch.tensor([1.5, 0.5, -0.5, -1.5]))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.relu(self.fc2(torch.relu(self.fc1(x))))) + self.steps


class Tasks(nn.Module):
    """A trunk and three heads; the losses' weights are learned, log variances from zero (Kendall et al., 2018)."""

    def __init__(self, width: int = 96) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(64, width), nn.Linear(width, width)
        self.classes, self.parity, self.bright = nn.Linear(width, 10), nn.Linear(width, 1), nn.Linear(width, 1)
        self.spreads = nn.Parameter(torch.zeros(3))

    def forward(self, x: Tensor) -> Tensor:
        h = torch.relu(self.fc2(torch.relu(self.fc1(x))))
        return torch.cat([self.classes(h), self.parity(h), self.bright(h), self.spreads.expand(len(x), 3)], 1)


class Gates(nn.Module):
    """Multi-gate mixture of experts: two tasks, each with its own gate and tower (Ma et al., 2018)."""

    def __init__(self, width: int = 24, experts: int = 4) -> None:
        super().__init__()
        self.experts = nn.ModuleList(nn.Linear(10, width) for _ in range(experts))
        self.gates = nn.ModuleList(nn.Linear(10, experts, bias=False) for _ in range(2))
        self.towers = nn.ModuleList(nn.Linear(width, 16) for _ in range(2))
        self.heads = nn.ModuleList(nn.Linear(16, 1) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        each = torch.stack([torch.relu(expert(x)) for expert in self.experts], 1)
        outs = []
        for gate, tower, head in zip(self.gates, self.towers, self.heads, strict=True):
            h = (torch.softmax(gate(x), 1)[:, :, None] * each).sum(1)
            outs.append(head(torch.relu(tower(h))))
        return torch.cat(outs, 1)


class Ensemble(nn.Module):
    """BatchEnsemble: one matrix, four members by sign vectors before and after (Wen et al., 2020)."""

    def __init__(self, width: int = 64, members: int = 4) -> None:
        super().__init__()
        self.members = members
        self.fc1, self.fc2, self.head = nn.Linear(10, width), nn.Linear(width, width), nn.Linear(width, 1)
        for linear in (self.fc1, self.fc2):
            nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
        self.before = nn.ParameterList(torch.randn(members, n).sign() for n in (10, width))
        self.after = nn.ParameterList(torch.randn(members, width).sign() for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        h = x.expand(self.members, *x.shape)
        for linear, r, s in zip((self.fc1, self.fc2), self.before, self.after, strict=True):
            h = torch.relu(linear(h * r[:, None]) * s[:, None])
        return self.head(h).mean(0)


class Trees(nn.Module):
    """Twelve soft oblivious trees of depth three: features by softmax, thresholds, leaves (Popov et al., 2020)."""

    def __init__(self, trees: int = 12, depth: int = 3) -> None:
        super().__init__()
        self.choice = nn.Parameter(torch.randn(10, trees * depth))
        self.threshold = nn.Parameter(0.5 * torch.randn(trees * depth))
        self.heat = nn.Parameter(torch.zeros(trees * depth))
        self.leaves = nn.Parameter(0.3 * torch.randn(trees, 2**depth))
        self.trees, self.depth = trees, depth

    def forward(self, x: Tensor) -> Tensor:
        z = (x @ torch.softmax(self.choice, 0) - self.threshold) * torch.exp(-self.heat)
        right = torch.sigmoid(2 * z).view(len(x), self.trees, self.depth)
        weight = torch.ones(len(x), self.trees, 1)
        for i in range(self.depth):
            p = right[:, :, i : i + 1]
            weight = torch.cat([weight * p, weight * (1 - p)], 2)
        return (weight * self.leaves).sum(2).mean(1, keepdim=True) * math.sqrt(self.trees)


class Scaled(nn.Module):
    """LeCun's network: 1.7159 tanh(2x/3), N(0, 1/fan in) (LeCun et al., 1998)."""

    def __init__(self, width: int = 80) -> None:
        super().__init__()
        self.fc1, self.fc2, self.head = nn.Linear(64, width), nn.Linear(width, width), nn.Linear(width, 10)
        for linear in (self.fc1, self.fc2, self.head):
            nn.init.normal_(linear.weight, std=linear.in_features**-0.5)
            nn.init.zeros_(linear.bias)

    def forward(self, x: Tensor) -> Tensor:
        for linear in (self.fc1, self.fc2):
            x = 1.7159 * torch.tanh(linear(x) * 2 / 3)
        return self.head(x)


def last_bias(net: nn.Sequential, values: Tensor) -> nn.Sequential:
    """The head's bias at what it must say on average."""
    with torch.no_grad():
        net.get_submodule("head").bias.copy_(values)  # type: ignore[union-attr, operator]
    return net


def known_mean() -> nn.Sequential:
    return last_bias(layers((10, 64, 64, 1), "relu", None), prices()[1].mean(0))


def known_rate() -> nn.Sequential:
    return last_bias(
        layers((10, 48, 48, 2), "relu", he, head=glorot), torch.tensor([float(rates()[1].mean().log()), 0.0])
    )


def known_frequencies() -> nn.Sequential:
    share = (torch.bincount(zipf()[1], minlength=50).float() + 1) / (len(zipf()[1]) + 50)
    return last_bias(layers((64, 96, 96, 50), "relu", he), torch.log(share))


def default(widths: tuple[int, ...], act: str = "relu", **options: object) -> Callable[[], nn.Module]:
    return lambda: layers(widths, act, None, **options)  # type: ignore[arg-type]


BINARY, MSE, CE = nn.BCEWithLogitsLoss(), nn.MSELoss(), nn.CrossEntropyLoss()
TABLES = (
    named("tabular-batchnorm", labelled, default((10, 64, 32, 1), norm="bn", drop=0.1), BINARY, "fc1 fc2"),
    named("tabular-pyramid", columns, default((10, 128, 64, 32, 1)), MSE, "fc1 fc2 fc3"),
    named("house-prices", prices, known_mean, MSE, "fc1 fc2"),
    named("entity-embeddings", table, Entities, BINARY, "fc1 fc2"),
    named("wide-and-deep", table, WideDeep, BINARY, "fc1 fc2 fc3"),
    named("deep-fm", table, DeepFM, BINARY, "fc1 fc2"),
    named("auto-int", table, AutoInt, BINARY),
    named("tab-net", columns, TabNet, MSE),
    named("additive-model", columns, Additive, MSE),
    named("gated-residual", columns, GatedResidual, MSE, "stem ups.0 downs.0 ups.1 downs.1", act="elu"),
    named("monotone", columns, Monotone, MSE),
    named("ordinal-coral", grades, Ordinal, ordered_loss, "fc1 fc2"),
    named("multi-task", digits, Tasks, many_tasks, "fc1 fc2", head="classes"),
    named("multi-gate-experts", labelled, Gates, both_tasks),
    named("batch-ensemble", columns, Ensemble, MSE, "fc1 fc2"),
    named("soft-trees", columns, Trees, MSE),
    named("evidential", columns, default((10, 64, 64, 4)), evidential_loss, "fc1 fc2"),
    named("negative-binomial", rates, known_rate, negative_binomial_loss, "fc1 fc2"),
    named("zipf-prior", zipf, known_frequencies, CE, "fc1 fc2"),
    named("lecun-scaled-tanh", digits, Scaled, CE, "fc1 fc2", act="tanh"),
    named("sigmoid-squares", labelled, default((10, 24, 24, 1), "sigmoid"), MSE, "fc1 fc2", act="sigmoid"),
    named(
        "leaky-two-classes",
        labelled,
        lambda: layers((10, 64, 64, 64, 1), "leaky", he),
        BINARY,
        "fc1 fc2 fc3",
        act="leaky",
    ),
)

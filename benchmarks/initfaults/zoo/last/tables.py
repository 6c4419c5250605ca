"""Tables, ratings, ranks, values: perceptrons as their frameworks draw them."""

import math
from collections.abc import Callable

import torch
from benchmarks.initfaults.data import circles, digits
from benchmarks.initfaults.zoo.fresh.data import table
from benchmarks.initfaults.zoo.fresh.named import named
from benchmarks.initfaults.zoo.last import data
from benchmarks.initfaults.zoo.late.data import columns, labelled
from benchmarks.initfaults.zoo.perceptrons import layers
from torch import Tensor, nn
from torch.nn import functional

BINARY, MSE, CE = nn.BCEWithLogitsLoss(), nn.MSELoss(), nn.CrossEntropyLoss()


def drawn(net: nn.Module, init: object, bias: bool = True) -> nn.Module:
    """Every linear or convolutional layer's weight by `init`, biases at zero."""
    for m in net.modules():
        if isinstance(m, nn.Linear | nn.Conv2d | nn.Conv1d):
            init(m.weight)  # type: ignore[operator]
            if bias and m.bias is not None:
                nn.init.zeros_(m.bias)
    return net


def truncated(w: Tensor) -> Tensor:
    """Flax's and Haiku's: a normal cut at two deviations, of variance 1/fan in."""
    std = (w[0].numel()) ** -0.5 / 0.87962566
    return nn.init.trunc_normal_(w, std=std, a=-2 * std, b=2 * std)


class Fastai(nn.Module):
    """Linear without bias, ReLU, batch norm; embeddings N(0, 0.01²) cut at two deviations."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = nn.Embedding(40, 5)
        nn.init.trunc_normal_(self.tokens.weight, std=0.01, a=-0.02, b=0.02)
        self.before = nn.BatchNorm1d(6)
        self.fc1, self.norm1 = nn.Linear(26, 64, bias=False), nn.BatchNorm1d(64)
        self.fc2, self.norm2 = nn.Linear(64, 32, bias=False), nn.BatchNorm1d(32)
        self.head = nn.Linear(32, 1)

    def forward(self, x: Tensor) -> Tensor:
        ids = x[:, 6:].long() + 10 * torch.arange(4)
        h = torch.cat([self.tokens(ids).flatten(1), self.before(x[:, :6])], 1)
        h = self.norm1(torch.relu(self.fc1(h)))
        return self.head(self.norm2(torch.relu(self.fc2(h))))


class PreNorm(nn.Module):
    """Residual blocks of layer norm, a layer four times wide, GELU, and back; a norm before the head."""

    def __init__(self, inputs: int, outputs: int, width: int = 32, depth: int = 3, rms: bool = False) -> None:
        super().__init__()
        norm = nn.RMSNorm if rms else nn.LayerNorm
        self.stem = nn.Linear(inputs, width)
        self.norms = nn.ModuleList(norm(width) for _ in range(depth))
        self.ups = nn.ModuleList(nn.Linear(width, 2 * width) for _ in range(depth))
        self.downs = nn.ModuleList(nn.Linear(2 * width, width) for _ in range(depth))
        self.norm, self.head = norm(width), nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for norm, up, down in zip(self.norms, self.ups, self.downs, strict=True):
            x = x + down(functional.gelu(up(norm(x))))
        return self.head(self.norm(x))


class ReZeroTable(nn.Module):
    """Twelve residual layers, each behind a scalar that starts at zero."""

    def __init__(self, depth: int = 12, width: int = 32) -> None:
        super().__init__()
        self.stem, self.head = nn.Linear(10, width), nn.Linear(width, 1)
        self.fcs = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.alphas = nn.Parameter(torch.zeros(depth))

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for alpha, fc in zip(self.alphas, self.fcs, strict=True):
            x = x + alpha * torch.relu(fc(x))
        return self.head(x)


class Geglu(nn.Module):
    """Two layers of GELU behind a gate (Shazeer, 2020)."""

    def __init__(self, width: int = 48) -> None:
        super().__init__()
        self.fc1, self.fc2, self.head = nn.Linear(10, 2 * width), nn.Linear(width, 2 * width), nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        for fc in (self.fc1, self.fc2):
            a, b = fc(x).chunk(2, 1)
            x = a * functional.gelu(b)
        return self.head(x)


class Machine(nn.Module):
    """A factorization machine: bias, linear, pairs of factors N(0, 0.1²) (Rendle, 2010)."""

    def __init__(self) -> None:
        super().__init__()
        self.linear, self.tokens, self.bias = nn.Embedding(40, 1), nn.Embedding(40, 8), nn.Parameter(torch.zeros(1))
        self.numbers = nn.Linear(6, 8, bias=False)
        nn.init.zeros_(self.linear.weight)
        nn.init.normal_(self.tokens.weight, std=0.1)

    def forward(self, x: Tensor) -> Tensor:
        ids = x[:, 6:].long() + 10 * torch.arange(4)
        v = torch.cat([self.tokens(ids), self.numbers(x[:, :6])[:, None]], 1)
        pairs = 0.5 * (v.sum(1) ** 2 - (v**2).sum(1)).sum(1, keepdim=True)
        return self.bias + self.linear(ids).sum(1) + pairs


class Taste(nn.Module):
    """Embeddings of user and item, their product beside them, and a perceptron."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.users, self.items = nn.Embedding(200, width), nn.Embedding(100, width)
        for each in (self.users, self.items):
            nn.init.normal_(each.weight, std=0.3)
        self.fc1, self.fc2, self.head = nn.Linear(3 * width, 64), nn.Linear(64, 32), nn.Linear(32, 1)

    def forward(self, x: Tensor) -> Tensor:
        u, v = self.users(x[:, 0]), self.items(x[:, 1])
        return self.head(torch.relu(self.fc2(torch.relu(self.fc1(torch.cat([u, v, u * v], 1))))))


class Shared(nn.Module):
    """PPO's shared trunk: orthogonal √2, the policy's head 0.01, the value's 1."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(4, width), nn.Linear(width, width)
        self.policy, self.value = nn.Linear(width, 3), nn.Linear(width, 1)
        for linear, gain in ((self.fc1, math.sqrt(2)), (self.fc2, math.sqrt(2)), (self.policy, 0.01), (self.value, 1)):
            nn.init.orthogonal_(linear.weight, gain)
            nn.init.zeros_(linear.bias)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.tanh(self.fc2(torch.tanh(self.fc1(x))))
        return torch.cat([self.policy(h), self.value(h)], 1)


class Dropped(nn.Module):
    """MC dropout: a unit in ten is dropped at every layer, ELU (Gal and Ghahramani, 2016)."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.fc1, self.fc2, self.head = nn.Linear(10, width), nn.Linear(width, width), nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.dropout(functional.elu(self.fc1(x)), 0.1)
        return self.head(functional.dropout(functional.elu(self.fc2(x)), 0.1))


def gamma_loss(log_mean: Tensor, y: Tensor) -> Tensor:
    """A gamma distribution of shape 2 with a log link, without what does not depend on the mean."""
    return (2 * (log_mean + y * torch.exp(-log_mean))).mean()


def hazard_loss(logits: Tensor, y: Tensor) -> Tensor:
    """At each interval still alive: does it end here?"""
    bins = torch.arange(logits.shape[1])
    ends = functional.binary_cross_entropy_with_logits(logits, (y[:, None] == bins).float(), reduction="none")
    return (ends * (bins <= y[:, None])).sum(1).mean()


def taken_loss(q: Tensor, y: Tensor) -> Tensor:
    return functional.smooth_l1_loss(q.gather(1, y[:, :1].long()), y[:, 1:])


def quantile_values_loss(q: Tensor, y: Tensor) -> Tensor:
    """QR-DQN: 8 quantiles an action."""
    chosen = q.view(len(q), 3, 8)[torch.arange(len(q)), y[:, 0].long()]
    off, level = y[:, 1:] - chosen, (torch.arange(8) + 0.5) / 8
    return (
        torch.abs(level - (off.detach() < 0).float())
        * functional.huber_loss(chosen, y[:, 1:].expand_as(chosen), reduction="none")
    ).mean()


def actor_critic_loss(out: Tensor, y: Tensor) -> Tensor:
    """Advantage by the returned value; squared error of the value; a bonus of entropy."""
    logp = torch.log_softmax(out[:, :3], 1)
    gain = (y[:, 1] - out[:, 3]).detach()
    chosen = logp.gather(1, y[:, :1].long())[:, 0]
    return (
        -(chosen * gain).mean() + 0.5 * (out[:, 3] - y[:, 1]).square().mean() + 0.01 * (logp.exp() * logp).sum(1).mean()
    )


def student_loss(out: Tensor, y: Tensor) -> Tensor:
    """Student's t of 4 degrees of freedom; output is (mean, log scale)."""
    mean, s = out.chunk(2, 1)
    return -torch.distributions.StudentT(4.0, mean, torch.exp(s), validate_args=False).log_prob(y).mean()


def list_loss(scores: Tensor, gains: Tensor) -> Tensor:
    """ListNet's."""
    return functional.cross_entropy(scores.squeeze(-1), gains)


def rank_loss(scores: Tensor, gains: Tensor) -> Tensor:
    """RankNet's: every pair of documents."""
    s = scores.squeeze(-1)
    gap, better = s[:, :, None] - s[:, None], (gains[:, :, None] > gains[:, None]).float()
    return (functional.softplus(-gap) * better).sum() / better.sum()


def glorot(widths: tuple[int, ...], act: str = "relu", **options: object) -> nn.Module:
    return drawn(layers(widths, act, None, **options), nn.init.xavier_uniform_)  # type: ignore[arg-type]


def flax(widths: tuple[int, ...], act: str = "relu", **options: object) -> nn.Module:
    return drawn(layers(widths, act, None, **options), truncated)  # type: ignore[arg-type]


def zero_head(net: nn.Module) -> nn.Module:
    nn.init.zeros_(net.get_submodule("head").weight)  # type: ignore[arg-type]
    nn.init.zeros_(net.get_submodule("head").bias)  # type: ignore[arg-type]
    return net


def default(widths: tuple[int, ...], act: str = "relu", **options: object) -> Callable[[], nn.Module]:
    return lambda: layers(widths, act, None, **options)  # type: ignore[arg-type]


STEPS = "stem ups.0 downs.0 ups.1 downs.1 ups.2 downs.2"
TABLES = (
    named("iris", data.iris, default((4, 16, 16, 3)), CE, "fc1 fc2"),
    named("wine-tanh", data.wine, lambda: glorot((13, 32, 32, 3), "tanh"), CE, "fc1 fc2", act="tanh"),
    named("tumours", data.tumours, lambda: glorot((30, 64, 32, 1), drop=0.2), BINARY, "fc1 fc2"),
    named("diabetes", data.diabetes, default((10, 32, 32, 1)), MSE, "fc1 fc2"),
    named("churn", labelled, default((10, 64, 64, 1), "silu", norm="ln", drop=0.1), BINARY, "fc1 fc2", act="silu"),
    named("keras-regressor", columns, lambda: glorot((10, 64, 64, 1)), MSE, "fc1 fc2"),
    named("one-wide-layer", digits, default((64, 512, 10)), CE, "fc1"),
    named("keras-mlp", digits, lambda: glorot((64, 256, 256, 10), drop=0.2), CE, "fc1 fc2"),
    named("flax-mlp", digits, lambda: flax((64, 128, 128, 10)), CE, "fc1 fc2"),
    named("haiku-regressor", columns, lambda: flax((10, 96, 96, 96, 1), "elu"), MSE, "fc1 fc2 fc3", act="elu"),
    named("fastai-tabular", table, Fastai, BINARY, "fc1 fc2"),
    named("pre-norm-table", columns, lambda: PreNorm(10, 1), MSE, STEPS, act="gelu"),
    named("rms-classifier", digits, lambda: PreNorm(64, 10, 48, rms=True), CE, STEPS, act="gelu"),
    named("squared-one-hot", data.one_hot, default((64, 96, 10)), MSE, "fc1"),
    named("gamma-claims", data.positive, default((10, 48, 48, 1)), gamma_loss, "fc1 fc2"),
    named("discrete-hazard", data.hazards, default((10, 64, 64, 8)), hazard_loss, "fc1 fc2"),
    named("classes-3000", data.identities, default((64, 96, 96, 3000)), CE, "fc1 fc2"),
    named("playground", circles, default((2, 16, 16, 2), "tanh"), CE, "fc1 fc2", act="tanh"),
    named("distilled-student", data.soft, default((64, 64, 64, 10)), CE, "fc1 fc2"),
    named(
        "deep-plain",
        digits,
        lambda: drawn(layers((64, *[48] * 6, 10), "relu", None), nn.init.kaiming_uniform_),
        CE,
        "fc1 fc2 fc3 fc4 fc5 fc6",
    ),
    named("six-tanh", digits, lambda: glorot((64, *[64] * 6, 10), "tanh"), CE, "fc1 fc2 fc3 fc4 fc5 fc6", act="tanh"),
    named(
        "zero-head-regressor",
        columns,
        lambda: zero_head(layers((10, 64, 64, 1), "gelu", None)),
        MSE,
        "fc1 fc2",
        act="gelu",
    ),
    named("rezero-table", columns, ReZeroTable, MSE),
    named("geglu-table", columns, Geglu, MSE, "fc1 fc2", act="gelu"),
    named("factorization-machine", table, Machine, BINARY),
    named("taste", data.rated, Taste, MSE, "fc1 fc2"),
    named("auto-rec", data.rows_of_users, default((60, 32, 60), "sigmoid"), MSE, "fc1", act="sigmoid"),
    named("rank-net", data.queries, default((10, 32, 32, 1)), rank_loss, "fc1 fc2"),
    named("list-net", data.queries, default((10, 48, 1), "tanh"), list_loss, "fc1", act="tanh"),
    named("cart-pole-dqn", data.moves, default((4, 128, 128, 3)), taken_loss, "fc1 fc2"),
    named("quantile-values", data.moves, default((4, 64, 64, 24)), quantile_values_loss, "fc1 fc2"),
    named("shared-actor-critic", data.moves, Shared, actor_critic_loss, "fc1 fc2", head="value", act="tanh"),
    named(
        "behaviour-cloning",
        data.demonstrations,
        lambda: nn.Sequential(layers((11, 64, 64, 3), "relu", None), nn.Tanh()),
        MSE,
        "0.fc1 0.fc2",
        head="0.head",
    ),
    named("monte-carlo-dropout", columns, Dropped, MSE, "fc1 fc2", act="elu"),
    named("student-t", columns, default((10, 64, 64, 2)), student_loss, "fc1 fc2"),
    named("absolute-error", columns, default((10, 64, 64, 1)), nn.L1Loss(), "fc1 fc2"),
)

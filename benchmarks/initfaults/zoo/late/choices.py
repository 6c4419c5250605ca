"""What to buy, hear or do next: recommenders, embeddings of words, values, policies and models of the world."""

import math

import torch
from benchmarks.initfaults.data import Pair, integers, tokens
from benchmarks.initfaults.losses import token_loss
from benchmarks.initfaults.net import Sites
from benchmarks.initfaults.zoo.fresh.data import scenes, states
from benchmarks.initfaults.zoo.fresh.named import named
from benchmarks.initfaults.zoo.late.data import chosen, counts_of_words, journeys, plays, sessions, transitions
from benchmarks.initfaults.zoo.late.losses import (
    game_loss,
    glove_loss,
    members_loss,
    preference_loss,
    squashed_loss,
    twins_loss,
    whole_sequence,
)
from torch import Tensor, nn
from torch.nn import functional


class Preferences(nn.Module):
    """BPR: users and items N(0, 0.1²), and a bias an item (Rendle et al., 2009)."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.users, self.items, self.bias = nn.Embedding(150, width), nn.Embedding(100, width), nn.Embedding(100, 1)
        nn.init.normal_(self.users.weight, std=0.1)
        nn.init.normal_(self.items.weight, std=0.1)
        nn.init.zeros_(self.bias.weight)

    def forward(self, x: Tensor) -> Tensor:
        user = self.users(x[:, 0])
        return torch.cat([(user * self.items(x[:, i])).sum(1, keepdim=True) + self.bias(x[:, i]) for i in (1, 2)], 1)


class LightGraph(nn.Module):
    """LightGCN: embeddings spread twice over the graph of purchases and averaged (He et al., 2020)."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.tokens = nn.Embedding(250, width)
        nn.init.normal_(self.tokens.weight, std=0.1)
        bought = chosen()[0]
        edges = torch.zeros(250, 250)
        edges[bought[:, 0], 150 + bought[:, 1]] = 1
        edges = edges + edges.T
        degree = edges.sum(1).clamp_min(1).rsqrt()
        self.register_buffer("edges", degree[:, None] * edges * degree)

    def forward(self, x: Tensor) -> Tensor:
        h = total = self.tokens.weight
        for _ in range(2):
            h = self.edges @ h
            total = total + h
        total = total / 3
        return torch.stack([(total[x[:, 0]] * total[150 + x[:, i]]).sum(1) for i in (1, 2)], 1)


class Sessions(nn.Module):
    """GRU4Rec, or SASRec with the item table as its head: the next item of a session."""

    def __init__(self, kind: str, items: int = 80, width: int = 32) -> None:
        super().__init__()
        self.kind = kind
        self.tokens = nn.Embedding(items, width)
        if kind == "gru":
            self.body, self.head = nn.GRU(width, width, batch_first=True), nn.Linear(width, items)
            return
        nn.init.normal_(self.tokens.weight, std=0.02)
        self.places = nn.Parameter(0.02 * torch.randn(12, width))
        self.body = nn.TransformerEncoderLayer(width, 2, 64, 0.1, batch_first=True, norm_first=True)
        self.norm = nn.LayerNorm(width)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.tokens(ids)
        if self.kind == "gru":
            return self.head(self.body(x)[0])
        mask = nn.Transformer.generate_square_subsequent_mask(ids.shape[1])
        return self.norm(self.body(x * math.sqrt(32) + self.places, src_mask=mask)) @ self.tokens.weight.T


class Candidates(nn.Module):
    """The mean of what was seen, two layers, all items: YouTube's candidates (Covington et al., 2016)."""

    def __init__(self, items: int = 80, width: int = 32) -> None:
        super().__init__()
        self.seen = nn.EmbeddingBag(items, width)
        self.fc1, self.fc2, self.head = nn.Linear(width, 64), nn.Linear(64, 48), nn.Linear(48, items)

    def forward(self, ids: Tensor) -> Tensor:
        return self.head(torch.relu(self.fc2(torch.relu(self.fc1(self.seen(ids))))))


class GloVe(nn.Module):
    """Two tables U(±0.5/width) and two biases (Pennington et al., 2014)."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.left, self.right = nn.Embedding(100, width), nn.Embedding(100, width)
        self.biases = nn.Parameter(torch.zeros(2, 100))
        for each in (self.left, self.right):
            nn.init.uniform_(each.weight, -0.5, 0.5)

    def forward(self, x: Tensor) -> Tensor:
        a, b = x[:, 0], x[:, 1]
        return ((self.left(a) * self.right(b)).sum(1) + self.biases[0, a] + self.biases[1, b])[:, None]


class Adaptive(nn.Module):
    """A GRU and an adaptive softmax of 500 words in three clusters; the model gives the loss a token."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.tokens, self.body = nn.Embedding(500, width), nn.GRU(width, width, batch_first=True)
        self.head = nn.AdaptiveLogSoftmaxWithLoss(width, 500, [40, 200], div_value=2.0)

    def forward(self, ids: Tensor) -> Tensor:
        h = self.body(self.tokens(ids[:, :-1]))[0]
        return -self.head(h.flatten(0, 1), ids[:, 1:].flatten()).output


def spoken() -> Pair:
    """The chain's tokens, spread over 500 words of which the first are the most used."""
    x, _ = tokens()
    return (x.float() ** 1.5).long().clamp_max(499), torch.zeros(len(x))


class Noisy(nn.Module):
    """NoisyNet's last layers: μ U(±1/√k), σ at 0.5/√k, factored noise (Fortunato et al., 2018)."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.stem = nn.Linear(12, width)
        sizes = ((width, width), (width, 1))
        self.mu = nn.ParameterList(torch.empty(n, k).uniform_(-(k**-0.5), k**-0.5) for k, n in sizes)
        self.sigma = nn.ParameterList(torch.full((n, k), 0.5 * k**-0.5) for k, n in sizes)
        self.bias = nn.ParameterList(torch.zeros(n) for _, n in sizes)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.stem(x))
        for i, (mu, sigma, bias) in enumerate(zip(self.mu, self.sigma, self.bias, strict=True)):
            a, b = (torch.randn(n) for n in mu.shape)
            a, b = a.sign() * a.abs().sqrt(), b.sign() * b.abs().sqrt()
            x = functional.linear(x, mu + sigma * torch.outer(a, b), bias)
            x = torch.relu(x) if i == 0 else x
        return x


class NatureConv(nn.Module):
    """DQN's three convolutions and a dense layer, small, torch's own draw (Mnih et al., 2015)."""

    def __init__(self, channels: int = 16) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, channels, 4, 2), nn.Conv2d(channels, 2 * channels, 3, 2)
        self.conv3, self.fc, self.head = nn.Conv2d(2 * channels, 32, 2), nn.Linear(128, 64), nn.Linear(64, 8)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.conv3(torch.relu(self.conv2(torch.relu(self.conv1(x))))))
        return self.head(torch.relu(self.fc(x.flatten(1))))


class Impala(nn.Module):
    """IMPALA's convolution, pooling and pre-activated residual blocks without norms (Espeholt et al., 2018)."""

    def __init__(self, channels: int = 12) -> None:
        super().__init__()
        self.stems = nn.ModuleList([nn.Conv2d(3, channels, 3, padding=1), nn.Conv2d(channels, channels, 3, padding=1)])
        self.first = nn.ModuleList(nn.Conv2d(channels, channels, 3, padding=1) for _ in range(2))
        self.second = nn.ModuleList(nn.Conv2d(channels, channels, 3, padding=1) for _ in range(2))
        self.fc, self.head = nn.Linear(channels * 16, 64), nn.Linear(64, 8)

    def forward(self, x: Tensor) -> Tensor:
        for stem, first, second in zip(self.stems, self.first, self.second, strict=True):
            x = functional.max_pool2d(stem(x), 2)
            x = x + second(torch.relu(first(torch.relu(x))))
        return self.head(torch.relu(self.fc(torch.relu(x).flatten(1))))


class Actor(nn.Module):
    """SAC's actor: mean and log deviation of a squashed normal, torch's own draw (Haarnoja et al., 2018)."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.fc1, self.fc2, self.head = nn.Linear(12, width), nn.Linear(width, width), nn.Linear(width, 6)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.relu(self.fc2(torch.relu(self.fc1(x)))))


class Critics(nn.Module):
    """Twin critics of state and action with layer norms."""

    def __init__(self, width: int = 48) -> None:
        super().__init__()
        self.fc1 = nn.ModuleList(nn.Linear(12, width) for _ in range(2))
        self.fc2 = nn.ModuleList(nn.Linear(width, width) for _ in range(2))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(4))
        self.heads = nn.ModuleList(nn.Linear(width, 1) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        outs = []
        for i in (0, 1):
            h = functional.elu(self.norms[2 * i](self.fc1[i](x)))
            outs.append(self.heads[i](functional.elu(self.norms[2 * i + 1](self.fc2[i](h)))))
        return torch.cat(outs, 1)


class Board(nn.Module):
    """A residual tower with batch norms, a head of moves and one of the outcome (Silver et al., 2017)."""

    def __init__(self, channels: int = 24, depth: int = 2) -> None:
        super().__init__()
        self.stem = nn.Conv2d(2, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        self.first = nn.ModuleList(nn.Conv2d(channels, channels, 3, padding=1, bias=False) for _ in range(depth))
        self.second = nn.ModuleList(nn.Conv2d(channels, channels, 3, padding=1, bias=False) for _ in range(depth))
        self.norms = nn.ModuleList(nn.BatchNorm2d(channels) for _ in range(2 * depth))
        self.moves, self.worth = nn.Conv2d(channels, 2, 1), nn.Conv2d(channels, 1, 1)
        self.head, self.value = nn.Linear(72, 36), nn.Linear(36, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.norm(self.stem(x)))
        for i, (first, second) in enumerate(zip(self.first, self.second, strict=True)):
            h = torch.relu(self.norms[2 * i](first(x)))
            x = torch.relu(x + self.norms[2 * i + 1](second(h)))
        policy = self.head(torch.relu(self.moves(x)).flatten(1))
        return torch.cat([policy, self.value(torch.relu(self.worth(x)).flatten(1))], 1)


class Journeys(nn.Module):
    """A decision transformer: returns, states, actions as one token a step, N(0, 0.02²) (Chen et al., 2021)."""

    def __init__(self, width: int = 32, depth: int = 2) -> None:
        super().__init__()
        self.stem, self.places = nn.Linear(9, width), nn.Parameter(torch.zeros(6, width))
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(width, 2, 64, 0.0, "gelu", batch_first=True, norm_first=True)
            for _ in range(depth)
        )
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 4)
        for name, p in self.named_parameters():
            if p.ndim == 2 and "places" not in name:
                nn.init.normal_(p, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        h = self.stem(x) + self.places
        for layer in self.layers:
            h = layer(h, src_mask=mask)
        return self.head(self.norm(h))


class Members(nn.Module):
    """PETS: three networks, mean and bounded log variance, truncated N(0, 1/(4k)) (Chua et al., 2018)."""

    def __init__(self, members: int = 3, width: int = 48) -> None:
        super().__init__()
        sizes = ((10, width), (width, width), (width, 18))
        self.w = nn.ParameterList(
            nn.init.trunc_normal_(torch.empty(members, k, n), std=0.5 * k**-0.5) for k, n in sizes
        )
        self.b = nn.ParameterList(torch.zeros(members, 1, n) for _, n in sizes)
        self.highest, self.lowest = nn.Parameter(torch.full((9,), 0.5)), nn.Parameter(torch.full((9,), -6.0))

    def forward(self, x: Tensor) -> Tensor:
        h = x.expand(len(self.w[0]), *x.shape)
        for i, (w, b) in enumerate(zip(self.w, self.b, strict=True)):
            h = h @ w + b
            h = functional.silu(h) if i < 2 else h
        mean, s = h.chunk(2, -1)
        s = self.highest - functional.softplus(self.highest - s)
        return torch.cat([mean, self.lowest + functional.softplus(s - self.lowest)], -1)


class Dial(nn.Module):
    """PPO's Gaussian actor: tanh, orthogonal, a free log deviation at zero; the model gives the likelihood."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.fc1, self.fc2, self.head = nn.Linear(12, width), nn.Linear(width, width), nn.Linear(width, 3)
        for linear, gain in ((self.fc1, math.sqrt(2)), (self.fc2, math.sqrt(2)), (self.head, 0.01)):
            nn.init.orthogonal_(linear.weight, gain)
            nn.init.zeros_(linear.bias)
        self.log_std = nn.Parameter(torch.zeros(3))

    def forward(self, x: Tensor) -> Tensor:
        mean = self.head(torch.tanh(self.fc2(torch.tanh(self.fc1(x)))))
        return torch.cat([mean, self.log_std.expand_as(mean)], 1)


def moves() -> Pair:
    x, _ = states()
    return x, torch.tanh(x[:, :3] - x[:, 3:6])


def dial_loss(output: Tensor, action: Tensor) -> Tensor:
    """Minus the likelihood of a normal, with its constant."""
    mean, s = output.chunk(2, 1)
    return (0.5 * ((action - mean) * torch.exp(-s)) ** 2 + s + 0.92).sum(1).mean()


def last_item() -> Pair:
    x, y = sessions()
    return x, y[:, -1]


def returns() -> Pair:
    x, y, _ = scenes()
    return x, functional.one_hot(y, 8).float() * 2 - 0.5 + 0.1 * integers(3, len(x), 8)


MSE, CE = nn.MSELoss(), nn.CrossEntropyLoss()
TOWER = "stem first.0 second.0 first.1 second.1"
CHOICES = (
    named("bpr-factors", chosen, Preferences, preference_loss),
    named("light-graph", chosen, LightGraph, preference_loss),
    named("gru4rec", sessions, lambda: Sessions("gru"), token_loss, "body.weight_ih_l0 body.weight_hh_l0", act="lstm",
          embedding="tokens.weight"),
    named("sasrec", sessions, lambda: Sessions("sas"), token_loss,
          sites=Sites(hidden=("body.self_attn.in_proj_weight", "body.self_attn.out_proj.weight", "body.linear1.weight",
                              "body.linear2.weight"), embedding="tokens.weight")),
    named("candidates", last_item, Candidates, CE, "fc1 fc2", embedding="seen.weight"),
    named("glove", counts_of_words, GloVe, glove_loss),
    named("adaptive-softmax", spoken, Adaptive, lambda out, _: out.mean()),
    named("noisy-values", states, Noisy, MSE),
    named("nature-dqn", returns, NatureConv, nn.SmoothL1Loss(), "conv1 conv2 conv3 fc"),
    named("impala", lambda: scenes()[:2], Impala, CE, "stems.0 first.0 second.0 stems.1 first.1 second.1 fc"),
    named("sac-actor", moves, Actor, squashed_loss, "fc1 fc2"),
    named("twin-critics", states, Critics, twins_loss, "fc1.0 fc1.1 fc2.0 fc2.1", head="heads.0", act="elu"),
    named("board-game", plays, Board, game_loss, f"{TOWER} moves"),
    named("decision-transformer", journeys, Journeys, whole_sequence,
          "stem layers.0.linear1 layers.0.linear2 layers.1.linear1 layers.1.linear2", act="gelu"),
    named("dynamics-ensemble", transitions, Members, members_loss),
    named("gaussian-dial", moves, Dial, dial_loss, "fc1 fc2", act="tanh"),
)  # fmt: skip

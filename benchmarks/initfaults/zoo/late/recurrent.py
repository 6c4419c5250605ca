"""Recurrent networks: taggers, language models, forecasts; cells written out, with the draws their papers ask for."""

import math

import torch
from benchmarks.initfaults.data import Pair, tokens
from benchmarks.initfaults.losses import ctc_loss, gaussian_loss, tag_loss, token_loss
from benchmarks.initfaults.net import Sites
from benchmarks.initfaults.zoo.fresh.data import reversals, series, tags, topics, utterances
from benchmarks.initfaults.zoo.fresh.named import named
from torch import Tensor, nn
from torch.nn import functional


class TiedLSTM(nn.Module):
    """Zaremba's language model, U(±0.1), dropout, the word table as the head (Press and Wolf, 2017)."""

    def __init__(self, width: int = 48) -> None:
        super().__init__()
        self.tokens, self.body = nn.Embedding(64, width), nn.LSTM(width, width, 2, batch_first=True, dropout=0.1)
        self.bias = nn.Parameter(torch.zeros(64))
        for p in (self.tokens.weight, *self.body.parameters()):
            nn.init.uniform_(p, -0.1, 0.1)

    def forward(self, ids: Tensor) -> Tensor:
        return self.body(self.tokens(ids))[0] @ self.tokens.weight.T + self.bias


class AttentiveReader(nn.Module):
    """A two-way LSTM, its states weighed by attention, for topics (Yang et al., 2016)."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.words = nn.Embedding(100, width, padding_idx=0)
        self.body = nn.LSTM(width, width, batch_first=True, bidirectional=True)
        self.look, self.query = nn.Linear(2 * width, width), nn.Linear(width, 1, bias=False)
        self.head = nn.Linear(2 * width, 4)

    def forward(self, ids: Tensor) -> Tensor:
        h, _ = self.body(self.words(ids))
        score = self.query(torch.tanh(self.look(h)))[..., 0].masked_fill(ids == 0, -math.inf)
        return self.head((torch.softmax(score, 1)[..., None] * h).sum(1))


class Elman(nn.Module):
    """torch's plain tanh RNN as it comes, for tags."""

    def __init__(self, width: int = 48) -> None:
        super().__init__()
        self.words, self.body = nn.Embedding(100, 24, padding_idx=0), nn.RNN(24, width, batch_first=True)
        self.head = nn.Linear(width, 5)

    def forward(self, ids: Tensor) -> Tensor:
        return self.head(self.body(self.words(ids))[0])


class Chrono(nn.Module):
    """Forget biases at the logarithm of a time U(1, T), input biases its negative (Tallec and Ollivier, 2018)."""

    def __init__(self, width: int = 32, longest: int = 32) -> None:
        super().__init__()
        self.body, self.head = nn.LSTM(2, width, batch_first=True), nn.Linear(width, 4)
        with torch.no_grad():
            times = torch.log(torch.empty(width).uniform_(1, longest - 1))
            for b in (self.body.bias_ih_l0, self.body.bias_hh_l0):
                b.zero_()
            self.body.bias_hh_l0[width : 2 * width] = times
            self.body.bias_hh_l0[:width] = -times

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x)[0][:, -1])


class NormedLSTM(nn.Module):
    """Layer norms inside the cell, orthogonal states, a forget bias of one (Ba et al., 2016)."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.width = width
        self.tokens = nn.Embedding(64, width)
        self.enter, self.carry = nn.Linear(width, 4 * width, bias=False), nn.Linear(width, 4 * width, bias=False)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(4 * width), nn.LayerNorm(4 * width), nn.LayerNorm(width)
        self.head = nn.Linear(width, 64)
        nn.init.orthogonal_(self.carry.weight)
        with torch.no_grad():
            self.norm1.bias[width : 2 * width] = 1.0

    def forward(self, ids: Tensor) -> Tensor:
        h = c = torch.zeros(len(ids), self.width)
        outs = []
        for x in self.tokens(ids).unbind(1):
            i, f, o, g = (self.norm1(self.enter(x)) + self.norm2(self.carry(h))).chunk(4, 1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(self.norm3(c))
            outs.append(h)
        return self.head(torch.stack(outs, 1))


class Peephole(nn.Module):
    """Gates that see the cell (Gers and Schmidhuber, 2000), N(0, 0.1²), for forecasts."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.width = width
        self.enter, self.carry = nn.Linear(2, 4 * width), nn.Linear(width, 4 * width, bias=False)
        self.peep = nn.Parameter(0.1 * torch.randn(3, width))
        self.head = nn.Linear(width, 4)
        nn.init.normal_(self.enter.weight, std=0.3)
        nn.init.normal_(self.carry.weight, std=0.1)

    def forward(self, x: Tensor) -> Tensor:
        h = c = torch.zeros(len(x), self.width)
        for step in x[:, ::2].unbind(1):
            i, f, o, g = (self.enter(step) + self.carry(h)).chunk(4, 1)
            i, f = torch.sigmoid(i + self.peep[0] * c), torch.sigmoid(f + self.peep[1] * c)
            c = f * c + i * torch.tanh(g)
            h = torch.sigmoid(o + self.peep[2] * c) * torch.tanh(c)
        return self.head(h)


class QuasiRecurrent(nn.Module):
    """Convolutions for the gates, a pooling of them over time (Bradbury et al., 2017)."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.tokens = nn.Embedding(64, width)
        self.convs = nn.ModuleList(nn.Conv1d(width, 3 * width, 2, padding=1) for _ in range(2))
        self.head = nn.Linear(width, 64)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.tokens(ids)
        for conv in self.convs:
            z, f, o = conv(x.transpose(1, 2))[..., :-1].transpose(1, 2).chunk(3, 2)
            z, f, c, outs = torch.tanh(z), torch.sigmoid(f), torch.zeros_like(x[:, 0]), []
            for t in range(x.shape[1]):
                c = f[:, t] * c + (1 - f[:, t]) * z[:, t]
                outs.append(c)
            x = torch.sigmoid(o) * torch.stack(outs, 1)
        return self.head(x)


class Independent(nn.Module):
    """IndRNN: one recurrent weight a unit, U(0, 1), ReLU (Li et al., 2018)."""

    def __init__(self, width: int = 48, depth: int = 2) -> None:
        super().__init__()
        self.enter = nn.ModuleList(nn.Linear(k, width) for k in (2, *[width] * (depth - 1)))
        self.carry = nn.ParameterList(torch.rand(width) for _ in range(depth))
        self.head = nn.Linear(width, 4)
        for linear in self.enter:
            nn.init.normal_(linear.weight, std=0.1)
            nn.init.zeros_(linear.bias)

    def forward(self, x: Tensor) -> Tensor:
        for linear, u in zip(self.enter, self.carry, strict=True):
            z, h, outs = linear(x), torch.zeros(len(x), len(u)), []
            for t in range(x.shape[1]):
                h = torch.relu(z[:, t] + u * h)
                outs.append(h)
            x = torch.stack(outs, 1)
        return self.head(x[:, -1])


class Antisymmetric(nn.Module):
    """h + 0.1 tanh((W - Wᵀ - 0.1 I) h + Ux), W N(0, 1/n) (Chang et al., 2019)."""

    def __init__(self, width: int = 40) -> None:
        super().__init__()
        self.enter, self.carry = nn.Linear(2, width), nn.Parameter(torch.randn(width, width) / math.sqrt(width))
        self.head = nn.Linear(width, 4)

    def forward(self, x: Tensor) -> Tensor:
        w = self.carry - self.carry.T - 0.1 * torch.eye(len(self.carry))
        h = torch.zeros(len(x), len(w))
        for step in x.unbind(1):
            h = h + 0.1 * torch.tanh(h @ w.T + self.enter(step))
        return self.head(h)


class DeepAR(nn.Module):
    """A GRU that gives mean and log variance of every next value (Salinas et al., 2020)."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.body, self.head = nn.GRU(2, width, batch_first=True), nn.Linear(width, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x)[0])


class SeriesCode(nn.Module):
    """An LSTM reads the series into its last state, another tells it again."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.read, self.tell = nn.LSTM(2, width, batch_first=True), nn.LSTM(width, width, batch_first=True)
        self.head = nn.Linear(width, 2)

    def forward(self, x: Tensor) -> Tensor:
        _, (h, _) = self.read(x)
        return self.head(self.tell(h[0][:, None].expand(-1, x.shape[1], -1))[0])


class Pointer(nn.Module):
    """Additive attention that points at the source (Vinyals et al., 2015): the place of each number in order."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.words, self.read = nn.Embedding(20, width), nn.GRU(width, width, batch_first=True, bidirectional=True)
        self.key, self.query = nn.Linear(2 * width, width, bias=False), nn.Linear(2 * width, width)
        self.score = nn.Linear(width, 1, bias=False)
        for p in self.parameters():
            nn.init.uniform_(p, -0.3, 0.3)

    def forward(self, ids: Tensor) -> Tensor:
        h, _ = self.read(self.words(ids))
        return self.score(torch.tanh(self.key(h)[:, None] + self.query(h)[:, :, None]))[..., 0]


class Reservoir(nn.Module):
    """An echo state network: a fixed reservoir of spectral radius 0.9, a trained read-out (Jaeger, 2001)."""

    def __init__(self, width: int = 100) -> None:
        super().__init__()
        w = torch.randn(width, width) * (torch.rand(width, width) < 0.1)
        self.register_buffer("carry", 0.9 * w / torch.linalg.eigvals(w).abs().max())
        self.register_buffer("enter", torch.rand(width, 2) - 0.5)
        self.head = nn.Linear(width, 4)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.zeros(len(x), len(self.carry))
        for step in x.unbind(1):
            h = torch.tanh(step @ self.enter.T + h @ self.carry.T)
        return self.head(h)


class ConvRecurrent(nn.Module):
    """Convolutions over frames, a two-way GRU, CTC (Shi et al., 2017)."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv1d(8, width, 3, padding=1), nn.Conv1d(width, width, 3, 2, 1)
        self.norm = nn.BatchNorm1d(width)
        self.body, self.head = nn.GRU(width, width, batch_first=True, bidirectional=True), nn.Linear(2 * width, 9)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.relu(self.norm(self.conv2(torch.relu(self.conv1(x.transpose(1, 2))))))
        return self.head(self.body(h.transpose(1, 2))[0])


def ranks() -> Pair:
    """Six numbers; the place in the source of the smallest, the next, ..."""
    source = reversals()[0][:, :6]
    return source, (source * 10 + torch.arange(6)).argsort(1)


def next_values() -> Pair:
    x, _ = series()
    return x[:, :-1], x[:, 1:, :1].contiguous()


def whole() -> Pair:
    x, _ = series()
    return x[:, :16].contiguous(), x[:, :16].contiguous()


def places_loss(logits: Tensor, y: Tensor) -> Tensor:
    return functional.cross_entropy(logits.flatten(0, 1), y.flatten())


MSE, CE = nn.MSELoss(), nn.CrossEntropyLoss()
L0 = "body.weight_ih_l0 body.weight_hh_l0"
RECURRENT = (
    named("tied-lstm", tokens, TiedLSTM, token_loss, sites=Sites(embedding="tokens.weight")),
    named("attentive-reader", topics, AttentiveReader, CE, f"{L0} look", act="lstm", embedding="words.weight"),
    named("elman-tagger", tags, Elman, tag_loss, L0, act="tanh", embedding="words.weight"),
    named("chrono-lstm", series, Chrono, MSE, L0, act="lstm"),
    named("normed-lstm", tokens, NormedLSTM, token_loss, "enter carry", act="lstm", embedding="tokens.weight"),
    named("peephole", series, Peephole, MSE, "enter carry", act="lstm"),
    named("quasi-recurrent", tokens, QuasiRecurrent, token_loss, "convs.0 convs.1", embedding="tokens.weight"),
    named("independent-rnn", series, Independent, MSE, "enter.0 enter.1"),
    named("antisymmetric", series, Antisymmetric, MSE),
    named("deep-ar", next_values, DeepAR, gaussian_loss, L0, act="lstm"),
    named("series-code", whole, SeriesCode, MSE,
          "read.weight_ih_l0 read.weight_hh_l0 tell.weight_ih_l0 tell.weight_hh_l0", act="lstm"),
    named("pointer", ranks, Pointer, places_loss, "key query", head="score", act="tanh", embedding="words.weight"),
    named("reservoir", series, Reservoir, MSE),
    named("conv-recurrent", utterances, ConvRecurrent, ctc_loss, "conv1 conv2", rows=32),
)  # fmt: skip

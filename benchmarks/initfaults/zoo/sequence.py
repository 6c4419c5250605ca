"""Sequence networks written here: a GPT in several dress, recurrent networks, packed attention, a mixer, a DiT."""

import copy
import math
from collections.abc import Callable

import torch
from benchmarks.initfaults.data import ROWS, digits, images, normal, tokens
from benchmarks.initfaults.losses import token_loss
from benchmarks.initfaults.net import Case, Net, Sites
from benchmarks.initfaults.zoo.perceptrons import on
from torch import Tensor, nn
from torch.nn import functional


class Attention(nn.Module):
    """Causal self-attention through torch's fused kernel; `mup` divides by the width and starts the query at zero."""

    def __init__(self, width: int, heads: int, *, mup: bool) -> None:
        super().__init__()
        self.heads, self.scale = heads, heads / width if mup else (heads / width) ** 0.5
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        if mup:
            nn.init.zeros_(self.query.weight)

    def forward(self, x: Tensor) -> Tensor:
        b, t, d = x.shape
        q, k, v = (f(x).view(b, t, self.heads, -1).transpose(1, 2) for f in (self.query, self.key, self.value))
        h = functional.scaled_dot_product_attention(q, k, v, is_causal=True, scale=self.scale)
        return self.out(h.transpose(1, 2).reshape(b, t, d))


class Layer(nn.Module):
    """Attention and a perceptron, each after a norm and around a skip."""

    def __init__(self, width: int, heads: int, *, mup: bool) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads, mup=mup)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.down(functional.gelu(self.up(self.norm2(x))))


class GPT(nn.Module):
    """Radford et al. (2019): N(0, 0.02²), residual projections / √(2L); tied or free head, zeros where `kind` says."""

    def __init__(self, kind: str, depth: int = 2, width: int = 32, vocabulary: int = 64, length: int = 16) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(vocabulary, width), nn.Embedding(length, width)
        self.layers = nn.ModuleList(Layer(width, 4, mup=kind == "mup") for _ in range(depth))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary, bias=False)
        std = 0.02 if kind != "wide" else width**-0.5
        for name, p in self.named_parameters():
            if p.ndim == 2 and "query" not in name:
                nn.init.normal_(
                    p, std=std / math.sqrt(2 * depth) if name.endswith(("out.weight", "down.weight")) else std
                )
            elif name.endswith("bias"):
                nn.init.zeros_(p)
        if kind == "tied":
            self.head.weight = self.tokens.weight
        if kind in ("zero", "mup"):
            nn.init.zeros_(self.head.weight)
        if kind == "zero":
            for layer in self.layers:
                nn.init.zeros_(layer.attention.out.weight)
                nn.init.zeros_(layer.down.weight)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.tokens(ids) + self.places.weight[: ids.shape[1]]
        for layer in self.layers:
            x = layer(x)
        return self.head(self.norm(x))


class Recurrent(nn.Module):
    """Embedding, a recurrent layer of torch, a head on every step."""

    def __init__(
        self, kind: str, *, layers: int = 1, both: bool = False, width: int = 48, vocabulary: int = 64
    ) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.cell = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}[kind](
            width, width, layers, batch_first=True, bidirectional=both
        )
        self.head = nn.Linear(width * (1 + both), vocabulary)
        for name, p in self.cell.named_parameters():
            if "weight_hh" in name:
                for part in p.data.chunk({"lstm": 4, "gru": 3, "rnn": 1}[kind]):
                    nn.init.orthogonal_(part)
            if kind == "lstm" and "bias_ih" in name:
                p.data[width : 2 * width] = 1.0  # the forget gate stays open (Jozefowicz et al., 2015)

    def forward(self, ids: Tensor) -> Tensor:
        return self.head(self.cell(self.tokens(ids))[0])


class Unrolled(nn.Module):
    """An LSTM cell, or an identity RNN (Le et al., 2015), called once a row of the image: one module used 8 times."""

    def __init__(self, kind: str, width: int = 48) -> None:
        super().__init__()
        self.kind, self.width = kind, width
        self.cell = nn.LSTMCell(8, width) if kind == "lstm" else nn.RNNCell(8, width, nonlinearity="relu")
        if kind == "identity":
            nn.init.eye_(self.cell.weight_hh)
            nn.init.zeros_(self.cell.bias_hh)
            nn.init.zeros_(self.cell.bias_ih)
        self.head = nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        h = c = x.new_zeros(len(x), self.width)
        for row in x.view(len(x), 8, 8).unbind(1):
            if self.kind == "lstm":
                h, c = self.cell(row, (h, c))
            else:
                h = self.cell(row, h)
        return self.head(h)


class Encoder(nn.Module):
    """torch's own encoder layers (packed attention), drawn anew per layer: its deep copies would all be alike."""

    def __init__(self, *, norm_first: bool, width: int = 32, depth: int = 2) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(64, width), nn.Parameter(0.02 * torch.randn(16, width))
        make = lambda: nn.TransformerEncoderLayer(width, 4, 64, dropout=0.1, batch_first=True, norm_first=norm_first)  # noqa: E731
        self.layers = nn.ModuleList(make() for _ in range(depth))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 64)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.tokens(ids) + self.places
        mask = nn.Transformer.generate_square_subsequent_mask(ids.shape[1])
        for layer in self.layers:
            x = layer(x, src_mask=mask, is_causal=True)
        return self.head(self.norm(x))


class Mixer(nn.Module):
    """Rows of the image mixed across places, then across channels (Tolstikhin et al., 2021)."""

    def __init__(self, width: int = 32, depth: int = 2) -> None:
        super().__init__()
        self.stem = nn.Linear(8, width)
        self.across, self.along = nn.ModuleList(), nn.ModuleList()
        for _ in range(depth):
            self.across.append(nn.Sequential(nn.LayerNorm(8), nn.Linear(8, 32), nn.GELU(), nn.Linear(32, 8)))
            self.along.append(nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 64), nn.GELU(), nn.Linear(64, width)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x.view(len(x), 8, 8))
        for across, along in zip(self.across, self.along, strict=True):
            x = x + across(x.transpose(1, 2)).transpose(1, 2)
            x = x + along(x)
        return self.head(self.norm(x).mean(1))


class DiT(nn.Module):
    """adaLN-Zero: scale, shift and gate of every block from the time, all zero at first, and a zero last layer."""

    def __init__(self, width: int = 32, depth: int = 2, *, zero: bool = True) -> None:
        super().__init__()
        self.stem, self.time = (
            nn.Linear(8, width),
            nn.Sequential(nn.Linear(1, width), nn.SiLU(), nn.Linear(width, width)),
        )
        self.places = nn.Parameter(0.02 * torch.randn(8, width))
        self.norms = nn.ModuleList(nn.LayerNorm(width, elementwise_affine=False) for _ in range(depth))
        self.mlps = nn.ModuleList(
            nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(approximate="tanh"), nn.Linear(4 * width, width))
            for _ in range(depth)
        )
        self.attentions = nn.ModuleList(nn.MultiheadAttention(width, 4, batch_first=True) for _ in range(depth))
        self.ada = nn.ModuleList(nn.Linear(width, 6 * width) for _ in range(depth))
        self.last_ada, self.last = nn.Linear(width, 2 * width), nn.Linear(width, 8)
        if zero:
            for linear in (*self.ada, self.last_ada, self.last):
                nn.init.zeros_(linear.weight)
                nn.init.zeros_(linear.bias)

    def forward(self, rows: Tensor) -> Tensor:
        t, x = rows[:, 0, :1], rows[:, 1:]
        c = functional.silu(self.time(t))
        x = self.stem(x) + self.places
        for norm, mlp, attention, ada in zip(self.norms, self.mlps, self.attentions, self.ada, strict=True):
            s1, h1, g1, s2, h2, g2 = ada(c)[:, None].chunk(6, -1)
            y = norm(x) * (1 + s1) + h1
            x = x + g1 * attention(y, y, y, need_weights=False)[0]
            x = x + g2 * mlp(norm(x) * (1 + s2) + h2)
        s, h = self.last_ada(c)[:, None].chunk(2, -1)
        return self.last(self.norms[0](x) * (1 + s) + h)


class Controlled(nn.Module):
    """A frozen trunk and a trainable copy of it that joins through zero layers (Zhang et al., 2023)."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(64, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.copy = copy.deepcopy(self.trunk)
        self.into, self.join = nn.Linear(64, 64), nn.Linear(width, width)
        self.head = nn.Linear(width, 10)
        for linear in (self.into, self.join):
            nn.init.zeros_(linear.weight)
            nn.init.zeros_(linear.bias)
        for p in (*self.trunk.parameters(), *self.head.parameters()):
            p.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.trunk(x) + self.join(self.copy(x + self.into(x))))


def _diffusion(*, zero: bool) -> Case:
    x, _ = images()
    x, t = x.squeeze(1), torch.rand(len(x), 1, 1, generator=torch.Generator().manual_seed(1))
    noise = normal(len(x), 8, 8)
    rows = torch.cat([t.expand(-1, 1, 8), (1 - t) * x + t * noise], 1)
    return Case(model=DiT(zero=zero), x=rows[:ROWS], y=noise[:ROWS], loss=nn.MSELoss(), data=(rows, noise))


def _language(name: str, family: str, model: Callable[[], nn.Module], sites: Sites | None = None) -> Net:
    return Net(name=name, family=family, build=lambda: on(tokens, model(), token_loss, rows=32), sites=sites)


def _digits(name: str, family: str, model: Callable[[], nn.Module], sites: Sites | None = None) -> Net:
    return Net(name=name, family=family, build=lambda: on(digits, model(), nn.CrossEntropyLoss()), sites=sites)


PARTS = ("attention.query", "attention.key", "attention.value", "attention.out", "up", "down")
GPT_SITES = Sites(
    hidden=tuple(f"layers.{i}.{part}.weight" for i in (0, 1) for part in PARTS), head="head.weight", activation="gelu",
    embedding="tokens.weight", blocks=("layers.0", "layers.1"),
)  # fmt: skip
TIED_SITES = Sites(hidden=GPT_SITES.hidden, activation="gelu", embedding="tokens.weight", blocks=GPT_SITES.blocks)
MIXER_SITES = Sites(
    hidden=("stem.weight", *(f"{part}.{i}.{j}.weight" for i in (0, 1) for part in ("across", "along") for j in (1, 3))),
    head="head.weight", activation="gelu",
)  # fmt: skip
LSTM_SITES = Sites(
    hidden=("cell.weight_ih_l0", "cell.weight_hh_l0"), head="head.weight", activation="lstm", embedding="tokens.weight"
)
SEQUENCE = (
    _language("gpt-free-head", "gpt", lambda: GPT("free"), GPT_SITES),
    _language("gpt-free-head-6", "gpt", lambda: GPT("free", depth=6, width=64)),
    _language("gpt-tied", "gpt-tied", lambda: GPT("tied"), TIED_SITES),
    _language("gpt-wide-std", "gpt-wide", lambda: GPT("wide")),
    _language("gpt-zero-head-zero-projections", "gpt-zero", lambda: GPT("zero")),
    _language("gpt-mup", "gpt-mup", lambda: GPT("mup")),
    _language("lstm", "lstm", lambda: Recurrent("lstm"), LSTM_SITES),
    _language("lstm-2-layers", "lstm", lambda: Recurrent("lstm", layers=2)),
    _language("lstm-both-ways", "lstm-both", lambda: Recurrent("lstm", both=True)),
    _language("gru", "gru", lambda: Recurrent("gru"), LSTM_SITES),
    _language("rnn-orthogonal", "rnn", lambda: Recurrent("rnn")),
    _digits("lstm-cell-unrolled", "lstm-cell", lambda: Unrolled("lstm")),
    _digits("identity-rnn", "identity-rnn", lambda: Unrolled("identity")),
    _language("encoder-post-norm", "encoder", lambda: Encoder(norm_first=False)),
    _language("encoder-pre-norm", "encoder", lambda: Encoder(norm_first=True)),
    _digits("mixer", "mixer", Mixer, MIXER_SITES),
    Net(name="dit-adaln-zero", family="dit-zero", build=lambda: _diffusion(zero=True)),
    Net(name="dit-default", family="dit", build=lambda: _diffusion(zero=False)),
    _digits("controlnet", "controlnet", Controlled),
)

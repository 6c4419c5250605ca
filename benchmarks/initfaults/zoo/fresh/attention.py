"""Transformers written here: present-day decoders, deep post-norm, gates at zero, sets, latents, linear attention."""

import math
from collections.abc import Callable
from functools import partial

import torch
from benchmarks.initfaults.data import Pair, images, normal, tokens
from benchmarks.initfaults.losses import mean_loss, tag_loss, token_loss
from benchmarks.initfaults.net import Sites
from benchmarks.initfaults.zoo.fresh.data import clouds, reversals, topics
from benchmarks.initfaults.zoo.fresh.named import named
from torch import Tensor, nn
from torch.nn import functional

Draw = Callable[[str, Tensor], object]


class Norm(nn.Module):
    """Root mean square norm."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6) * self.weight


def turned(x: Tensor) -> Tensor:
    """Rotary positions (Su et al., 2021)."""
    half = x.shape[-1] // 2
    angle = torch.arange(x.shape[-2])[:, None] * 1e4 ** (-torch.arange(half) / half)
    a, b = x.chunk(2, -1)
    return torch.cat([a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()], -1)


class Attention(nn.Module):
    """Causal attention: rotary, ALiBi, a learned table of distances, unit queries and keys, linear."""

    def __init__(self, kind: str, width: int, heads: int = 4) -> None:
        super().__init__()
        self.kind, self.heads = kind, heads
        self.query, self.key, self.value, self.out = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.table = nn.Parameter(torch.zeros(heads, 32)) if kind == "table" else None

    def forward(self, x: Tensor) -> Tensor:
        b, t, d = x.shape
        q, k, v = (f(x).view(b, t, self.heads, -1).transpose(1, 2) for f in (self.query, self.key, self.value))
        if self.kind == "linear":
            q, k = functional.elu(q) + 1, functional.elu(k) + 1
            weight = torch.tril(q @ k.transpose(2, 3))
            h = weight / (weight.sum(3, keepdim=True) + 1e-6) @ v
        else:
            gap = (torch.arange(t)[:, None] - torch.arange(t)).clamp_min(0)
            if self.kind == "unit":
                q, k = functional.rms_norm(q, q.shape[-1:]), functional.rms_norm(k, k.shape[-1:])
            if self.kind in ("rotary", "unit"):
                q, k = turned(q), turned(k)
            score = q @ k.transpose(2, 3) / math.sqrt(q.shape[-1])
            if self.kind == "alibi":
                score = score - gap * 2.0 ** -torch.arange(1, self.heads + 1)[:, None, None]
            if self.table is not None:
                score = score + self.table[:, gap]
            h = torch.softmax(score.masked_fill(torch.ones(t, t).triu(1).bool(), -math.inf), 3) @ v
        return self.out(h.transpose(1, 2).reshape(b, t, d))


class Feed(nn.Module):
    """The perceptron of a layer: SwiGLU, squared ReLU, GELU; or four switched experts, one a token."""

    def __init__(self, kind: str, width: int) -> None:
        super().__init__()
        self.kind = kind
        if kind == "switch":
            self.router = nn.Linear(width, 4, bias=False)
            self.up = nn.ModuleList(nn.Linear(width, 2 * width) for _ in range(4))
            self.down = nn.ModuleList(nn.Linear(2 * width, width) for _ in range(4))
            return
        self.gate = nn.Linear(width, 2 * width, bias=False) if kind == "swiglu" else None
        self.up, self.down = nn.Linear(width, 2 * width, bias=False), nn.Linear(2 * width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        if self.kind == "switch":
            share, chosen = torch.softmax(self.router(x), -1).max(-1, keepdim=True)
            each = [down(torch.relu(up(x))) for up, down in zip(self.up, self.down, strict=True)]
            return sum(share * (chosen == i) * out for i, out in enumerate(each))  # type: ignore[return-value]
        if self.gate is not None:
            return self.down(functional.silu(self.gate(x)) * self.up(x))
        act = (lambda h: torch.relu(h) ** 2) if self.kind == "square" else functional.gelu
        return self.down(act(self.up(x)))


class Layer(nn.Module):
    """Attention and perceptron around skips: norms before, after (x times `alpha`), or none and a gate at zero."""

    def __init__(self, kind: str, attention: str, feed: str, width: int, alpha: float) -> None:
        super().__init__()
        self.kind, self.alpha = kind, alpha
        self.attention, self.feed = Attention(attention, width), Feed(feed, width)
        self.norm1 = self.norm2 = nn.Identity()
        if kind == "rms":
            self.norm1, self.norm2 = Norm(width), Norm(width)
        elif kind in ("pre", "deep"):
            self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.gain = nn.Parameter(torch.zeros(1)) if kind == "rezero" else 1.0

    def forward(self, x: Tensor) -> Tensor:
        if self.kind == "deep":
            x = self.norm1(self.alpha * x + self.attention(x))
            return self.norm2(self.alpha * x + self.feed(x))
        x = x + self.gain * self.attention(self.norm1(x))
        return x + self.gain * self.feed(self.norm2(x))


class Decoder(nn.Module):
    """Token embeddings (no positions but the attention's own), layers, a norm, a head that may be tied."""

    def __init__(
        self, kind: str, attention: str, feed: str, draw: Draw | None = None, *, depth: int = 2, width: int = 32,
        vocabulary: int = 96, tied: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        alpha = (2 * depth) ** 0.25 if kind == "deep" else 1.0
        self.tokens = nn.Embedding(vocabulary, width)
        self.layers = nn.ModuleList(Layer(kind, attention, feed, width, alpha) for _ in range(depth))
        self.norm = Norm(width) if kind == "rms" else nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary, bias=False)
        for name, p in self.named_parameters():
            if p.ndim == 2 and "table" not in name and draw:
                draw(name, p)
        if tied:
            self.head.weight = self.tokens.weight

    def forward(self, ids: Tensor) -> Tensor:
        x = self.tokens(ids)
        for layer in self.layers:
            x = layer(x)
        return self.head(self.norm(x))


def small(_: str, w: Tensor) -> None:
    nn.init.normal_(w, std=0.02)


def speedrun(name: str, w: Tensor) -> None:
    """Uniform √3/√fan inside, zero output projections and head (Jordan et al., 2024)."""
    if name.endswith(("out.weight", "down.weight", "head.weight")):
        nn.init.zeros_(w)
    elif "tokens" in name:
        nn.init.normal_(w)
    else:
        nn.init.uniform_(w, -((3 / w.shape[1]) ** 0.5), (3 / w.shape[1]) ** 0.5)


def deepnorm(depth: int, name: str, w: Tensor) -> None:
    """Glorot, with values, outputs and perceptrons scaled by (8 L)^(-1/4) (Wang et al., 2022)."""
    if "tokens" in name:
        nn.init.normal_(w, std=w.shape[1] ** -0.5)
        return
    plain = "query" in name or "key" in name or "head" in name
    nn.init.xavier_normal_(w, 1.0 if plain else (8 * depth) ** -0.25)


def tenth(_: str, w: Tensor) -> None:
    """Switch's truncated normal of variance 0.1 / fan in (Fedus et al., 2021)."""
    nn.init.trunc_normal_(w, std=(0.1 / w.shape[1]) ** 0.5)


def glorot(_: str, w: Tensor) -> None:
    nn.init.xavier_uniform_(w)


class Sets(nn.Module):
    """Set Transformer: induced attention among points, pooling by a seed (Lee et al., 2019)."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.stem, self.head = nn.Linear(3, width), nn.Linear(width, 4)
        self.induced, self.seed = (nn.Parameter(nn.init.xavier_uniform_(torch.empty(1, n, width))) for n in (6, 1))
        self.attend = nn.ModuleList(nn.MultiheadAttention(width, 4, batch_first=True) for _ in range(3))
        self.feed = nn.ModuleList(nn.Linear(width, width) for _ in range(3))

    def block(self, i: int, x: Tensor, y: Tensor) -> Tensor:
        h = x + self.attend[i](x, y, y, need_weights=False)[0]
        return h + torch.relu(self.feed[i](h))

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        few = self.block(0, self.induced.expand(len(x), -1, -1), x)
        x = self.block(1, x, few)
        return self.head(self.block(2, self.seed.expand(len(x), -1, -1), x)[:, 0])


class Latents(nn.Module):
    """Perceiver: 8 latents N(0, 0.02²) read the pixels, then themselves, one block used twice (Jaegle et al., 2021)."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.latents, self.places = (
            nn.Parameter(torch.randn(1, 8, width) * 0.02),
            nn.Parameter(torch.randn(64, 15) * 0.02),
        )
        self.read = nn.MultiheadAttention(width, 1, kdim=16, vdim=16, batch_first=True)
        self.block = nn.TransformerEncoderLayer(width, 4, 64, 0.0, "gelu", batch_first=True, norm_first=True)
        self.norm1, self.norm2, self.head = nn.LayerNorm(width), nn.LayerNorm(16), nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        pixels = self.norm2(torch.cat([x.flatten(1)[..., None], self.places.expand(len(x), -1, -1)], 2))
        h = self.latents.expand(len(x), -1, -1)
        for _ in range(2):
            h = self.block(h + self.read(self.norm1(h), pixels, pixels, need_weights=False)[0])
        return self.head(h.mean(1))


class Fourier(nn.Module):
    """FNet: tokens mixed by a Fourier transform, perceptrons, post-norms (Lee-Thorp et al., 2021)."""

    def __init__(self, width: int = 32, depth: int = 2) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(100, width, padding_idx=0), nn.Parameter(0.02 * torch.randn(24, width))
        self.ups = nn.ModuleList(nn.Linear(width, 64) for _ in range(depth))
        self.downs = nn.ModuleList(nn.Linear(64, width) for _ in range(depth))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2 * depth))
        self.pool, self.head = nn.Linear(width, width), nn.Linear(width, 4)
        for module in (*self.ups, *self.downs, self.pool, self.head, self.words):
            nn.init.normal_(module.weight, std=0.02)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.words(ids) + self.places
        for i, (up, down) in enumerate(zip(self.ups, self.downs, strict=True)):
            x = self.norms[2 * i](x + torch.fft.fft2(x).real)
            x = self.norms[2 * i + 1](x + down(functional.gelu(up(x))))
        return self.head(torch.tanh(self.pool(x[:, 0])))


class Masked(nn.Module):
    """MAE: a quarter of the patches is encoded, a mask token stands for the others (He et al., 2022)."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.stem, self.head, self.between = nn.Linear(4, width), nn.Linear(24, 4), nn.Linear(width, 24)
        self.token = nn.Parameter(0.02 * torch.randn(1, 1, 24))
        self.places1, self.places2 = (nn.Parameter(0.02 * torch.randn(1, 16, n)) for n in (width, 24))
        make = lambda n: nn.TransformerEncoderLayer(n, 4, 2 * n, 0.0, "gelu", batch_first=True, norm_first=True)  # noqa: E731
        self.encoder, self.decoder = nn.ModuleList([make(width), make(width)]), make(24)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(24)
        for linear in (self.stem, self.between, self.head):
            nn.init.xavier_uniform_(linear.weight)

    def forward(self, x: Tensor) -> Tensor:
        patches = functional.unfold(x, 2, stride=2).transpose(1, 2)
        order = torch.randperm(16, generator=torch.Generator().manual_seed(0))
        h = (self.stem(patches) + self.places1)[:, order[:4]]
        for layer in self.encoder:
            h = layer(h)
        full = self.token.expand(len(x), 16, -1).clone()
        full[:, order[:4]] = self.between(self.norm1(h))
        guess = self.head(self.norm2(self.decoder(full + self.places2)))
        return (guess - patches)[:, order[4:]].square()


class Seq2Seq(nn.Module):
    """torch's whole Transformer, post-norm, Glorot's weights; sine positions, scaled embeddings."""

    def __init__(self, width: int = 32, length: int = 6) -> None:
        super().__init__()
        self.words, self.length, self.width = nn.Embedding(20, width), length, width
        self.body = nn.Transformer(width, 4, 2, 2, 64, 0.0, batch_first=True)
        self.head = nn.Linear(width, 20)
        for p in self.parameters():
            if p.ndim > 1:
                nn.init.xavier_uniform_(p)
        angle = torch.arange(length)[:, None] * 1e4 ** (-torch.arange(0, width, 2) / width)
        self.register_buffer("places", torch.cat([angle.sin(), angle.cos()], 1))

    def forward(self, ids: Tensor) -> Tensor:
        x = self.words(ids) * math.sqrt(self.width)
        mask = nn.Transformer.generate_square_subsequent_mask(self.length)
        source, target = x[:, : self.length] + self.places, x[:, self.length :] + self.places
        return self.head(self.body(source, target, tgt_mask=mask, tgt_is_causal=True))


class Actions(nn.Module):
    """Points conditioned on their own spread by adaLN-Zero (Peebles and Xie, 2023)."""

    def __init__(self, width: int = 32, depth: int = 3) -> None:
        super().__init__()
        self.stem, self.read, self.head = nn.Linear(3, width), nn.Linear(3, width), nn.Linear(width, 3)
        self.ada = nn.ModuleList(nn.Linear(width, 3 * width) for _ in range(depth))
        self.ups = nn.ModuleList(nn.Linear(width, 2 * width) for _ in range(depth))
        self.downs = nn.ModuleList(nn.Linear(2 * width, width) for _ in range(depth))
        for linear in self.ada:
            nn.init.zeros_(linear.weight)
            nn.init.zeros_(linear.bias)

    def forward(self, x: Tensor) -> Tensor:
        c = functional.silu(self.read(x.square().mean(1)))
        x = self.stem(x)
        for ada, up, down in zip(self.ada, self.ups, self.downs, strict=True):
            scale, shift, gate = ada(c)[:, None].chunk(3, 2)
            h = functional.layer_norm(x, x.shape[-1:]) * (1 + scale) + shift
            x = x + gate * down(functional.gelu(up(h + h.mean(1, keepdim=True))))
        return self.head(x)


def _smoothed() -> Pair:
    x, _ = clouds()
    centre = x.mean(1, keepdim=True)
    return x, (x - centre) / (x.std((1, 2), keepdim=True) + 0.1)


def _sites(
    feed: tuple[str, ...], activation: str, *, depth: int = 2, head: str | None = "head.weight", gates: bool = False
) -> Sites:
    parts = (*(f"attention.{part}" for part in ("query", "key", "value", "out")), *(f"feed.{part}" for part in feed))
    return Sites(
        hidden=tuple(f"layers.{i}.{part}.weight" for i in range(depth) for part in parts), head=head,
        activation=activation, embedding="tokens.weight", blocks=tuple(f"layers.{i}" for i in range(depth)),
        gates=tuple(f"layers.{i}.gain" for i in range(depth)) if gates else (),
    )  # fmt: skip


_net = partial(named, rows=32)
CHAIN = partial(tokens, 96, 20, 768)
UP_DOWN, SWIGLU = ("up", "down"), ("gate", "up", "down")
ATTENTION = (
    named(
        "rotary-swiglu",
        CHAIN,
        lambda: Decoder("rms", "rotary", "swiglu", small),
        token_loss,
        rows=24,
        sites=_sites(SWIGLU, "silu"),
    ),
    named(
        "rotary-swiglu-tied",
        CHAIN,
        lambda: Decoder("rms", "rotary", "swiglu", small, tied=True),
        token_loss,
        rows=24,
        sites=_sites(SWIGLU, "silu", head=None),
    ),
    named("speedrun", CHAIN, lambda: Decoder("rms", "unit", "square", speedrun, depth=3), token_loss, rows=24),
    named(
        "alibi",
        CHAIN,
        lambda: Decoder("pre", "alibi", "gelu", glorot),
        token_loss,
        rows=24,
        sites=_sites(UP_DOWN, "gelu"),
    ),
    named("distance-table", CHAIN, lambda: Decoder("pre", "table", "gelu", small), token_loss, rows=24),
    named(
        "deepnorm",
        CHAIN,
        lambda: Decoder("deep", "rotary", "gelu", partial(deepnorm, 4), depth=4),
        token_loss,
        rows=24,
        sites=_sites(UP_DOWN, "gelu", depth=4),
    ),
    named("switch-experts", CHAIN, lambda: Decoder("pre", "rotary", "switch", tenth), token_loss, rows=24),
    named("linear-attention", CHAIN, lambda: Decoder("pre", "linear", "gelu", None), token_loss, rows=24),
    named(
        "rezero-decoder",
        CHAIN,
        lambda: Decoder("rezero", "rotary", "gelu", glorot, depth=3),
        token_loss,
        rows=24,
        sites=_sites(UP_DOWN, "gelu", depth=3, gates=True),
    ),
    _net("set-transformer", clouds, Sets, nn.CrossEntropyLoss()),
    _net("perceiver", images, Latents, nn.CrossEntropyLoss()),
    _net(
        "fnet",
        topics,
        Fourier,
        nn.CrossEntropyLoss(),
        "ups.0 downs.0 ups.1 downs.1",
        act="gelu",
        embedding="words.weight",
    ),
    named("masked-autoencoder", lambda: (images()[0], normal(1797)), Masked, mean_loss),
    _net("torch-transformer", reversals, Seq2Seq, tag_loss),
    _net("adaln-zero-actions", _smoothed, Actions, nn.MSELoss()),
)

"""Transformers: parallel and sandwiched blocks, capped logits, shared layers, experts, series, sounds, sentences."""

import math

import torch
from benchmarks.initfaults.data import Pair, integers, tokens
from benchmarks.initfaults.losses import token_loss
from benchmarks.initfaults.net import Sites
from benchmarks.initfaults.zoo.fresh.attention import Norm, turned
from benchmarks.initfaults.zoo.fresh.data import series, sounds, topics
from benchmarks.initfaults.zoo.fresh.named import named
from benchmarks.initfaults.zoo.late.data import forecasts
from torch import Tensor, nn
from torch.nn import functional


def causal(q: Tensor, k: Tensor, v: Tensor, cap: float = 0.0) -> Tensor:
    score = q @ k.transpose(2, 3) / math.sqrt(q.shape[-1])
    if cap:
        score = cap * torch.tanh(score / cap)
    t = q.shape[2]
    return torch.softmax(score.masked_fill(torch.ones(t, t).triu(1).bool(), -math.inf), 3) @ v


def split(x: Tensor, heads: int) -> Tensor:
    return x.view(*x.shape[:2], heads, -1).transpose(1, 2)


def joined(x: Tensor) -> Tensor:
    return x.transpose(1, 2).flatten(2)


class Parallel(nn.Module):
    """GPT-J's block: attention and perceptron read one norm and are summed; rotary (Wang, 2021)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.enter, self.out = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width, bias=False)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        h = self.norm(x)
        q, k, v = (split(part, 4) for part in self.enter(h).chunk(3, 2))
        return x + self.out(joined(causal(turned(q), turned(k), v))) + self.down(functional.gelu(self.up(h)))


class Sandwich(nn.Module):
    """Gemma 2's block: norms before and after, two keys for four queries, capped logits, GeGLU (Gemma team, 2024)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(Norm(width) for _ in range(4))
        self.query, self.key, self.value = (
            nn.Linear(width, width, bias=False),
            *(nn.Linear(width, width // 2, bias=False) for _ in range(2)),
        )
        self.out, self.gate = nn.Linear(width, width, bias=False), nn.Linear(width, 2 * width, bias=False)
        self.up, self.down = nn.Linear(width, 2 * width, bias=False), nn.Linear(2 * width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        h = self.norms[0](x)
        q, k, v = split(self.query(h), 4), split(self.key(h), 2), split(self.value(h), 2)
        k, v = (part.repeat_interleave(2, 1) for part in (k, v))
        x = x + self.norms[1](self.out(joined(causal(turned(q), turned(k), v, cap=50.0))))
        h = self.norms[2](x)
        return x + self.norms[3](self.down(functional.gelu(self.gate(h)) * self.up(h)))


class Differential(nn.Module):
    """The difference of two softmaxes, λ from four vectors N(0, 0.1²), a norm a head (Ye et al., 2025)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1, self.norm2, self.inner = Norm(width), Norm(width), Norm(width // 2)
        self.query, self.key, self.value, self.out = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.lambdas = nn.Parameter(0.1 * torch.randn(4, width // 4))
        self.up, self.down = nn.Linear(width, 2 * width, bias=False), nn.Linear(2 * width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        h = self.norm1(x)
        q, k, v = split(self.query(h), 4), split(self.key(h), 4), split(self.value(h), 2)
        a, b, c, d = self.lambdas
        share = torch.exp(a @ b) - torch.exp(c @ d) + 0.2
        one, two = causal(q[:, :2], k[:, :2], v), causal(q[:, 2:], k[:, 2:], v)
        x = x + self.out(joined(self.inner(one - share * two) * 0.8))
        return x + self.down(functional.silu(self.up(self.norm2(x))))


class Sphere(nn.Module):
    """nGPT: states of unit length, a learned step towards what each block says (Loshchilov et al., 2025)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.up, self.down = nn.Linear(width, 2 * width, bias=False), nn.Linear(2 * width, width, bias=False)
        self.rates, self.sharp = nn.Parameter(torch.full((2, width), 0.2)), nn.Parameter(torch.ones(width))
        for linear in (self.query, self.key, self.value, self.out, self.up, self.down):
            nn.init.normal_(linear.weight, std=width**-0.5)

    def forward(self, x: Tensor) -> Tensor:
        unit = lambda z: functional.normalize(z, dim=-1)  # noqa: E731
        x = unit(x)
        q, k, v = (split(f(x), 4) for f in (self.query, self.key, self.value))
        q, k = (unit(part) * self.sharp.view(4, 1, -1) * 4 for part in (q, k))
        x = unit(x + self.rates[0] * (unit(self.out(joined(causal(q, k, v)))) - x))
        return unit(x + self.rates[1] * (unit(self.down(functional.silu(self.up(x)))) - x))


class Routed(nn.Module):
    """Two of four experts a token with renormalised weights, one expert shared (Dai et al., 2024)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.enter, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.router = nn.Linear(width, 4, bias=False)
        self.up = nn.ModuleList(nn.Linear(width, width) for _ in range(5))
        self.down = nn.ModuleList(nn.Linear(width, width) for _ in range(5))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.out(joined(causal(*(split(part, 4) for part in self.enter(self.norm1(x)).chunk(3, 2)))))
        h = self.norm2(x)
        best, chosen = torch.softmax(self.router(h), 2).topk(2, 2)
        weight = torch.zeros(*h.shape[:2], 4).scatter(2, chosen, best / best.sum(2, keepdim=True))
        each = [down(functional.silu(up(h))) for up, down in zip(self.up, self.down, strict=True)]
        return x + each[4] + sum(weight[..., i : i + 1] * each[i] for i in range(4))


class Memory(nn.Module):
    """Linformer-like: keys and values projected to eight along the sequence, not causal (Wang et al., 2020)."""

    def __init__(self, width: int, length: int = 16) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.shrink = nn.Linear(length, 8, bias=False)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        h = self.norm1(x)
        k, v = (self.shrink(f(h).transpose(1, 2)).transpose(1, 2) for f in (self.key, self.value))
        q, k, v = (split(part, 4) for part in (self.query(h), k, v))
        x = x + self.out(joined(torch.softmax(q @ k.transpose(2, 3) / math.sqrt(q.shape[-1]), 3) @ v))
        return x + self.down(torch.relu(self.up(self.norm2(x))))


class Language(nn.Module):
    """Tokens, blocks, a norm, a head; `shared` uses one block over and over (the universal transformer)."""

    def __init__(self, block: type[nn.Module], *, shared: bool = False, std: float = 0.02, width: int = 32) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(64, width), nn.Parameter(torch.zeros(16, width))
        self.layers = nn.ModuleList(block(width) for _ in range(1 if shared else 2))
        self.rounds = 3 if shared else 1
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 64, bias=False)
        for p in (self.tokens.weight, self.head.weight, self.places):
            nn.init.normal_(p, std=std)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.tokens(ids) + self.places
        for _ in range(self.rounds):
            for layer in self.layers:
                x = layer(x)
        return self.head(self.norm(x))


class PatchSeries(nn.Module):
    """PatchTST: the series without its mean and scale, in patches, an encoder with batch norms (Nie et al., 2023)."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.patch, self.places = nn.Linear(8, width), nn.Parameter(torch.empty(4, width).uniform_(-0.02, 0.02))
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(width, 4, 64, 0.1, "gelu", batch_first=True) for _ in range(2)
        )
        self.head = nn.Linear(4 * width, 4)

    def forward(self, x: Tensor) -> Tensor:
        mean, std = x.mean(1, keepdim=True), x.std(1, keepdim=True) + 1e-4
        h = self.patch(((x - mean) / std).view(len(x), 4, 8)) + self.places
        for layer in self.layers:
            h = layer(h)
        return self.head(h.flatten(1)) * std + mean


class Beats(nn.Module):
    """N-BEATS: stacks that take off what they explain and add what they foretell (Oreshkin et al., 2020)."""

    def __init__(self, width: int = 48, depth: int = 3) -> None:
        super().__init__()
        self.first = nn.ModuleList(nn.Linear(32, width) for _ in range(depth))
        self.second = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.back = nn.ModuleList(nn.Linear(width, 32, bias=False) for _ in range(depth))
        self.heads = nn.ModuleList(nn.Linear(width, 4, bias=False) for _ in range(depth))

    def forward(self, x: Tensor) -> Tensor:
        out = torch.zeros(len(x), 4)
        for first, second, back, head in zip(self.first, self.second, self.back, self.heads, strict=True):
            h = torch.relu(second(torch.relu(first(x))))
            x, out = x - back(h), out + head(h)
        return out


class Decomposed(nn.Module):
    """DLinear: a linear map of the trend and one of the rest, both at 1 / length (Zeng et al., 2023)."""

    def __init__(self) -> None:
        super().__init__()
        self.trend, self.rest = nn.Linear(32, 4), nn.Linear(32, 4)
        for linear in (self.trend, self.rest):
            nn.init.constant_(linear.weight, 1 / 32)

    def forward(self, x: Tensor) -> Tensor:
        smooth = functional.avg_pool1d(functional.pad(x[:, None], (4, 4), mode="replicate"), 9, 1)[:, 0]
        return self.trend(smooth) + self.rest(x - smooth)


class Conformer(nn.Module):
    """Half a perceptron, attention, convolution, half a perceptron (Gulati et al., 2020), over frames of sound."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.frames = nn.Conv1d(1, width, 8, 4)
        self.up1, self.down1 = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.attend = nn.MultiheadAttention(width, 4, batch_first=True)
        self.point1, self.point2 = nn.Linear(width, 2 * width), nn.Linear(width, width)
        self.deep, self.batch = nn.Conv1d(width, width, 7, padding=3, groups=width), nn.BatchNorm1d(width)
        self.up2, self.down2 = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.norms, self.head = nn.ModuleList(nn.LayerNorm(width) for _ in range(5)), nn.Linear(width, 6)

    def forward(self, x: Tensor) -> Tensor:
        x = self.frames(x).transpose(1, 2)
        x = x + 0.5 * self.down1(functional.silu(self.up1(self.norms[0](x))))
        h = self.norms[1](x)
        x = x + self.attend(h, h, h, need_weights=False)[0]
        h = functional.glu(self.point1(self.norms[2](x)))
        h = functional.silu(self.batch(self.deep(h.transpose(1, 2)))).transpose(1, 2)
        x = x + self.point2(h)
        x = x + 0.5 * self.down2(functional.silu(self.up2(self.norms[3](x))))
        return self.head(self.norms[4](x).mean(1))


class Sentences(nn.Module):
    """A BERT-like encoder with a pooled first token, N(0, 0.02²), post-norm, for topics."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(100, width, padding_idx=0), nn.Embedding(24, width)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(width, 4, 64, 0.1, "gelu", batch_first=True) for _ in range(2)
        )
        self.norm, self.pool, self.head = nn.LayerNorm(width), nn.Linear(width, width), nn.Linear(width, 4)
        for name, p in self.named_parameters():
            if p.ndim == 2:
                nn.init.normal_(p, std=0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(p)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.norm(self.words(ids) + self.places.weight)
        for layer in self.layers:
            x = layer(x, src_key_padding_mask=ids == 0)
        return self.head(torch.tanh(self.pool(x[:, 0])))


class SeriesEncoder(nn.Module):
    """Sine positions and one of torch's encoder layers as it comes, as tutorials on series have it."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.stem, self.head = nn.Linear(2, width), nn.Linear(width, 4)
        self.layer = nn.TransformerEncoderLayer(width, 4, 64, 0.1, batch_first=True)
        at = torch.arange(32)[:, None] / 1e4 ** (torch.arange(0, width, 2) / width)
        self.register_buffer("places", torch.stack([at.sin(), at.cos()], 2).flatten(1))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layer(self.stem(x) + self.places)[:, -1])


def filled() -> Pair:
    """The chain with one token in six hidden; the whole of it."""
    x, _ = tokens()
    return torch.where(integers(6, *x.shape) == 0, 63, x), x


def _blocks(parts: str, count: int = 2) -> str:
    return " ".join(f"layers.{i}.{part}" for i in range(count) for part in parts.split())


def _language(name: str, block: type[nn.Module], parts: str, **options: object):
    count = 1 if options.get("shared") else 2
    return named(
        name,
        tokens,
        lambda: Language(block, **options),
        token_loss,
        _blocks(parts, count),
        act="gelu",  # type: ignore[arg-type]
        embedding="tokens.weight",
        rows=32,
    )


MSE, CE = nn.MSELoss(), nn.CrossEntropyLoss()
STACK = "first.0 second.0 back.0 first.1 second.1 back.1 first.2 second.2"
DECODERS = (
    _language("parallel-blocks", Parallel, "enter out up down"),
    _language("sandwich-norms", Sandwich, "query key value out gate up down"),
    _language("differential", Differential, "query key value out up down"),
    _language("unit-sphere", Sphere, "query key value out up down", std=32**-0.5),
    _language("shared-expert", Routed, "enter out up.4 down.4"),
    _language("universal", Parallel, "enter out up down", shared=True),
    named(
        "linformer",
        filled,
        lambda: Language(Memory),
        token_loss,
        _blocks("query key value out up down"),
        embedding="tokens.weight",
        rows=32,
    ),
    named(
        "patch-series",
        forecasts,
        PatchSeries,
        MSE,
        "patch layers.0.linear1 layers.0.linear2 layers.1.linear1 layers.1.linear2",
        act="gelu",
    ),
    named("n-beats", forecasts, Beats, MSE, STACK, head="heads.2"),
    named("decomposed-linear", forecasts, Decomposed, MSE),
    named("conformer", sounds, Conformer, CE, "frames up1 down1 point1 point2 up2 down2", rows=32),
    named(
        "sentence-encoder",
        topics,
        Sentences,
        CE,
        "layers.0.linear1 layers.0.linear2 layers.1.linear1 layers.1.linear2 pool",
        act="gelu",
        embedding="words.weight",
        rows=32,
    ),
    named(
        "torch-encoder-series",
        series,
        SeriesEncoder,
        MSE,
        sites=Sites(
            hidden=(
                "stem.weight",
                "layer.self_attn.in_proj_weight",
                "layer.self_attn.out_proj.weight",
                "layer.linear1.weight",
                "layer.linear2.weight",
            ),
            head="head.weight",
        ),
    ),
)

"""Sequences, graphs, generators and adapters, in the forms most often written."""

import math

import torch
from benchmarks.initfaults.data import Pair, digits, tokens
from benchmarks.initfaults.losses import mean_loss, token_loss
from benchmarks.initfaults.net import Sites
from benchmarks.initfaults.zoo.fresh.data import graphs, points, series, speckles, topics
from benchmarks.initfaults.zoo.fresh.named import named
from benchmarks.initfaults.zoo.last import data
from benchmarks.initfaults.zoo.late.data import nodes
from torch import Tensor, nn
from torch.nn import functional

BINARY, MSE, CE = nn.BCEWithLogitsLoss(), nn.MSELoss(), nn.CrossEntropyLoss()


class CharRnn(nn.Module):
    """An embedding, two layers of LSTM, a head; torch's defaults."""

    def __init__(self, width: int = 48) -> None:
        super().__init__()
        self.embedding, self.body, self.head = (
            nn.Embedding(64, 32),
            nn.LSTM(32, width, 2, batch_first=True),
            nn.Linear(width, 64),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(self.embedding(x))[0])


class Sentiment(nn.Module):
    """A bidirectional GRU, the mean over time, a layer."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.embedding, self.body = nn.Embedding(100, 24), nn.GRU(24, width, batch_first=True, bidirectional=True)
        self.fc1, self.head = nn.Linear(2 * width, 32), nn.Linear(32, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.relu(self.fc1(self.body(self.embedding(x))[0].mean(1))))


class Forecast(nn.Module):
    """A GRU's last state, and the next four values."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.body, self.head = nn.GRU(2, width, batch_first=True), nn.Linear(width, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x)[0][:, -1])


class Bengio(nn.Module):
    """The last three tokens' vectors side by side, tanh, softmax (Bengio et al., 2003)."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.embedding, self.fc1, self.head = nn.Embedding(65, 24), nn.Linear(72, width), nn.Linear(width, 64)

    def forward(self, x: Tensor) -> Tensor:
        e = self.embedding(functional.pad(x, (2, 0), value=64))
        return self.head(torch.tanh(self.fc1(torch.cat([e[:, :-2], e[:, 1:-1], e[:, 2:]], 2))))


class Window(nn.Module):
    """CBOW: the mean of four neighbours' vectors says the word between."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.embedding, self.head = nn.Embedding(64, width), nn.Linear(width, 64, bias=False)
        nn.init.uniform_(self.embedding.weight, -0.5 / width, 0.5 / width)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.embedding(x).sum(1))


def windows() -> Pair:
    x, _ = tokens()
    return x[:, [4, 5, 7, 8]].contiguous(), x[:, 6].contiguous()


class Attention(nn.Module):
    """Causal self-attention with two heads for the queries to one of keys and values where `groups` asks."""

    def __init__(self, width: int, heads: int = 4, shared: int = 1) -> None:
        super().__init__()
        self.heads, self.size, self.shared = heads, width // heads, shared
        self.query = nn.Linear(width, width, bias=False)
        self.key, self.value = (nn.Linear(width, width // shared, bias=False) for _ in range(2))
        self.out = nn.Linear(width, width, bias=False)

    def forward(self, x: Tensor, causal: bool = True) -> Tensor:
        q, k, v = (f(x).unflatten(2, (-1, self.size)).transpose(1, 2) for f in (self.query, self.key, self.value))
        k, v = (t.repeat_interleave(self.shared, 1) for t in (k, v))
        return self.out(functional.scaled_dot_product_attention(q, k, v, is_causal=causal).transpose(1, 2).flatten(2))


class Block(nn.Module):
    """Pre-norm attention, and two layers, gated or not."""

    def __init__(self, width: int, shared: int, gated: bool, norm: type[nn.Module]) -> None:
        super().__init__()
        self.norm1, self.norm2, self.attend = norm(width), norm(width), Attention(width, shared=shared)
        self.up, self.down = (
            nn.Linear(width, 4 * width, bias=False),
            nn.Linear(2 * width if gated else 4 * width, width, bias=False),
        )
        self.gated = gated

    def forward(self, x: Tensor, causal: bool = True) -> Tensor:
        x = x + self.attend(self.norm1(x), causal)
        h = self.up(self.norm2(x))
        if self.gated:
            a, b = h.chunk(2, -1)
            return x + self.down(functional.silu(a) * b)
        return x + self.down(functional.gelu(h))


class Decoder(nn.Module):
    """nanoGPT's draw: N(0, 0.02²), what ends a branch by √(2 depth) less; tied, or with a head of its own."""

    def __init__(self, width: int = 32, depth: int = 2, *, shared: int = 1, gated: bool = False, tied: bool = True,
                 rms: bool = False, causal: bool = True, vocabulary: int = 64) -> None:  # fmt: skip
        super().__init__()
        norm = nn.RMSNorm if rms else nn.LayerNorm
        self.embedding, self.places = nn.Embedding(vocabulary, width), nn.Embedding(16, width)
        self.blocks = nn.ModuleList(Block(width, shared, gated, norm) for _ in range(depth))
        self.norm, self.causal = norm(width), causal
        self.head = None if tied else nn.Linear(width, 64, bias=False)
        for m in self.modules():
            if isinstance(m, nn.Linear | nn.Embedding):
                nn.init.normal_(m.weight, std=0.02)
        for each in self.blocks:
            nn.init.normal_(each.attend.out.weight, std=0.02 / math.sqrt(2 * depth))
            nn.init.normal_(each.down.weight, std=0.02 / math.sqrt(2 * depth))

    def forward(self, x: Tensor) -> Tensor:
        h = self.embedding(x) + self.places.weight[: x.shape[1]]
        for each in self.blocks:
            h = each(h, self.causal)
        h = self.norm(h)
        return self.head(h) if self.head else h @ self.embedding.weight[:64].T


def zero_lm() -> nn.Module:
    net = Decoder(tied=False, rms=True)
    nn.init.zeros_(net.head.weight)  # type: ignore[union-attr]
    return net


class GatedConv(nn.Module):
    """Causal convolutions behind gates, residual (Dauphin et al., 2017)."""

    def __init__(self, width: int = 32, depth: int = 3) -> None:
        super().__init__()
        self.embedding, self.head = nn.Embedding(64, width), nn.Linear(width, 64)
        self.convs = nn.ModuleList(nn.Conv1d(width, 2 * width, 3) for _ in range(depth))

    def forward(self, x: Tensor) -> Tensor:
        h = self.embedding(x).transpose(1, 2)
        for conv in self.convs:
            h = h + functional.glu(conv(functional.pad(h, (2, 0))), 1)
        return self.head(h.transpose(1, 2))


class WaveNet(nn.Module):
    """Dilated gated convolutions, what each skips summed (van den Oord et al., 2016)."""

    def __init__(self, width: int = 24, depth: int = 3) -> None:
        super().__init__()
        self.embedding, self.fc1, self.head = nn.Embedding(64, width), nn.Linear(width, width), nn.Linear(width, 64)
        self.convs = nn.ModuleList(nn.Conv1d(width, 2 * width, 2, dilation=2**i) for i in range(depth))
        self.skips, self.mixes = (nn.ModuleList(nn.Conv1d(width, width, 1) for _ in range(depth)) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        h, total = self.embedding(x).transpose(1, 2), 0.0
        for i, (conv, skip, mix) in enumerate(zip(self.convs, self.skips, self.mixes, strict=True)):
            a, b = conv(functional.pad(h, (2**i, 0))).chunk(2, 1)
            z = torch.tanh(a) * torch.sigmoid(b)
            total, h = total + skip(z), h + mix(z)
        return self.head(torch.relu(self.fc1(torch.relu(total).transpose(1, 2))))  # type: ignore[arg-type, union-attr]


class TimeMixer(nn.Module):
    """Layers along time and along channels, by turns, residual (Chen et al., 2023)."""

    def __init__(self, depth: int = 2) -> None:
        super().__init__()
        self.stem = nn.Linear(2, 16)
        self.times = nn.ModuleList(nn.Linear(32, 32) for _ in range(depth))
        self.ups, self.downs = (
            nn.ModuleList(nn.Linear(16, 32) for _ in range(depth)),
            nn.ModuleList(nn.Linear(32, 16) for _ in range(depth)),
        )
        self.norms = nn.ModuleList(nn.LayerNorm(16) for _ in range(depth))
        self.head = nn.Linear(512, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for time, up, down, norm in zip(self.times, self.ups, self.downs, self.norms, strict=True):
            x = x + torch.relu(time(norm(x).transpose(1, 2))).transpose(1, 2)
            x = x + down(torch.relu(up(x)))
        return self.head(x.flatten(1))


class Chebyshev(nn.Module):
    """Graph filters of two hops, the mean of the nodes (Defferrard et al., 2016)."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.fc1, self.fc2, self.head = nn.Linear(12, width), nn.Linear(3 * width, width), nn.Linear(width, 4)

    def forward(self, x: Tensor) -> Tensor:
        a, h = x[..., :12], x[..., 12:]
        root = a.sum(2).clamp_min(1).rsqrt()
        step = -root[:, :, None] * a * root[:, None]
        for fc in (self.fc1, self.fc2):
            one = step @ h
            h = torch.relu(fc(torch.cat([h, one, 2 * step @ one - h], 2)))
        return self.head(h.mean(1))


class Messages(nn.Module):
    """Messages by a perceptron of both ends, summed; a GRU cell (Gilmer et al., 2017); a logit a node."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.stem, self.fc1, self.fc2 = nn.Linear(4, width), nn.Linear(2 * width, width), nn.Linear(width, width)
        self.cell, self.head = nn.GRUCell(width, width), nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        a, h = x[..., :12], torch.relu(self.stem(x[..., 12:]))
        for _ in range(2):
            ends = torch.cat([h[:, :, None].expand(-1, -1, 12, -1), h[:, None].expand(-1, 12, -1, -1)], 3)
            m = (a[..., None] * self.fc2(torch.relu(self.fc1(ends)))).sum(2)
            h = self.cell(m.flatten(0, 1), h.flatten(0, 1)).view_as(h)
        return self.head(h).squeeze(2)


class Denoiser(nn.Module):
    """Says the clean picture from a noisy one and its level; SiLU."""

    def __init__(self, width: int = 128) -> None:
        super().__init__()
        self.fc1, self.fc2, self.head = nn.Linear(65, width), nn.Linear(width, width), nn.Linear(width, 64)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(functional.silu(self.fc2(functional.silu(self.fc1(x)))))


class Couplings(nn.Module):
    """RealNVP in the plane: four couplings, each last layer at zero; minus the log likelihood (Dinh et al., 2017)."""

    def __init__(self, depth: int = 4, width: int = 32) -> None:
        super().__init__()
        self.fc1, self.fc2 = (
            nn.ModuleList(nn.Linear(1, width) for _ in range(depth)),
            nn.ModuleList(nn.Linear(width, width) for _ in range(depth)),
        )
        self.last = nn.ModuleList(nn.Linear(width, 2) for _ in range(depth))
        for each in self.last:
            nn.init.zeros_(each.weight)
            nn.init.zeros_(each.bias)

    def forward(self, x: Tensor) -> Tensor:
        a, b = x.chunk(2, 1)
        total = 0.0
        for fc1, fc2, last in zip(self.fc1, self.fc2, self.last, strict=True):
            s, t = last(torch.relu(fc2(torch.relu(fc1(a))))).chunk(2, 1)
            s = torch.tanh(s)
            a, b, total = b * torch.exp(s) + t, a, total + s
        return 0.5 * (a**2 + b**2) - total


class Bernoulli(nn.Module):
    """A VAE of binary pictures; its loss is what it computes: Bernoulli's, and the divergence."""

    def __init__(self, width: int = 96, code: int = 8) -> None:
        super().__init__()
        self.fc1, self.code = nn.Linear(64, width), nn.Linear(width, 2 * code)
        self.fc2, self.head = nn.Linear(code, width), nn.Linear(width, 64)

    def forward(self, x: Tensor) -> Tensor:
        x = (x > 0).to(x.dtype)
        mean, s = self.code(torch.relu(self.fc1(x))).chunk(2, 1)
        z = mean + torch.exp(0.5 * s) * torch.randn_like(s)
        miss = functional.binary_cross_entropy_with_logits(self.head(torch.relu(self.fc2(z))), x, reduction="none").sum(
            1
        )
        return miss + 0.5 * (mean**2 + s.exp() - 1 - s).sum(1)


class Scarf(nn.Module):
    """Two views' codes side by side: encoder and projection (Bahri et al., 2022)."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.fc1, self.fc2, self.head = nn.Linear(10, width), nn.Linear(width, width), nn.Linear(width, 32)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.head(torch.relu(self.fc2(torch.relu(self.fc1(part))))) for part in x.chunk(2, 1)], 1)


def views_loss(z: Tensor, _: Tensor) -> Tensor:
    a, b = (functional.normalize(part, dim=1) for part in z.chunk(2, 1))
    return functional.cross_entropy(a @ b.T / 0.2, torch.arange(len(a)))


class Adapted(nn.Module):
    """A frozen layer and its low-rank change: A by He's uniform, B zero."""

    def __init__(self, base: nn.Linear, rank: int = 4) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        self.A = nn.Parameter(nn.init.kaiming_uniform_(torch.empty(rank, base.in_features), a=5**0.5))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank))

    def forward(self, x: Tensor) -> Tensor:
        return self.base(x) + 2 * (x @ self.A.T @ self.B.T)


class Kronecker(nn.Module):
    """A frozen layer and a Kronecker product, of which one factor is zero (LoKr)."""

    def __init__(self, base: nn.Linear) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        self.one = nn.Parameter(torch.zeros(8, 8))
        self.two = nn.Parameter(
            nn.init.kaiming_uniform_(torch.empty(base.out_features // 8, base.in_features // 8), a=5**0.5)
        )

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.base.weight + torch.kron(self.one, self.two), self.base.bias)


def fine_tuned(wrap: type[nn.Module]) -> nn.Module:
    net = nn.Sequential(wrap(nn.Linear(64, 64)), nn.ReLU(), wrap(nn.Linear(64, 64)), nn.ReLU())
    net.add_module("head", nn.Linear(64, 10))
    return net


class LoraDecoder(nn.Module):
    """A frozen decoder with low-rank changes of its queries and values; the norms and the head train."""

    def __init__(self) -> None:
        super().__init__()
        net = Decoder(tied=False, shared=2)
        net.embedding.requires_grad_(False)
        for each in net.blocks:
            for p in (*each.attend.parameters(), *each.up.parameters(), *each.down.parameters()):
                p.requires_grad_(False)
            each.attend.query, each.attend.value = Adapted(each.attend.query), Adapted(each.attend.value)  # type: ignore[assignment]
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class Shapes(nn.Module):
    """Sines of learned frequencies multiplied layer by layer (Fathony et al., 2021)."""

    def __init__(self, width: int = 48, depth: int = 3) -> None:
        super().__init__()
        self.waves = nn.ModuleList(nn.Linear(2, width) for _ in range(depth))
        self.fcs = nn.ModuleList(nn.Linear(width, width) for _ in range(depth - 1))
        self.head = nn.Linear(width, 1)
        for wave in self.waves:
            wave.weight.data.mul_(8)
            nn.init.uniform_(wave.bias, -math.pi, math.pi)
        for fc in self.fcs:
            nn.init.uniform_(fc.weight, -((6 / width) ** 0.5), (6 / width) ** 0.5)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.sin(self.waves[0](x))
        for wave, fc in zip(self.waves[1:], self.fcs, strict=True):
            h = torch.sin(wave(x)) * fc(h)
        return self.head(h)


LOW_RANK = tuple(
    (f"net.blocks.{i}.attend.{part}.A", f"net.blocks.{i}.attend.{part}.B")
    for i in range(2)
    for part in ("query", "value")
)
BLOCKS = "blocks.0.up blocks.0.down blocks.1.up blocks.1.down"
SEQUENCES = (
    named(
        "char-rnn",
        tokens,
        CharRnn,
        token_loss,
        "body.weight_ih_l0 body.weight_hh_l0 body.weight_ih_l1 body.weight_hh_l1",
        act="lstm",
        embedding="embedding.weight",
    ),
    named("gru-sentiment", topics, Sentiment, CE, "fc1", embedding="embedding.weight"),
    named("gru-forecast", series, Forecast, MSE, "body.weight_ih_l0 body.weight_hh_l0", act="gru"),
    named("bengio-lm", tokens, Bengio, token_loss, "fc1", act="tanh", embedding="embedding.weight"),
    named("cbow", windows, Window, CE),
    named(
        "nano-gpt",
        tokens,
        Decoder,
        token_loss,
        sites=Sites(
            hidden=tuple(f"{name}.weight" for name in BLOCKS.split()), activation="gelu", embedding="embedding.weight"
        ),
    ),
    named(
        "grouped-queries",
        tokens,
        lambda: Decoder(shared=2, gated=True, tied=False, rms=True),
        token_loss,
        BLOCKS,
        act="silu",
        embedding="embedding.weight",
    ),
    named("zero-head-decoder", tokens, zero_lm, token_loss, BLOCKS, act="gelu", embedding="embedding.weight"),
    named(
        "masked-language",
        data.hidden_tokens,
        lambda: Decoder(causal=False, vocabulary=65, tied=False),
        token_loss,
        BLOCKS,
        act="gelu",
        embedding="embedding.weight",
    ),
    named(
        "gated-convolutions",
        tokens,
        GatedConv,
        token_loss,
        "convs.0 convs.1 convs.2",
        act="glu",
        embedding="embedding.weight",
    ),
    named(
        "wave-net",
        tokens,
        WaveNet,
        token_loss,
        "convs.0 mixes.0 convs.1 mixes.1 convs.2 fc1",
        act="glu",
        embedding="embedding.weight",
    ),
    named("time-mixer", series, TimeMixer, MSE, "stem times.0 ups.0 downs.0 times.1 ups.1 downs.1"),
    named("chebyshev", graphs, Chebyshev, CE, "fc1 fc2"),
    named("message-passing", nodes, Messages, BINARY, "stem fc1 fc2"),
    named("clean-picture", data.noised, Denoiser, MSE, "fc1 fc2", act="silu"),
    named("real-nvp", speckles, Couplings, mean_loss),
    named("bernoulli-vae", digits, Bernoulli, mean_loss, "fc1 code fc2"),
    named("scarf", data.swapped, Scarf, views_loss, "fc1 fc2"),
    named(
        "lora-classifier", digits, lambda: fine_tuned(Adapted), CE, sites=Sites(lora=(("0.A", "0.B"), ("2.A", "2.B")))
    ),
    named("kronecker-adapter", digits, lambda: fine_tuned(Kronecker), CE),
    named("lora-grouped-decoder", tokens, LoraDecoder, token_loss, sites=Sites(lora=LOW_RANK)),
    named("multiplied-sines", points, Shapes, MSE),
)

"""State spaces, linear recurrences, long convolutions and attention made linear, as causal language models."""

import math

import torch
from benchmarks.initfaults.data import tokens
from benchmarks.initfaults.losses import token_loss
from benchmarks.initfaults.zoo.fresh.named import named
from torch import Tensor, nn
from torch.nn import functional


class Selective(nn.Module):
    """Mamba's mixer: gate, causal convolution, input-dependent step, B and C; A = -1..n, D = 1 (Gu and Dao, 2023)."""

    def __init__(self, width: int, states: int = 8, rank: int = 4) -> None:
        super().__init__()
        self.states, self.rank = states, rank
        self.enter = nn.Linear(width, 4 * width, bias=False)
        self.conv = nn.Conv1d(2 * width, 2 * width, 3, padding=2, groups=2 * width)
        self.pick = nn.Linear(2 * width, rank + 2 * states, bias=False)
        self.step = nn.Linear(rank, 2 * width)
        self.A_log = nn.Parameter(torch.arange(1.0, states + 1).log().repeat(2 * width, 1))
        self.D, self.out = nn.Parameter(torch.ones(2 * width)), nn.Linear(2 * width, width, bias=False)
        nn.init.uniform_(self.step.weight, -(rank**-0.5), rank**-0.5)
        with torch.no_grad():
            dt = torch.exp(torch.rand(2 * width) * math.log(100) + math.log(1e-3))
            self.step.bias.copy_(dt + torch.log(-torch.expm1(-dt)))

    def forward(self, x: Tensor) -> Tensor:
        u, gate = self.enter(x).chunk(2, 2)
        u = functional.silu(self.conv(u.transpose(1, 2))[..., : x.shape[1]].transpose(1, 2))
        dt, b, c = self.pick(u).split([self.rank, self.states, self.states], 2)
        dt = functional.softplus(self.step(dt))
        decay = torch.exp(dt[..., None] * -torch.exp(self.A_log))
        drive = (dt * u)[..., None] * b[:, :, None]
        h, outs = torch.zeros_like(drive[:, 0]), []
        for t in range(x.shape[1]):
            h = decay[:, t] * h + drive[:, t]
            outs.append((h * c[:, t, None]).sum(2))
        return self.out((torch.stack(outs, 1) + self.D * u) * functional.silu(gate))


class Receptance(nn.Module):
    """RWKV's time mixing: token shift, decays spread by channel, a bonus for the present (Peng et al., 2023)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mix = nn.Parameter(torch.linspace(0.1, 0.9, width).repeat(3, 1))
        self.decay = nn.Parameter(-5 + 8 * torch.linspace(0, 1, width) ** 0.7)
        self.bonus = nn.Parameter(torch.full((width,), math.log(0.3)))
        self.key, self.value, self.gate, self.out = (nn.Linear(width, width, bias=False) for _ in range(4))
        for linear in (self.key, self.gate, self.out):
            nn.init.orthogonal_(linear.weight, 0.5)

    def forward(self, x: Tensor) -> Tensor:
        before = functional.pad(x, (0, 0, 1, -1))
        r, k, v = (
            f(m * x + (1 - m) * before) for f, m in zip((self.gate, self.key, self.value), self.mix, strict=True)
        )
        w, k = torch.exp(-torch.exp(self.decay)), torch.exp(k.clamp(max=10))
        a = b = torch.zeros_like(x[:, 0])
        outs = []
        for t in range(x.shape[1]):
            now = torch.exp(self.bonus) * k[:, t]
            outs.append((a + now * v[:, t]) / (b + now + 1e-6))
            a, b = w * a + k[:, t] * v[:, t], w * b + k[:, t]
        return self.out(torch.sigmoid(r) * torch.stack(outs, 1))


class Retention(nn.Module):
    """RetNet: scores times a fixed decay a head, a group norm, a swish gate; Glorot at 2^-2.5 (Sun et al., 2023)."""

    def __init__(self, width: int, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.gate, self.out = (nn.Linear(width, width, bias=False) for _ in range(5))
        self.norm = nn.GroupNorm(heads, width)
        for linear in (self.query, self.key, self.value, self.gate):
            nn.init.xavier_uniform_(linear.weight, 2**-0.5)
        nn.init.xavier_uniform_(self.out.weight)

    def forward(self, x: Tensor) -> Tensor:
        b, t, d = x.shape
        q, k, v = (f(x).view(b, t, self.heads, -1).transpose(1, 2) for f in (self.query, self.key, self.value))
        gap = torch.arange(t)[:, None] - torch.arange(t)
        decay = 1 - 2.0 ** -torch.arange(3.0, 3 + self.heads)
        mask = torch.where(gap >= 0, decay[:, None, None] ** gap.clamp_min(0), torch.zeros(()))
        h = (q @ k.transpose(2, 3) / math.sqrt(d / self.heads) * mask @ v).transpose(1, 2).reshape(b * t, d)
        return self.out(self.norm(h).view(b, t, d) * functional.silu(self.gate(x)))


class Matrix(nn.Module):
    """xLSTM's matrix memory: exponential input gates, forget biases from 3 to 6, a max-normalised sum (Beck, 2024)."""

    def __init__(self, width: int, heads: int = 2) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.out = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.igate, self.fgate, self.ogate = nn.Linear(width, heads), nn.Linear(width, heads), nn.Linear(width, width)
        nn.init.zeros_(self.igate.weight)
        nn.init.normal_(self.igate.bias, std=0.1)
        nn.init.zeros_(self.fgate.weight)
        with torch.no_grad():
            self.fgate.bias.copy_(torch.linspace(3, 6, heads))

    def forward(self, x: Tensor) -> Tensor:
        b, t, d = x.shape
        q, k, v = (f(x).view(b, t, self.heads, -1).transpose(1, 2) for f in (self.query, self.key, self.value))
        f = functional.logsigmoid(self.fgate(x)).cumsum(1).transpose(1, 2)
        score = f[..., None] - f[..., None, :] + self.igate(x).transpose(1, 2)[..., None, :]
        score = score.masked_fill(torch.ones(t, t).triu(1).bool(), -math.inf)
        weight = torch.exp(score - score.amax(3, keepdim=True)) * (q @ k.transpose(2, 3) / math.sqrt(d / self.heads))
        h = weight @ v / torch.maximum(weight.sum(3, keepdim=True).abs(), torch.ones(()))
        return self.out(torch.sigmoid(self.ogate(x)) * h.transpose(1, 2).reshape(b, t, d))


class Delta(nn.Module):
    """DeltaNet: unit keys write what the memory does not yet know (Yang et al., 2024)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.rate = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        q, k = (functional.normalize(functional.silu(f(x)), dim=2) for f in (self.query, self.key))
        v, beta = self.value(x), torch.sigmoid(self.rate(x))
        memory, outs = x.new_zeros(len(x), x.shape[2], x.shape[2]), []
        for t in range(x.shape[1]):
            known = (memory @ k[:, t, :, None])[..., 0]
            memory = memory + (beta[:, t] * (v[:, t] - known))[:, :, None] * k[:, t, None]
            outs.append((memory @ q[:, t, :, None])[..., 0])
        return self.out(torch.stack(outs, 1))


class Gated(nn.Module):
    """Griffin's recurrence: decays in [0.9, 0.999] to the power 8 r, input rescaled (De et al., 2024)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.enter, self.side, self.out = (nn.Linear(width, width, bias=False) for _ in range(3))
        self.conv = nn.Conv1d(width, width, 4, padding=3, groups=width)
        self.reset, self.write = nn.Linear(width, width), nn.Linear(width, width)
        a = torch.rand(width) * 0.099 + 0.9
        self.decay = nn.Parameter(torch.log(torch.expm1(-torch.log(a))))

    def forward(self, x: Tensor) -> Tensor:
        side = functional.gelu(self.side(x))
        x = self.conv(self.enter(x).transpose(1, 2))[..., : x.shape[1]].transpose(1, 2)
        a = torch.exp(-8 * functional.softplus(self.decay) * torch.sigmoid(self.reset(x)))
        drive = torch.sqrt(1 - a**2 + 1e-6) * torch.sigmoid(self.write(x)) * x
        h, outs = torch.zeros_like(x[:, 0]), []
        for t in range(x.shape[1]):
            h = a[:, t] * h + drive[:, t]
            outs.append(h)
        return self.out(torch.stack(outs, 1) * side)


class LongConv(nn.Module):
    """Hyena: two gates around a long filter that a small sine network of the position writes (Poli et al., 2023)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.enter, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.time1, self.time2 = nn.Linear(5, 16), nn.Linear(16, width)
        self.skip = nn.Parameter(torch.randn(width))

    def forward(self, x: Tensor) -> Tensor:
        t = x.shape[1]
        at = torch.linspace(0, 1, t)[:, None]
        clock = torch.cat(
            [at, torch.sin(6.28 * at), torch.cos(6.28 * at), torch.sin(12.6 * at), torch.cos(12.6 * at)], 1
        )
        h = self.time2(torch.sin(self.time1(clock))) * torch.exp(-3 * at)
        a, b, v = self.enter(x).chunk(3, 2)
        z = a * v
        long = torch.fft.irfft(torch.fft.rfft(z, 2 * t, 1) * torch.fft.rfft(h, 2 * t, 0), 2 * t, 1)[:, :t]
        return self.out(b * (long + self.skip * z))


class Performer(nn.Module):
    """Positive random features for the exponential kernel, orthogonal (Choromanski et al., 2021)."""

    def __init__(self, width: int, features: int = 24) -> None:
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.register_buffer("directions", nn.init.orthogonal_(torch.empty(features, width)) * math.sqrt(width))

    def features(self, x: Tensor) -> Tensor:
        x = x * x.shape[-1] ** -0.25
        z = x @ self.directions.T - 0.5 * (x**2).sum(-1, keepdim=True)
        return torch.exp(z - z.amax((1, 2), keepdim=True).detach()) + 1e-4

    def forward(self, x: Tensor) -> Tensor:
        q, k = self.features(self.query(x)), self.features(self.key(x))
        weight = torch.tril(q @ k.transpose(1, 2))
        return self.out(weight @ self.value(x) / weight.sum(2, keepdim=True))


class Averages(nn.Module):
    """MEGA's damped exponential averages and a gate (Ma et al., 2023)."""

    def __init__(self, width: int, states: int = 4) -> None:
        super().__init__()
        self.alpha, self.delta = (
            nn.Parameter(0.2 * torch.randn(width, states)),
            nn.Parameter(0.2 * torch.randn(width, states)),
        )
        self.beta = nn.Parameter(torch.randn(width, states) * 0.02 + torch.tensor([1.0, -1.0, 1.0, -1.0]))
        self.eta = nn.Parameter(torch.randn(width, states))
        self.omega, self.gate, self.out = (
            nn.Parameter(torch.randn(width)),
            nn.Linear(width, width),
            nn.Linear(width, width),
        )

    def forward(self, x: Tensor) -> Tensor:
        a, d = torch.sigmoid(self.alpha), torch.sigmoid(self.delta)
        power = (1 - a * d)[..., None] ** torch.arange(x.shape[1])
        filt = (a * self.beta * self.eta)[..., None] * power
        h = torch.fft.irfft(
            torch.fft.rfft(x, 2 * x.shape[1], 1) * torch.fft.rfft(filt.sum(1), 2 * x.shape[1]).T, 2 * x.shape[1], 1
        )[:, : x.shape[1]]
        return self.out(torch.sigmoid(self.gate(x)) * functional.silu(h / 2 + self.omega * x))


class Stack(nn.Module):
    """Tokens, pre-normed mixers and perceptrons around skips, a norm, a head."""

    def __init__(self, mixer: type[nn.Module], width: int = 24, depth: int = 2) -> None:
        super().__init__()
        self.tokens = nn.Embedding(64, width)
        self.mixers = nn.ModuleList(mixer(width) for _ in range(depth))
        self.ups = nn.ModuleList(nn.Linear(width, 2 * width) for _ in range(depth))
        self.downs = nn.ModuleList(nn.Linear(2 * width, width) for _ in range(depth))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2 * depth + 1))
        self.head = nn.Linear(width, 64, bias=False)
        for linear in (self.tokens, self.head):
            nn.init.normal_(linear.weight, std=0.02)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.tokens(ids)
        for i, (mixer, up, down) in enumerate(zip(self.mixers, self.ups, self.downs, strict=True)):
            x = x + mixer(self.norms[2 * i](x))
            x = x + down(functional.gelu(up(self.norms[2 * i + 1](x))))
        return self.head(self.norms[-1](x))


KINDS = {
    "selective-scan": (Selective, "enter out"), "receptance": (Receptance, "key value gate out"),
    "retention": (Retention, "query key value out"), "matrix-memory": (Matrix, "query key value out"),
    "delta-rule": (Delta, "query key value out"), "griffin": (Gated, "enter side out"),
    "long-convolution": (LongConv, "enter out"), "performer": (Performer, "query key value out"),
    "damped-averages": (Averages, "gate out"),
}  # fmt: skip


def _layers(parts: str) -> str:
    return " ".join(f"{' '.join(f'mixers.{i}.{part}' for part in parts.split())} ups.{i} downs.{i}" for i in (0, 1))


STATES = tuple(
    named(
        name,
        tokens,
        lambda mixer=mixer: Stack(mixer),
        token_loss,
        _layers(parts),
        act="gelu",
        embedding="tokens.weight",
        rows=32,
    )
    for name, (mixer, parts) in KINDS.items()
)

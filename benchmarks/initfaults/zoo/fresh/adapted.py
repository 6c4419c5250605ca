"""Trained in part: adapters, prompts, biases, probes, generated weights. The trunk is random and frozen."""

import copy
import math
from functools import partial

import torch
from benchmarks.initfaults.data import digits, images, tokens
from benchmarks.initfaults.losses import token_loss
from benchmarks.initfaults.net import Sites
from benchmarks.initfaults.zoo.fresh.attention import Decoder, glorot
from benchmarks.initfaults.zoo.fresh.named import named
from benchmarks.initfaults.zoo.perceptrons import he, layers
from benchmarks.initfaults.zoo.tasks import LoRA
from torch import Tensor, nn
from torch.nn import functional


def lora_decoder() -> nn.Module:
    """LoRA on queries and values of a frozen decoder; its head trains (Hu et al., 2021)."""
    net = Decoder("pre", "rotary", "gelu", glorot, vocabulary=64)
    head = net.head
    net.requires_grad_(False)
    head.requires_grad_(True)
    for layer in net.layers:
        layer.attention.query = LoRA(layer.attention.query, 8)
        layer.attention.value = LoRA(layer.attention.value, 8)
    return net


class Adapter(nn.Module):
    """A frozen layer, then a bottleneck around a skip whose weights are N(0, 0.01²) (Houlsby et al., 2019)."""

    def __init__(self, base: nn.Module, width: int) -> None:
        super().__init__()
        self.base, self.down, self.up = base.requires_grad_(False), nn.Linear(width, 8), nn.Linear(8, width)
        for linear in (self.down, self.up):
            nn.init.trunc_normal_(linear.weight, std=0.01)
            nn.init.zeros_(linear.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.base(x)
        return x + self.up(functional.gelu(self.down(x)))


def houlsby() -> nn.Sequential:
    net = layers((64, 96, 96, 96, 10), "gelu", he)
    for number in (1, 2, 3):
        setattr(net, f"fc{number}", Adapter(net.get_submodule(f"fc{number}"), 96))
    return net


class Magnitude(nn.Module):
    """DoRA: a frozen direction with a low-rank part, and a trained length a unit (Liu et al., 2024)."""

    def __init__(self, base: nn.Linear, rank: int = 4) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        self.A = nn.Parameter(nn.init.kaiming_uniform_(torch.empty(rank, base.in_features), a=math.sqrt(5)))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank))
        self.length = nn.Parameter(base.weight.norm(dim=1, keepdim=True).clone())

    def forward(self, x: Tensor) -> Tensor:
        w = self.base.weight + self.B @ self.A
        return functional.linear(x, self.length * w / w.norm(dim=1, keepdim=True), self.base.bias)


def dora() -> nn.Sequential:
    net = layers((64, 96, 96, 10), "silu", he)
    for number in (1, 2):
        setattr(net, f"fc{number}", Magnitude(net.get_submodule(f"fc{number}")))  # type: ignore[arg-type]
    return net


class Prompted(nn.Module):
    """Six trained vectors before the embeddings of a frozen decoder; the head trains too (Lester et al., 2021)."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = Decoder("pre", "rotary", "gelu", glorot, vocabulary=64).requires_grad_(False)
        self.prompt, self.head = nn.Parameter(0.5 * torch.randn(6, 32)), nn.Linear(32, 64)

    def forward(self, ids: Tensor) -> Tensor:
        x = torch.cat([self.prompt.expand(len(ids), -1, -1), self.trunk.tokens(ids)], 1)
        for layer in self.trunk.layers:
            x = layer(x)
        return self.head(self.trunk.norm(x)[:, 6:])


def biases_alone() -> nn.Sequential:
    """BitFit: biases and the head train, weights do not (Ben Zaken et al., 2022)."""
    net = layers((64, 128, 128, 10), "relu", he)
    for name, p in net.named_parameters():
        p.requires_grad_(name.endswith("bias") or name.startswith("head"))
    return net


class Probe(nn.Module):
    """A linear probe, from zero, over frozen random convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Conv2d(1, 24, 3), nn.ReLU(), nn.Conv2d(24, 24, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(2)
        )
        self.trunk.requires_grad_(False)
        self.norm, self.head = nn.BatchNorm1d(96, affine=False), nn.Linear(96, 10)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.norm(self.trunk(x).flatten(1)))


class Zeroed(nn.Module):
    """ControlNet in convolutions: a frozen trunk, a trained copy, zero convolutions between (Zhang et al., 2023)."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.trunk = nn.ModuleList([nn.Conv2d(1, width, 3, 2, 1), nn.Conv2d(width, width, 3, padding=1)])
        self.copies = copy.deepcopy(self.trunk)
        self.joins = nn.ModuleList(nn.Conv2d(width, width, 1) for _ in range(2))
        self.head = nn.Linear(width, 10)
        self.trunk.requires_grad_(False)
        for join in self.joins:
            nn.init.zeros_(join.weight)
            nn.init.zeros_(join.bias)

    def forward(self, x: Tensor) -> Tensor:
        h = g = x
        for conv, twin, join in zip(self.trunk, self.copies, self.joins, strict=True):
            h, g = functional.silu(conv(h)), functional.silu(twin(g))
            h = h + join(g)
        return self.head(h.mean((2, 3)))


class Hyper(nn.Module):
    """A network that writes another's weights, drawn so that those have fan-in variance (Chang et al., 2020)."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.width = width
        self.read, self.write = nn.Linear(64, 16), nn.Linear(16, 64 * width)
        nn.init.normal_(self.read.weight, std=64**-0.5)
        nn.init.normal_(self.write.weight, std=(16 * 64) ** -0.5)
        self.head = nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        w = self.write(torch.tanh(self.read(x))).view(len(x), self.width, 64)
        return self.head(torch.relu((w @ x[:, :, None])[:, :, 0]))


_net = partial(named, rows=32)
CE = nn.CrossEntropyLoss()
LORAS = tuple(
    (f"layers.{i}.attention.{part}.A", f"layers.{i}.attention.{part}.B") for i in (0, 1) for part in ("query", "value")
)
ADAPTED = (
    _net("lora-decoder", tokens, lora_decoder, token_loss, sites=Sites(lora=LORAS)),
    _net("bottleneck-adapter", digits, houlsby, CE),
    _net("dora", digits, dora, CE, sites=Sites(lora=tuple((f"fc{i}.A", f"fc{i}.B") for i in (1, 2)))),
    _net("soft-prompt", tokens, Prompted, token_loss),
    _net("bias-only", digits, biases_alone, CE),
    _net("linear-probe", images, Probe, CE),
    _net("zero-convolutions", images, Zeroed, CE),
    _net("hyper-network", digits, Hyper, CE),
)

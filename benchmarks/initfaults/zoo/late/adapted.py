"""Trained in part, over a frozen trunk: LoRA of convolutions and encoders, VeRA, OFT, scales, norms, prefixes."""

import math

import torch
from benchmarks.initfaults.data import digits, images, tokens
from benchmarks.initfaults.losses import token_loss
from benchmarks.initfaults.net import Sites
from benchmarks.initfaults.zoo.fresh.data import topics
from benchmarks.initfaults.zoo.fresh.named import named
from benchmarks.initfaults.zoo.late.decoders import Language, Parallel, Sentences
from benchmarks.initfaults.zoo.perceptrons import he, layers
from torch import Tensor, nn
from torch.nn import functional


class Shared(nn.Module):
    """VeRA: frozen random A and B for all layers; d at 0.1 and b at zero are trained (Kopiczko et al., 2024)."""

    def __init__(self, base: nn.Linear, rank: int = 16) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        self.register_buffer("A", nn.init.kaiming_uniform_(torch.empty(rank, base.in_features)))
        self.register_buffer("B", nn.init.kaiming_uniform_(torch.empty(base.out_features, rank)))
        self.d, self.b = nn.Parameter(torch.full((rank,), 0.1)), nn.Parameter(torch.zeros(base.out_features))

    def forward(self, x: Tensor) -> Tensor:
        return self.base(x) + self.b * (self.d * (x @ self.A.T) @ self.B.T)


class Turned(nn.Module):
    """OFT: the frozen weight turned by the Cayley map of a skew matrix that starts at zero (Qiu et al., 2023)."""

    def __init__(self, base: nn.Linear) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        self.skew = nn.Parameter(torch.zeros(base.out_features, base.out_features))

    def forward(self, x: Tensor) -> Tensor:
        s, eye = self.skew - self.skew.T, torch.eye(len(self.skew))
        turn = torch.linalg.solve(eye + s, eye - s)
        return functional.linear(x, turn @ self.base.weight, self.base.bias)


class Scaled(nn.Module):
    """SSF: a frozen layer, then a scale at one and a shift at zero (Lian et al., 2022)."""

    def __init__(self, base: nn.Linear) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        self.scale, self.shift = (
            nn.Parameter(torch.ones(base.out_features)),
            nn.Parameter(torch.zeros(base.out_features)),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.base(x) * self.scale + self.shift


class LowConv(nn.Module):
    """LoRA of a convolution: a narrow 3 x 3 and a 1 x 1 at zero beside the frozen one."""

    def __init__(self, base: nn.Conv2d, rank: int = 4) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        self.A = nn.Conv2d(base.in_channels, rank, 3, base.stride, 1, bias=False)
        self.B = nn.Conv2d(rank, base.out_channels, 1, bias=False)
        nn.init.zeros_(self.B.weight)

    def forward(self, x: Tensor) -> Tensor:
        return self.base(x) + self.B(self.A(x)) * 2


class LowLinear(nn.Module):
    """rsLoRA: A uniform, B zero, times α/√r (Kalajdzievski, 2023)."""

    def __init__(self, base: nn.Linear, rank: int = 8) -> None:
        super().__init__()
        self.base, self.scale = base.requires_grad_(False), 8 / math.sqrt(rank)
        self.A = nn.Parameter(nn.init.kaiming_uniform_(torch.empty(rank, base.in_features), a=math.sqrt(5)))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank))

    def forward(self, x: Tensor) -> Tensor:
        return self.base(x) + x @ self.A.T @ self.B.T * self.scale


class Prefixed(nn.Module):
    """Keys and values N(0, 0.02²) of their own before a frozen attention's; the head trains (Li and Liang, 2021)."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.words = nn.Embedding(100, width).requires_grad_(False)
        self.attend = nn.MultiheadAttention(width, 4, batch_first=True).requires_grad_(False)
        self.prefix, self.head = nn.Parameter(0.02 * torch.randn(2, 6, width)), nn.Linear(width, 4)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.words(ids)
        k, v = (torch.cat([part.expand(len(x), -1, -1), x], 1) for part in self.prefix)
        return self.head((x + self.attend(x, k, v, need_weights=False)[0]).mean(1))


class Beside(nn.Module):
    """A small network beside a frozen large one, mixed by a gate at one half (Zhang et al., 2020)."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = layers((64, 128, 128, 32), "relu", he).requires_grad_(False)
        self.fc1, self.fc2, self.head = nn.Linear(64, 32), nn.Linear(32, 32), nn.Linear(32, 10)
        self.mix = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        a = torch.sigmoid(self.mix)
        return self.head(torch.relu(a * self.trunk(x) + (1 - a) * self.fc2(torch.relu(self.fc1(x)))))


def replaced(adapter: type[nn.Module], act: str) -> nn.Sequential:
    net = layers((64, 96, 96, 10), act, he)
    for number in (1, 2):
        setattr(net, f"fc{number}", adapter(net.get_submodule(f"fc{number}")))
    return net


def low_convs() -> nn.Sequential:
    net = nn.Sequential()
    net.add_module("conv1", LowConv(nn.Conv2d(1, 16, 3, 1, 1)))
    net.add_module("act1", nn.ReLU())
    net.add_module("conv2", LowConv(nn.Conv2d(16, 24, 3, 2, 1)))
    net.add_module("act2", nn.ReLU())
    net.add_module("pool", nn.AdaptiveAvgPool2d(2))
    net.add_module("flat", nn.Flatten())
    net.add_module("head", nn.Linear(96, 10))
    return net


def low_encoder() -> nn.Module:
    net = Sentences()
    net.layers.requires_grad_(False)
    for layer in net.layers:
        layer.linear1, layer.linear2 = LowLinear(layer.linear1), LowLinear(layer.linear2)
    return net


def norms_alone() -> nn.Module:
    """A frozen decoder whose norms and head train."""
    net = Language(Parallel, std=0.5).requires_grad_(False)
    for name, p in net.named_parameters():
        p.requires_grad_("norm" in name or "head" in name)
    return net


CE = nn.CrossEntropyLoss()
PERCEPTRONS = [f"layers.{i}.linear{j}" for i in (0, 1) for j in (1, 2)]
ADAPTED = (
    named("vera", digits, lambda: replaced(Shared, "relu"), CE),
    named("orthogonal-tuning", digits, lambda: replaced(Turned, "gelu"), CE),
    named("scale-and-shift", digits, lambda: replaced(Scaled, "relu"), CE),
    named("lora-conv", images, low_convs, CE,
          sites=Sites(lora=tuple((f"conv{i}.A.weight", f"conv{i}.B.weight") for i in (1, 2)))),
    named("rs-lora-encoder", topics, low_encoder, CE, rows=32,
          sites=Sites(lora=tuple((f"{part}.A", f"{part}.B") for part in PERCEPTRONS))),
    named("norms-alone", tokens, norms_alone, token_loss, rows=32),
    named("prefix-keys", topics, Prefixed, CE),
    named("side-network", digits, Beside, CE, "fc1 fc2"),
)  # fmt: skip

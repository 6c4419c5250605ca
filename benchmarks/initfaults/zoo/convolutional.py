"""Convolutional networks of 8 x 8 digits: plain, normalised, grouped, delta-orthogonal, residual, decoders."""

from collections.abc import Callable
from itertools import pairwise

import torch
from benchmarks.initfaults.data import ROWS, images
from benchmarks.initfaults.net import Case, Net, Sites
from benchmarks.initfaults.zoo.perceptrons import on
from torch import Tensor, nn


def delta_orthogonal(w: Tensor) -> None:
    """An orthogonal matrix in the kernel's centre, zeros around it (Xiao et al., 2018)."""
    with torch.no_grad():
        w.zero_()
        centre = torch.empty(w.shape[0], w.shape[1])
        nn.init.orthogonal_(centre)
        w[:, :, w.shape[2] // 2, w.shape[3] // 2] = centre


def _convolution(k: int, n: int, kind: str) -> nn.Module:
    groups = {"depthwise": k, "groups": 4}.get(kind, 1) if k > 1 else 1
    conv = nn.Conv2d(k, n, 3, padding=1, groups=groups)
    if kind == "delta":
        delta_orthogonal(conv.weight)
    elif kind != "default":
        nn.init.kaiming_normal_(conv.weight)
    if kind != "default":
        nn.init.zeros_(conv.bias)
    return nn.Sequential(conv, nn.Conv2d(n, n, 1)) if kind == "depthwise" and k > 1 else conv


class Convolutional(nn.Module):
    """3 x 3 convolutions, a norm where asked, the activation, a pooling in the middle, a mean and a head."""

    def __init__(self, kind: str, depth: int, width: int, act: Callable[[], nn.Module] = nn.ReLU) -> None:
        super().__init__()
        self.body = nn.Sequential()
        for i, (k, n) in enumerate(pairwise((1, *[width] * depth))):
            self.body.add_module(f"conv{i + 1}", _convolution(k, n, kind))
            if kind in ("bn", "gn", "in"):
                norm = {"bn": nn.BatchNorm2d, "gn": lambda c: nn.GroupNorm(4, c), "in": nn.InstanceNorm2d}[kind](n)
                self.body.add_module(f"norm{i + 1}", norm)
            self.body.add_module(f"act{i + 1}", act())
            if i == depth // 2:
                self.body.add_module("pool", nn.MaxPool2d(2))
        self.head = nn.Linear(width * 16, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x).flatten(1))


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions with BatchNorm around a skip; one in-place ReLU module used twice."""

    def __init__(self, width: int, *, zero_gain: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn1, self.bn2 = nn.BatchNorm2d(width), nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        if zero_gain:
            nn.init.zeros_(self.bn2.weight)

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(x + self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x))))))


class SmallResNet(nn.Module):
    """He et al. (2015) at the size of a digit."""

    def __init__(self, depth: int = 3, width: int = 16, *, zero_gain: bool = False) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, width, 3, padding=1, bias=False)
        self.blocks = nn.Sequential(*(BasicBlock(width, zero_gain=zero_gain) for _ in range(depth)))
        self.head = nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.blocks(self.stem(x)).mean((2, 3)))


class SqueezeExcite(nn.Module):
    """Channels weighed by a sigmoid of their own means (Hu et al., 2018)."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, width, 3, padding=1), nn.Conv2d(width, width, 3, padding=1)
        self.squeeze, self.excite = nn.Linear(width, 8), nn.Linear(8, width)
        self.head = nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.conv1(x))
        x = torch.relu(self.conv2(x))
        gate = torch.sigmoid(self.excite(torch.relu(self.squeeze(x.mean((2, 3))))))
        return self.head((x * gate[:, :, None, None]).mean((2, 3)))


class UNet(nn.Module):
    """Down, up through a transposed convolution, a skip beside it, and a last convolution that may start at zero."""

    def __init__(self, width: int = 16, *, zero_last: bool) -> None:
        super().__init__()
        self.inner, self.down = nn.Conv2d(1, width, 3, padding=1), nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)
        self.middle = nn.Conv2d(2 * width, 2 * width, 3, padding=1)
        self.norm = nn.GroupNorm(4, 2 * width)
        self.up = nn.ConvTranspose2d(2 * width, width, 2, stride=2)
        self.last = nn.Conv2d(2 * width, 1, 3, padding=1)
        if zero_last:
            nn.init.zeros_(self.last.weight)

    def forward(self, x: Tensor) -> Tensor:
        skip = nn.functional.silu(self.inner(x))
        h = nn.functional.silu(self.norm(self.middle(nn.functional.silu(self.down(skip)))))
        return self.last(torch.cat([skip, self.up(h)], 1))


class Inception(nn.Module):
    """Three branches side by side, and a one-dimensional convolution over the rows."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.a, self.b, self.c = (nn.Conv2d(1, width, k, padding=k // 2) for k in (1, 3, 5))
        self.row = nn.Conv1d(3 * width * 8, 32, 3, padding=2, dilation=2)
        self.head = nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.relu(torch.cat([self.a(x), self.b(x), self.c(x)], 1)).flatten(1, 2)
        return self.head(torch.relu(self.row(h)).mean(2))


def _net(kind: str, depth: int, width: int, act: str = "relu", *, host: bool = False) -> Net:
    module = {"relu": nn.ReLU, "gelu": nn.GELU, "tanh": nn.Tanh, "leaky": nn.LeakyReLU}[act]
    hidden = tuple(f"body.conv{i + 1}.weight" for i in range(depth))
    if kind == "depthwise":
        hidden = ("body.conv1.weight", *(f"body.conv{i + 1}.{j}.weight" for i in range(1, depth) for j in (0, 1)))
    return Net(
        name=f"cnn-{kind}-{act}-{depth}x{width}",
        family=f"cnn-{kind}" + ("" if act == "relu" else f"-{act}"),
        build=lambda: on(images, Convolutional(kind, depth, width, module), nn.CrossEntropyLoss()),
        sites=Sites(hidden=hidden, head="head.weight", activation=act) if host else None,
    )


def _resnet(*, zero_gain: bool) -> Net:
    hidden = ("stem.weight", *(f"blocks.{i}.conv{j}.weight" for i in range(3) for j in (1, 2)))
    kind = "zero-gain" if zero_gain else "bn"
    return Net(
        name=f"small-resnet-{kind}",
        family=f"small-resnet-{kind}",
        build=lambda: on(images, SmallResNet(zero_gain=zero_gain), nn.CrossEntropyLoss()),
        sites=Sites(hidden=hidden, head="head.weight", blocks=tuple(f"blocks.{i}" for i in range(3))),
    )


def _denoiser(*, zero_last: bool) -> Net:
    def build() -> Case:
        x, _ = images()
        noisy = x + torch.randn(x.shape, generator=torch.Generator().manual_seed(1))
        return Case(model=UNet(zero_last=zero_last), x=noisy[:ROWS], y=x[:ROWS], loss=nn.MSELoss(), data=(noisy, x))

    return Net(
        name=f"unet{'-zero-last' if zero_last else ''}", family=f"unet{'-zero' if zero_last else ''}", build=build
    )


CONVOLUTIONAL = (
    _net("plain", 3, 16, host=True),
    _net("plain", 6, 24),
    _net("default", 3, 16),
    _net("bn", 3, 16, host=True),
    _net("bn", 6, 16),
    _net("gn", 4, 16),
    _net("in", 3, 16),
    _net("depthwise", 3, 16, host=True),
    _net("groups", 4, 16, host=True),
    _net("delta", 4, 16, "tanh", host=True),
    _net("delta", 8, 16, "tanh"),
    _net("plain", 4, 16, "gelu"),
    _net("plain", 4, 16, "leaky", host=True),
    _resnet(zero_gain=False),
    _resnet(zero_gain=True),
    _denoiser(zero_last=False),
    _denoiser(zero_last=True),
    Net(
        name="squeeze-excite", family="squeeze-excite", build=lambda: on(images, SqueezeExcite(), nn.CrossEntropyLoss())
    ),
    Net(name="inception", family="inception", build=lambda: on(images, Inception(), nn.CrossEntropyLoss())),
)

"""Residual perceptrons: plain, normalised, and every gate that starts at zero on purpose."""

import math
from collections.abc import Callable

import torch
from benchmarks.initfaults.data import digits
from benchmarks.initfaults.net import Net, Sites
from benchmarks.initfaults.zoo.perceptrons import on
from torch import Tensor, nn


class Block(nn.Module):
    """x + g·W₂ φ(W₁ n(x)), where the kind says what g and n are and where the zeros stand."""

    def __init__(self, width: int, kind: str, depth: int) -> None:
        super().__init__()
        self.kind = kind
        self.norm = (
            nn.LayerNorm(width) if kind in ("pre-norm", "layer-scale", "zero-branch", "post-norm") else nn.Identity()
        )
        self.first = nn.Linear(width, 2 * width)
        self.act = nn.ReLU() if kind in ("plain", "fixup", "rezero", "drop") else nn.GELU()
        self.second = nn.Linear(2 * width, width)
        nn.init.kaiming_normal_(self.first.weight)
        nn.init.kaiming_normal_(self.second.weight)
        for linear in (self.first, self.second):
            nn.init.zeros_(linear.bias)
        with torch.no_grad():
            if kind in ("plain", "drop"):
                self.second.weight.mul_(1 / math.sqrt(2 * depth))
            if kind == "fixup":
                self.first.weight.mul_(depth**-0.5)
            if kind in ("fixup", "zero-branch"):
                nn.init.zeros_(self.second.weight)
        start = {"rezero": 0.0, "skip-init": 0.0, "fixup": 1.0}.get(kind)
        self.gain = None if start is None else nn.Parameter(torch.full((1,), start))
        if kind == "layer-scale":
            self.gain = nn.Parameter(torch.full((width,), 1e-5))

    def forward(self, x: Tensor) -> Tensor:
        h = self.second(self.act(self.first(x if self.kind == "post-norm" else self.norm(x))))
        if self.gain is not None:
            h = h * self.gain
        if self.kind == "drop" and self.training and torch.rand(()) < 0.2:
            return x
        return self.norm(x + h) if self.kind == "post-norm" else x + h


class Residual(nn.Module):
    """A stem, blocks, a last norm where the kind has norms, and a head that may start at zero."""

    def __init__(self, kind: str, depth: int, width: int, *, zero_head: bool = False) -> None:
        super().__init__()
        self.stem = nn.Linear(64, width)
        self.blocks = nn.ModuleList(Block(width, kind, depth) for _ in range(depth))
        self.norm = nn.LayerNorm(width) if kind in ("pre-norm", "layer-scale", "zero-branch") else nn.Identity()
        self.head = nn.Linear(width, 10)
        if zero_head:
            nn.init.zeros_(self.head.weight)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


class Highway(nn.Module):
    """T·H(x) + (1-T)·x with the gates' bias at -2 (Srivastava et al., 2015)."""

    def __init__(self, depth: int = 6, width: int = 64) -> None:
        super().__init__()
        self.stem, self.head = nn.Linear(64, width), nn.Linear(width, 10)
        self.candidate = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.gate = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        for gate in self.gate:
            nn.init.constant_(gate.bias, -2.0)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for candidate, gate in zip(self.candidate, self.gate, strict=True):
            t = torch.sigmoid(gate(x))
            x = t * torch.relu(candidate(x)) + (1 - t) * x
        return self.head(x)


class Dense(nn.Module):
    """Every layer reads all earlier ones, side by side."""

    def __init__(self, depth: int = 4, growth: int = 32) -> None:
        super().__init__()
        self.steps = nn.ModuleList(nn.Linear(64 + i * growth, growth) for i in range(depth))
        self.head = nn.Linear(64 + depth * growth, 10)
        for step in self.steps:
            nn.init.kaiming_normal_(step.weight)

    def forward(self, x: Tensor) -> Tensor:
        for step in self.steps:
            x = torch.cat([x, torch.relu(step(x))], 1)
        return self.head(x)


class Shared(nn.Module):
    """One block used eight times: a deep equilibrium network unrolled."""

    def __init__(self, steps: int = 8, width: int = 64) -> None:
        super().__init__()
        self.stem, self.step, self.head = nn.Linear(64, width), nn.Linear(width, width), nn.Linear(width, 10)
        self.steps = steps

    def forward(self, x: Tensor) -> Tensor:
        inject = h = self.stem(x)
        for _ in range(self.steps):
            h = torch.tanh(self.step(h) + inject)
        return self.head(h)


def _net(kind: str, depth: int, width: int = 64, *, host: bool = False, zero_head: bool = False) -> Net:
    gates = tuple(f"blocks.{i}.gain" for i in range(depth)) if kind in ("rezero", "skip-init", "layer-scale") else ()
    sites = Sites(
        hidden=("stem.weight", *(f"blocks.{i}.{part}.weight" for i in range(depth) for part in ("first", "second"))),
        head="head.weight",
        activation="relu" if kind in ("plain", "fixup", "rezero") else "gelu",
        gates=gates,
        blocks=tuple(f"blocks.{i}" for i in range(depth)),
    )
    return Net(
        name=f"residual-{kind}-{depth}x{width}{'-zero-head' if zero_head else ''}",
        family=f"residual-{kind}",
        build=lambda: on(digits, Residual(kind, depth, width, zero_head=zero_head), nn.CrossEntropyLoss()),
        sites=sites if host else None,
    )


def _other(name: str, family: str, model: Callable[[], nn.Module]) -> Net:
    return Net(name=name, family=family, build=lambda: on(digits, model(), nn.CrossEntropyLoss()))


RESIDUAL = (
    _net("plain", 4, host=True),
    _net("plain", 16),
    _net("pre-norm", 4, host=True),
    _net("pre-norm", 12),
    _net("post-norm", 4),
    _net("rezero", 4, host=True),
    _net("rezero", 20),
    _net("skip-init", 6),
    _net("fixup", 4, host=True),
    _net("fixup", 8, zero_head=True),
    _net("layer-scale", 4, host=True),
    _net("layer-scale", 12),
    _net("zero-branch", 4),
    _net("zero-branch", 8, zero_head=True),
    _net("drop", 6),
    _other("highway-6x64", "highway", Highway),
    _other("dense-4x32", "dense", Dense),
    _other("shared-8x64", "shared", Shared),
)

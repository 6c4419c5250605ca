"""Perceptrons whose weights are drawn, scaled or built otherwise: data-dependent, NTK, mirrored, factored, masked."""

import math
from itertools import pairwise

import torch
from benchmarks.initfaults.data import digits
from benchmarks.initfaults.zoo.fresh.data import points
from benchmarks.initfaults.zoo.fresh.named import named
from benchmarks.initfaults.zoo.late.data import columns
from benchmarks.initfaults.zoo.late.losses import codes_loss
from benchmarks.initfaults.zoo.perceptrons import layers, orthogonal
from torch import Tensor, nn
from torch.nn import functional


def unit_variance() -> nn.Sequential:
    """LSUV: orthogonal, then each layer divided by its output's deviation on a batch (Mishkin and Matas, 2016)."""
    net = layers((64, 96, 96, 96, 10), "relu", orthogonal)
    x = digits()[0][:128]
    with torch.no_grad():
        for module in net:
            if isinstance(module, nn.Linear):
                module.weight.div_(module(x).std())
            x = module(x)
    return net


class Normed(nn.Module):
    """Weight normalization, gains and biases from a batch's mean and deviation (Salimans and Kingma, 2016)."""

    def __init__(self, widths: tuple[int, ...] = (64, 80, 80, 10)) -> None:
        super().__init__()
        self.v = nn.ParameterList(0.05 * torch.randn(n, k) for k, n in pairwise(widths))
        self.g = nn.ParameterList(torch.ones(n) for n in widths[1:])
        self.b = nn.ParameterList(torch.zeros(n) for n in widths[1:])
        x = digits()[0][:256]
        with torch.no_grad():
            for i, v in enumerate(self.v):
                t = x @ functional.normalize(v, dim=1).T
                self.g[i].copy_(1 / t.std(0))
                self.b[i].copy_(-t.mean(0) / t.std(0))
                x = torch.relu(t / t.std(0) + self.b[i])

    def forward(self, x: Tensor) -> Tensor:
        for i, v in enumerate(self.v):
            x = functional.linear(x, functional.normalize(v, dim=1) * self.g[i][:, None], self.b[i])
            x = torch.relu(x) if i < len(self.v) - 1 else x
        return x


class Mirrored(nn.Module):
    """Looks linear: concatenated ReLU, each matrix beside its negative, orthogonal (Balduzzi et al., 2017)."""

    def __init__(self, width: int = 48, depth: int = 4) -> None:
        super().__init__()
        self.stem = nn.Linear(64, width)
        self.fc = nn.ModuleList(nn.Linear(2 * width, width) for _ in range(depth))
        self.head = nn.Linear(width, 10)
        nn.init.orthogonal_(self.stem.weight)
        for linear in self.fc:
            half = nn.init.orthogonal_(torch.empty(width, width))
            with torch.no_grad():
                linear.weight.copy_(torch.cat([half, -half], 1))
            nn.init.zeros_(linear.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for linear in self.fc:
            x = linear(torch.relu(torch.cat([x, -x], 1)))
        return self.head(x)


class Tangent(nn.Module):
    """The NTK's parametrization: weights N(0, 1), divided by the root of the fan in at every use."""

    def __init__(self, width: int = 96) -> None:
        super().__init__()
        self.fc1, self.fc2, self.head = (nn.Linear(k, n) for k, n in ((64, width), (width, width), (width, 10)))
        for linear in (self.fc1, self.fc2, self.head):
            nn.init.normal_(linear.weight)
            nn.init.zeros_(linear.bias)

    def forward(self, x: Tensor) -> Tensor:
        for linear in (self.fc1, self.fc2):
            x = torch.relu(functional.linear(x, linear.weight * math.sqrt(2 / linear.in_features), linear.bias))
        return functional.linear(x, self.head.weight * self.head.in_features**-0.5, self.head.bias)


class Cosines(nn.Module):
    """Random Fourier features that stay as they are, and a linear model of them (Rahimi and Recht, 2007)."""

    def __init__(self, width: int = 200) -> None:
        super().__init__()
        self.register_buffer("w", torch.randn(10, width) * 0.5)
        self.register_buffer("b", 6.28 * torch.rand(width))
        self.head = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.cos(x @ self.w + self.b) * math.sqrt(2 / len(self.b)))


class Radial(nn.Module):
    """Radial basis functions around rows of the data, widths from their distances; a linear head at zero."""

    def __init__(self, units: int = 60) -> None:
        super().__init__()
        centres = columns()[0][torch.randperm(1024)[:units]]
        self.centres = nn.Parameter(centres.clone())
        self.heat = nn.Parameter(torch.full((units,), float(torch.cdist(centres, centres).median()) / 2).log())
        self.head = nn.Linear(units, 1)
        nn.init.zeros_(self.head.weight)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.exp(-(torch.cdist(x, self.centres) ** 2) / (2 * torch.exp(2 * self.heat))))


class Autoregressive(nn.Module):
    """MADE: masked layers, so that each of 64 pixels is told from those before it (Germain et al., 2015)."""

    def __init__(self, width: int = 128) -> None:
        super().__init__()
        self.fc1, self.fc2, self.head = nn.Linear(64, width), nn.Linear(width, width), nn.Linear(width, 64)
        degree = torch.arange(width) % 63
        self.register_buffer("m1", (degree[:, None] >= torch.arange(64)).float())
        self.register_buffer("m2", (degree[:, None] >= degree).float())
        self.register_buffer("m3", (torch.arange(64)[:, None] > degree).float())

    def forward(self, x: Tensor) -> Tensor:
        h = torch.relu(functional.linear(x, self.fc1.weight * self.m1, self.fc1.bias))
        h = torch.relu(functional.linear(h, self.fc2.weight * self.m2, self.fc2.bias))
        return functional.linear(h, self.head.weight * self.m3, self.head.bias)


class SparseCodes(nn.Module):
    """A dictionary of 256 unit atoms, its transpose to encode, a bias taken off first (Bricken et al., 2023)."""

    def __init__(self, atoms: int = 256) -> None:
        super().__init__()
        self.decode = nn.Parameter(functional.normalize(torch.randn(atoms, 64), dim=1))
        self.encode = nn.Parameter(self.decode.detach().clone())
        self.shift, self.before = nn.Parameter(torch.zeros(atoms)), nn.Parameter(torch.zeros(64))

    def forward(self, x: Tensor) -> Tensor:
        codes = torch.relu((x - self.before) @ self.encode.T + self.shift)
        return torch.cat([codes @ self.decode + self.before, codes], 1)


class Factored(nn.Module):
    """Every matrix a product of two thin ones, drawn so that the product has fan-in variance."""

    def __init__(self, width: int = 96, rank: int = 16) -> None:
        super().__init__()
        sizes = ((64, width), (width, width), (width, 10))
        self.down = nn.ModuleList(nn.Linear(k, rank, bias=False) for k, _ in sizes)
        self.up = nn.ModuleList(nn.Linear(rank, n) for _, n in sizes)
        for down, up in zip(self.down, self.up, strict=True):
            nn.init.normal_(down.weight, std=down.in_features**-0.5)
            nn.init.normal_(up.weight, std=math.sqrt(2 / rank))
            nn.init.zeros_(up.bias)

    def forward(self, x: Tensor) -> Tensor:
        for i, (down, up) in enumerate(zip(self.down, self.up, strict=True)):
            x = torch.relu(up(down(x))) if i < 2 else up(down(x))
        return x


class Masked(nn.Module):
    """A fixed random mask leaves one weight in ten, whose variance is that much larger (SET at its start)."""

    def __init__(self, width: int = 160) -> None:
        super().__init__()
        self.fc1, self.fc2, self.head = nn.Linear(64, width), nn.Linear(width, width), nn.Linear(width, 10)
        for i, linear in enumerate((self.fc1, self.fc2)):
            self.register_buffer(f"mask{i}", (torch.rand(linear.weight.shape) < 0.1).float())
            nn.init.normal_(linear.weight, std=math.sqrt(2 / (0.1 * linear.in_features)))
            with torch.no_grad():
                linear.weight.mul_(getattr(self, f"mask{i}"))
            nn.init.zeros_(linear.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(functional.linear(x, self.fc1.weight * self.mask0, self.fc1.bias))
        return self.head(torch.relu(functional.linear(x, self.fc2.weight * self.mask1, self.fc2.bias)))


class Binary(nn.Module):
    """BinaryConnect: weights' signs forward, straight through backward, batch norms (Courbariaux et al., 2015)."""

    def __init__(self, width: int = 96) -> None:
        super().__init__()
        self.fc1, self.fc2, self.head = (
            nn.Linear(k, n, bias=False) for k, n in ((64, width), (width, width), (width, 10))
        )
        self.norms = nn.ModuleList(nn.BatchNorm1d(n) for n in (width, width, 10))
        for linear in (self.fc1, self.fc2, self.head):
            nn.init.xavier_uniform_(linear.weight)

    def forward(self, x: Tensor) -> Tensor:
        for i, linear in enumerate((self.fc1, self.fc2, self.head)):
            w = linear.weight
            x = self.norms[i](functional.linear(x, w + (w.sign() - w).detach()))
            x = torch.relu(x) if i < 2 else x
        return x


class Equilibrium(nn.Module):
    """Twelve rounds of z = tanh(Wz + Ux), W of spectral norm 0.8 (Bai et al., 2019)."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.inject, self.inner, self.head = (
            nn.Linear(64, width),
            nn.Linear(width, width, bias=False),
            nn.Linear(width, 10),
        )
        nn.init.orthogonal_(self.inner.weight, 0.8)

    def forward(self, x: Tensor) -> Tensor:
        u, z = self.inject(x), torch.zeros(len(x), self.inner.in_features)
        for _ in range(12):
            z = torch.tanh(self.inner(z) + u)
        return self.head(z)


class Spikes(nn.Module):
    """Leaky integrate-and-fire units over eight steps with a surrogate slope (snnTorch's way)."""

    def __init__(self, width: int = 96) -> None:
        super().__init__()
        self.fc1, self.fc2, self.head = nn.Linear(64, width), nn.Linear(width, width), nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        u1 = u2 = torch.zeros(len(x), self.fc1.out_features)
        out = torch.zeros(len(x), 10)
        for _ in range(8):
            u1 = 0.9 * u1 + self.fc1(x)
            s1 = self.spike(u1)
            u1 = u1 - s1.detach()
            u2 = 0.9 * u2 + self.fc2(s1)
            s2 = self.spike(u2)
            u2 = u2 - s2.detach()
            out = out + self.head(s2)
        return out / 8

    @staticmethod
    def spike(u: Tensor) -> Tensor:
        soft = torch.sigmoid(4 * (u - 1))
        return soft + ((u > 1).float() - soft).detach()


def noisy() -> tuple[Tensor, Tensor]:
    """A fifth of the pixels from another row; the row itself."""
    x = digits()[0]
    swap = torch.rand(x.shape, generator=torch.Generator().manual_seed(2)) < 0.2
    return torch.where(swap, x.roll(7, 0), x), x


def itself() -> tuple[Tensor, Tensor]:
    return digits()[0], digits()[0]


CE, MSE = nn.CrossEntropyLoss(), nn.MSELoss()
PARAMETRISED = (
    named("unit-variance", digits, unit_variance, CE, "fc1 fc2 fc3"),
    named("weight-norm-data", digits, Normed, CE),
    named("looks-linear", digits, Mirrored, CE, "stem fc.0 fc.1 fc.2 fc.3"),
    named("tangent-parametrised", digits, Tangent, CE, "fc1 fc2"),
    named("random-features", columns, Cosines, MSE),
    named("radial-basis", columns, Radial, MSE),
    named("masked-autoregressive", itself, Autoregressive, MSE, "fc1 fc2"),
    named("sparse-codes", itself, SparseCodes, codes_loss),
    named("denoising-autoencoder", noisy, lambda: layers((64, 96, 24, 96, 64), "relu", None), MSE, "fc1 fc2 fc3"),
    named("factored", digits, Factored, CE, "down.0 up.0 down.1 up.1 down.2", head="up.2"),
    named("masked-sparse", digits, Masked, CE, "fc1 fc2"),
    named("binary-weights", digits, Binary, CE, "fc1 fc2"),
    named("equilibrium", digits, Equilibrium, CE, "inject inner", act="tanh"),
    named("spiking", digits, Spikes, CE, "fc1 fc2"),
    named("gelu-picture", points, lambda: layers((2, 96, 96, 96, 1), "gelu", None), MSE, "fc1 fc2 fc3", act="gelu"),
)

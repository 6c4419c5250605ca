"""Sets, graphs, fields and equations: networks of points, edges, coordinates, and derivatives."""

import math
from itertools import pairwise

import torch
from benchmarks.initfaults.data import Pair, circles, normal
from benchmarks.initfaults.losses import mean_loss
from benchmarks.initfaults.zoo.fresh.data import clouds, graphs, points, rays, uniform
from benchmarks.initfaults.zoo.fresh.named import named
from torch import Tensor, nn
from torch.nn import functional


class DeepSets(nn.Module):
    """A perceptron a point, the sum of all, a perceptron (Zaheer et al., 2017)."""

    def __init__(self, width: int = 48) -> None:
        super().__init__()
        self.phi1, self.phi2 = nn.Linear(3, width), nn.Linear(width, width)
        self.rho, self.head = nn.Linear(width, width), nn.Linear(width, 4)

    def forward(self, x: Tensor) -> Tensor:
        h = functional.elu(self.phi2(functional.elu(self.phi1(x)))).mean(1)
        return self.head(functional.elu(self.rho(h)))


class PointNet(nn.Module):
    """Shared convolutions, the largest over points, a turn that starts at the identity (Qi et al., 2017)."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.look, self.turn = nn.Conv1d(3, width, 1), nn.Linear(width, 9)
        nn.init.zeros_(self.turn.weight)
        self.turn.bias.data = torch.eye(3).flatten()
        self.conv1, self.conv2 = nn.Conv1d(3, width, 1), nn.Conv1d(width, 2 * width, 1)
        self.norm0, self.norm1, self.norm2 = (nn.BatchNorm1d(n) for n in (width, width, 2 * width))
        self.fc, self.head = nn.Linear(2 * width, width), nn.Linear(width, 4)

    def forward(self, x: Tensor) -> Tensor:
        seen = torch.relu(self.norm0(self.look(x.transpose(1, 2)))).amax(2)
        x = (x @ self.turn(seen).view(-1, 3, 3)).transpose(1, 2)
        h = torch.relu(self.norm2(self.conv2(torch.relu(self.norm1(self.conv1(x)))))).amax(2)
        return self.head(torch.relu(self.fc(h)))


class EdgeConv(nn.Module):
    """DGCNN: a perceptron of each point and its differences to the four nearest (Wang et al., 2019)."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.edge1, self.edge2 = nn.Linear(6, width), nn.Linear(2 * width, 2 * width)
        self.norm, self.head = nn.LayerNorm(2 * width), nn.Linear(2 * width, 4)

    def forward(self, x: Tensor) -> Tensor:
        for edge in (self.edge1, self.edge2):
            near = torch.cdist(x, x).topk(5, largest=False).indices[..., 1:]
            other = x[torch.arange(len(x))[:, None, None], near]
            x = functional.leaky_relu(
                edge(torch.cat([x[:, :, None].expand_as(other), other - x[:, :, None]], 3)), 0.2
            ).amax(2)
        return self.head(self.norm(x.amax(1)))


class Graph(nn.Module):
    """Two layers over a dense adjacency, and the mean of the nodes: convolution, attention, isomorphism, messages."""

    def __init__(self, kind: str, width: int = 32) -> None:
        super().__init__()
        self.kind = kind
        self.layers = nn.ModuleList(nn.Linear(k, width) for k in (4, width))
        self.head = nn.Linear(width, 4)
        if kind == "attention":
            self.left = nn.ParameterList(nn.init.xavier_uniform_(torch.empty(4, width // 4)) for _ in range(2))
            self.right = nn.ParameterList(nn.init.xavier_uniform_(torch.empty(4, width // 4)) for _ in range(2))
        if kind in ("convolution", "attention"):
            for layer in self.layers:
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)
        if kind == "isomorphism":
            self.second = nn.ModuleList(nn.Linear(width, width) for _ in range(2))
            self.norms, self.eps = nn.ModuleList(nn.BatchNorm1d(width) for _ in range(2)), nn.Parameter(torch.zeros(2))
        if kind == "messages":
            self.message = nn.ModuleList(nn.Linear(2 * width, width) for _ in range(2))
            self.update, self.stem = nn.GRUCell(width, width), nn.Linear(4, width)

    def forward(self, x: Tensor) -> Tensor:
        n = x.shape[1]
        edges, h = x[:, :, :n], x[:, :, n:]
        if self.kind == "messages":
            return self.messages(edges, self.stem(h))
        for i, layer in enumerate(self.layers):
            h = getattr(self, self.kind)(i, layer, edges, h)
        return self.head(h.mean(1))

    def convolution(self, _: int, layer: nn.Module, edges: Tensor, h: Tensor) -> Tensor:
        loops = edges + torch.eye(edges.shape[1])
        scale = loops.sum(2).rsqrt()
        return torch.relu(scale[:, :, None] * (loops @ (scale[:, :, None] * layer(h))))

    def attention(self, i: int, layer: nn.Module, edges: Tensor, h: Tensor) -> Tensor:
        v = layer(h).unflatten(2, (4, -1))
        score = functional.leaky_relu((v * self.left[i]).sum(3)[:, :, None] + (v * self.right[i]).sum(3)[:, None], 0.2)
        loops = edges + torch.eye(edges.shape[1])
        weight = torch.softmax(score.masked_fill(loops[..., None] == 0, -math.inf), 2)
        return functional.elu(torch.einsum("bijh,bjhd->bihd", weight, v).flatten(2))

    def isomorphism(self, i: int, layer: nn.Module, edges: Tensor, h: Tensor) -> Tensor:
        h = layer((1 + self.eps[i]) * h + edges @ h)
        return torch.relu(self.second[i](torch.relu(self.norms[i](h.transpose(1, 2)).transpose(1, 2))))

    def messages(self, edges: Tensor, h: Tensor) -> Tensor:
        for message in self.message:
            n = h.shape[1]
            both = torch.cat([h[:, :, None].expand(-1, -1, n, -1), h[:, None].expand(-1, n, -1, -1)], 3)
            taken = (torch.relu(message(both)) * edges[..., None]).sum(2)
            h = self.update(taken.flatten(0, 1), h.flatten(0, 1)).view_as(h)
        return self.head(torch.relu(self.layers[1](h)).mean(1))


class Radiance(nn.Module):
    """NeRF: sines of positions at 2^k π, a skip in the middle, density and colour (Mildenhall et al., 2020)."""

    def __init__(self, width: int = 48, pitches: int = 4) -> None:
        super().__init__()
        k = 6 * pitches + 3
        self.pitch = 2.0 ** torch.arange(pitches) * math.pi
        self.first = nn.ModuleList(nn.Linear(a, width) for a in (k, width, width))
        self.then = nn.ModuleList(nn.Linear(a, width) for a in (width + k, width))
        self.density, self.feature = nn.Linear(width, 1), nn.Linear(width, width)
        self.view, self.head = nn.Linear(width + 3, width // 2), nn.Linear(width // 2, 3)

    def forward(self, x: Tensor) -> Tensor:
        angle = (x[:, :3, None] * self.pitch).flatten(1)
        code = h = torch.cat([x[:, :3], angle.sin(), angle.cos()], 1)
        for layer in self.first:
            h = torch.relu(layer(h))
        h = torch.cat([h, code], 1)
        for layer in self.then:
            h = torch.relu(layer(h))
        thick = 1 - torch.exp(-functional.softplus(self.density(h)))
        h = torch.relu(self.view(torch.cat([self.feature(h), x[:, 3:]], 1)))
        return thick * torch.sigmoid(self.head(h))


class HashGrid(nn.Module):
    """Instant NGP: tables U(±1e-4) at four resolutions, a tiny perceptron (Müller et al., 2022)."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding((n + 1) ** 2, 2) for n in (4, 8, 16, 32))
        for table in self.tables:
            nn.init.uniform_(table.weight, -1e-4, 1e-4)
        self.fc, self.head = nn.Linear(8, width), nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(
            torch.relu(
                self.fc(
                    torch.cat([self.near(x, table, n) for table, n in zip(self.tables, (4, 8, 16, 32), strict=True)], 1)
                )
            )
        )

    def near(self, x: Tensor, table: nn.Module, n: int) -> Tensor:
        at = (x + 1) / 2 * n
        low = at.long().clamp_max(n - 1)
        w = at - low
        corner = lambda i, j: table((low[:, 0] + i) * (n + 1) + low[:, 1] + j)  # noqa: E731
        top = corner(0, 0) * (1 - w[:, :1]) + corner(1, 0) * w[:, :1]
        return top * (1 - w[:, 1:]) + (corner(0, 1) * (1 - w[:, :1]) + corner(1, 1) * w[:, :1]) * w[:, 1:]


class Bells(nn.Module):
    """Coordinates through exp(-x²/2σ²) units (Ramasinghe and Lucey, 2022)."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(k, n) for k, n in pairwise((2, width, width, width)))
        self.head = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = torch.exp(-0.5 * (layer(x) / 0.2) ** 2)
        return self.head(x)


class Features(nn.Module):
    """Gaussian random Fourier features, fixed, under a GELU perceptron (Tancik et al., 2020)."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.register_buffer("pitch", 6 * torch.randn(2, 48))
        self.fc1, self.fc2, self.head = nn.Linear(96, width), nn.Linear(width, width), nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        angle = x @ self.pitch
        return self.head(functional.gelu(self.fc2(functional.gelu(self.fc1(torch.cat([angle.sin(), angle.cos()], 1))))))


class Equation(nn.Module):
    """A PINN of u'' = -4 sin 2x with u(0) = u(π) = 0: squared residuals by two derivatives (Raissi et al., 2019)."""

    def __init__(self, width: int = 32, depth: int = 3) -> None:
        super().__init__()
        self.body = nn.Sequential()
        for i, (k, n) in enumerate(pairwise((1, *[width] * depth)), 1):
            self.body.add_module(f"fc{i}", nn.Linear(k, n))
            self.body.add_module(f"act{i}", nn.Tanh())
        self.body.add_module("head", nn.Linear(width, 1))
        for module in self.body:
            if isinstance(module, nn.Linear):
                nn.init.xavier_normal_(module.weight)
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            u = self.body(x)
            first = torch.autograd.grad(u.sum(), x, create_graph=True)[0]
            second = torch.autograd.grad(first.sum(), x, create_graph=True)[0]
            ends = self.body(torch.tensor([[0.0], [math.pi]]))
            return (second + 4 * torch.sin(2 * x)) ** 2 + 10 * (ends**2).sum()


class Operator(nn.Module):
    """DeepONet: a branch of the function's samples, a trunk of the place, their product (Lu et al., 2021)."""

    def __init__(self, width: int = 48) -> None:
        super().__init__()

        def make(k: int) -> nn.Sequential:
            return nn.Sequential(
                nn.Linear(k, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 24)
            )

        self.branch, self.trunk, self.bias = make(16), make(1), nn.Parameter(torch.zeros(1))
        for module in (*self.branch, *self.trunk):
            if isinstance(module, nn.Linear):
                nn.init.xavier_normal_(module.weight)
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        return (self.branch(x[:, :16]) * self.trunk(x[:, 16:])).sum(1, keepdim=True) + self.bias


class Flow(nn.Module):
    """A neural ODE: ten Euler steps of one field with the time as an input (Chen et al., 2018)."""

    def __init__(self, width: int = 32, extra: int = 3) -> None:
        super().__init__()
        self.extra = extra
        self.fc1, self.fc2, self.fc3 = (
            nn.Linear(2 + extra + 1, width),
            nn.Linear(width, width),
            nn.Linear(width, 2 + extra),
        )
        self.head = nn.Linear(2 + extra, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.pad(x, (0, self.extra))
        for step in range(10):
            t = torch.full((len(x), 1), step / 10)
            x = x + 0.1 * self.fc3(torch.tanh(self.fc2(torch.tanh(self.fc1(torch.cat([x, t], 1))))))
        return self.head(x)


def _integrals() -> Pair:
    """Samples of a function of two sines, a place, and the function's integral up to there."""
    a, at = normal(1024, 2), uniform(1024, 1, seed=3)
    t = torch.linspace(0, 1, 16)
    wave = a[:, :1] * torch.sin(3 * t) + a[:, 1:] * torch.cos(5 * t)
    y = a[:, :1] * (1 - torch.cos(3 * at)) / 3 + a[:, 1:] * torch.sin(5 * at) / 5
    return torch.cat([wave, at], 1), y / y.std()


def _interval() -> Pair:
    return math.pi * uniform(1024, 1), torch.zeros(1024, 1)


CE, MSE = nn.CrossEntropyLoss(), nn.MSELoss()
RADIANCE = "first.0 first.1 first.2 then.0 then.1 feature view"
GEOMETRY = (
    named("deep-sets", clouds, DeepSets, CE, "phi1 phi2 rho", act="silu"),
    named("pointnet", clouds, PointNet, CE, "look conv1 conv2 fc"),
    named("edge-conv", clouds, EdgeConv, CE, "edge1 edge2", act="leaky"),
    named("graph-convolution", graphs, lambda: Graph("convolution"), CE, "layers.0 layers.1"),
    named("graph-attention", graphs, lambda: Graph("attention"), CE, "layers.0 layers.1"),
    named("graph-isomorphism", graphs, lambda: Graph("isomorphism"), CE),
    named("radiance-field", rays, Radiance, MSE, RADIANCE),
    named("hash-grid", points, HashGrid, MSE),
    named("gaussian-units", points, Bells, MSE),
    named("fourier-features", points, Features, MSE, "fc1 fc2", act="gelu"),
    named("pinn", _interval, Equation, mean_loss, "body.fc1 body.fc2 body.fc3", act="tanh", head="body.head"),
    named("operator-net", _integrals, Operator, MSE),
    named("neural-ode", circles, Flow, CE, "fc1 fc2 fc3", act="tanh"),
)

"""Graphs, molecules, knowledge, points, fields, operators and mechanics."""

import math

import torch
from benchmarks.initfaults.data import Pair, normal
from benchmarks.initfaults.zoo.fresh.data import clouds, graphs, points, series
from benchmarks.initfaults.zoo.fresh.named import named
from benchmarks.initfaults.zoo.late.data import molecules, nodes, shells, swings, triples, waves
from torch import Tensor, nn
from torch.nn import functional

NODES = 12


def parted(x: Tensor) -> tuple[Tensor, Tensor]:
    """The adjacency and the features of the nodes."""
    return x[..., :NODES], x[..., NODES:]


class Sage(nn.Module):
    """GraphSAGE: the mean of the neighbours and the node itself, unit length (Hamilton et al., 2017)."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.own = nn.ModuleList(nn.Linear(k, width) for k in (4, width))
        self.near = nn.ModuleList(nn.Linear(k, width, bias=False) for k in (4, width))
        self.head = nn.Linear(width, 4)

    def forward(self, x: Tensor) -> Tensor:
        a, h = parted(x)
        a = a / a.sum(2, keepdim=True).clamp_min(1)
        for own, near in zip(self.own, self.near, strict=True):
            h = functional.normalize(torch.relu(own(h) + near(a @ h)), dim=2)
        return self.head(h.mean(1) * 4)


class GatedGraph(nn.Module):
    """Messages into a GRU cell, three rounds with one set of weights (Li et al., 2016)."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.stem, self.message, self.cell = nn.Linear(4, width), nn.Linear(width, width), nn.GRUCell(width, width)
        self.head = nn.Linear(width, 4)

    def forward(self, x: Tensor) -> Tensor:
        a, f = parted(x)
        h = self.stem(f)
        for _ in range(3):
            h = self.cell((a @ self.message(h)).flatten(0, 1), h.flatten(0, 1)).view_as(h)
        return self.head(h.sum(1) / 4)


class Propagated(nn.Module):
    """APPNP: a perceptron, then personalised PageRank, for nodes (Gasteiger et al., 2019)."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.fc1, self.head = nn.Linear(4, width), nn.Linear(width, 1)
        nn.init.xavier_uniform_(self.fc1.weight)
        nn.init.xavier_uniform_(self.head.weight)

    def forward(self, x: Tensor) -> Tensor:
        a, f = parted(x)
        a = a + torch.eye(NODES)
        a = a / a.sum(2, keepdim=True)
        h = z = self.head(torch.relu(self.fc1(f)))
        for _ in range(5):
            h = 0.8 * a @ h + 0.2 * z
        return h[..., 0] * 3


class Initial(nn.Module):
    """GCNII: the first features again in each layer, and the identity beside the weights (Chen et al., 2020)."""

    def __init__(self, width: int = 32, depth: int = 6) -> None:
        super().__init__()
        self.stem, self.head = nn.Linear(4, width), nn.Linear(width, 4)
        self.fc = nn.ModuleList(nn.Linear(width, width, bias=False) for _ in range(depth))
        for linear in self.fc:
            nn.init.uniform_(linear.weight, -(width**-0.5), width**-0.5)

    def forward(self, x: Tensor) -> Tensor:
        a, f = parted(x)
        a = a + torch.eye(NODES)
        d = a.sum(2).rsqrt()
        a = d[:, :, None] * a * d[:, None]
        h = first = torch.relu(self.stem(f))
        for i, linear in enumerate(self.fc, 1):
            beta = math.log(0.5 / i + 1)
            z = 0.9 * a @ h + 0.1 * first
            h = torch.relu((1 - beta) * z + beta * linear(z))
        return self.head(h.mean(1))


class Relations(nn.Module):
    """R-GCN: two kinds of edge, weights from a basis of two (Schlichtkrull et al., 2018)."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.basis = nn.Parameter(nn.init.xavier_uniform_(torch.empty(2, 4, width)))
        self.mix = nn.Parameter(nn.init.xavier_uniform_(torch.empty(2, 2)))
        self.own, self.fc, self.head = nn.Linear(4, width), nn.Linear(width, width), nn.Linear(width, 4)

    def forward(self, x: Tensor) -> Tensor:
        a, f = parted(x)
        late = (torch.arange(NODES)[:, None] + torch.arange(NODES)) % 2
        kinds = torch.stack([a * late, a * (1 - late)], 1)
        kinds = kinds / kinds.sum(3, keepdim=True).clamp_min(1)
        w = torch.einsum("rb,bio->rio", self.mix, self.basis)
        h = torch.relu(self.own(f) + torch.einsum("brnm,bmi,rio->bno", kinds, f, w))
        return self.head(torch.relu(self.fc(h)).mean(1))


class Biased(nn.Module):
    """Graphormer: attention with a table of distances, centrality embeddings, N(0, 0.02²) (Ying et al., 2021)."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.stem, self.degree = nn.Linear(4, width), nn.Embedding(NODES, width)
        self.far = nn.Parameter(torch.zeros(4, 3))
        self.enter, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(width), nn.LayerNorm(width), nn.LayerNorm(width)
        self.head = nn.Linear(width, 4)
        for linear in (self.degree, self.enter, self.out, self.up, self.down):
            nn.init.normal_(linear.weight, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        a, f = parted(x)
        h = self.stem(f) + self.degree(a.sum(2).long().clamp_max(NODES - 1))
        kind = (a + ((a @ a) > 0)).clamp_max(2).long()
        q, k, v = (part.view(len(x), NODES, 4, -1).transpose(1, 2) for part in self.enter(self.norm1(h)).chunk(3, 2))
        score = q @ k.transpose(2, 3) / math.sqrt(q.shape[-1]) + self.far[:, kind].transpose(0, 1)
        h = h + self.out((torch.softmax(score, 3) @ v).transpose(1, 2).flatten(2))
        h = h + self.down(functional.gelu(self.up(self.norm2(h))))
        return self.head(self.norm3(h).mean(1))


class Principal(nn.Module):
    """PNA: mean, maximum, minimum, deviation of the neighbours (Corso et al., 2020), batch norms."""

    def __init__(self, width: int = 20) -> None:
        super().__init__()
        self.stem, self.norm = nn.Linear(4, width), nn.BatchNorm1d(width)
        self.fc = nn.ModuleList(nn.Linear(5 * width, width) for _ in range(2))
        self.head = nn.Linear(width, 4)

    def forward(self, x: Tensor) -> Tensor:
        a, f = parted(x)
        h, share = self.stem(f), a / a.sum(2, keepdim=True).clamp_min(1)
        for linear in self.fc:
            each = h[:, None].expand(-1, NODES, -1, -1)
            no = (a == 0)[..., None]
            most, least = each.masked_fill(no, -9).amax(2), each.masked_fill(no, 9).amin(2)
            mean = share @ h
            spread = (torch.relu(share @ h**2 - mean**2) + 1e-5).sqrt()
            h = h + torch.relu(linear(torch.cat([h, mean, most, least, spread], 2)))
        return self.head(self.norm(h.mean(1)))


class Continuous(nn.Module):
    """SchNet: filters from Gaussians of the distance, shifted softplus, Glorot (Schütt et al., 2017)."""

    def __init__(self, width: int = 32, bells: int = 12) -> None:
        super().__init__()
        self.register_buffer("centres", torch.linspace(0.5, 6, bells))
        self.kinds = nn.Embedding(2, width)
        self.filter1 = nn.ModuleList(nn.Linear(bells, width) for _ in range(2))
        self.filter2 = nn.ModuleList(nn.Linear(width, width) for _ in range(2))
        self.enter = nn.ModuleList(nn.Linear(width, width, bias=False) for _ in range(2))
        self.out = nn.ModuleList(nn.Linear(width, width) for _ in range(2))
        self.last, self.head = nn.Linear(width, 16), nn.Linear(16, 1)
        for linear in (*self.filter1, *self.filter2, *self.enter, *self.out, self.last, self.head):
            nn.init.xavier_uniform_(linear.weight)

    def forward(self, x: Tensor) -> Tensor:
        soft = lambda z: functional.softplus(z) - math.log(2)  # noqa: E731
        place, charge = x[..., :3], x[..., 3]
        gap = (place[:, :, None] - place[:, None]).square().sum(3).add(1e-6).sqrt()
        bells = torch.exp(-2 * (gap[..., None] - self.centres) ** 2)
        other = 1 - torch.eye(x.shape[1])[..., None]
        h = self.kinds((charge > 0).long())
        for f1, f2, enter, out in zip(self.filter1, self.filter2, self.enter, self.out, strict=True):
            w = soft(f2(soft(f1(bells)))) * other
            h = h + out((w * enter(h)[:, None]).sum(2))
        return self.head(soft(self.last(h))).sum(1)


class Equivariant(nn.Module):
    """EGNN: messages of distances, positions moved by a gate drawn at gain 0.001 (Satorras et al., 2021)."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.stem = nn.Linear(1, width)
        self.edge1 = nn.ModuleList(nn.Linear(2 * width + 1, width) for _ in range(2))
        self.edge2 = nn.ModuleList(nn.Linear(width, width) for _ in range(2))
        self.move = nn.ModuleList(nn.Linear(width, 1, bias=False) for _ in range(2))
        self.node = nn.ModuleList(nn.Linear(2 * width, width) for _ in range(2))
        self.head = nn.Linear(width, 1)
        for move in self.move:
            nn.init.xavier_uniform_(move.weight, gain=0.001)

    def forward(self, x: Tensor) -> Tensor:
        place, h = x[..., :3], self.stem(x[..., 3:])
        n = x.shape[1]
        for e1, e2, move, node in zip(self.edge1, self.edge2, self.move, self.node, strict=True):
            gap = place[:, :, None] - place[:, None]
            both = torch.cat([h[:, :, None].expand(-1, -1, n, -1), h[:, None].expand(-1, n, -1, -1)], 3)
            m = functional.silu(e2(functional.silu(e1(torch.cat([both, gap.square().sum(3, keepdim=True) / 9], 3)))))
            m = m * (1 - torch.eye(n)[..., None])
            place = place + (gap * move(m)).mean(2)
            h = h + node(torch.cat([h, m.sum(2)], 2))
        return self.head(h).sum(1)


class Bilinear(nn.Module):
    """ComplEx: a product of complex embeddings, Glorot (Trouillon et al., 2016)."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.entities, self.relations = nn.Embedding(60, 2 * width), nn.Embedding(4, 2 * width)
        for each in (self.entities, self.relations):
            nn.init.normal_(each.weight, std=0.4)

    def forward(self, x: Tensor) -> Tensor:
        (a, b), (c, d) = (self.entities(x[:, i]).chunk(2, 1) for i in (0, 2))
        r, s = self.relations(x[:, 1]).chunk(2, 1)
        return (r * (a * c + b * d) + s * (a * d - b * c)).sum(1, keepdim=True)


class PointAttention(nn.Module):
    """Vector attention among points with encoded differences of place (Zhao et al., 2021)."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.stem, self.where1, self.where2 = nn.Linear(3, width), nn.Linear(3, width), nn.Linear(width, width)
        self.query, self.key, self.value = (nn.Linear(width, width, bias=False) for _ in range(3))
        self.weigh, self.out, self.head = nn.Linear(width, width), nn.Linear(width, width), nn.Linear(width, 4)

    def forward(self, x: Tensor) -> Tensor:
        h = self.stem(x)
        where = self.where2(torch.relu(self.where1(x[:, :, None] - x[:, None])))
        score = self.weigh(torch.relu(self.query(h)[:, :, None] - self.key(h)[:, None] + where))
        h = h + self.out((torch.softmax(score, 2) * (self.value(h)[:, None] + where)).sum(2))
        return self.head(torch.relu(h).amax(1))


class Sphere(nn.Module):
    """Drawn so that it starts as the distance to a sphere: last layer √(π/n), -r (Atzmon and Lipman, 2020)."""

    def __init__(self, width: int = 96) -> None:
        super().__init__()
        self.fc1, self.fc2, self.fc3, self.head = (
            nn.Linear(3, width),
            nn.Linear(width, width),
            nn.Linear(width, width),
            nn.Linear(width, 1),
        )
        for linear in (self.fc1, self.fc2, self.fc3):
            nn.init.normal_(linear.weight, std=math.sqrt(2 / linear.out_features))
            nn.init.zeros_(linear.bias)
        nn.init.normal_(self.head.weight, mean=math.sqrt(math.pi / width), std=1e-5)
        nn.init.constant_(self.head.bias, -1.0)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.relu(self.fc3(torch.relu(self.fc2(torch.relu(self.fc1(x)))))))


class Gabor(nn.Module):
    """WIRE's real wavelets: cos(10 z) exp(-(5 z')²) of two linear maps (Saragadam et al., 2023)."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.wave = nn.ModuleList(nn.Linear(k, width) for k in (2, width))
        self.bell = nn.ModuleList(nn.Linear(k, width) for k in (2, width))
        self.head = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        for wave, bell in zip(self.wave, self.bell, strict=True):
            x = torch.cos(6 * wave(x)) * torch.exp(-((2 * bell(x)) ** 2))
        return self.head(x)


class Spectral(nn.Module):
    """A Fourier neural operator: weights of the first modes at 1/(n²), a 1 x 1 map beside them (Li et al., 2021)."""

    def __init__(self, width: int = 16, modes: int = 8, depth: int = 3) -> None:
        super().__init__()
        self.modes, self.stem = modes, nn.Linear(2, width)
        self.spectra = nn.ParameterList(torch.rand(2, width, width, modes) / width**2 for _ in range(depth))
        self.point = nn.ModuleList(nn.Conv1d(width, width, 1) for _ in range(depth))
        self.last, self.head = nn.Linear(width, 32), nn.Linear(32, 1)

    def forward(self, x: Tensor) -> Tensor:
        at = torch.linspace(0, 1, x.shape[1]).expand_as(x)
        h = self.stem(torch.stack([x, at], 2)).transpose(1, 2)
        for spectrum, point in zip(self.spectra, self.point, strict=True):
            f = torch.fft.rfft(h)[..., : self.modes]
            f = torch.einsum("bim,iom->bom", f, torch.complex(spectrum[0], spectrum[1]))
            h = functional.gelu(torch.fft.irfft(f, h.shape[2]) + point(h))
        return self.head(functional.gelu(self.last(h.transpose(1, 2))))[..., 0]


class Hamiltonian(nn.Module):
    """The energy's gradient gives the motion; tanh, orthogonal (Greydanus et al., 2019)."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.fc1, self.fc2, self.head = nn.Linear(2, width), nn.Linear(width, width), nn.Linear(width, 1, bias=False)
        for linear in (self.fc1, self.fc2, self.head):
            nn.init.orthogonal_(linear.weight)

    def forward(self, x: Tensor) -> Tensor:
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            energy = self.head(torch.tanh(self.fc2(torch.tanh(self.fc1(x))))).sum()
            (slope,) = torch.autograd.grad(energy, x, create_graph=True)
        return torch.stack([slope[:, 1], -slope[:, 0]], 1)


class Koopman(nn.Module):
    """An encoder, a linear step near the identity, a decoder: eight steps of the series ahead (Lusch et al., 2018)."""

    def __init__(self, width: int = 48, latent: int = 12) -> None:
        super().__init__()
        self.fc1, self.code, self.fc2, self.head = (
            nn.Linear(32, width),
            nn.Linear(width, latent),
            nn.Linear(latent, width),
            nn.Linear(width, 1),
        )
        self.step = nn.Parameter(torch.eye(latent) + 0.01 * torch.randn(latent, latent))

    def forward(self, x: Tensor) -> Tensor:
        z, outs = self.code(torch.tanh(self.fc1(x[:, -16:].flatten(1)))), []
        for _ in range(4):
            z = z @ self.step.T
            outs.append(self.head(torch.tanh(self.fc2(z))))
        return torch.cat(outs, 1)


class Process(nn.Module):
    """A conditional neural process: twelve known points of a curve give mean and log variance at the others."""

    def __init__(self, width: int = 48) -> None:
        super().__init__()
        self.enc1, self.enc2 = nn.Linear(2, width), nn.Linear(width, width)
        self.dec1, self.head = nn.Linear(width + 1, width), nn.Linear(width, 2)

    def forward(self, x: Tensor) -> Tensor:
        known = self.enc2(torch.relu(self.enc1(x[:, :12]))).mean(1, keepdim=True)
        place = x[:, 12:, :1]
        mean, s = self.head(torch.relu(self.dec1(torch.cat([known.expand(-1, place.shape[1], -1), place], 2)))).chunk(
            2, 2
        )
        return (0.5 * ((x[:, 12:, 1:] - mean) ** 2 * torch.exp(-s) + s) + 0.92).mean((1, 2))


def curves() -> Pair:
    t = torch.linspace(-1, 1, 20).expand(768, 20)
    a, b, c = (normal(768, 1, seed=i) for i in (1, 2, 3))
    y = a * torch.sin(3 * t + b) + 0.5 * c
    return torch.stack([t[:, torch.randperm(20, generator=torch.Generator().manual_seed(0))], y], 2), torch.zeros(768)


def known_curves() -> Pair:
    x, y = curves()
    order = torch.randperm(20, generator=torch.Generator().manual_seed(1))
    t = torch.linspace(-1, 1, 20).expand(768, 20)
    return torch.stack([t[:, order], x[..., 1][:, order]], 2), y


def mean_value(values: Tensor, _: Tensor) -> Tensor:
    return values.mean()


CE, MSE, BINARY = nn.CrossEntropyLoss(), nn.MSELoss(), nn.BCEWithLogitsLoss()
GEOMETRY = (
    named("graph-sage", graphs, Sage, CE, "own.0 near.0 own.1 near.1"),
    named("gated-graph", graphs, GatedGraph, CE, "stem message cell.weight_ih cell.weight_hh", act="lstm"),
    named("propagated", nodes, Propagated, BINARY, "fc1"),
    named("initial-residual", graphs, Initial, CE, "stem " + " ".join(f"fc.{i}" for i in range(6))),
    named("relational-graph", graphs, Relations, CE, "own fc"),
    named("graph-biases", graphs, Biased, CE, "stem enter out up down", act="gelu"),
    named("principal-neighbours", graphs, Principal, CE, "stem fc.0 fc.1"),
    named(
        "continuous-filters",
        molecules,
        Continuous,
        MSE,
        "filter1.0 filter2.0 enter.0 out.0 filter1.1 filter2.1 enter.1 out.1 last",
        act="softplus",
    ),
    named("equivariant", molecules, Equivariant, MSE, "stem edge1.0 edge2.0 node.0 edge1.1 edge2.1 node.1", act="silu"),
    named("complex-products", triples, Bilinear, BINARY),
    named("point-attention", clouds, PointAttention, CE, "stem where1 where2 query key value weigh out", rows=32),
    named("sphere-distance", shells, Sphere, MSE, "fc1 fc2 fc3"),
    named("wavelets", points, Gabor, MSE),
    named("fourier-operator", waves, Spectral, MSE, "stem point.0 point.1 point.2 last", act="gelu"),
    named("hamiltonian", swings, Hamiltonian, MSE, "fc1 fc2", act="tanh"),
    named("koopman", series, Koopman, MSE, "fc1 code fc2", act="tanh"),
    named("neural-process", known_curves, Process, mean_value, "enc1 enc2 dec1"),
)

"""Classifiers of pictures: from LeNet to present blocks, small, as their papers or frameworks draw them."""

import math

import torch
from benchmarks.initfaults.data import images
from benchmarks.initfaults.zoo.fresh.images import pictures
from benchmarks.initfaults.zoo.fresh.named import named
from torch import Tensor, nn
from torch.nn import functional

CE = nn.CrossEntropyLoss()


def he_convs(net: nn.Module, mode: str = "fan_out") -> nn.Module:
    """He's normal for convolutions, as torchvision has it; norms as they are."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode=mode, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return net


def glorot_all(net: nn.Module) -> nn.Module:
    """Keras's defaults: Glorot's uniform, zero biases."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return net


def chain(*modules: tuple[str, nn.Module]) -> nn.Sequential:
    net = nn.Sequential()
    for name, module in modules:
        net.add_module(name, module)
    return net


def le_net() -> nn.Sequential:
    """Tanh and average pooling (LeCun et al., 1998)."""
    return chain(
        ("conv1", nn.Conv2d(1, 6, 3, padding=1)),
        ("a1", nn.Tanh()),
        ("p1", nn.AvgPool2d(2)),
        ("conv2", nn.Conv2d(6, 16, 3, padding=1)),
        ("a2", nn.Tanh()),
        ("p2", nn.AvgPool2d(2)),
        ("flat", nn.Flatten()),
        ("fc1", nn.Linear(64, 84)),
        ("a3", nn.Tanh()),
        ("head", nn.Linear(84, 10)),
    )


def keras_cnn() -> nn.Module:
    """Keras's MNIST example: two convolutions, pooling, dropout, a dense layer."""
    return glorot_all(
        chain(
            ("conv1", nn.Conv2d(1, 16, 3)),
            ("a1", nn.ReLU()),
            ("conv2", nn.Conv2d(16, 32, 3)),
            ("a2", nn.ReLU()),
            ("pool", nn.MaxPool2d(2)),
            ("drop1", nn.Dropout(0.25)),
            ("flat", nn.Flatten()),
            ("fc1", nn.Linear(128, 64)),
            ("a3", nn.ReLU()),
            ("drop2", nn.Dropout(0.5)),
            ("head", nn.Linear(64, 10)),
        )
    )


def alex_net() -> nn.Module:
    """N(0, 0.01²), local response norm, biases of one where its authors had them (Krizhevsky et al., 2012)."""
    net = chain(
        ("conv1", nn.Conv2d(3, 24, 5, 2, 2)),
        ("a1", nn.ReLU()),
        ("lrn", nn.LocalResponseNorm(5)),
        ("conv2", nn.Conv2d(24, 32, 3, padding=1)),
        ("a2", nn.ReLU()),
        ("p", nn.MaxPool2d(2)),
        ("flat", nn.Flatten()),
        ("fc1", nn.Linear(512, 96)),
        ("a3", nn.ReLU()),
        ("drop", nn.Dropout(0.2)),
        ("head", nn.Linear(96, 8)),
    )
    for name, std, bias in (("conv1", 0.05, 0.0), ("conv2", 0.05, 1.0), ("fc1", 0.03, 1.0), ("head", 0.03, 0.0)):
        module = net.get_submodule(name)
        nn.init.normal_(module.weight, std=std)  # type: ignore[arg-type]
        nn.init.constant_(module.bias, bias)  # type: ignore[arg-type]
    return net


def network_in_network() -> nn.Module:
    """1 x 1 convolutions after each, global average pooling for a head (Lin et al., 2014)."""
    return he_convs(
        chain(
            ("conv1", nn.Conv2d(3, 24, 5, 2, 2)),
            ("a1", nn.ReLU()),
            ("conv2", nn.Conv2d(24, 24, 1)),
            ("a2", nn.ReLU()),
            ("conv3", nn.Conv2d(24, 32, 3, 2, 1)),
            ("a3", nn.ReLU()),
            ("conv4", nn.Conv2d(32, 32, 1)),
            ("a4", nn.ReLU()),
            ("head", nn.Conv2d(32, 8, 1)),
            ("pool", nn.AdaptiveAvgPool2d(1)),
            ("flat", nn.Flatten()),
        )
    )


def all_convolutional() -> nn.Module:
    """Strides in place of pooling, leaky ReLU, dropout at the input (Springenberg et al., 2015)."""
    net = chain(
        ("drop", nn.Dropout(0.1)),
        ("conv1", nn.Conv2d(3, 24, 3, padding=1)),
        ("a1", nn.LeakyReLU(0.1)),
        ("conv2", nn.Conv2d(24, 24, 3, 2, 1)),
        ("a2", nn.LeakyReLU(0.1)),
        ("conv3", nn.Conv2d(24, 32, 3, 2, 1)),
        ("a3", nn.LeakyReLU(0.1)),
        ("conv4", nn.Conv2d(32, 32, 3, padding=1)),
        ("a4", nn.LeakyReLU(0.1)),
        ("pool", nn.AdaptiveAvgPool2d(1)),
        ("flat", nn.Flatten()),
        ("head", nn.Linear(32, 8)),
    )
    return he_convs(net, "fan_in")


class PreActivated(nn.Module):
    """Norm, ReLU, convolution (He et al., 2016); `widen` for a wide one (Zagoruyko and Komodakis, 2016)."""

    def __init__(self, width: int = 16, depth: int = 3, drop: float = 0.0) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, 2, 1, bias=False)
        self.norm1 = nn.ModuleList(nn.BatchNorm2d(width) for _ in range(depth))
        self.conv1 = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1, bias=False) for _ in range(depth))
        self.norm2 = nn.ModuleList(nn.BatchNorm2d(width) for _ in range(depth))
        self.conv2 = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1, bias=False) for _ in range(depth))
        self.drop, self.norm, self.head = nn.Dropout(drop), nn.BatchNorm2d(width), nn.Linear(width, 8)
        he_convs(self)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for norm1, conv1, norm2, conv2 in zip(self.norm1, self.conv1, self.norm2, self.conv2, strict=True):
            x = x + conv2(self.drop(torch.relu(norm2(conv1(torch.relu(norm1(x)))))))
        return self.head(torch.relu(self.norm(x)).mean((2, 3)))


class Aggregated(nn.Module):
    """ResNeXt's bottlenecks of eight groups (Xie et al., 2017)."""

    def __init__(self, width: int = 32, depth: int = 2) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, 2, 1, bias=False)
        self.down = nn.ModuleList(nn.Conv2d(width, 16, 1, bias=False) for _ in range(depth))
        self.mix = nn.ModuleList(nn.Conv2d(16, 16, 3, padding=1, groups=8, bias=False) for _ in range(depth))
        self.up = nn.ModuleList(nn.Conv2d(16, width, 1, bias=False) for _ in range(depth))
        self.norms = nn.ModuleList(nn.BatchNorm2d(n) for _ in range(depth) for n in (16, 16, width))
        self.head = nn.Linear(width, 8)
        he_convs(self)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.stem(x))
        for i, (down, mix, up) in enumerate(zip(self.down, self.mix, self.up, strict=True)):
            n1, n2, n3 = self.norms[3 * i : 3 * i + 3]
            x = torch.relu(x + n3(up(torch.relu(n2(mix(torch.relu(n1(down(x)))))))))
        return self.head(x.mean((2, 3)))


class DenselyConnected(nn.Module):
    """Each layer reads all before it, batch norms, a transition (Huang et al., 2017)."""

    def __init__(self, growth: int = 8, depth: int = 4) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, 2, 1, bias=False)
        sizes = [16 + growth * i for i in range(depth)]
        self.norms = nn.ModuleList(nn.BatchNorm2d(n) for n in sizes)
        self.convs = nn.ModuleList(nn.Conv2d(n, growth, 3, padding=1, bias=False) for n in sizes)
        self.norm, self.head = nn.BatchNorm2d(16 + growth * depth), nn.Linear(16 + growth * depth, 8)
        he_convs(self, "fan_in")

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for norm, conv in zip(self.norms, self.convs, strict=True):
            x = torch.cat([x, conv(torch.relu(norm(x)))], 1)
        return self.head(torch.relu(self.norm(x)).mean((2, 3)))


class Separable(nn.Module):
    """MobileNet: depthwise, then 1 x 1, batch norms, ReLU6 (Howard et al., 2017)."""

    def __init__(self, width: int = 24, depth: int = 3) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, 2, 1, bias=False)
        self.deep = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1, groups=width, bias=False) for _ in range(depth))
        self.point = nn.ModuleList(nn.Conv2d(width, width, 1, bias=False) for _ in range(depth))
        self.norms = nn.ModuleList(nn.BatchNorm2d(width) for _ in range(2 * depth + 1))
        self.head = nn.Linear(width, 8)
        nn.init.normal_(self.head.weight, std=0.01)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu6(self.norms[-1](self.stem(x)))
        for i, (deep, point) in enumerate(zip(self.deep, self.point, strict=True)):
            x = functional.relu6(self.norms[2 * i](deep(x)))
            x = functional.relu6(self.norms[2 * i + 1](point(x)))
        return self.head(x.mean((2, 3)))


class Attentive(nn.Module):
    """CBAM: channels, then places, weighed by sigmoids (Woo et al., 2018)."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, width, 3, 2, 1), nn.Conv2d(width, width, 3, padding=1)
        self.norm1, self.norm2 = nn.BatchNorm2d(width), nn.BatchNorm2d(width)
        self.squeeze, self.excite = nn.Linear(width, 6), nn.Linear(6, width)
        self.where, self.head = nn.Conv2d(2, 1, 5, padding=2), nn.Linear(width, 8)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.norm1(self.conv1(x)))
        h = self.norm2(self.conv2(x))
        channel = sum(self.excite(torch.relu(self.squeeze(part))) for part in (h.mean((2, 3)), h.amax((2, 3))))
        h = h * torch.sigmoid(channel)[:, :, None, None]  # type: ignore[arg-type]
        h = h * torch.sigmoid(self.where(torch.stack([h.mean(1), h.amax(1)], 1)))
        return self.head(torch.relu(x + h).mean((2, 3)))


class NonLocal(nn.Module):
    """A non-local block whose last norm starts at zero (Wang et al., 2018)."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, width, 3, 2, 1), nn.Conv2d(width, width, 3, 2, 1)
        self.query, self.key, self.value = (nn.Conv2d(width, 12, 1) for _ in range(3))
        self.out, self.norm, self.head = nn.Conv2d(12, width, 1), nn.BatchNorm2d(width), nn.Linear(width, 8)
        he_convs(self)
        nn.init.zeros_(self.norm.weight)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.conv2(torch.relu(self.conv1(x))))
        q, k, v = (f(x).flatten(2) for f in (self.query, self.key, self.value))
        h = v @ torch.softmax(q.transpose(1, 2) @ k / math.sqrt(12), 2).transpose(1, 2)
        x = x + self.norm(self.out(h.view(len(x), 12, *x.shape[2:])))
        return self.head(x.mean((2, 3)))


class Coordinates(nn.Module):
    """CoordConv: two channels that say where (Liu et al., 2018); max pooling, dropout."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(5, width, 3, padding=1), nn.Conv2d(width, width, 3, padding=1)
        self.conv3, self.head = nn.Conv2d(width, 32, 3, padding=1), nn.Linear(32, 8)

    def forward(self, x: Tensor) -> Tensor:
        at = torch.linspace(-1, 1, x.shape[-1])
        grid = torch.stack(torch.meshgrid(at, at, indexing="ij")).expand(len(x), -1, -1, -1)
        x = functional.max_pool2d(torch.relu(self.conv1(torch.cat([x, grid], 1))), 2)
        x = functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.head(torch.relu(self.conv3(x)).mean((2, 3)))


class Reparametrised(nn.Module):
    """RepVGG in training: 3 x 3, 1 x 1 and identity, each with a batch norm (Ding et al., 2021)."""

    def __init__(self, width: int = 24, depth: int = 2) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, 2, 1, bias=False)
        self.wide = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1, bias=False) for _ in range(depth))
        self.point = nn.ModuleList(nn.Conv2d(width, width, 1, bias=False) for _ in range(depth))
        self.norms = nn.ModuleList(nn.BatchNorm2d(width) for _ in range(3 * depth))
        self.head = nn.Linear(width, 8)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for i, (wide, point) in enumerate(zip(self.wide, self.point, strict=True)):
            n1, n2, n3 = self.norms[3 * i : 3 * i + 3]
            x = torch.relu(n1(wide(x)) + n2(point(x)) + n3(x))
        return self.head(x.mean((2, 3)))


class Residual2(nn.Module):
    """Res2Net: four scales in one block, each fed by the one before (Gao et al., 2019); GroupNorm."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.stem, self.norm = nn.Conv2d(3, width, 3, 2, 1), nn.GroupNorm(4, width)
        self.convs = nn.ModuleList(nn.Conv2d(width // 4, width // 4, 3, padding=1) for _ in range(3))
        self.mix, self.head = nn.Conv2d(width, width, 1), nn.Linear(width, 8)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.norm(self.stem(x)))
        parts, h = list(x.chunk(4, 1)), 0.0
        for i, conv in enumerate(self.convs):
            h = torch.relu(conv(parts[i + 1] + h))
            parts[i + 1] = h
        return self.head(torch.relu(x + self.mix(torch.cat(parts, 1))).mean((2, 3)))


class Capsules(nn.Module):
    """Capsules with three rounds of agreement, lengths as scores (Sabour et al., 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 24, 3, padding=1), nn.Conv2d(24, 24, 3, 2, 1)
        self.votes = nn.Parameter(0.1 * torch.randn(48, 10, 8, 8))

    def forward(self, x: Tensor) -> Tensor:
        u = self.squash(self.conv2(torch.relu(self.conv1(x))).flatten(1).view(len(x), 48, 8))
        votes = torch.einsum("bik,iokd->biod", u, self.votes)
        share = torch.zeros(len(x), 48, 10, 1)
        for _ in range(3):
            v = self.squash((torch.softmax(share, 2) * votes).sum(1))
            share = share + (votes * v[:, None]).sum(3, keepdim=True)
        return 5 * v.norm(dim=2)

    @staticmethod
    def squash(s: Tensor) -> Tensor:
        n = s.norm(dim=-1, keepdim=True) + 1e-6
        return s * n / (1 + n**2)


class Patches(nn.Module):
    """A small ViT with a class token, truncated N(0, 0.02²), registers (Darcet et al., 2024)."""

    def __init__(self, width: int = 32, depth: int = 2) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, width, 4, 4)
        self.first, self.extra = nn.Parameter(torch.zeros(1, 1, width)), nn.Parameter(1e-6 * torch.randn(1, 2, width))
        self.places = nn.Parameter(nn.init.trunc_normal_(torch.empty(1, 16, width), std=0.02))
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(width, 4, 64, 0.0, "gelu", batch_first=True, norm_first=True)
            for _ in range(depth)
        )
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 8)
        for layer in self.layers:
            for p in layer.parameters():
                if p.ndim == 2:
                    nn.init.trunc_normal_(p, std=0.02)
        nn.init.zeros_(self.head.weight)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch(x).flatten(2).transpose(1, 2) + self.places
        x = torch.cat([self.first.expand(len(x), -1, -1), self.extra.expand(len(x), -1, -1), x], 1)
        for layer in self.layers:
            x = layer(x)
        return self.head(self.norm(x[:, 0]))


TWO = " ".join(f"conv{part}.{i}" for i in range(3) for part in (1, 2))
PICTURES = (
    named("le-net", images, le_net, CE, "conv1 conv2 fc1", act="tanh"),
    named("keras-cnn", images, keras_cnn, CE, "conv1 conv2 fc1"),
    named("alex-net", pictures, alex_net, CE, "conv1 conv2 fc1"),
    named("network-in-network", pictures, network_in_network, CE, "conv1 conv2 conv3 conv4"),
    named("all-convolutional", pictures, all_convolutional, CE, "conv1 conv2 conv3 conv4", act="leaky"),
    named("pre-activated", pictures, PreActivated, CE, f"stem {TWO}"),
    named(
        "wide-residual", pictures, lambda: PreActivated(32, 2, 0.1), CE, "stem conv1.0 conv2.0 conv1.1 conv2.1", rows=32
    ),
    named("aggregated", pictures, Aggregated, CE, "stem down.0 mix.0 up.0 down.1 mix.1 up.1"),
    named("densely-connected", pictures, DenselyConnected, CE, "stem convs.0 convs.1 convs.2 convs.3"),
    named("separable", pictures, Separable, CE, "stem deep.0 point.0 deep.1 point.1 deep.2 point.2"),
    named("attentive-conv", pictures, Attentive, CE, "conv1 conv2 squeeze excite"),
    named("non-local", pictures, NonLocal, CE, "conv1 conv2 query key value out"),
    named("coordinates", pictures, Coordinates, CE, "conv1 conv2 conv3"),
    named("reparametrised", pictures, Reparametrised, CE, "stem wide.0 point.0 wide.1 point.1"),
    named("four-scales", pictures, Residual2, CE, "stem convs.0 convs.1 convs.2 mix"),
    named("capsules", images, Capsules, CE),
    named(
        "patches-registers",
        pictures,
        Patches,
        CE,
        "layers.0.linear1 layers.0.linear2 layers.1.linear1 layers.1.linear2",
        act="gelu",
    ),
)

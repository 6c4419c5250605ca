"""Networks of pictures: restoration, segmentation, embeddings, and residual stacks with their special draws."""

import math
from collections.abc import Callable
from functools import partial

import torch
from benchmarks.initfaults.data import Pair, digits, images, normal
from benchmarks.initfaults.losses import (
    decorrelated_loss,
    dice_loss,
    heat_loss,
    margin_loss,
    prototype_loss,
    similar_loss,
    triplet_loss,
)
from benchmarks.initfaults.zoo.fresh.data import scenes, volumes
from benchmarks.initfaults.zoo.fresh.named import named
from benchmarks.initfaults.zoo.perceptrons import layers
from torch import Tensor, nn
from torch.nn import functional


class ConvAutoencoder(nn.Module):
    """Strided convolutions to a bottleneck and transposed ones back."""

    def __init__(self, width: int = 12) -> None:
        super().__init__()
        self.down1, self.down2 = nn.Conv2d(3, width, 4, 2, 1), nn.Conv2d(width, 2 * width, 4, 2, 1)
        self.code, self.back = nn.Linear(32 * width, 24), nn.Linear(24, 32 * width)
        self.up1, self.up2 = nn.ConvTranspose2d(2 * width, width, 4, 2, 1), nn.ConvTranspose2d(width, 3, 4, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = functional.leaky_relu(self.down2(functional.leaky_relu(self.down1(x), 0.1)), 0.1)
        h = functional.leaky_relu(self.back(self.code(h.flatten(1))), 0.1).unflatten(1, (-1, 4, 4))
        return self.up2(functional.leaky_relu(self.up1(h), 0.1))


class Segmenter(nn.Module):
    """A U-Net of two levels with batch norm, max pooling and bilinear upsampling (Ronneberger et al., 2015)."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        pair = lambda k, n: nn.Sequential(  # noqa: E731
            nn.Conv2d(k, n, 3, padding=1, bias=False), nn.BatchNorm2d(n), nn.ReLU(inplace=True),
            nn.Conv2d(n, n, 3, padding=1, bias=False), nn.BatchNorm2d(n), nn.ReLU(inplace=True),
        )  # fmt: skip
        self.top, self.mid, self.low = pair(3, width), pair(width, 2 * width), pair(2 * width, 4 * width)
        self.up1, self.up2 = pair(6 * width, 2 * width), pair(3 * width, width)
        self.head = nn.Conv2d(width, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        a = self.top(x)
        b = self.mid(functional.max_pool2d(a, 2))
        c = self.low(functional.max_pool2d(b, 2))
        b = self.up1(torch.cat([b, functional.interpolate(c, scale_factor=2, mode="bilinear")], 1))
        return self.head(self.up2(torch.cat([a, functional.interpolate(b, scale_factor=2, mode="bilinear")], 1)))[:, 0]


class Heatmap(nn.Module):
    """CenterNet's head: a bias of -2.19, so that the first guess is a tenth everywhere (Zhou et al., 2019)."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, width, 3, padding=1), nn.Conv2d(width, width, 3, padding=2, dilation=2)
        self.neck, self.head = nn.Conv2d(width, width, 3, padding=1), nn.Conv2d(width, 1, 1)
        self.norm = nn.GroupNorm(4, width)
        nn.init.constant_(self.head.bias, -2.19)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.relu(self.norm(self.conv2(torch.relu(self.conv1(x)))))
        return self.head(torch.relu(self.neck(h)))[:, 0]


class Transformer2d(nn.Module):
    """A spatial transformer: its last layer starts at the identity map (Jaderberg et al., 2015)."""

    def __init__(self, width: int = 12) -> None:
        super().__init__()
        self.look1, self.look2 = nn.Conv2d(3, 8, 5, 2, 2), nn.Linear(8 * 16, 32)
        self.move = nn.Linear(32, 6)
        nn.init.zeros_(self.move.weight)
        self.move.bias.data = torch.tensor([1.0, 0, 0, 0, 1, 0])
        self.conv1, self.conv2 = nn.Conv2d(3, width, 3, padding=1), nn.Conv2d(width, 2 * width, 3, padding=1)
        self.fc, self.head = nn.Linear(32 * width, 48), nn.Linear(48, 8)

    def forward(self, x: Tensor) -> Tensor:
        seen = functional.max_pool2d(torch.relu(self.look1(x)), 2)
        theta = self.move(torch.relu(self.look2(seen.flatten(1)))).view(-1, 2, 3)
        x = functional.grid_sample(
            x, functional.affine_grid(theta, list(x.shape), align_corners=False), align_corners=False
        )
        h = functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        h = functional.max_pool2d(torch.relu(self.conv2(h)), 2)
        return self.head(torch.relu(self.fc(h.flatten(1))))


class FixupBlock(nn.Module):
    """Two convolutions, scalar biases and a multiplier, no norm; the second at zero (Zhang et al., 2019)."""

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        nn.init.normal_(self.conv1.weight, std=math.sqrt(2 / (9 * width)) * depth**-0.5)
        nn.init.zeros_(self.conv2.weight)
        self.shifts, self.scale = nn.Parameter(torch.zeros(4)), nn.Parameter(torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        h = torch.relu(self.conv1(x + self.shifts[0]) + self.shifts[1])
        return torch.relu(x + self.conv2(h + self.shifts[2]) * self.scale + self.shifts[3])


class StandardBlock(nn.Module):
    """Pre-activation, group norm, convolutions whose weights are standardised (Kolesnikov et al., 2020)."""

    def __init__(self, width: int, _: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(4, width), nn.GroupNorm(4, width)
        self.conv1 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        h = x
        for norm, conv in ((self.norm1, self.conv1), (self.norm2, self.conv2)):
            w = conv.weight
            w = (
                (w - w.mean((1, 2, 3), keepdim=True))
                / (w.std((1, 2, 3), keepdim=True) + 1e-5)
                / math.sqrt(w[0].numel())
            )
            h = functional.conv2d(torch.relu(norm(h)), w, padding=1)
        return x + h


class NextBlock(nn.Module):
    """ConvNeXt: 7 x 7 depthwise, layer norm, an inverted bottleneck, LayerScale at 1e-6 (Liu et al., 2022)."""

    def __init__(self, width: int, _: int) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(width, width, 7, padding=3, groups=width), nn.LayerNorm(width, eps=1e-6)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.gamma = nn.Parameter(torch.full((width,), 1e-6))
        for part in (self.conv, self.up, self.down):
            nn.init.trunc_normal_(part.weight, std=0.02)
            nn.init.zeros_(part.bias)

    def forward(self, x: Tensor) -> Tensor:
        h = self.norm(self.conv(x).permute(0, 2, 3, 1))
        return x + (self.down(functional.gelu(self.up(h))) * self.gamma).permute(0, 3, 1, 2)


class DiracBlock(nn.Module):
    """A convolution that starts at the identity, over which leaky rectifiers stand (Zagoruyko and Komodakis, 2017)."""

    def __init__(self, width: int, _: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)
        nn.init.normal_(self.conv.weight, std=0.3 / math.sqrt(9 * width))
        self.conv.weight.data += nn.init.dirac_(torch.empty_like(self.conv.weight))

    def forward(self, x: Tensor) -> Tensor:
        return functional.leaky_relu(self.conv(x), 0.2)


class Bottleneck(nn.Module):
    """1 x 1, grouped 3 x 3, 1 x 1, batch norms, SiLU, and squeeze-excitation with a hard sigmoid."""

    def __init__(self, width: int, _: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.BatchNorm2d(n) for n in (2 * width, 2 * width, width))
        self.open = nn.Conv2d(width, 2 * width, 1, bias=False)
        self.deep = nn.Conv2d(2 * width, 2 * width, 3, padding=1, groups=8, bias=False)
        self.squeeze, self.excite = nn.Conv2d(2 * width, width // 2, 1), nn.Conv2d(width // 2, 2 * width, 1)
        self.close = nn.Conv2d(2 * width, width, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        h = functional.silu(self.norms[0](self.open(x)))
        h = functional.silu(self.norms[1](self.deep(h)))
        h = h * functional.hardsigmoid(self.excite(functional.silu(self.squeeze(h.mean((2, 3), keepdim=True)))))
        return x + self.norms[2](self.close(h))


class Stack(nn.Module):
    """A stem, blocks of one kind, the mean over the picture, a head that may start at zero."""

    def __init__(
        self, block: Callable[[int, int], nn.Module], depth: int = 4, width: int = 16, *, zero: bool = False
    ) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, 2, 1)
        self.blocks = nn.Sequential(*(block(width, depth) for _ in range(depth)))
        self.head = nn.Linear(width, 8)
        if zero:
            nn.init.zeros_(self.head.weight)
            nn.init.zeros_(self.head.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.blocks(self.stem(x)).mean((2, 3)))


class SuperResolution(nn.Module):
    """ESPCN: a pixel shuffle whose four sub-kernels start alike (ICNR, Aitken et al., 2017)."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, width, 5, padding=2), nn.Conv2d(width, width, 3, padding=1)
        self.head, self.shuffle = nn.Conv2d(width, 12, 3, padding=1), nn.PixelShuffle(2)
        nn.init.orthogonal_(self.conv1.weight, math.sqrt(2))
        nn.init.orthogonal_(self.conv2.weight, math.sqrt(2))
        self.head.weight.data = nn.init.kaiming_normal_(torch.empty(3, width, 3, 3), 1).repeat_interleave(4, 0)
        nn.init.zeros_(self.head.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.shuffle(self.head(torch.relu(self.conv2(torch.relu(self.conv1(x))))))


class Enhancer(nn.Module):
    """EDSR: residual branches without norms, scaled by a tenth (Lim et al., 2017)."""

    def __init__(self, width: int = 16, depth: int = 4) -> None:
        super().__init__()
        self.stem, self.tail = nn.Conv2d(3, width, 3, padding=1), nn.Conv2d(width, 3, 3, padding=1)
        self.first = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(depth))
        self.second = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(depth))

    def forward(self, x: Tensor) -> Tensor:
        h = self.stem(x)
        for first, second in zip(self.first, self.second, strict=True):
            h = h + 0.1 * second(torch.relu(first(h)))
        return x + self.tail(h)


class Styler(nn.Module):
    """Reflection padding, instance norms, down, residual blocks, nearest upsampling (Johnson et al., 2016)."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        conv = lambda k, n, stride=1: nn.Sequential(  # noqa: E731
            nn.Conv2d(k, n, 3, stride, 1, padding_mode="reflect"), nn.InstanceNorm2d(n, affine=True)
        )
        self.inner, self.down = conv(3, width), conv(width, 2 * width, 2)
        self.res = nn.ModuleList(
            nn.Sequential(conv(2 * width, 2 * width), nn.ReLU(), conv(2 * width, 2 * width)) for _ in range(2)
        )
        self.up, self.last = conv(2 * width, width), nn.Conv2d(width, 3, 5, padding=2)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.relu(self.down(torch.relu(self.inner(x))))
        for block in self.res:
            h = h + block(h)
        return self.last(torch.relu(self.up(functional.interpolate(h, scale_factor=2))))


class Conditioned(nn.Module):
    """FiLM: scales and shifts from the image's own colours, their generator at zero (Perez et al., 2018)."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(k, width, 3, padding=1) for k in (3, width, width))
        self.norms = nn.ModuleList(nn.BatchNorm2d(width, affine=False) for _ in range(3))
        self.read, self.film, self.head = nn.Linear(3, 24), nn.Linear(24, 6 * width), nn.Linear(width, 8)
        nn.init.zeros_(self.film.weight)
        nn.init.zeros_(self.film.bias)

    def forward(self, x: Tensor) -> Tensor:
        film = self.film(torch.relu(self.read(x.mean((2, 3)))))[:, :, None, None].chunk(6, 1)
        for index, (conv, norm) in enumerate(zip(self.convs, self.norms, strict=True)):
            x = torch.relu(norm(conv(x)) * (1 + film[2 * index]) + film[2 * index + 1])
            x = functional.max_pool2d(x, 2) if index < 2 else x
        return self.head(x.mean((2, 3)))


class Embedder(nn.Module):
    """A small convolutional embedding; with `classes`, cosines to their unit vectors."""

    def __init__(self, width: int = 16, classes: int = 0) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, width, 3, padding=1), nn.Conv2d(width, 2 * width, 3, padding=1)
        self.act, self.embed = nn.PReLU(width), nn.Linear(8 * width, 32)
        self.head = nn.Parameter(nn.init.xavier_uniform_(torch.empty(classes, 32))) if classes else None

    def forward(self, x: Tensor) -> Tensor:
        h = functional.max_pool2d(self.act(self.conv1(x)), 2)
        z = self.embed(functional.max_pool2d(torch.relu(self.conv2(h)), 2).flatten(1))
        return z if self.head is None else functional.normalize(z) @ functional.normalize(self.head).T


class Siamese(nn.Module):
    """Two noisy views through one encoder and projector; a predictor, or none (Barlow Twins)."""

    def __init__(self, *, predictor: bool, width: int = 64) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Linear(width, width))
        self.projector = nn.Sequential(
            nn.BatchNorm1d(width), nn.ReLU(), nn.Linear(width, 32), nn.BatchNorm1d(32, affine=False)
        )
        self.predictor = (
            nn.Sequential(nn.Linear(32, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 32)) if predictor else None
        )

    def forward(self, x: Tensor) -> Tensor:
        z = [self.projector(self.encoder(x + 0.3 * normal(len(x), 64, seed=s))) for s in (1, 2)]
        return torch.cat([*map(self.predictor, z), *z] if self.predictor else z, 1)


class Volume(nn.Module):
    """3 x 3 x 3 convolutions with batch norm."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(1, width, 3, padding=1, bias=False)
        self.conv2, self.conv3 = (
            nn.Conv3d(width, 2 * width, 3, 2, 1, bias=False),
            nn.Conv3d(2 * width, 2 * width, 3, padding=1),
        )
        self.norm1, self.norm2, self.head = nn.BatchNorm3d(width), nn.BatchNorm3d(2 * width), nn.Linear(2 * width, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.norm2(self.conv2(functional.relu(self.norm1(self.conv1(x))))))
        return self.head(functional.relu(self.conv3(x)).mean((2, 3, 4)))


def pictures() -> Pair:
    x, y, _ = scenes()
    return x, y


def _restored() -> Pair:
    x, _, _ = scenes()
    return x + 0.5 * normal(*x.shape, seed=8), x


def _enlarged() -> Pair:
    x, _, _ = scenes()
    return functional.avg_pool2d(x, 2), x


def _masks() -> Pair:
    x, _, mask = scenes()
    return x, mask


def _centres() -> Pair:
    x, _, mask = scenes()
    blurred = functional.avg_pool2d(mask[:, None], 5, 1, 2)[:, 0]
    return x, (blurred / blurred.amax((1, 2), keepdim=True)).clamp(0, 1)


def _itself(data: Callable[[], Pair]) -> Callable[[], Pair]:
    return lambda: (data()[0], data()[0])


_net = partial(named, rows=32)
CE, MSE = nn.CrossEntropyLoss(), nn.MSELoss()
FIXUP = "stem " + " ".join(f"blocks.{i}.conv{j}" for i in range(3) for j in (1, 2))
EDSR = "stem " + " ".join(f"{part}.{i}" for i in range(4) for part in ("first", "second"))
IMAGES = (
    _net(
        "conv-autoencoder",
        _itself(pictures),
        ConvAutoencoder,
        MSE,
        "down1 down2 code back up1",
        head="up2",
        act="leaky",
    ),
    _net("segmenter-dice", _masks, Segmenter, dice_loss),
    _net("center-heatmap", _centres, Heatmap, heat_loss, "conv1 conv2 neck"),
    _net("spatial-transformer", pictures, Transformer2d, CE, "look1 look2 conv1 conv2 fc"),
    _net("fixup-conv", pictures, lambda: Stack(FixupBlock, depth=3, zero=True), CE, FIXUP),
    _net("weight-standard-conv", pictures, lambda: Stack(StandardBlock), CE),
    _net("convnext-scale", pictures, lambda: Stack(NextBlock, depth=3), CE),
    _net("dirac-conv", pictures, lambda: Stack(DiracBlock, depth=6), CE),
    _net("bottleneck-excite", pictures, lambda: Stack(Bottleneck, depth=3), CE),
    _net("super-resolution-icnr", _enlarged, SuperResolution, MSE),
    _net("enhancer", _restored, Enhancer, nn.L1Loss(), EDSR, head="tail"),
    _net("styler", _restored, Styler, MSE),
    _net("film-zero", pictures, Conditioned, CE, "convs.0 convs.1 convs.2 read"),
    _net("triplet-conv", images, Embedder, triplet_loss, "conv1 conv2", head="embed"),
    _net("cosine-margin", images, lambda: Embedder(classes=10), margin_loss),
    _net("prototypes", digits, lambda: layers((64, 96, 32), "gelu", None), prototype_loss),
    _net("simsiam", digits, lambda: Siamese(predictor=True), similar_loss),
    _net("barlow-twins", digits, lambda: Siamese(predictor=False), decorrelated_loss),
    _net("volume-conv", volumes, Volume, CE, "conv1 conv2 conv3"),
)

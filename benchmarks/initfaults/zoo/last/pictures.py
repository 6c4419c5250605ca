"""Pictures: the convolutional networks, transformers, segmenters and encoders that tutorials and papers write."""

import torch
from benchmarks.initfaults.data import Pair, digits, images
from benchmarks.initfaults.losses import dice_loss
from benchmarks.initfaults.zoo.fresh.data import scenes, sounds
from benchmarks.initfaults.zoo.fresh.named import named
from benchmarks.initfaults.zoo.last import data
from benchmarks.initfaults.zoo.last.tables import drawn, glorot, zero_head
from benchmarks.initfaults.zoo.late.data import masks
from torch import Tensor, nn
from torch.nn import functional

BINARY, MSE, CE = nn.BCEWithLogitsLoss(), nn.MSELoss(), nn.CrossEntropyLoss()


def coloured() -> Pair:
    x, y, _ = scenes()
    return x, y


class Example(nn.Module):
    """PyTorch's own MNIST example: two convolutions, a pool, dropout, two layers; torch's defaults."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 16, 3), nn.Conv2d(16, 32, 3)
        self.fc1, self.head = nn.Linear(128, 64), nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.conv2(torch.relu(self.conv1(x))))
        x = functional.dropout(functional.max_pool2d(x, 2).flatten(1), 0.25)
        return self.head(functional.dropout(torch.relu(self.fc1(x)), 0.25))


class Strided(nn.Module):
    """Strided convolutions, ELU, an average over space."""

    def __init__(self, inputs: int, outputs: int, width: int = 16) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(inputs, width, 3, 2, 1), nn.Conv2d(width, 2 * width, 3, 2, 1)
        self.conv3, self.head = nn.Conv2d(2 * width, 2 * width, 3, 1, 1), nn.Linear(2 * width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        for conv in (self.conv1, self.conv2, self.conv3):
            x = functional.elu(conv(x))
        return self.head(x.mean((2, 3)))


def block(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())


class ResNet9(nn.Module):
    """Page's: convolution, norm, ReLU; a residual pair after the second and the fourth."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.conv1, self.conv2 = block(3, width), block(width, 2 * width)
        self.res1 = nn.Sequential(block(2 * width, 2 * width), block(2 * width, 2 * width))
        self.conv3 = block(2 * width, 4 * width)
        self.res2 = nn.Sequential(block(4 * width, 4 * width), block(4 * width, 4 * width))
        self.head = nn.Linear(4 * width, 8)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.max_pool2d(self.conv2(self.conv1(x)), 2)
        x = functional.max_pool2d(self.conv3(x + self.res1(x)), 2)
        return self.head(functional.adaptive_max_pool2d(x + self.res2(x), 1).flatten(1))


class Basic(nn.Module):
    """He's blocks for CIFAR: a shortcut that pads channels with zeros (option A)."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.norm1, self.norm2, self.stride = nn.BatchNorm2d(width), nn.BatchNorm2d(width), stride
        self.more = width - inputs

    def forward(self, x: Tensor) -> Tensor:
        h = self.norm2(self.conv2(torch.relu(self.norm1(self.conv1(x)))))
        return torch.relu(h + functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.more)))


class ResNetC(nn.Module):
    """Four basic blocks, He's normal in them."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.norm = nn.Conv2d(1, 8, 3, 1, 1, bias=False), nn.BatchNorm2d(8)
        self.blocks = nn.Sequential(Basic(8, 8, 1), Basic(8, 16, 2), Basic(16, 16, 1), Basic(16, 32, 2))
        self.head = nn.Linear(32, 10)
        drawn(self.blocks, nn.init.kaiming_normal_)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.blocks(torch.relu(self.norm(self.stem(x)))).mean((2, 3)))


class Inverted(nn.Module):
    """MobileNetV2's: widen, a kernel a channel, narrow without activation, a shortcut."""

    def __init__(self, width: int = 12, depth: int = 3) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, width, 3, 1, 1)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(width, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width), nn.ReLU6(),
                nn.Conv2d(4 * width, 4 * width, 3, 1, 1, groups=4 * width, bias=False), nn.BatchNorm2d(4 * width),
                nn.ReLU6(), nn.Conv2d(4 * width, width, 1, bias=False), nn.BatchNorm2d(width),
            )
            for _ in range(depth)
        )  # fmt: skip
        self.head = nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for each in self.blocks:
            x = x + each(x)
        return self.head(x.mean((2, 3)))


class ReZeroConv(nn.Module):
    """Residual convolutions without norms, each behind a scalar at zero."""

    def __init__(self, width: int = 16, depth: int = 4) -> None:
        super().__init__()
        self.stem, self.head = nn.Conv2d(1, width, 3, 1, 1), nn.Linear(width, 10)
        self.convs = nn.ModuleList(nn.Conv2d(width, width, 3, 1, 1) for _ in range(depth))
        self.alphas = nn.ParameterList(torch.zeros(()) for _ in range(depth))

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for alpha, conv in zip(self.alphas, self.convs, strict=True):
            x = x + alpha * torch.relu(conv(x))
        return self.head(functional.max_pool2d(x, 2).mean((2, 3)))


class Maps(nn.Module):
    """A U-Net of two levels with batch norms and transposed convolutions; a map of logits."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.down1, self.down2, self.low = block(3, width), block(width, 2 * width), block(2 * width, 2 * width)
        self.up2 = nn.ConvTranspose2d(2 * width, 2 * width, 2, 2)
        self.back2 = block(4 * width, width)
        self.up1 = nn.ConvTranspose2d(width, width, 2, 2)
        self.back1, self.head = block(2 * width, width), nn.Conv2d(width, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        a = self.down1(x)
        b = self.down2(functional.max_pool2d(a, 2))
        h = self.up2(self.low(functional.max_pool2d(b, 2)))
        h = self.up1(self.back2(torch.cat([h, b], 1)))
        return self.head(self.back1(torch.cat([h, a], 1))).squeeze(1)


class Pyramid(nn.Module):
    """A feature pyramid: laterals of 1 x 1, nearest upsampling, sums."""

    def __init__(self, width: int = 12) -> None:
        super().__init__()
        self.c1, self.c2, self.c3 = (nn.Conv2d(k, width, 3, s, 1) for k, s in ((3, 1), (width, 2), (width, 2)))
        self.l1, self.l2, self.l3 = (nn.Conv2d(width, width, 1) for _ in range(3))
        self.smooth, self.head = nn.Conv2d(width, width, 3, 1, 1), nn.Conv2d(width, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        a = torch.relu(self.c1(x))
        b = torch.relu(self.c2(a))
        c = torch.relu(self.c3(b))
        h = self.l2(b) + functional.interpolate(self.l3(c), scale_factor=2)
        h = self.l1(a) + functional.interpolate(h, scale_factor=2)
        return self.head(torch.relu(self.smooth(h))).squeeze(1)


class Vit(nn.Module):
    """A class token, places N(0, 0.02²), torch's own pre-norm layers."""

    def __init__(self, width: int = 32, pool: bool = False) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, width, 3, 2, 1) if pool else nn.Conv2d(1, width, 2, 2)
        self.token, self.places = nn.Parameter(torch.zeros(1, 1, width)), nn.Parameter(0.02 * torch.randn(17, width))
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(width, 4, 64, 0.0, "gelu", batch_first=True, norm_first=True) for _ in range(2)
        )
        self.norm, self.pool, self.head = (
            nn.LayerNorm(width),
            nn.Linear(width, 1) if pool else None,
            nn.Linear(width, 10),
        )

    def forward(self, x: Tensor) -> Tensor:
        h = self.stem(x).flatten(2).transpose(1, 2)
        h = h + self.places[1:] if self.pool else torch.cat([self.token.expand(len(h), -1, -1), h], 1) + self.places
        for layer in self.layers:
            h = layer(h)
        h = self.norm(h)
        return self.head((torch.softmax(self.pool(h), 1) * h).sum(1) if self.pool else h[:, 0])


def pooled() -> nn.Module:
    """A compact transformer: convolutional stem, attention over the sequence for the pool, no class token."""
    net = Vit(pool=True)
    del net.token
    net.places = nn.Parameter(0.02 * torch.randn(17, 32))
    return net


class Siamese(nn.Module):
    """Koch's: the difference of two codes, and a layer."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.fc2, self.head = nn.Linear(64, 96), nn.Linear(96, 48), nn.Linear(48, 1)

    def forward(self, x: Tensor) -> Tensor:
        a, b = (torch.sigmoid(self.fc2(torch.relu(self.fc1(part)))) for part in x.chunk(2, 1))
        return self.head((a - b).abs())


class Raw(nn.Module):
    """One-dimensional residual blocks with batch norms on raw sound, as ECG networks have."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.stem = nn.Conv1d(1, width, 7, 2, 3)
        self.conv1, self.conv2 = (nn.ModuleList(nn.Conv1d(width, width, 5, 1, 2) for _ in range(2)) for _ in range(2))
        self.norm1, self.norm2 = (nn.ModuleList(nn.BatchNorm1d(width) for _ in range(2)) for _ in range(2))
        self.head = nn.Linear(width, 6)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x.reshape(len(x), 1, -1))
        for a, b, n, m in zip(self.conv1, self.conv2, self.norm1, self.norm2, strict=True):
            x = functional.max_pool1d(torch.relu(x + m(b(torch.relu(n(a(x)))))), 2)
        return self.head(x.mean(2))


class Arc(nn.Module):
    """Unit features against unit columns, for ArcFace."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.fc2, self.norm = nn.Linear(64, 96), nn.Linear(96, 32), nn.BatchNorm1d(32)
        self.centres = nn.Parameter(nn.init.xavier_uniform_(torch.empty(10, 32)))

    def forward(self, x: Tensor) -> Tensor:
        z = self.norm(self.fc2(torch.relu(self.fc1(x))))
        return functional.normalize(z) @ functional.normalize(self.centres).T


def arc_loss(cosine: Tensor, y: Tensor) -> Tensor:
    """8 cos(θ + 0.3) at the truth (Deng et al., 2019)."""
    angle = torch.acos(cosine.clamp(-1 + 1e-6, 1 - 1e-6))
    return functional.cross_entropy(8 * torch.cos(angle + 0.3 * functional.one_hot(y, 10)), y)


def lenient(net: nn.Module) -> nn.Module:
    return drawn(net, lambda w: nn.init.kaiming_normal_(w, 0.1, nonlinearity="leaky_relu"))


def srcnn() -> nn.Module:
    convs = nn.Sequential(nn.Conv2d(1, 24, 5, 1, 2), nn.ReLU(), nn.Conv2d(24, 12, 1), nn.ReLU())
    convs.add_module("head", nn.Conv2d(12, 1, 3, 1, 1))
    return convs


def plain(width: int = 16) -> nn.Module:
    """Convolutions and pools by Keras's Glorot, a flat layer."""
    net = nn.Sequential(
        nn.Conv2d(3, width, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(width, 2 * width, 3, 1, 1), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(32 * width, 48), nn.ReLU(),
    )  # fmt: skip
    net.add_module("head", nn.Linear(48, 8))
    return drawn(net, nn.init.xavier_uniform_)


PICTURES = (
    named("mnist-example", images, Example, CE, "conv1 conv2 fc1"),
    named("strided-elu", images, lambda: Strided(1, 10), CE, "conv1 conv2 conv3", act="elu"),
    named("glorot-pools", coloured, plain, CE, "0 3 7"),
    named("res-net-9", coloured, ResNet9, CE, "conv1.0 conv2.0 res1.0.0 res1.1.0 conv3.0 res2.0.0 res2.1.0"),
    named(
        "res-net-option-a",
        images,
        ResNetC,
        CE,
        "stem blocks.0.conv1 blocks.0.conv2 blocks.1.conv1 blocks.1.conv2 blocks.2.conv1 blocks.2.conv2",
    ),
    named(
        "inverted-residuals",
        images,
        Inverted,
        CE,
        "stem blocks.0.0 blocks.0.6 blocks.1.0 blocks.1.6 blocks.2.0 blocks.2.6",
    ),
    named("rezero-convolutions", images, ReZeroConv, CE),
    named(
        "zero-head-convolutions", images, lambda: zero_head(lenient(Strided(1, 10))), CE, "conv1 conv2 conv3", act="elu"
    ),
    named("landmarks", data.corners, lambda: Strided(3, 2), MSE, "conv1 conv2 conv3", act="elu"),
    named("rotation-pretext", data.turns, lambda: Strided(1, 4), CE, "conv1 conv2 conv3", act="elu"),
    named("unet-transposed", masks, Maps, dice_loss),
    named("pyramid-segmenter", masks, Pyramid, BINARY, "c1 c2 c3 l3 l2 l1 smooth"),
    named("srcnn", data.blurred, srcnn, MSE, "0 2"),
    named(
        "small-vit",
        images,
        Vit,
        CE,
        "stem layers.0.linear1 layers.0.linear2 layers.1.linear1 layers.1.linear2",
        act="gelu",
    ),
    named("compact-transformer", images, pooled, CE),
    named("siamese-verifier", data.pairs, Siamese, BINARY, "fc1 fc2"),
    named("raw-residual", sounds, Raw, CE, "stem conv1.0 conv2.0 conv1.1 conv2.1"),
    named("arc-face", digits, Arc, arc_loss),
    named(
        "tanh-bottleneck",
        lambda: (digits()[0], digits()[0]),
        lambda: glorot((64, 32, 8, 32, 64), "tanh"),
        MSE,
        "fc1 fc2 fc3",
        act="tanh",
    ),
    named(
        "least-squares-critic", data.real_or_not, lambda: glorot((64, 96, 96, 1), "leaky"), MSE, "fc1 fc2", act="leaky"
    ),
)

"""From pictures to pictures, boxes and clips: segmentation, restoration, detection, prediction."""

import math

import torch
from benchmarks.initfaults.data import Pair, images, normal
from benchmarks.initfaults.zoo.fresh.data import scenes, volumes
from benchmarks.initfaults.zoo.fresh.named import named
from benchmarks.initfaults.zoo.late.data import boxes, clips, masks
from benchmarks.initfaults.zoo.late.losses import anchors_loss, cell_loss, depth_loss, masked_loss, pixels_loss
from benchmarks.initfaults.zoo.late.pictures import he_convs
from torch import Tensor, nn
from torch.nn import functional


def bilinear(conv: nn.ConvTranspose2d) -> None:
    """A transposed convolution that enlarges each channel smoothly (Long et al., 2015)."""
    k = conv.kernel_size[0]
    at = 1 - (torch.arange(k) - (k - 1) / 2).abs() / ((k + 1) // 2)
    with torch.no_grad():
        conv.weight.zero_()
        for i in range(min(conv.weight.shape[:2])):
            conv.weight[i, i] = torch.outer(at, at)


class FCN(nn.Module):
    """A fully convolutional network: scores from two depths, summed and enlarged bilinearly."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 16, 3, 2, 1), nn.Conv2d(16, 32, 3, 2, 1)
        self.near, self.far = nn.Conv2d(16, 1, 1), nn.Conv2d(32, 1, 1)
        self.up, self.last = (
            nn.ConvTranspose2d(1, 1, 4, 2, 1, bias=False),
            nn.ConvTranspose2d(1, 1, 4, 2, 1, bias=False),
        )
        for conv in (self.near, self.far):
            nn.init.zeros_(conv.weight)
        bilinear(self.up)
        bilinear(self.last)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.relu(self.conv1(x))
        return self.last(self.near(h) + self.up(self.far(torch.relu(self.conv2(h)))))


class AttentionUNet(nn.Module):
    """A U-Net whose skip is weighed by a gate (Oktay et al., 2018), batch norms."""

    def __init__(self, width: int = 12) -> None:
        super().__init__()
        self.down1, self.down2 = nn.Conv2d(3, width, 3, padding=1), nn.Conv2d(width, 2 * width, 3, 2, 1)
        self.bottom, self.up = nn.Conv2d(2 * width, 2 * width, 3, padding=1), nn.Conv2d(2 * width, width, 3, padding=1)
        self.skip, self.gate, self.mask = nn.Conv2d(width, 8, 1), nn.Conv2d(width, 8, 1), nn.Conv2d(8, 1, 1)
        self.join, self.head = nn.Conv2d(2 * width, width, 3, padding=1), nn.Conv2d(width, 1, 1)
        self.norms = nn.ModuleList(nn.BatchNorm2d(n) for n in (width, 2 * width, 2 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        a = torch.relu(self.norms[0](self.down1(x)))
        b = torch.relu(self.norms[1](self.down2(a)))
        b = torch.relu(self.norms[2](self.bottom(b)))
        u = torch.relu(self.norms[3](self.up(functional.interpolate(b, scale_factor=2))))
        a = a * torch.sigmoid(self.mask(torch.relu(self.skip(a) + self.gate(u))))
        return self.head(torch.relu(self.join(torch.cat([a, u], 1))))


class Pyramid(nn.Module):
    """DeepLab's dilated convolutions side by side and the mean of the picture (Chen et al., 2017)."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, 2, 1)
        self.branches = nn.ModuleList(nn.Conv2d(width, width, 3, padding=d, dilation=d) for d in (1, 2, 3))
        self.whole, self.join, self.head = (
            nn.Conv2d(width, width, 1),
            nn.Conv2d(4 * width, width, 1),
            nn.Conv2d(width, 1, 1),
        )
        he_convs(self)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.stem(x))
        parts = [torch.relu(branch(x)) for branch in self.branches]
        parts.append(torch.relu(self.whole(x.mean((2, 3), keepdim=True))).expand_as(x))
        return functional.interpolate(
            self.head(torch.relu(self.join(torch.cat(parts, 1)))), scale_factor=2, mode="bilinear"
        )


class LinkNet(nn.Module):
    """Encoder and decoder whose steps are added, transposed convolutions between (Chaurasia and Culurciello, 2017)."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, width, 3, padding=1), nn.Conv2d(width, 2 * width, 3, 2, 1)
        self.conv3, self.up1 = nn.Conv2d(2 * width, 4 * width, 3, 2, 1), nn.ConvTranspose2d(4 * width, 2 * width, 2, 2)
        self.up2, self.head = nn.ConvTranspose2d(2 * width, width, 2, 2), nn.Conv2d(width, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        a = torch.relu(self.conv1(x))
        b = torch.relu(self.conv2(a))
        c = torch.relu(self.conv3(b))
        return self.head(a + torch.relu(self.up2(b + torch.relu(self.up1(c)))))


class Detector(nn.Module):
    """RetinaNet small: a pyramid, towers N(0, 0.01²), a prior of 0.01 in the head's bias (Lin et al., 2017)."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, width, 3, 2, 1), nn.Conv2d(width, width, 3, 2, 1)
        self.conv3, self.across = nn.Conv2d(width, width, 3, 2, 1), nn.Conv2d(width, width, 1)
        self.tower, self.head, self.where = (
            nn.Conv2d(width, width, 3, padding=1),
            nn.Conv2d(width, 8, 1),
            nn.Conv2d(width, 2, 1),
        )
        for conv in (self.tower, self.head, self.where):
            nn.init.normal_(conv.weight, std=0.01)
            nn.init.zeros_(conv.bias)
        nn.init.constant_(self.head.bias, -math.log(99))

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.conv2(torch.relu(self.conv1(x))))
        x = self.across(x) + functional.interpolate(torch.relu(self.conv3(x)), scale_factor=2)
        h = torch.relu(self.tower(x))
        return torch.cat([self.head(h), self.where(h)], 1)


class Grid(nn.Module):
    """A tiny YOLO: leaky convolutions with batch norms down to a grid (Redmon and Farhadi, 2018)."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(width, 2 * width, 3, padding=1, bias=False)
        self.conv3 = nn.Conv2d(2 * width, 2 * width, 3, padding=1, bias=False)
        self.norms = nn.ModuleList(nn.BatchNorm2d(n) for n in (width, 2 * width, 2 * width))
        self.head = nn.Conv2d(2 * width, 11, 1)

    def forward(self, x: Tensor) -> Tensor:
        for i, conv in enumerate((self.conv1, self.conv2, self.conv3)):
            x = functional.leaky_relu(self.norms[i](conv(x)), 0.1)
            x = functional.max_pool2d(x, 2) if i < 2 else x
        return self.head(x)


class Queries(nn.Module):
    """DETR small: six learned queries read the picture; scores of the eight classes by their maximum."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, width, 3, 2, 1), nn.Conv2d(width, width, 3, 2, 1)
        self.places, self.queries = nn.Parameter(torch.randn(16, width) * 0.02), nn.Parameter(torch.randn(6, width))
        self.decoder = nn.TransformerDecoderLayer(width, 4, 64, 0.0, batch_first=True)
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 8)
        for p in self.decoder.parameters():
            if p.ndim > 1:
                nn.init.xavier_uniform_(p)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.conv2(torch.relu(self.conv1(x)))).flatten(2).transpose(1, 2) + self.places
        return self.head(self.norm(self.decoder(self.queries.expand(len(x), -1, -1), x))).amax(1)


class Hourglass(nn.Module):
    """Down and up with a branch at each size, twice, summed (Newell et al., 2016)."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, padding=1)
        self.side = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(2))
        self.deep = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(2))
        self.norms = nn.ModuleList(nn.BatchNorm2d(width) for _ in range(4))
        self.head = nn.Conv2d(width, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for i in (0, 1):
            deep = self.deep[i](functional.max_pool2d(torch.relu(self.norms[2 * i](x)), 2))
            x = x + self.side[i](torch.relu(self.norms[2 * i + 1](x))) + functional.interpolate(deep, scale_factor=2)
        return self.head(torch.relu(x))


class Enhanced(nn.Module):
    """EDSR: no norms, residual blocks times 0.1, a global skip (Lim et al., 2017)."""

    def __init__(self, width: int = 24, depth: int = 3) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, width, 3, padding=1)
        self.first = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(depth))
        self.second = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(depth))
        self.head = nn.Conv2d(width, 1, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        h = skip = self.stem(x)
        for first, second in zip(self.first, self.second, strict=True):
            h = h + 0.1 * second(torch.relu(first(h)))
        return self.head(h + skip)


class Denoiser(nn.Module):
    """DnCNN: convolutions with batch norms that say the noise, orthogonal (Zhang et al., 2017)."""

    def __init__(self, width: int = 24, depth: int = 3) -> None:
        super().__init__()
        self.stem, self.head = nn.Conv2d(1, width, 3, padding=1), nn.Conv2d(width, 1, 3, padding=1)
        self.convs = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1, bias=False) for _ in range(depth))
        self.norms = nn.ModuleList(nn.BatchNorm2d(width, eps=1e-4, momentum=0.95) for _ in range(depth))
        for conv in (self.stem, *self.convs, self.head):
            nn.init.orthogonal_(conv.weight)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.relu(self.stem(x))
        for conv, norm in zip(self.convs, self.norms, strict=True):
            h = torch.relu(norm(conv(h)))
        return x - self.head(h)


class Pixels(nn.Module):
    """PixelCNN: masked convolutions, a first one that does not see itself (van den Oord et al., 2016)."""

    def __init__(self, width: int = 24, depth: int = 3) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, width, 5, padding=2)
        self.convs = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(depth))
        self.head = nn.Conv2d(width, 4, 1)
        for k, name in ((5, "first"), (3, "inner")):
            mask = torch.ones(k, k)
            mask[k // 2, k // 2 + (name == "inner") :] = 0
            mask[k // 2 + 1 :] = 0
            self.register_buffer(name, mask)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(functional.conv2d(x, self.stem.weight * self.first, self.stem.bias, padding=2))
        for conv in self.convs:
            x = x + torch.relu(functional.conv2d(x, conv.weight * self.inner, conv.bias, padding=1))
        return self.head(x)


class VolumeUNet(nn.Module):
    """A 3-d U-Net with instance norms and leaky ReLU, He's draw at slope 0.01 (nnU-Net)."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.down1, self.down2 = nn.Conv3d(1, width, 3, padding=1), nn.Conv3d(width, 2 * width, 3, 2, 1)
        self.up, self.join = nn.ConvTranspose3d(2 * width, width, 2, 2), nn.Conv3d(2 * width, width, 3, padding=1)
        self.head = nn.Conv3d(width, 1, 1)
        self.norms = nn.ModuleList(nn.InstanceNorm3d(n, affine=True) for n in (width, 2 * width, width))
        for module in self.modules():
            if isinstance(module, nn.Conv3d | nn.ConvTranspose3d):
                nn.init.kaiming_normal_(module.weight, a=0.01)
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        a = functional.leaky_relu(self.norms[0](self.down1(x)))
        b = functional.leaky_relu(self.norms[1](self.down2(a)))
        return self.head(functional.leaky_relu(self.norms[2](self.join(torch.cat([a, self.up(b)], 1)))))[:, 0]


class ConvLSTM(nn.Module):
    """A convolutional LSTM over five frames, the sixth to be told (Shi et al., 2015)."""

    def __init__(self, width: int = 12) -> None:
        super().__init__()
        self.width = width
        self.gates, self.head = nn.Conv2d(1 + width, 4 * width, 3, padding=1), nn.Conv2d(width, 1, 1)
        with torch.no_grad():
            self.gates.bias[width : 2 * width] = 1.0

    def forward(self, x: Tensor) -> Tensor:
        h = c = torch.zeros(len(x), self.width, *x.shape[2:])
        for frame in x.unbind(1):
            i, f, o, g = self.gates(torch.cat([frame[:, None], h], 1)).chunk(4, 1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        return self.head(h)[:, 0]


class Depth(nn.Module):
    """Encoder, decoder with bilinear steps and ELU; the logarithm of the depth (Alhashim and Wonka, 2018)."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, width, 5, 2, 2), nn.Conv2d(width, 2 * width, 3, 2, 1)
        self.up1, self.up2 = nn.Conv2d(2 * width, width, 3, padding=1), nn.Conv2d(width, width, 3, padding=1)
        self.head = nn.Conv2d(width, 1, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.elu(self.conv2(functional.elu(self.conv1(x))))
        x = functional.elu(self.up1(functional.interpolate(x, scale_factor=2, mode="bilinear")))
        x = functional.elu(self.up2(functional.interpolate(x, scale_factor=2, mode="bilinear")))
        return self.head(x)[:, 0]


def blurred() -> Pair:
    x, _ = images()
    return functional.avg_pool2d(x, 3, 1, 1), x


def noisy_pictures() -> Pair:
    x, _ = images()
    return x + 0.6 * normal(*x.shape), x


def blobs() -> Pair:
    x, _ = volumes()
    return x, (functional.avg_pool3d(x, 3, 1, 1)[:, 0] > 1.2).float()


def levels() -> Pair:
    x, _ = images()
    return x, x


def far() -> Pair:
    x, _, mask = scenes()
    ramp = torch.linspace(1, 6, 16)[:, None].expand(16, 16)
    return x, torch.where(mask > 0, 1.5, ramp)


MSE, CE = nn.MSELoss(), nn.CrossEntropyLoss()
MAPS = (
    named("fcn-bilinear", masks, FCN, masked_loss, "conv1 conv2", head="near"),
    named("attention-unet", masks, AttentionUNet, masked_loss, "down1 down2 bottom up skip gate mask join", rows=32),
    named("dilated-pyramid", masks, Pyramid, masked_loss, "stem branches.0 branches.1 branches.2 whole join"),
    named("link-net", masks, LinkNet, masked_loss, "conv1 conv2 conv3 up1 up2", rows=32),
    named("retina-detector", boxes, Detector, anchors_loss, "conv1 conv2 conv3 across tower"),
    named("grid-detector", boxes, Grid, cell_loss, "conv1 conv2 conv3", act="leaky"),
    named("query-detector", lambda: scenes()[:2], Queries, CE, "conv1 conv2 decoder.linear1 decoder.linear2"),
    named("hourglass", masks, Hourglass, masked_loss, "stem side.0 deep.0 side.1 deep.1", rows=32),
    named("edsr", blurred, Enhanced, MSE, "stem first.0 second.0 first.1 second.1 first.2 second.2"),
    named("dn-cnn", noisy_pictures, Denoiser, MSE, "stem convs.0 convs.1 convs.2"),
    named("pixel-cnn", levels, Pixels, pixels_loss, "stem convs.0 convs.1 convs.2"),
    named("volume-unet", blobs, VolumeUNet, masked_loss, "down1 down2 join", act="leaky"),
    named("conv-lstm", clips, ConvLSTM, MSE, "gates", act="lstm"),
    named("log-depth", far, Depth, depth_loss, "conv1 conv2 up1 up2", act="elu"),
)

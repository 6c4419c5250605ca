"""Generative models: adversaries, diffusion, flows, quantised and variational autoencoders."""

import copy
import math
from functools import partial

import torch
from benchmarks.initfaults.data import Pair, digits, images, normal
from benchmarks.initfaults.losses import mean_loss, real_loss
from benchmarks.initfaults.zoo.fresh.data import scenes, speckles, uniform
from benchmarks.initfaults.zoo.fresh.named import named
from torch import Tensor, nn
from torch.nn import functional


def dcgan(module: nn.Module) -> None:
    """N(0, 0.02²) for convolutions, N(1, 0.02²) for norms (Radford et al., 2016)."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)


def critic(width: int = 16) -> nn.Sequential:
    """DCGAN's discriminator of 16 x 16 pictures."""
    net = nn.Sequential(
        nn.Conv2d(3, width, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(width, 2 * width, 4, 2, 1, bias=False), nn.BatchNorm2d(2 * width), nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(2 * width, 4 * width, 4, 2, 1, bias=False), nn.BatchNorm2d(4 * width),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(4 * width, 1, 2, bias=False), nn.Flatten(),
    )  # fmt: skip
    return net.apply(dcgan)


def generator(width: int = 16) -> nn.Sequential:
    """DCGAN's generator from 16 numbers."""
    net = nn.Sequential(
        nn.Unflatten(1, (16, 1, 1)),
        nn.ConvTranspose2d(16, 4 * width, 4, 1, 0, bias=False), nn.BatchNorm2d(4 * width), nn.ReLU(True),
        nn.ConvTranspose2d(4 * width, 2 * width, 4, 2, 1, bias=False), nn.BatchNorm2d(2 * width), nn.ReLU(True),
        nn.ConvTranspose2d(2 * width, 3, 4, 2, 1, bias=False), nn.Tanh(),
    )  # fmt: skip
    return net.apply(dcgan)


def against() -> nn.Sequential:
    """A generator before a frozen discriminator, which it learns to convince."""
    return nn.Sequential(generator(), critic().requires_grad_(False))


def bounded(width: int = 16) -> nn.Sequential:
    """A discriminator whose every layer has spectral norm one (Miyato et al., 2018)."""
    norm = nn.utils.parametrizations.spectral_norm
    return nn.Sequential(
        norm(nn.Conv2d(3, width, 3, 2, 1)), nn.LeakyReLU(0.1),
        norm(nn.Conv2d(width, 2 * width, 3, 2, 1)), nn.LeakyReLU(0.1),
        nn.Flatten(), norm(nn.Linear(32 * width, 1)),
    )  # fmt: skip


class Equalised(nn.Module):
    """A linear map drawn N(0, 1) and multiplied by gain/√fan at run time (Karras et al., 2018)."""

    def __init__(self, k: int, n: int, gain: float = math.sqrt(2)) -> None:
        super().__init__()
        self.weight, self.bias, self.scale = (
            nn.Parameter(torch.randn(n, k)),
            nn.Parameter(torch.zeros(n)),
            gain / math.sqrt(k),
        )

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.weight * self.scale, self.bias)


class Mapping(nn.Module):
    """StyleGAN's mapping network: eight equalised layers after a pixel norm; here it fits what the latents mean."""

    def __init__(self, width: int = 48, depth: int = 8) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Equalised(16 if i == 0 else width, width) for i in range(depth))
        self.head = Equalised(width, 8, 1.0)

    def forward(self, z: Tensor) -> Tensor:
        z = z * torch.rsqrt(z.square().mean(1, keepdim=True) + 1e-8)
        for layer in self.layers:
            z = functional.leaky_relu(layer(z), 0.2)
        return self.head(z)


class ConvVAE(nn.Module):
    """A convolutional variational autoencoder; the output is its loss a picture."""

    def __init__(self, width: int = 12) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, width, 3, 2, 1), nn.Conv2d(width, 2 * width, 3, 2, 1)
        self.mean, self.spread = nn.Linear(8 * width, 6), nn.Linear(8 * width, 6)
        self.back, self.up1, self.up2 = (
            nn.Linear(6, 8 * width),
            nn.ConvTranspose2d(2 * width, width, 2, 2),
            nn.ConvTranspose2d(width, 1, 2, 2),
        )

    def forward(self, x: Tensor) -> Tensor:
        h = torch.relu(self.conv2(torch.relu(self.conv1(x)))).flatten(1)
        mean, s = self.mean(h), self.spread(h)
        z = mean + normal(len(x), 6) * torch.exp(s / 2)
        guess = self.up2(torch.relu(self.up1(torch.relu(self.back(z)).unflatten(1, (-1, 2, 2)))))
        return 0.5 * (guess - x).square().sum((1, 2, 3)) + 0.5 * (mean**2 + s.exp() - 1 - s).sum(1)


class Quantised(nn.Module):
    """VQ-VAE: the nearest of 32 codes U(±1/32), the gradient passed straight through (van den Oord et al., 2017)."""

    def __init__(self, width: int = 32, codes: int = 32) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(64, width), nn.Linear(width, 4 * 8)
        self.book = nn.Embedding(codes, 8)
        nn.init.uniform_(self.book.weight, -1 / codes, 1 / codes)
        self.fc3, self.head = nn.Linear(4 * 8, width), nn.Linear(width, 64)

    def forward(self, x: Tensor) -> Tensor:
        z = self.fc2(torch.relu(self.fc1(x))).view(len(x), 4, 8)
        code = self.book(torch.cdist(z, self.book.weight[None].expand(len(x), -1, -1)).argmin(2))
        passed = (z + (code - z).detach()).flatten(1)
        guess = self.head(torch.relu(self.fc3(passed)))
        apart = ((code - z.detach()) ** 2).mean((1, 2)) + 0.25 * ((code.detach() - z) ** 2).mean((1, 2))
        return (guess - x).square().mean(1) + apart


class Score(nn.Module):
    """A noise predictor of the plane: the time in Gaussian Fourier features in every layer (Song et al., 2021)."""

    def __init__(self, width: int = 64, depth: int = 3) -> None:
        super().__init__()
        self.register_buffer("pitch", torch.randn(16) * 4)
        self.stem, self.time = nn.Linear(2, width), nn.Linear(32, width)
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.head = nn.Linear(width, 2)

    def forward(self, x: Tensor) -> Tensor:
        angle = 2 * math.pi * x[:, 2:] * self.pitch
        t, h = functional.silu(self.time(torch.cat([angle.sin(), angle.cos()], 1))), self.stem(x[:, :2])
        for layer in self.layers:
            h = h + functional.silu(layer(h + t))
        return self.head(h)


class Steps(nn.Module):
    """DDPM's block: norm, SiLU, convolution, plus the time; again, the last at zero (Ho et al., 2020)."""

    def __init__(self, k: int, n: int) -> None:
        super().__init__()
        self.norm1, self.norm2, self.time = nn.GroupNorm(4, k), nn.GroupNorm(4, n), nn.Linear(32, n)
        self.conv1, self.conv2 = nn.Conv2d(k, n, 3, padding=1), nn.Conv2d(n, n, 3, padding=1)
        self.skip = nn.Conv2d(k, n, 1) if k != n else nn.Identity()
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        h = self.conv1(functional.silu(self.norm1(x))) + self.time(functional.silu(t))[:, :, None, None]
        return self.skip(x) + self.conv2(functional.silu(self.norm2(h)))


class Denoiser(nn.Module):
    """A U-Net of such blocks with sine embeddings of the time, and a zero last convolution."""

    def __init__(self, width: int = 12) -> None:
        super().__init__()
        self.time1, self.time2 = nn.Linear(16, 32), nn.Linear(32, 32)
        self.stem, self.down = nn.Conv2d(1, width, 3, padding=1), nn.Conv2d(width, width, 3, 2, 1)
        self.blocks = nn.ModuleList(
            [Steps(width, width), Steps(width, 2 * width), Steps(2 * width, 2 * width), Steps(3 * width, width)]
        )
        self.norm, self.head = nn.GroupNorm(4, width), nn.Conv2d(width, 1, 3, padding=1)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, x: Tensor) -> Tensor:
        angle = 100 * x[:, 1, 0, :1] * 1e2 ** (-torch.arange(8) / 8)
        t = self.time2(functional.silu(self.time1(torch.cat([angle.sin(), angle.cos()], 1))))
        a = self.blocks[0](self.stem(x[:, :1]), t)
        b = self.blocks[2](self.blocks[1](self.down(a), t), t)
        return self.head(
            functional.silu(self.norm(self.blocks[3](torch.cat([a, functional.interpolate(b, scale_factor=2)], 1), t)))
        )


class Momentum(nn.Module):
    """BYOL: an online network and predictor after a frozen slow copy of itself (Grill et al., 2020)."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.online = nn.Sequential(nn.Linear(64, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Linear(width, 32))
        self.target = copy.deepcopy(self.online).requires_grad_(False)
        self.predictor = nn.Sequential(nn.Linear(32, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Linear(width, 32))

    def forward(self, x: Tensor) -> Tensor:
        a, b = (x + 0.3 * normal(*x.shape, seed=s) for s in (1, 2))
        return 2 - 2 * functional.cosine_similarity(self.predictor(self.online(a)), self.target(b))


def _pairs() -> Pair:
    """Pictures half of which are noise; which are real."""
    x, _, _ = scenes()
    real = (torch.arange(len(x)) % 3 > 0).float()[:, None]
    return torch.where(real[:, :, None, None] > 0, x, normal(*x.shape, seed=9)), real


def _latents(width: int) -> Pair:
    z = normal(1024, 16)
    return z, torch.ones(1024, 1) if width == 1 else torch.sin(2 * z[:, :width]) + z[
        :, width : 2 * width
    ] ** 2 / 2 - 0.5


def _noisy_points() -> Pair:
    x, _ = speckles()
    t, noise = uniform(len(x), 1, seed=5), normal(len(x), 2, seed=6)
    return torch.cat([(1 - t) * x + t * noise, t], 1), noise - x


def _noisy_images() -> Pair:
    x, _ = images()
    t, noise = uniform(len(x), 1, 1, 1, seed=5), normal(*x.shape, seed=6)
    return torch.cat([(1 - t).sqrt() * x + t.sqrt() * noise, t.expand_as(x)], 1), noise


_net = partial(named, rows=32)
BINARY, MSE = nn.BCEWithLogitsLoss(), nn.MSELoss()
GENERATIVE = (
    _net("dcgan-critic", _pairs, critic, BINARY, "0 2 5", head="8", act="leaky"),
    _net("dcgan-generator", partial(_latents, 1), against, BINARY, "0.1 0.4", head="0.7"),
    _net("spectral-critic", _pairs, bounded, real_loss),
    _net("equalised-mapping", partial(_latents, 8), Mapping, MSE),
    _net("conv-vae", images, ConvVAE, mean_loss),
    _net("vq-vae", digits, Quantised, mean_loss, "fc1 fc2 fc3"),
    _net("score-plane", _noisy_points, Score, MSE, "stem time layers.0 layers.1 layers.2", act="silu", rows=64),
    _net("ddpm-unet", _noisy_images, Denoiser, MSE),
    _net("byol", digits, Momentum, mean_loss, rows=64),
)

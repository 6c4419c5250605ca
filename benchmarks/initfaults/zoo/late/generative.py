"""Generators, critics, codes, flows, diffusion: each judged alone, on data that does not move."""

import math

import torch
from benchmarks.initfaults.data import Pair, digits, images, normal
from benchmarks.initfaults.losses import mean_loss, vae_loss
from benchmarks.initfaults.zoo.fresh.data import scenes, speckles, uniform
from benchmarks.initfaults.zoo.fresh.named import named
from benchmarks.initfaults.zoo.late.losses import discrepancy_loss, least_squares, wasserstein
from torch import Tensor, nn
from torch.nn import functional


def small(net: nn.Module) -> nn.Module:
    """N(0, 0.02²) for every convolution, as pix2pix and CycleGAN have it."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, std=0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return net


class Critic(nn.Module):
    """A Wasserstein critic of pictures with layer norms and leaky ReLU (Gulrajani et al., 2017)."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, width, 3, padding=1), nn.Conv2d(width, 2 * width, 3, 2, 1)
        self.conv3, self.head = nn.Conv2d(2 * width, 2 * width, 3, 2, 1), nn.Linear(8 * width, 1)
        self.norm2, self.norm3 = nn.GroupNorm(1, 2 * width), nn.GroupNorm(1, 2 * width)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.leaky_relu(self.conv1(x), 0.2)
        x = functional.leaky_relu(self.norm2(self.conv2(x)), 0.2)
        return self.head(functional.leaky_relu(self.norm3(self.conv3(x)), 0.2).flatten(1))


class PatchCritic(nn.Module):
    """PatchGAN: a score for every patch, instance norms, N(0, 0.02²) (Isola et al., 2017)."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, width, 4, 2, 1), nn.Conv2d(width, 2 * width, 4, 2, 1, bias=False)
        self.norm, self.head = nn.InstanceNorm2d(2 * width), nn.Conv2d(2 * width, 1, 2)
        small(self)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.leaky_relu(self.norm(self.conv2(functional.leaky_relu(self.conv1(x), 0.2))), 0.2)
        return self.head(x)


class Translator(nn.Module):
    """CycleGAN's generator: down, residual blocks with instance norms, up, tanh, N(0, 0.02²) (Zhu et al., 2017)."""

    def __init__(self, width: int = 12, depth: int = 2) -> None:
        super().__init__()
        self.stem, self.down = nn.Conv2d(3, width, 5, padding=2), nn.Conv2d(width, 2 * width, 3, 2, 1)
        self.first = nn.ModuleList(nn.Conv2d(2 * width, 2 * width, 3, padding=1) for _ in range(depth))
        self.second = nn.ModuleList(nn.Conv2d(2 * width, 2 * width, 3, padding=1) for _ in range(depth))
        self.up, self.head = nn.ConvTranspose2d(2 * width, width, 4, 2, 1), nn.Conv2d(width, 3, 5, padding=2)
        small(self)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(functional.instance_norm(self.stem(x)))
        x = torch.relu(functional.instance_norm(self.down(x)))
        for first, second in zip(self.first, self.second, strict=True):
            x = x + functional.instance_norm(second(torch.relu(functional.instance_norm(first(x)))))
        return torch.tanh(self.head(torch.relu(functional.instance_norm(self.up(x)))))


class Styled(nn.Module):
    """A learned constant, weights modulated by a style and demodulated, noise at zero (Karras et al., 2020)."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.map1, self.map2 = nn.Linear(64, 32), nn.Linear(32, 32)
        self.start = nn.Parameter(torch.randn(1, width, 4, 4))
        self.styles = nn.ModuleList(nn.Linear(32, width) for _ in range(2))
        self.weights = nn.ParameterList(torch.randn(width, width, 3, 3) for _ in range(2))
        self.noise, self.head = nn.Parameter(torch.zeros(2)), nn.Conv2d(width, 1, 1)
        for style in self.styles:
            nn.init.normal_(style.weight, std=32**-0.5)
            nn.init.ones_(style.bias)

    def forward(self, z: Tensor) -> Tensor:
        s = functional.leaky_relu(self.map2(functional.leaky_relu(self.map1(z), 0.2)), 0.2)
        x = self.start.expand(len(z), -1, -1, -1)
        for i, (style, w) in enumerate(zip(self.styles, self.weights, strict=True)):
            m = style(s)
            scale = torch.rsqrt(torch.einsum("oikl,bi->bo", w**2, m**2) + 1e-6)
            x = functional.conv2d(x * m[:, :, None, None], w, padding=1) * scale[:, :, None, None]
            x = functional.leaky_relu(x + self.noise[i] * torch.randn_like(x[:, :1]), 0.2)
            x = functional.interpolate(x, scale_factor=2, mode="bilinear") if i == 0 else x
        return self.head(x)[:, 0].flatten(1)


class Categories(nn.Module):
    """A Gumbel-softmax code of 8 categories of 8 (Jang et al., 2017); its divergence weighs little."""

    def __init__(self, width: int = 96) -> None:
        super().__init__()
        self.fc1, self.code = nn.Linear(64, width), nn.Linear(width, 64)
        self.fc2, self.head = nn.Linear(64, width), nn.Linear(width, 64)

    def forward(self, x: Tensor) -> Tensor:
        logits = self.code(torch.relu(self.fc1(x))).view(len(x), 8, 8)
        z = functional.gumbel_softmax(logits, tau=1.0, dim=2) if self.training else torch.softmax(logits, 2)
        return self.head(torch.relu(self.fc2(z.flatten(1))))


class Scalars(nn.Module):
    """Finite scalar quantisation: eight numbers rounded to seven levels behind a tanh (Mentzer et al., 2024)."""

    def __init__(self, width: int = 96) -> None:
        super().__init__()
        self.fc1, self.code, self.fc2, self.head = (
            nn.Linear(64, width),
            nn.Linear(width, 8),
            nn.Linear(8, width),
            nn.Linear(width, 64),
        )

    def forward(self, x: Tensor) -> Tensor:
        z = 3 * torch.tanh(self.code(functional.silu(self.fc1(x))))
        return self.head(functional.silu(self.fc2((z + (z.round() - z).detach()) / 3)))


class Wasserstein(nn.Module):
    """An autoencoder whose codes a kernel pulls to a normal; decoded picture and code side by side."""

    def __init__(self, width: int = 96) -> None:
        super().__init__()
        self.fc1, self.code, self.fc2, self.head = (
            nn.Linear(64, width),
            nn.Linear(width, 8),
            nn.Linear(8, width),
            nn.Linear(width, 64),
        )

    def forward(self, x: Tensor) -> Tensor:
        z = self.code(torch.relu(self.fc1(x)))
        return torch.cat([self.head(torch.relu(self.fc2(z))), z], 1)


class Conditional(nn.Module):
    """A conditional VAE: the class's embedding beside input and code; decoded, mean, log variance."""

    def __init__(self, width: int = 80, latent: int = 6) -> None:
        super().__init__()
        self.classes = nn.Embedding(10, 10)
        self.fc1, self.code = nn.Linear(74, width), nn.Linear(width, 2 * latent)
        self.fc2, self.head = nn.Linear(latent + 10, width), nn.Linear(width, 64)

    def forward(self, x: Tensor) -> Tensor:
        label = self.classes(x[:, 64].long())
        x = x[:, :64]
        code = self.code(torch.tanh(self.fc1(torch.cat([x, label], 1))))
        mean, s = code.chunk(2, 1)
        z = mean + torch.randn_like(mean) * torch.exp(0.5 * s)
        return torch.cat([self.head(torch.tanh(self.fc2(torch.cat([z, label], 1)))), code], 1)


class Glow(nn.Module):
    """Activation norms, orthogonal mixing, couplings whose last layers start at zero (Kingma and Dhariwal, 2018)."""

    def __init__(self, size: int = 16, depth: int = 3, width: int = 48) -> None:
        super().__init__()
        self.shift, self.scale = nn.Parameter(torch.zeros(depth, size)), nn.Parameter(torch.zeros(depth, size))
        self.mix = nn.ParameterList(torch.linalg.qr(torch.randn(size, size))[0] for _ in range(depth))
        self.first = nn.ModuleList(nn.Linear(size // 2, width) for _ in range(depth))
        self.last = nn.ModuleList(nn.Linear(width, size) for _ in range(depth))
        for last in self.last:
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)

    def forward(self, x: Tensor) -> Tensor:
        volume = torch.zeros(len(x))
        for i, (mix, first, last) in enumerate(zip(self.mix, self.first, self.last, strict=True)):
            x = (x + self.shift[i]) * torch.exp(self.scale[i]) @ mix.T
            a, b = x.chunk(2, 1)
            s, t = last(torch.relu(first(a))).chunk(2, 1)
            x = torch.cat([a, b * torch.exp(torch.tanh(s)) + t], 1)
            volume = volume + self.scale[i].sum() + torch.linalg.slogdet(mix)[1] + torch.tanh(s).sum(1)
        return (0.5 * x.square().sum(1) - volume) / x.shape[1]


class Planar(nn.Module):
    """Eight planar steps z + u tanh(wz + b) on the plane (Rezende and Mohamed, 2015)."""

    def __init__(self, depth: int = 8) -> None:
        super().__init__()
        self.w, self.u = nn.Parameter(0.3 * torch.randn(depth, 2)), nn.Parameter(0.3 * torch.randn(depth, 2))
        self.b, self.base = nn.Parameter(torch.zeros(depth)), nn.Parameter(torch.tensor([1.0, 0.0]))

    def forward(self, x: Tensor) -> Tensor:
        x = x * self.base[0] + self.base[1]
        volume = 2 * torch.log(self.base[0].abs() + 1e-6)
        for w, u, b in zip(self.w, self.u, self.b, strict=True):
            z = w @ u
            u = u + (functional.softplus(z) - 1 - z) * w / (w @ w + 1e-6)
            h = torch.tanh(x @ w + b)
            x = x + u * h[:, None]
            volume = volume + torch.log((1 + (1 - h**2) * (w @ u)).abs() + 1e-6)
        return 0.5 * x.square().sum(1) - volume + 2


class Preconditioned(nn.Module):
    """EDM: input, output and skip scaled by the noise level, which is the last column (Karras et al., 2022)."""

    def __init__(self, width: int = 128) -> None:
        super().__init__()
        self.level = nn.Linear(2, width)
        self.fc1, self.fc2, self.head = nn.Linear(64, width), nn.Linear(width, width), nn.Linear(width, 64)
        for linear in (self.level, self.fc1, self.fc2):
            nn.init.xavier_uniform_(linear.weight)
        nn.init.zeros_(self.head.weight)

    def forward(self, x: Tensor) -> Tensor:
        x, sigma = x[:, :64], x[:, 64:]
        c = torch.log(sigma) / 4
        h = self.fc1(x * torch.rsqrt(sigma**2 + 1)) + self.level(torch.cat([torch.sin(6 * c), torch.cos(6 * c)], 1))
        h = self.head(functional.silu(self.fc2(functional.silu(h))))
        return x / (sigma**2 + 1) + h * sigma * torch.rsqrt(sigma**2 + 1)


class Velocity(nn.Module):
    """Flow matching on the plane: position and time in, the velocity out; torch's own draw (Lipman et al., 2023)."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.fc1, self.fc2, self.fc3, self.head = (
            nn.Linear(3, width),
            nn.Linear(width, width),
            nn.Linear(width, width),
            nn.Linear(width, 2),
        )

    def forward(self, x: Tensor) -> Tensor:
        for linear in (self.fc1, self.fc2, self.fc3):
            x = functional.elu(linear(x))
        return self.head(x)


class Energy(nn.Module):
    """An energy told from noise: a network of the plane and a free constant (Gutmann and Hyvärinen, 2010)."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.fc1, self.fc2, self.head = nn.Linear(2, width), nn.Linear(width, width), nn.Linear(width, 1)
        self.constant = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        noise = -0.5 * (x / 2).square().sum(1, keepdim=True) - math.log(8 * math.pi)
        return -self.head(functional.silu(self.fc2(functional.silu(self.fc1(x))))) - self.constant - noise


def mixed() -> Pair:
    """Real pictures and noisy ones, by turns; 1 for the real."""
    x, _ = images()
    real = (torch.arange(len(x)) % 2 == 0).float()
    return torch.where(real[:, None, None, None] > 0, x, x + 1.2 * normal(*x.shape)), real[:, None]


def patched() -> Pair:
    x, y = mixed()
    return x, y[:, 0]


def recoloured() -> Pair:
    x, _, _ = scenes()
    return x, torch.tanh(x.flip(1) * 0.6)


def latents() -> Pair:
    """Normal codes, and the digits that a fixed random map pairs with them."""
    x, _ = digits()
    return x @ normal(64, 64, seed=9) / 8, x


def itself() -> Pair:
    return digits()[0], digits()[0]


def classed() -> Pair:
    x, y = digits()
    return torch.cat([x, y[:, None].float()], 1), x


def compressed() -> Pair:
    """Digits' sixteen principal parts, unequal in size; no target."""
    x, _ = digits()
    u, s, _ = torch.linalg.svd(x - x.mean(0), full_matrices=False)
    return (u * s)[:, :16] * 1.2, torch.zeros(len(x))


def noised() -> Pair:
    x, _ = digits()
    sigma = torch.exp(1.2 * normal(len(x), 1) - 0.6)
    return torch.cat([x + sigma * normal(*x.shape, seed=1), sigma], 1), x


def flows() -> Pair:
    x, _ = speckles()
    z, t = normal(len(x), 2, seed=4), uniform(len(x), 1, seed=5)
    return torch.cat([t * x + (1 - t) * z, t], 1), x - z


def contrasted() -> Pair:
    x, _ = speckles()
    real = (torch.arange(len(x)) % 2 == 0)[:, None]
    return torch.where(real, x, 2 * normal(len(x), 2, seed=6)), real.float()


MSE, BINARY = nn.MSELoss(), nn.BCEWithLogitsLoss()
GENERATIVE = (
    named("wasserstein-critic", mixed, Critic, wasserstein, "conv1 conv2 conv3", act="leaky"),
    named("patch-critic", patched, PatchCritic, least_squares, "conv1 conv2", act="leaky"),
    named(
        "cycle-generator",
        recoloured,
        Translator,
        nn.L1Loss(),
        "stem down first.0 second.0 first.1 second.1 up",
        rows=32,
    ),
    named("styled-generator", latents, Styled, MSE, "map1 map2 styles.0 styles.1", act="leaky"),
    named("gumbel-codes", itself, Categories, MSE, "fc1 code fc2"),
    named("finite-scalars", itself, Scalars, MSE, "fc1 code fc2", act="silu"),
    named("wasserstein-codes", itself, Wasserstein, discrepancy_loss, "fc1 code fc2"),
    named("conditional-vae", classed, Conditional, vae_loss, "fc1 code fc2", act="tanh"),
    named("glow", compressed, Glow, mean_loss, "first.0 first.1 first.2", head="last.2"),
    named("planar-flow", speckles, Planar, mean_loss),
    named("preconditioned", noised, Preconditioned, MSE, "fc1 level fc2", act="silu"),
    named("flow-matching", flows, Velocity, MSE, "fc1 fc2 fc3", act="elu"),
    named("noise-contrast", contrasted, Energy, BINARY, "fc1 fc2", act="silu"),
)

"""Losses of the late networks, each a plain function of (output, target)."""

import math

import torch
from torch import Tensor
from torch.nn import functional


def ordered_loss(logits: Tensor, grade: Tensor) -> Tensor:
    """CORAL: one binary question a threshold (Cao et al., 2020)."""
    above = (grade[:, None] > torch.arange(logits.shape[1])).float()
    return functional.binary_cross_entropy_with_logits(logits, above)


def evidential_loss(output: Tensor, y: Tensor) -> Tensor:
    """Student's t likelihood of the evidence and its penalty (Amini et al., 2020); output is (γ, ν, α, β) raw."""
    mean, v, alpha, beta = output.chunk(4, 1)
    v, alpha, beta = functional.softplus(v) + 1e-3, functional.softplus(alpha) + 1.001, functional.softplus(beta) + 1e-3
    omega = 2 * beta * (1 + v)
    nll = 0.5 * torch.log(math.pi / v) - alpha * torch.log(omega) + torch.lgamma(alpha) - torch.lgamma(alpha + 0.5)
    nll = nll + (alpha + 0.5) * torch.log((y - mean) ** 2 * v + omega)
    return (nll + 0.01 * (y - mean).abs() * (2 * v + alpha)).mean()


def negative_binomial_loss(output: Tensor, y: Tensor) -> Tensor:
    """Output is (log mean, raw dispersion)."""
    log_mean, raw = output.chunk(2, 1)
    r, mean = functional.softplus(raw) + 1e-2, torch.exp(log_mean.clamp(-10, 10))
    ll = torch.lgamma(y + r) - torch.lgamma(r) - torch.lgamma(y + 1)
    return -(ll + r * torch.log(r / (r + mean)) + y * torch.log(mean / (r + mean))).mean()


def preference_loss(output: Tensor, _: Tensor) -> Tensor:
    """BPR: the bought item's score above the other's."""
    return -functional.logsigmoid(output[:, :1] - output[:, 1:]).mean()


def glove_loss(output: Tensor, count: Tensor) -> Tensor:
    weight = (count / 50).clamp_max(1) ** 0.75
    return (weight * (output - torch.log(count)) ** 2).mean()


def game_loss(output: Tensor, y: Tensor) -> Tensor:
    """AlphaZero: cross-entropy of the move and squared error of the outcome."""
    policy, value = output[:, :-1], output[:, -1]
    return functional.cross_entropy(policy, y[:, 0].long()) + (torch.tanh(value) - y[:, 1]).square().mean()


def cell_loss(output: Tensor, grid: Tensor) -> Tensor:
    """YOLO: class of a cell (0 is nothing), and the centre where there is one."""
    ce = functional.cross_entropy(output[:, :9], grid[:, 0].long())
    there = (grid[:, 0] > 0).float()[:, None]
    return ce + 2 * ((torch.sigmoid(output[:, 9:]) - grid[:, 1:]) ** 2 * there).sum() / there.sum().clamp_min(1)


def anchors_loss(output: Tensor, grid: Tensor) -> Tensor:
    """RetinaNet: focal loss of 8 classes over cells, a smooth L1 of the centre, a sum per object (Lin et al., 2017)."""
    hot = functional.one_hot(grid[:, 0].long(), 9)[..., 1:].permute(0, 3, 1, 2).float()
    ce = functional.binary_cross_entropy_with_logits(output[:, :8], hot, reduction="none")
    weight = torch.where(hot > 0, 0.25, 0.75) * (1 - torch.exp(-ce)) ** 2
    there = (grid[:, 0] > 0).float()[:, None]
    near = functional.smooth_l1_loss(output[:, 8:] * there, grid[:, 1:] * there, reduction="sum")
    return ((weight * ce).sum() + near) / there.sum().clamp_min(1)


def depth_loss(output: Tensor, y: Tensor) -> Tensor:
    """The scale-invariant error of the logarithm (Eigen et al., 2014)."""
    gap = output - torch.log(y + 0.5)
    return (gap**2).mean() - 0.5 * (gap.mean((1, 2)) ** 2).mean()


def masked_loss(logits: Tensor, mask: Tensor) -> Tensor:
    return functional.binary_cross_entropy_with_logits(logits.squeeze(1), mask)


def paired_loss(output: Tensor, _: Tensor) -> Tensor:
    """CLIP: output is the matrix of scaled similarities; both ways."""
    right = torch.arange(len(output))
    return 0.5 * (functional.cross_entropy(output, right) + functional.cross_entropy(output.T, right))


def sigmoid_pairs_loss(output: Tensor, _: Tensor) -> Tensor:
    """SigLIP: a binary question a pair, a sum per row (Zhai et al., 2023)."""
    return -functional.logsigmoid((2 * torch.eye(len(output)) - 1) * output).sum() / len(output)


def supervised_contrast(z: Tensor, y: Tensor) -> Tensor:
    """SupCon at temperature 0.2 (Khosla et al., 2020)."""
    score = z @ z.T / 0.2 - 1e9 * torch.eye(len(z))
    same = (y[:, None] == y).float() - torch.eye(len(z))
    rows = same.sum(1) > 0
    return -((torch.log_softmax(score, 1) * same).sum(1) / same.sum(1).clamp_min(1))[rows].mean()


def pairs_distance(output: Tensor, y: Tensor) -> Tensor:
    """Hadsell's contrastive loss between a row and the next, margin one."""
    gap = (output - output.roll(1, 0)).norm(dim=1)
    same = (y == y.roll(1, 0)).float()
    return (same * gap**2 + (1 - same) * torch.relu(1 - gap) ** 2).mean()


def n_pairs(z: Tensor, y: Tensor) -> Tensor:
    """Multi-class N-pairs between the halves of the batch (Sohn, 2016), and a penalty of the norm."""
    a, b = z.chunk(2)
    n = len(b)
    same = (y[:n, None] == y[n : 2 * n]).float()
    target = same / same.sum(1, keepdim=True).clamp_min(1)
    return -(torch.log_softmax(a[:n] @ b.T, 1) * target).sum(1).mean() + 0.002 * z.square().sum(1).mean()


def proxy_anchor(cosine: Tensor, y: Tensor) -> Tensor:
    """α = 16, δ = 0.1 (Kim et al., 2020)."""
    member = functional.one_hot(y, cosine.shape[1]).bool()
    near = torch.logsumexp(torch.where(member, -16 * (cosine - 0.1), -1e4), 0)
    far = torch.logsumexp(torch.where(member, -1e4, 16 * (cosine + 0.1)), 0)
    return functional.softplus(near).mean() + functional.softplus(far).mean()


def regular_loss(output: Tensor, _: Tensor) -> Tensor:
    """VICReg: invariance, variance, covariance of the two views side by side (Bardes et al., 2022)."""
    a, b = output.chunk(2, 1)
    loss = 25 * functional.mse_loss(a, b)
    for z in (a, b):
        z = z - z.mean(0)
        c = z.T @ z / (len(z) - 1)
        loss = loss + 25 * torch.relu(1 - torch.sqrt(z.var(0) + 1e-4)).mean()
        loss = loss + (c - torch.diag(c.diagonal())).square().sum() / c.shape[0]
    return loss


def speakers_loss(z: Tensor, y: Tensor) -> Tensor:
    """GE2E: output is scaled similarities to the ten centroids (Wan et al., 2018)."""
    return functional.cross_entropy(z, y)


def discrepancy_loss(output: Tensor, x: Tensor) -> Tensor:
    """WAE: reconstruction, and the kernel discrepancy of the codes from a normal (Tolstikhin et al., 2018)."""
    decoded, code = output[:, :64], output[:, 64:]
    normal = torch.randn(code.shape, generator=torch.Generator().manual_seed(len(code)))

    def kernel(a: Tensor, b: Tensor) -> Tensor:
        return (16 / (16 + torch.cdist(a, b) ** 2)).mean()

    return functional.mse_loss(decoded, x) + kernel(code, code) + kernel(normal, normal) - 2 * kernel(code, normal)


def codes_loss(output: Tensor, x: Tensor) -> Tensor:
    """Reconstruction and the L1 of the codes beside it, as a sparse autoencoder has them."""
    return functional.mse_loss(output[:, :64], x) + 1e-3 * output[:, 64:].abs().sum(1).mean()


def wasserstein(scores: Tensor, real: Tensor) -> Tensor:
    """A critic's: the fakes' score minus the real ones', and a small drift penalty."""
    return (scores * (1 - 2 * real)).mean() + 1e-2 * scores.square().mean()


def least_squares(scores: Tensor, real: Tensor) -> Tensor:
    """LSGAN: every patch near one for real, near zero for fake."""
    return (scores - real.view(-1, *[1] * (scores.ndim - 1))).square().mean()


def many_tasks(output: Tensor, y: Tensor) -> Tensor:
    """Class of ten, parity, and the mean brightness, one after the other; the model weighs them."""
    bright = (y.float() - 4.5) / 3
    one = functional.cross_entropy(output[:, :10], y)
    two = functional.binary_cross_entropy_with_logits(output[:, 10], (y % 2).float())
    three = (output[:, 11] - bright).square().mean()
    s = output[0, 12:15]
    return (torch.stack([one, two, three]) * torch.exp(-s) + s / 2).sum()


def both_tasks(output: Tensor, y: Tensor) -> Tensor:
    """Click and purchase: two binary labels of one table."""
    return functional.binary_cross_entropy_with_logits(output, torch.cat([y, y.roll(1, 0) * y], 1))


def squashed_loss(output: Tensor, action: Tensor) -> Tensor:
    """SAC's actor on good actions: minus the likelihood of a squashed normal, its log deviation clamped."""
    mean, log_std = output.chunk(2, 1)
    log_std = log_std.clamp(-5, 2)
    raw = torch.atanh(action.clamp(-0.99, 0.99))
    return (0.5 * ((raw - mean) * torch.exp(-log_std)) ** 2 + log_std).mean()


def twins_loss(output: Tensor, y: Tensor) -> Tensor:
    """Both critics towards one target."""
    return ((output - y) ** 2).sum(1).mean()


def members_loss(output: Tensor, y: Tensor) -> Tensor:
    """Probabilistic ensemble: the Gaussian likelihood of every member, (members, rows, mean and log variance)."""
    mean, logvar = output.chunk(2, -1)
    return (logvar + (y - mean) ** 2 * torch.exp(-logvar)).mean()


def whole_sequence(logits: Tensor, y: Tensor) -> Tensor:
    return functional.cross_entropy(logits.flatten(0, 1), y.flatten())


def pixels_loss(logits: Tensor, x: Tensor) -> Tensor:
    """PixelCNN: four levels a pixel; the logits are (rows, 4, height, width)."""
    levels = torch.bucketize(x[:, 0], torch.tensor([-0.7, 0.0, 0.9]))
    return functional.cross_entropy(logits, levels)

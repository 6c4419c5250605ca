"""Losses beyond torch's own classes, each a plain function of (output, target)."""

import math

import torch
from torch import Tensor
from torch.nn import functional


def token_loss(logits: Tensor, y: Tensor) -> Tensor:
    return functional.cross_entropy(logits.flatten(0, -2), y.flatten())


def focal_loss(logits: Tensor, y: Tensor, gamma: float = 2.0) -> Tensor:
    """RetinaNet's: -(1-p_t)^γ ln p_t, a sum over anchors per positive (Lin et al., 2017)."""
    ce = functional.binary_cross_entropy_with_logits(logits, y, reduction="none")
    return ((1 - torch.exp(-ce)) ** gamma * ce).sum() / y.sum().clamp_min(1)


def contrastive_loss(z: Tensor, _: Tensor, temperature: float = 0.5) -> Tensor:
    """InfoNCE between the two halves of the batch (Chen et al., 2020)."""
    a, b = functional.normalize(z, dim=-1).chunk(2)
    return functional.cross_entropy(a @ b.T / temperature, torch.arange(len(a)))


def poisson_loss(rate: Tensor, y: Tensor) -> Tensor:
    return functional.poisson_nll_loss(rate, y)


def smooth_loss(logits: Tensor, y: Tensor) -> Tensor:
    return functional.cross_entropy(logits, y, label_smoothing=0.1)


def hinge_loss(scores: Tensor, y: Tensor) -> Tensor:
    return functional.multi_margin_loss(scores, y)


def policy_loss(logits: Tensor, actions: Tensor) -> Tensor:
    """REINFORCE with advantages of ±1: no constant predictor gives this loss."""
    advantage = torch.where(actions % 2 == 0, 1.0, -1.0)
    return (functional.cross_entropy(logits, actions, reduction="none") * advantage).mean()


def vae_loss(output: Tensor, x: Tensor) -> Tensor:
    """Reconstruction of unit variance and the KL divergence; `output` is (decoded, mean, log variance) side by side."""
    n = x.shape[1]
    decoded, mean, logvar = output[:, :n], *output[:, n:].chunk(2, 1)
    kl = 0.5 * (mean**2 + logvar.exp() - 1 - logvar).sum(1).mean()
    return functional.mse_loss(decoded, x) + kl / n


def gaussian_loss(output: Tensor, y: Tensor) -> Tensor:
    """The negative log likelihood of N(mean, e^s); `output` is (mean, s) side by side."""
    mean, s = output.chunk(2, -1)
    return (0.5 * (s + (y - mean) ** 2 * torch.exp(-s))).mean()


def mixture_loss(output: Tensor, y: Tensor) -> Tensor:
    """A mixture density network's: `output` is (weights' logits, means, log deviations) side by side (Bishop, 1994)."""
    weight, mean, s = output.chunk(3, -1)
    parts = -0.5 * ((y - mean) * torch.exp(-s)) ** 2 - s - 0.5 * math.log(2 * math.pi)
    return -torch.logsumexp(torch.log_softmax(weight, -1) + parts, -1).mean()


def pinball_loss(output: Tensor, y: Tensor) -> Tensor:
    """Quantile regression at 0.1, 0.5 and 0.9."""
    off = y - output
    level = torch.tensor([0.1, 0.5, 0.9])
    return torch.maximum(level * off, (level - 1) * off).mean()


def atoms_loss(logits: Tensor, y: Tensor) -> Tensor:
    """C51: cross-entropy with the return laid on 51 atoms between -4 and 4 (Bellemare et al., 2017)."""
    atoms = torch.linspace(-4, 4, logits.shape[-1])
    soft = torch.softmax(-((y - atoms) ** 2) / 0.02, -1)
    return functional.cross_entropy(logits, soft)


def triplet_loss(z: Tensor, y: Tensor) -> Tensor:
    """Each row against the next of its class and the next of another, by the batch-hard rule (Hermans et al., 2017)."""
    far = torch.cdist(functional.normalize(z, dim=-1), functional.normalize(z, dim=-1) + 1e-6)
    same = y[:, None] == y
    hard = torch.where(same, far, torch.zeros_like(far)).amax(1) - torch.where(same, far + 10, far).amin(1)
    return torch.relu(hard + 0.3).mean()


def margin_loss(cosine: Tensor, y: Tensor) -> Tensor:
    """CosFace: 16 (cos - 0.2) at the truth, 16 cos elsewhere (Wang et al., 2018)."""
    return functional.cross_entropy(16 * (cosine - 0.2 * functional.one_hot(y, cosine.shape[-1])), y)


def prototype_loss(z: Tensor, y: Tensor) -> Tensor:
    """Distances to the means of the classes of the batch's first half (Snell et al., 2017)."""
    n = len(z) // 2
    member = functional.one_hot(y[:n], 10).float()
    means = member.T @ z[:n] / member.sum(0).clamp_min(1)[:, None]
    return functional.cross_entropy(-(torch.cdist(z[n:], means) ** 2), y[n:])


def similar_loss(output: Tensor, _: Tensor) -> Tensor:
    """SimSiam: minus the cosine of prediction and (cut) projection, both ways (Chen and He, 2021)."""
    p1, p2, z1, z2 = output.chunk(4, -1)
    one = functional.cosine_similarity(p1, z2.detach(), dim=-1)
    return -0.5 * (one + functional.cosine_similarity(p2, z1.detach(), dim=-1)).mean()


def decorrelated_loss(output: Tensor, _: Tensor) -> Tensor:
    """Barlow Twins: the cross-correlation of two views towards the identity (Zbontar et al., 2021)."""
    a, b = ((z - z.mean(0)) / (z.std(0) + 1e-4) for z in output.chunk(2, -1))
    off = a.T @ b / len(a) - torch.eye(a.shape[1])
    return (off.diagonal() ** 2).mean() + 0.01 * (off - torch.diag(off.diagonal())).square().sum(1).mean()


def dice_loss(logits: Tensor, mask: Tensor) -> Tensor:
    """One minus the soft Dice coefficient, and the cross-entropy beside it (nnU-Net)."""
    p = torch.sigmoid(logits)
    dice = (2 * (p * mask).sum((1, 2)) + 1) / ((p + mask).sum((1, 2)) + 1)
    return 1 - dice.mean() + functional.binary_cross_entropy_with_logits(logits, mask)


def heat_loss(logits: Tensor, heat: Tensor) -> Tensor:
    """CenterNet's focal loss on a map of centres, a sum per object (Zhou et al., 2019)."""
    p = torch.sigmoid(logits).clamp(1e-4, 1 - 1e-4)
    hit = torch.log(p) * (1 - p) ** 2 * (heat == 1)
    miss = torch.log(1 - p) * p**2 * (1 - heat) ** 4 * (heat < 1)
    return -(hit + miss).sum() / (heat == 1).sum().clamp_min(1)


def ctc_loss(logits: Tensor, y: Tensor) -> Tensor:
    """Connectionist temporal classification; the blank is 0."""
    frames, letters = (torch.full((len(y),), n, dtype=torch.long) for n in (logits.shape[1], y.shape[1]))
    return functional.ctc_loss(torch.log_softmax(logits, -1).transpose(0, 1), y, frames, letters, zero_infinity=True)


def tag_loss(logits: Tensor, y: Tensor) -> Tensor:
    return functional.cross_entropy(logits.flatten(0, 1), y.flatten(), ignore_index=-100)


def mean_loss(values: Tensor, _: Tensor) -> Tensor:
    """The mean of what the model itself computed: a likelihood, a residual, a critic's score."""
    return values.mean()


def real_loss(scores: Tensor, real: Tensor) -> Tensor:
    """A discriminator's hinge loss."""
    return torch.relu(1 - scores * (2 * real - 1)).mean()

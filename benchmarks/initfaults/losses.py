"""Losses beyond torch's own classes, each a plain function of (output, target)."""

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

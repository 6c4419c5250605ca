"""Embeddings learned by comparison: pictures with captions, views, classes, speakers."""

import math

import torch
from benchmarks.initfaults.data import digits
from benchmarks.initfaults.zoo.fresh.named import named
from benchmarks.initfaults.zoo.late.data import captions, views
from benchmarks.initfaults.zoo.late.losses import (
    n_pairs,
    paired_loss,
    pairs_distance,
    proxy_anchor,
    regular_loss,
    sigmoid_pairs_loss,
    speakers_loss,
    supervised_contrast,
)
from benchmarks.initfaults.zoo.perceptrons import layers
from torch import Tensor, nn
from torch.nn import functional


def unit(x: Tensor) -> Tensor:
    return functional.normalize(x, dim=-1)


class Pictured(nn.Module):
    """CLIP's two encoders and a log temperature at ln(1/0.07); SigLIP's at ln 10 with a bias of -10."""

    def __init__(self, *, pairwise: bool = False, width: int = 48) -> None:
        super().__init__()
        self.fc1, self.fc2, self.image = nn.Linear(64, width), nn.Linear(width, width), nn.Linear(width, 32, bias=False)
        self.words, self.text = nn.Embedding(40, 32), nn.Linear(32, 32, bias=False)
        nn.init.normal_(self.words.weight, std=0.02)
        for linear in (self.image, self.text):
            nn.init.normal_(linear.weight, std=linear.in_features**-0.5)
        self.logit_scale = nn.Parameter(torch.tensor(math.log(10.0 if pairwise else 1 / 0.07)))
        self.logit_bias = nn.Parameter(torch.tensor(-10.0)) if pairwise else 0.0

    def forward(self, x: Tensor) -> Tensor:
        image = self.image(functional.gelu(self.fc2(functional.gelu(self.fc1(x[:, :64])))))
        text = self.text(self.words(x[:, 64:].long()).mean(1))
        return unit(image) @ unit(text).T * torch.exp(self.logit_scale) + self.logit_bias


class Projected(nn.Module):
    """An encoder with batch norm, and a projection of unit length."""

    def __init__(self, width: int = 96) -> None:
        super().__init__()
        self.fc1, self.norm, self.fc2 = nn.Linear(64, width), nn.BatchNorm1d(width), nn.Linear(width, width)
        self.head = nn.Linear(width, 32)

    def forward(self, x: Tensor) -> Tensor:
        return unit(self.head(torch.relu(self.fc2(torch.relu(self.norm(self.fc1(x)))))))


class Proxies(nn.Module):
    """A proxy a class, He's fan out as its authors have it; cosines to all (Kim et al., 2020)."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.fc1, self.fc2, self.head = nn.Linear(64, width), nn.Linear(width, width), nn.Linear(width, 24)
        self.proxies = nn.Parameter(nn.init.kaiming_normal_(torch.empty(10, 24), mode="fan_out"))

    def forward(self, x: Tensor) -> Tensor:
        return unit(self.head(torch.relu(self.fc2(torch.relu(self.fc1(x)))))) @ unit(self.proxies).T


class Expander(nn.Module):
    """VICReg: encoder and expander for both views, side by side."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.fc1, self.fc2, self.fc3, self.head = (
            nn.Linear(64, width),
            nn.Linear(width, 32),
            nn.Linear(32, width),
            nn.Linear(width, 48),
        )
        self.norm = nn.BatchNorm1d(width)

    def forward(self, x: Tensor) -> Tensor:
        outs = []
        for view in x.chunk(2, 1):
            h = torch.relu(self.fc2(torch.relu(self.fc1(view))))
            outs.append(self.head(torch.relu(self.norm(self.fc3(h)))))
        return torch.cat(outs, 1)


class Centroids(nn.Module):
    """GE2E: cosines to learned centroids, times 10, less 5 (Wan et al., 2018)."""

    def __init__(self, width: int = 48) -> None:
        super().__init__()
        self.body, self.head = nn.LSTM(8, width, batch_first=True), nn.Linear(width, 16)
        self.centroids = nn.Parameter(torch.randn(10, 16) * 0.3)
        self.w, self.b = nn.Parameter(torch.tensor(10.0)), nn.Parameter(torch.tensor(-5.0))

    def forward(self, x: Tensor) -> Tensor:
        h = self.head(self.body(x.view(len(x), 8, 8))[0][:, -1])
        return self.w * unit(h) @ unit(self.centroids).T + self.b


METRIC = (
    named("clip", captions, Pictured, paired_loss, "fc1 fc2", head="image", act="gelu", embedding="words.weight"),
    named("siglip", captions, lambda: Pictured(pairwise=True), sigmoid_pairs_loss, "fc1 fc2", head="image", act="gelu",
          embedding="words.weight"),
    named("supervised-contrast", digits, Projected, supervised_contrast, "fc1 fc2"),
    named("n-pairs", digits, lambda: layers((64, 64, 64, 16), "relu", None), n_pairs, "fc1 fc2"),
    named("siamese-margin", digits, lambda: layers((64, 96, 8), "relu", None), pairs_distance, "fc1"),
    named("proxy-anchor", digits, Proxies, proxy_anchor, "fc1 fc2"),
    named("variance-covariance", views, Expander, regular_loss, "fc1 fc2 fc3"),
    named("speaker-centroids", digits, Centroids, speakers_loss, "body.weight_ih_l0 body.weight_hh_l0", act="lstm"),
)  # fmt: skip

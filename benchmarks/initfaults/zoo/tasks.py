"""Small bodies under many heads and losses: K from 2 to 50,257, multi-label, contrastive, adapters, experts."""

import math
from collections.abc import Callable

import torch
from benchmarks.initfaults.data import ROWS, digits, integers, normal
from benchmarks.initfaults.losses import (
    contrastive_loss,
    focal_loss,
    hinge_loss,
    poisson_loss,
    policy_loss,
    smooth_loss,
    vae_loss,
)  # fmt: skip
from benchmarks.initfaults.net import Case, Loss, Net, Sites
from benchmarks.initfaults.zoo.perceptrons import he, layers, on
from torch import Tensor, nn
from torch.nn import functional


class Experts(nn.Module):
    """A linear router sends each example to its best two of `count` experts."""

    def __init__(self, count: int = 4, width: int = 64) -> None:
        super().__init__()
        self.stem, self.router = nn.Linear(64, width), nn.Linear(width, count, bias=False)
        self.experts = nn.ModuleList(
            nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width)) for _ in range(count)
        )
        self.head = nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        weight, chosen = torch.softmax(self.router(x), -1).topk(2)
        out = torch.zeros_like(x)
        for index, expert in enumerate(self.experts):
            row, place = torch.where(chosen == index)
            out = out.index_add(0, row, expert(x[row]) * weight[row, place, None])
        return self.head(x + out)


class SkipGram(nn.Module):
    """word2vec with a full softmax: two embeddings, or one used twice."""

    def __init__(self, vocabulary: int = 1000, width: int = 64, *, tied: bool) -> None:
        super().__init__()
        self.words = nn.Embedding(vocabulary, width)
        self.out = nn.Linear(width, vocabulary, bias=False)
        nn.init.normal_(self.words.weight, std=width**-0.5)
        if tied:
            self.out.weight = self.words.weight
        else:
            nn.init.zeros_(self.out.weight)

    def forward(self, ids: Tensor) -> Tensor:
        return self.out(self.words(ids))


class LoRA(nn.Module):
    """A frozen linear layer and a trainable product B·A with B = 0 (Hu et al., 2021)."""

    def __init__(self, base: nn.Linear, rank: int = 4) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        self.A = nn.Parameter(torch.empty(rank, base.in_features))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))

    def forward(self, x: Tensor) -> Tensor:
        return self.base(x) + 2 * functional.linear(functional.linear(x, self.A), self.B)


def adapted(rank: int = 4) -> nn.Sequential:
    """A frozen perceptron whose every layer carries a LoRA, the head as well."""
    net = layers((64, 64, 64, 10), "relu", he)
    for name, module in list(net.named_children()):
        if isinstance(module, nn.Linear):
            setattr(net, name, LoRA(module, rank))
    return net


def frozen_base() -> nn.Sequential:
    net = layers((64, 256, 10), "relu", he)
    net.get_submodule("fc1").requires_grad_(False)
    return net


class Dueling(nn.Module):
    """Q = V + A - mean A, two heads on one body (Wang et al., 2016)."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())
        self.value, self.advantage = nn.Linear(64, 1), nn.Linear(64, 4)

    def forward(self, x: Tensor) -> Tensor:
        h = self.body(x)
        a = self.advantage(h)
        return self.value(h) + a - a.mean(1, keepdim=True)


class VAE(nn.Module):
    """A variational autoencoder (Kingma and Welling, 2014)."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 16))
        self.decoder = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64))

    def forward(self, x: Tensor) -> Tensor:
        mean, logvar = self.encoder(x).chunk(2, 1)
        noise = torch.randn(mean.shape, generator=torch.Generator().manual_seed(0))
        return torch.cat([self.decoder(mean + noise * (logvar / 2).exp()), mean, logvar], 1)


def _classes(count: int, *, zero: bool = False) -> Net:
    def build() -> Case:
        net = layers((64, 64, 64, count), "relu", he)
        head = net.get_submodule("head").weight  # type: ignore[union-attr]
        nn.init.zeros_(head) if zero else nn.init.normal_(head, std=0.5 / 8)
        x, y = digits()[0], integers(count, len(digits()[0]))
        return Case(model=net, x=x[:ROWS], y=y[:ROWS], loss=nn.CrossEntropyLoss())

    return Net(name=f"classes-{count}{'-zero-head' if zero else ''}", family=f"classes-{count}", build=build)


def _multilabel(prior: float | None) -> Case:
    """20 labels; with `prior` the head's bias starts at ln(π/(1-π)) and the focal loss weighs them (RetinaNet)."""
    x, y = digits()
    net = layers((64, 64, 64, 20), "relu", he)
    truth = functional.one_hot(y, 20).float()
    if prior is None:
        truth = ((y[:, None] + torch.arange(20)) % 3 == 0).float()
    else:
        nn.init.constant_(net.get_submodule("head").bias, math.log(prior / (1 - prior)))  # type: ignore[arg-type]
        nn.init.normal_(net.get_submodule("head").weight, std=0.01)  # type: ignore[arg-type]
    loss: Loss = nn.BCEWithLogitsLoss() if prior is None else focal_loss
    return Case(model=net, x=x[:ROWS], y=truth[:ROWS], loss=loss, data=(x, truth))


def _with(y: Callable[[Tensor, Tensor], Tensor], model: Callable[[], nn.Module], loss: Loss) -> Callable[[], Case]:
    def build() -> Case:
        x, label = digits()
        target = y(x, label)
        return Case(model=model(), x=x[:ROWS], y=target[:ROWS], loss=loss, data=(x, target))

    return build


def _itself(x: Tensor, _: Tensor) -> Tensor:
    return x


def _label(_: Tensor, y: Tensor) -> Tensor:
    return y


def _words(*, tied: bool) -> Case:
    return Case(
        model=SkipGram(tied=tied), x=integers(1000, 256), y=integers(1000, 256, seed=1), loss=nn.CrossEntropyLoss()
    )


def _classifier(classes: int = 10) -> nn.Sequential:
    return layers((64, 64, 64, classes), "relu", he)


def _imbalanced() -> Case:
    """Nine in ten of one class, and the head's bias at the logarithm of the class frequencies."""
    x, y = digits()
    rare = (y == 0).long()
    net = layers((64, 64, 64, 2), "relu", he)
    share = rare.float().mean()
    with torch.no_grad():
        net.get_submodule("head").bias.copy_(torch.stack([1 - share, share]).log())  # type: ignore[union-attr,operator]
        net.get_submodule("head").weight.mul_(0.1)  # type: ignore[union-attr,operator]
    return Case(model=net, x=x[:ROWS], y=rare[:ROWS], loss=nn.CrossEntropyLoss(), data=(x, rare))


HIDDEN2 = ("fc1.weight", "fc2.weight")
CLASSIC = Sites(hidden=HIDDEN2, head="head.weight")
LORAS = tuple((f"{part}.A", f"{part}.B") for part in ("fc1", "fc2", "head"))
TASKS = (
    _classes(2),
    _classes(100),
    _classes(1000),
    _classes(1000, zero=True),
    _classes(10_000),
    _classes(50_257),
    Net(name="multi-label", family="multi-label", build=lambda: _multilabel(None), sites=CLASSIC),
    Net(name="focal-prior-bias", family="focal-prior", build=lambda: _multilabel(0.01)),
    Net(name="imbalanced-prior-bias", family="prior-bias", build=_imbalanced),
    Net(
        name="autoencoder", family="autoencoder",
        build=_with(_itself, lambda: layers((64, 48, 16, 48, 64), "gelu", he), nn.MSELoss()),
        sites=Sites(hidden=(*HIDDEN2, "fc3.weight"), head="head.weight", activation="gelu"),
    ),
    Net(name="vae", family="vae", build=_with(_itself, VAE, vae_loss)),
    Net(name="skip-gram-tied", family="skip-gram", build=lambda: _words(tied=True)),
    Net(name="skip-gram-zero-out", family="skip-gram", build=lambda: _words(tied=False)),
    Net(
        name="experts-4", family="experts", build=lambda: on(digits, Experts(), nn.CrossEntropyLoss()),
        sites=Sites(
            hidden=("stem.weight", *(f"experts.{i}.{j}.weight" for i in range(4) for j in (0, 2))), head="head.weight",
        ),
    ),
    Net(name="experts-16", family="experts", build=lambda: on(digits, Experts(16), nn.CrossEntropyLoss())),
    Net(name="frozen-base", family="frozen-base", build=lambda: on(digits, frozen_base(), nn.CrossEntropyLoss())),
    Net(
        name="lora-mlp", family="lora-mlp", build=lambda: on(digits, adapted(), nn.CrossEntropyLoss()),
        sites=Sites(lora=LORAS),
    ),
    Net(
        name="lora-mlp-rank-16", family="lora-mlp-wide",
        build=lambda: on(digits, adapted(16), nn.CrossEntropyLoss()), sites=Sites(lora=LORAS),
    ),
    Net(name="label-smoothing", family="label-smoothing", build=_with(_label, _classifier, smooth_loss)),
    Net(name="hinge", family="hinge", build=_with(_label, _classifier, hinge_loss)),
    Net(name="policy-gradient", family="policy", build=_with(_label, _classifier, policy_loss)),
    Net(name="contrastive", family="contrastive", build=_with(_label, lambda: _classifier(32), contrastive_loss)),
    Net(
        name="counts", family="poisson",
        build=_with(lambda _, y: y[:, None].float(), lambda: layers((64, 64, 1), "tanh", None), poisson_loss),
    ),
    Net(
        name="huber", family="huber",
        build=_with(
            lambda _, y: (y[:, None] - 4.5) / 2.9, lambda: layers((64, 64, 64, 1), "silu", he), nn.SmoothL1Loss()
        ),
    ),
    Net(name="dueling", family="dueling", build=_with(lambda x, _: x[:, 20:24], Dueling, nn.MSELoss())),
    Net(
        name="many-targets", family="many-targets",
        build=_with(lambda x, _: x @ normal(64, 32) / 8, lambda: layers((64, 128, 128, 32), "relu", he), nn.MSELoss()),
    ),
)  # fmt: skip

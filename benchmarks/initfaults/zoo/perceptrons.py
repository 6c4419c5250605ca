"""Multilayer perceptrons: activations by initializations by depths."""

import math
from collections.abc import Callable
from functools import partial
from itertools import pairwise

import torch
from benchmarks.initfaults.data import ROWS, Pair, circles, curve, digits
from benchmarks.initfaults.net import Case, Loss, Net, Sites
from torch import Tensor, nn

Init = Callable[[Tensor], Tensor]
ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU, "tanh": nn.Tanh, "gelu": nn.GELU, "selu": nn.SELU, "sigmoid": nn.Sigmoid, "silu": nn.SiLU,
    "elu": nn.ELU, "leaky": partial(nn.LeakyReLU, 0.1), "softplus": nn.Softplus, "mish": nn.Mish, "prelu": nn.PReLU,
    "hardswish": nn.Hardswish, "relu6": nn.ReLU6, "softsign": nn.Softsign, "celu": nn.CELU,
}  # fmt: skip


def he(w: Tensor) -> Tensor:
    return nn.init.kaiming_normal_(w, nonlinearity="relu")


def he_uniform(w: Tensor) -> Tensor:
    return nn.init.kaiming_uniform_(w, nonlinearity="relu")


def lecun(w: Tensor) -> Tensor:
    return nn.init.kaiming_normal_(w, nonlinearity="linear")


def glorot(w: Tensor) -> Tensor:
    return nn.init.xavier_uniform_(w)


def glorot_tanh(w: Tensor) -> Tensor:
    return nn.init.xavier_uniform_(w, gain=5 / 3)


def glorot_sigmoid(w: Tensor) -> Tensor:
    return nn.init.xavier_uniform_(w, gain=4.0)


def orthogonal(w: Tensor) -> Tensor:
    return nn.init.orthogonal_(w)


def orthogonal_relu(w: Tensor) -> Tensor:
    return nn.init.orthogonal_(w, gain=math.sqrt(2))


def sparse(w: Tensor) -> Tensor:
    """15 incoming connections a unit, as Martens (2010) has them."""
    with torch.no_grad():
        w.zero_()
        for row in w:
            chosen = torch.randperm(len(row))[:15]
            row[chosen] = torch.randn(len(chosen)) * math.sqrt(2 / 15)
    return w


def zero(w: Tensor) -> Tensor:
    return nn.init.zeros_(w)


def layers(
    widths: tuple[int, ...], act: str, init: Init | None, *, head: Init | None = None, norm: str = "", drop: float = 0
) -> nn.Sequential:
    """Linear, norm, activation, dropout per hidden layer; then the head. Names: fc1, act1, ..., head."""
    net = nn.Sequential()
    for number, (k, n) in enumerate(pairwise(widths), 1):
        linear = nn.Linear(k, n)
        last = number == len(widths) - 1
        chosen = head if last and head else init
        if chosen:
            chosen(linear.weight)
            nn.init.zeros_(linear.bias)
        net.add_module("head" if last else f"fc{number}", linear)
        if last:
            break
        if norm:
            net.add_module(f"norm{number}", nn.BatchNorm1d(n) if norm == "bn" else nn.LayerNorm(n))
        net.add_module(f"act{number}", ACTIVATIONS[act]())
        if drop:
            net.add_module(f"drop{number}", nn.Dropout(drop))
    return net


def on(data: Callable[[], Pair], model: nn.Module, loss: Loss, rows: int = ROWS) -> Case:
    x, y = data()
    return Case(model=model, x=x[:rows], y=y[:rows], loss=loss, data=(x, y))


def perceptron(
    act: str, init: Init | None, depth: int, width: int, *, family: str | None = None, host: bool = False,
    head: Init | None = None, norm: str = "", drop: float = 0,
) -> Net:  # fmt: skip
    """A classifier of digits with `depth` hidden layers."""
    widths = (64, *[width] * depth, 10)
    law = init.__name__.replace("_", "-") if init else "default"
    extra = "".join(
        f"-{word}" for word in (norm, "dropout" if drop else "", f"{head.__name__}-head" if head else "") if word
    )
    hidden = tuple(f"fc{i + 1}.weight" for i in range(depth))
    return Net(
        name=f"mlp-{act}-{law}-{depth}x{width}{extra}",
        family=family or f"mlp-{act}-{law}",
        build=lambda: on(digits, layers(widths, act, init, head=head, norm=norm, drop=drop), nn.CrossEntropyLoss()),
        sites=Sites(hidden=hidden, head="head.weight", activation=act) if host else None,
    )


class Siren(nn.Module):
    """sin(30 W x) layers on coordinates, drawn as Sitzmann et al. (2020) prescribe."""

    def __init__(self, inputs: int = 2, width: int = 64, depth: int = 3) -> None:
        super().__init__()
        widths = (inputs, *[width] * depth, 1)
        self.linears = nn.ModuleList(nn.Linear(k, n) for k, n in pairwise(widths))
        for index, linear in enumerate(self.linears):
            k = linear.in_features
            bound = 1 / k if index == 0 else math.sqrt(6 / k) / 30
            nn.init.uniform_(linear.weight, -bound, bound)

    def forward(self, x: Tensor) -> Tensor:
        for linear in self.linears[:-1]:
            x = torch.sin(30 * linear(x))
        return self.linears[-1](x)


class Gated(nn.Module):
    """SwiGLU feed-forward layers between a stem and a head (Shazeer, 2020)."""

    def __init__(self, width: int = 64, depth: int = 3) -> None:
        super().__init__()
        self.stem = nn.Linear(64, width)
        self.gate = nn.ModuleList(nn.Linear(width, 2 * width) for _ in range(depth))
        self.value = nn.ModuleList(nn.Linear(width, 2 * width) for _ in range(depth))
        self.out = nn.ModuleList(nn.Linear(2 * width, width) for _ in range(depth))
        self.head = nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for gate, value, out in zip(self.gate, self.value, self.out, strict=True):
            x = x + out(nn.functional.silu(gate(x)) * value(x))
        return self.head(x)


def _coordinates() -> Pair:
    x = torch.rand(512, 2, generator=torch.Generator().manual_seed(0)) * 2 - 1
    y = torch.sin(12 * x[:, :1]) * torch.cos(9 * x[:, 1:])
    return x, y / y.std()


def _binary() -> Case:
    x, y = circles()
    net = layers((2, 32, 32, 32, 1), "relu", he)
    target = y[:, None].float()
    return Case(model=net, x=x[:ROWS], y=target[:ROWS], loss=nn.BCEWithLogitsLoss(), data=(x, target))


def _regression(act: str, init: Init | None, head: Init | None = None) -> Case:
    return on(curve, layers((8, 64, 64, 64, 1), act, init, head=head), nn.MSELoss())


HIDDEN3 = tuple(f"fc{i}.weight" for i in (1, 2, 3))
PERCEPTRONS = (
    perceptron("relu", he, 2, 256),
    perceptron("relu", he, 5, 64, host=True),
    perceptron("relu", he, 10, 128),
    perceptron("relu", he_uniform, 6, 96, family="mlp-relu-he-uniform"),
    perceptron("relu", None, 3, 128),
    perceptron("relu", None, 1, 512),
    perceptron("relu", glorot, 4, 128, host=True),
    perceptron("relu", orthogonal_relu, 8, 128),
    perceptron("relu", orthogonal_relu, 12, 64, host=True),
    perceptron("relu", sparse, 4, 128),
    perceptron("relu", he, 3, 128, norm="bn", family="mlp-bn", host=True),
    perceptron("relu", he, 8, 64, norm="bn", family="mlp-bn"),
    perceptron("relu", he, 4, 128, norm="ln", family="mlp-ln", host=True),
    perceptron("relu", he, 3, 128, drop=0.5, head=glorot, family="mlp-dropout"),
    perceptron("relu", he, 3, 128, head=zero, family="mlp-zero-head"),
    perceptron("tanh", glorot, 3, 128),
    perceptron("tanh", glorot, 6, 64, host=True),
    perceptron("tanh", glorot_tanh, 5, 128),
    perceptron("tanh", orthogonal, 10, 128),
    perceptron("tanh", None, 3, 64),
    perceptron("tanh", sparse, 3, 96, family="mlp-tanh-sparse"),
    perceptron("tanh", lecun, 4, 128, host=True),
    perceptron("gelu", he, 4, 64, host=True),
    perceptron("gelu", None, 2, 128),
    perceptron("gelu", orthogonal, 6, 128),
    perceptron("selu", lecun, 8, 64, host=True),
    perceptron("selu", lecun, 16, 128),
    perceptron("sigmoid", glorot_sigmoid, 2, 64, head=glorot, host=True),
    perceptron("sigmoid", None, 1, 128),
    perceptron("silu", he, 5, 64, host=True),
    perceptron("silu", None, 2, 128),
    perceptron("elu", he, 5, 96, head=glorot),
    perceptron("leaky", he, 8, 96, host=True),
    perceptron("softplus", None, 2, 128),
    perceptron("mish", he, 4, 96),
    perceptron("prelu", he, 4, 96),
    perceptron("hardswish", he, 3, 96),
    perceptron("relu6", he, 4, 128),
    perceptron("softsign", glorot, 3, 96),
    perceptron("celu", lecun, 6, 96),
    Net(name="siren-3x64", family="siren", build=lambda: on(_coordinates, Siren(), nn.MSELoss())),
    Net(name="siren-5x128", family="siren", build=lambda: on(_coordinates, Siren(width=128, depth=5), nn.MSELoss())),
    Net(name="swiglu-3x64", family="swiglu", build=lambda: on(digits, Gated(), nn.CrossEntropyLoss())),
    Net(
        name="circles-3x32", family="circles", build=_binary,
        sites=Sites(hidden=HIDDEN3, head="head.weight"),
    ),
    Net(
        name="regression-relu-3x64", family="regression-relu", build=partial(_regression, "relu", he),
        sites=Sites(hidden=HIDDEN3, head="head.weight"),
    ),
    Net(
        name="regression-tanh-3x64", family="regression-tanh", build=partial(_regression, "tanh", glorot),
        sites=Sites(hidden=HIDDEN3, head="head.weight", activation="tanh"),
    ),
    Net(name="regression-gelu-zero-head", family="regression-zero", build=partial(_regression, "gelu", he, zero)),
    Net(
        name="softmax-regression-zero", family="softmax-regression",
        build=lambda: on(digits, layers((64, 10), "relu", zero), nn.CrossEntropyLoss()),
    ),
    Net(
        name="linear-regression-zero", family="linear-regression",
        build=lambda: on(curve, layers((8, 1), "relu", zero), nn.MSELoss()),
    ),
)  # fmt: skip

"""The written-out network as a torch module, with the same weights: so that torch can be asked about it."""

from collections.abc import Sequence

import torch
from torch import nn

from initlab.errors import SpecError
from initlab.numerics.activations import Floats

MODULES = {
    "linear": nn.Identity,
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "leaky_relu_0.2": lambda: nn.LeakyReLU(0.2),
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "gelu": nn.GELU,
    "gelu_tanh": lambda: nn.GELU(approximate="tanh"),
    "silu": nn.SiLU,
    "elu": nn.ELU,
    "selu": nn.SELU,
    "softplus": nn.Softplus,
    "mish": nn.Mish,
    "softsign": nn.Softsign,
    "hardtanh": nn.Hardtanh,
    "hardswish": nn.Hardswish,
}
"""The activations that torch has as modules."""


def perceptron(activation: str, layers: Sequence[tuple[Floats, Floats]]) -> nn.Sequential:
    """Linear layers with copies of these weights (n_l, n_{l-1}) and biases, and the activation between them.

    >>> import numpy as np
    >>> net = perceptron("tanh", [(np.ones((3, 2)), np.zeros(3)), (np.ones((1, 3)), np.zeros(1))])
    >>> [type(module).__name__ for module in net], net[0].weight.dtype
    (['Linear', 'Tanh', 'Linear'], torch.float64)

    Raises SpecError for an activation that torch has no module for.
    """
    if activation not in MODULES:
        raise SpecError(f"activation must be one that torch has, got {activation}. Known: {', '.join(MODULES)}.")
    modules: list[nn.Module] = []
    for W, b in layers:
        linear = nn.utils.skip_init(nn.Linear, W.shape[1], W.shape[0], dtype=torch.float64)
        linear.weight.data = torch.tensor(W, dtype=torch.float64)
        linear.bias.data = torch.tensor(b, dtype=torch.float64)
        modules += [linear, MODULES[activation]()]
    return nn.Sequential(*modules[:-1])

"""The from-scratch network and its twin in torch have the same trace."""

import numpy as np
import pytest
import torch
from torch import nn

import initlab
from initlab.adapters.torch.trace import trace as torch_trace
from initlab.checks.perceptron import Perceptron, trace
from initlab.errors import DataError
from initlab.network.architecture import Architecture
from initlab.network.initialize import initialize
from initlab.schemes import choose

NET = Architecture(widths=(6, 20, 12, 4), activation="relu", head="softmax")
NUMBERS = (
    "mean",
    "std",
    "square",
    "largest",
    "cosine",
    "backward_std",
    "distinct",
    "nonzero",
    "alike",
    "moved",
    "dead",
    "lit",
)


def twins(scheme, activation="relu"):
    net = Architecture(widths=NET.widths, activation=activation, head="softmax")
    theta = initialize(net, choose(scheme), seed=3)
    bend = {"relu": nn.ReLU, "tanh": nn.Tanh}[activation]
    layers = [nn.Linear(k, n).double() for k, n in zip(net.widths, net.widths[1:], strict=False)]
    with torch.no_grad():
        for layer, (W, b) in zip(layers, net.layers(theta), strict=True):
            layer.weight.copy_(torch.tensor(W)), layer.bias.copy_(torch.tensor(b))
    return Perceptron(net=net, theta=theta), nn.Sequential(layers[0], bend(), layers[1], bend(), layers[2])


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("scheme", ["he_normal", "constant(0.1)", "random(10)"])
def test_twins_have_the_same_trace(scheme, activation):
    ours, theirs = twins(scheme, activation)
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(32, 6)), draw.integers(4, size=32)
    left, right = trace(ours, (x, y)), torch_trace(theirs, (torch.tensor(x), torch.tensor(y)), "cross_entropy")
    assert [each.loss for each in left.passes] == pytest.approx([each.loss for each in right.passes], rel=1e-4)
    for mine, other in zip(left.first.ops, right.first.ops, strict=True):
        for field in NUMBERS:
            a, b = getattr(mine, field), getattr(other, field)
            assert (a is None) == (b is None), field
            assert a is None or a == pytest.approx(b, rel=1e-4, abs=1e-6, nan_ok=True), (mine.name, field)
    for mine, other in zip(left.weights, right.weights, strict=True):
        for field in ("mean", "std", "norm", "largest", "values", "rank", "fan_in", "bias"):
            a, b = getattr(mine, field), getattr(other, field)
            assert a == b or a == pytest.approx(b, rel=1e-4, abs=1e-6), (mine.name, field)
    for place in (0, 2):
        mine, other = left.passes[place], right.passes[place]
        ours_s = [mine.elasticity(weight.name) for weight in left.weights]
        assert ours_s == pytest.approx([other.elasticity(weight.name) for weight in right.weights], rel=1e-3, abs=1e-7)
    assert left.output.loss == pytest.approx(right.output.loss)
    assert (left.output.chance, left.output.entropy) == pytest.approx((right.output.chance, right.output.entropy))


def test_a_perceptron_is_checked():
    found = initlab.check(twins("constant(0.1)")[0])
    assert "W020" in {finding.rule for finding in found.errors}
    assert initlab.check(twins("he_normal")[0]).healthy


def test_a_batch_that_does_not_fit_is_said():
    with pytest.raises(DataError, match="6 features"):
        initlab.check(twins("he_normal")[0], (np.zeros((4, 5)), np.zeros(4)))


def test_inputs_that_are_not_normalised_are_to_blame_in_numpy_too():
    own, twin = twins("he_normal")
    x = np.random.default_rng(0).integers(0, 256, (64, 6)).astype(np.float64)
    y = np.arange(64) % 4
    theirs = initlab.check(twin, (torch.tensor(x), torch.tensor(y)))
    ours = initlab.check(own, (x, y))
    assert ours.trace.fed == pytest.approx(theirs.trace.fed, rel=1e-5)
    for found in (ours, theirs):
        assert (found.findings[0].rule, found.findings[0].path) == ("W050", "batch")

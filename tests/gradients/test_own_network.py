"""initlab's own backward pass, checked with its own gradient check: every activation, head and regularizer."""

import numpy as np
import pytest

from initlab.gradients.case import GradientCase
from initlab.gradients.check import gradient_report
from initlab.network.architecture import HEADS, Architecture
from initlab.network.heads import HEAD
from initlab.network.reference import forward, gradient
from initlab.numerics.activations import ACTIVATIONS


def case_of(net, *, l2=0.0, keep=1.0, seed=0):
    """The written-out network as a case with one block a layer, its dropout masks pinned."""
    draws = np.random.default_rng(seed)
    theta = 0.7 * draws.normal(size=net.size)
    x = draws.normal(size=(net.widths[0], 7))
    outputs = net.widths[-1]
    classes = draws.permutation(np.arange(7) % max(2, outputs))
    y = {
        "sigmoid": 1.0 * (classes == 1)[np.newaxis],
        "softmax": np.eye(outputs)[:, classes % outputs],
        "linear": draws.normal(size=(outputs, 7)),
    }[net.head]
    masks = [(draws.random((n, 7)) < keep) / keep if keep < 1 else None for n in net.widths[1:-1]]
    names = [name for layer in range(1, net.depth + 1) for name in (f"W{layer}", f"b{layer}")]

    def flat(parameters):
        return np.concatenate([np.ravel(parameters[name]) for name in names])

    def cost(parameters):
        theta = flat(parameters)
        penalty = sum(np.sum(W**2) for W, _ in net.layers(theta))
        return HEAD[net.head].loss(forward(net, theta, x, masks).z[-1], y) + l2 / 2 * penalty

    def gradients(parameters):
        theta = flat(parameters)
        return dict(zip(names, blocks(gradient(net, theta, forward(net, theta, x, masks), y, l2=l2)), strict=True))

    def blocks(vector):
        return [block.copy() for layer in net.layers(vector) for block in layer]

    return GradientCase(cost=cost, gradients=gradients, parameters=dict(zip(names, blocks(theta), strict=True)), m=7)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_and_head(name, head):
    net = Architecture(widths=(4, 5, 3, 1 if head == "sigmoid" else 3), activation=name, head=head)
    report = gradient_report(case_of(net))
    assert report.verdict == "PASS", report.blocks
    assert max(block.resolution for block in report.blocks) < 1e-5


@pytest.mark.parametrize(("l2", "keep"), [(0.1, 1.0), (0.0, 0.8), (0.1, 0.6)])
@pytest.mark.parametrize("name", ["relu", "tanh"])
def test_l2_and_pinned_dropout(name, l2, keep):
    report = gradient_report(case_of(Architecture(widths=(4, 6, 5, 1), activation=name), l2=l2, keep=keep))
    assert report.verdict == "PASS"


def test_a_bug_in_it_would_be_seen():
    right = case_of(Architecture(widths=(4, 5, 3, 1)), l2=0.1)
    wrong = GradientCase(
        cost=right.cost,
        gradients=lambda p: {**right.gradients(p), "W2": right.gradients(p)["W2"] - 0.1 * p["W2"]},
        parameters=right.parameters,
    )
    report = gradient_report(wrong)
    assert [block.name for block in report.blocks if block.verdict == "WRONG"] == ["W2"]

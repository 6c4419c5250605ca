"""Equations between right gradients: they hold for right ones, and where they do not, the mistake is near."""

import numpy as np
import pytest
from networks import Network

from initlab import gradcheck
from initlab.gradients.check import gradient_report


def broken(report):
    """Where the equations that do not hold point, and what they say."""
    return {identity.text: identity.where for identity in report.points[0].identities if not identity.holds}


@pytest.mark.parametrize("seed", range(3))
def test_a_right_network_keeps_all(seed):
    report = gradient_report(Network("relu", seed=seed).open_case())
    assert len(report.points[0].identities) == 4
    assert broken(report) == {}


@pytest.mark.parametrize(
    ("bug", "at", "where"),
    [
        ("labels added", 3, {"dZ3"}),
        ("all axes", 3, set()),
        ("bias L2", 3, {"b3"}),
        ("doubled", 2, {"W2 or dZ1 or b1 or W1", "W2 or dZ2 or b2 or W3"}),
        ("no derivative", 2, {"dZ2 or b2 or W3"}),
        ("no derivative", 1, {"dZ1 or b1 or W1"}),
        ("bias L2", 2, {"dZ2 or b2 or W3"}),
        ("no L2", 3, {"W3"}),
    ],
)
def test_a_mistake_breaks_the_equations_it_is_in(bug, at, where):
    report = gradient_report(Network("relu", bug=bug, at=at).open_case())
    assert report.verdict == "WRONG"
    found = set(broken(report).values())
    assert where <= found
    assert bool(where) == bool(found)


def test_classes_in_balance_with_zero_weights_break_nothing():
    network = Network("relu")
    network.parameters = {name: np.zeros_like(value) for name, value in network.parameters.items()}
    network.X, network.masks = network.X[:, :6], [mask[:, :6] for mask in network.masks]
    network.Y = np.eye(3)[:, [0, 1, 2, 0, 1, 2]]
    assert broken(gradient_report(network.open_case())) == {}


class Normed:
    """tanh of a batch norm without ε, with L2 of strength r."""

    def __init__(self, r=0.0, seed=0):
        draws = np.random.default_rng(seed)
        self.r, self.x = r, draws.normal(size=(3, 9))
        self.parameters = {"W": draws.normal(size=(4, 3)), "b": draws.normal(size=(4, 1)), "c": draws.normal(size=4)}

    def normed(self, p):
        z = p["W"] @ self.x + p["b"]
        s = z.std(axis=1, keepdims=True)
        return (z - z.mean(axis=1, keepdims=True)) / s, s

    def cost(self, p):
        h, _ = self.normed(p)
        return float(p["c"] @ np.sum(np.tanh(h) ** 3, axis=1)) + self.r / 2 * np.sum(p["W"] ** 2)

    def gradients(self, p):
        h, s = self.normed(p)
        t = np.tanh(h)
        dh = 3 * p["c"][:, None] * t**2 * (1 - t**2)
        dz = (dh - dh.mean(axis=1, keepdims=True) - h * (dh * h).mean(axis=1, keepdims=True)) / s
        return {"W": dz @ self.x.T + self.r * p["W"], "b": dz.sum(axis=1, keepdims=True), "c": np.sum(t**3, axis=1)}


@pytest.mark.parametrize("r", [0.0, 0.3])
@pytest.mark.parametrize("seed", range(3))
def test_before_a_norm(r, seed):
    net = Normed(r, seed)
    report = gradcheck(net.cost, net.gradients, net.parameters)
    assert report.verdict == "PASS"
    assert [(each.where, each.holds) for each in report.points[0].identities] == [("W", True), ("b", True)]


def test_a_norm_with_a_wrong_backward_pass_breaks_both():
    net = Normed()

    def gradients(p):
        h, s = net.normed(p)
        dz = 3 * p["c"][:, None] * np.tanh(h) ** 2 * (1 - np.tanh(h) ** 2) / s
        return {**net.gradients(p), "W": dz @ net.x.T, "b": dz.sum(axis=1, keepdims=True)}

    report = gradcheck(net.cost, gradients, net.parameters)
    assert set(broken(report).values()) == {"W", "b"}
    assert {block.name for block in report.blocks if block.verdict == "WRONG"} == {"W", "b"}


def test_a_missing_l2_term_before_a_norm():
    net = Normed(0.3)
    report = gradcheck(
        net.cost, lambda p: {**net.gradients(p), "W": net.gradients(p)["W"] - 0.3 * p["W"]}, net.parameters
    )
    assert set(broken(report).values()) == {"W"}


def test_an_equation_that_holds_excuses_no_block():
    net = Normed()

    def gradients(p):
        right = net.gradients(p)
        return {**right, "W": 2 * right["W"]}

    report = gradcheck(net.cost, gradients, net.parameters)
    assert broken(report) == {}
    assert {block.name for block in report.blocks if block.verdict == "WRONG"} == {"W"}


def test_no_norm_no_equation():
    w = {"W": np.random.default_rng(0).normal(size=(3, 4)), "b": np.ones(3)}
    report = gradcheck(
        lambda p: float(np.sum(np.exp(p["W"])) + np.sum(p["b"] ** 4)),
        lambda p: {"W": np.exp(p["W"]), "b": 4 * p["b"] ** 3},
        w,
    )
    assert report.points[0].identities == ()

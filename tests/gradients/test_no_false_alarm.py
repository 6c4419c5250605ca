"""Right programs are never called wrong, whatever their rounding does; wrong ones are not excused by a kink."""

import numpy as np
import pytest

from initlab import gradcheck

ALARMS = {"WRONG", "STATEFUL", "NONDETERMINISTIC"}


class Plain:
    """Two layers as a student writes them: -(y log a + (1 - y) log(1 - a)), or a mean square."""

    def __init__(self, seed, *, std=1.0, phi="tanh", square=False, cast=np.float64, blank=False):
        draws = np.random.default_rng(seed)
        self.phi, self.square, self.cast = phi, square, cast
        self.X, self.Y = draws.normal(size=(5, 9)), 1.0 * (draws.random((1, 9)) < 0.5)
        if blank:
            self.X[:, :2] = 0
        self.p = {"W1": draws.normal(size=(7, 5)), "b1": np.zeros((7, 1)) if blank else draws.normal(size=(7, 1)),
                  "W2": std * draws.normal(size=(1, 7)), "b2": np.zeros((1, 1))}  # fmt: skip

    def forward(self, p):
        p = {name: p[name].astype(self.cast) if self.cast is np.float32 else p[name] for name in p}
        Z = p["W1"] @ self.X.astype(self.cast) + p["b1"]
        A = np.tanh(Z) if self.phi == "tanh" else np.maximum(Z, 0)
        out = p["W2"] @ A + p["b2"]
        return p, Z, A, out if self.square else 1 / (1 + np.exp(-out))

    def cost(self, p):
        *_, a = self.forward(p)
        if self.square:
            return np.mean((a - self.Y) ** 2)
        return -np.mean(self.Y * np.log(a) + (1 - self.Y) * np.log(1 - a))

    def gradients(self, p):
        p, Z, A, a = self.forward(p)
        dZ2 = (2 if self.square else 1) * (a - self.Y) / 9
        dZ1 = p["W2"].T @ dZ2 * (1 - A * A if self.phi == "tanh" else Z > 0)
        return {"W2": dZ2 @ A.T, "b2": dZ2.sum(axis=1, keepdims=True),
                "W1": dZ1 @ self.X.T, "b1": dZ1.sum(axis=1, keepdims=True)}  # fmt: skip


@pytest.mark.parametrize("phi", ["tanh", "relu"])
@pytest.mark.parametrize("seed", range(6))
def test_saturated_predictions_leave_a_cost_in_stairs(phi, seed):
    net = Plain(seed, std=5.0, phi=phi)
    with np.errstate(all="ignore"):
        if np.isfinite(net.cost(net.p)):
            assert gradcheck(net.cost, net.gradients, net.p).verdict not in ALARMS


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e6])
@pytest.mark.parametrize("seed", range(3))
def test_sums_that_cancel(scale, seed):
    """A bias whose gradient all but vanishes, trained there: what is left is rounding of far larger terms."""
    net = Plain(seed, square=True)
    for _ in range(300):
        g = net.gradients(net.p)
        net.p = {name: value - 0.1 * g[name] for name, value in net.p.items()}
    report = gradcheck(
        lambda p: scale * net.cost(p), lambda p: {n: scale * g for n, g in net.gradients(p).items()}, net.p
    )
    assert report.verdict not in ALARMS


@pytest.mark.parametrize("phi", ["tanh", "relu"])
@pytest.mark.parametrize("seed", range(4))
def test_single_precision_inside(phi, seed):
    net = Plain(seed, phi=phi, cast=np.float32)
    report = gradcheck(net.cost, net.gradients, net.p, data=())
    assert report.verdict not in ALARMS
    assert report.points[0].evaluations <= 200


@pytest.mark.parametrize("seed", range(4))
def test_a_kink_excuses_no_mistake(seed):
    """Blank examples and zero biases: units exactly at the kink, and a bias whose gradient is a third too large."""
    net = Plain(seed, phi="relu", blank=True)
    assert gradcheck(net.cost, net.gradients, net.p).verdict not in ALARMS

    def gradients(p):
        right = net.gradients(p)
        return {**right, "b1": 1.3 * right["b1"]}

    assert gradcheck(net.cost, gradients, net.p).verdict == "WRONG"


def test_a_cost_that_nothing_moves_tests_nothing():
    assert gradcheck(lambda p: 0.0, lambda p: {"w": np.zeros(3)}, {"w": np.ones(3)}).verdict == "VACUOUS"


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("factor", [0.5, 0.9, 1.5])
def test_what_differs_does_not_pass(seed, factor):
    """Kinks between the steps may bring differences close to what was returned: that is wrong or unresolved."""
    net = Plain(seed, phi="relu")

    def gradients(p):
        right = net.gradients(p)
        return {**right, "b1": factor * right["b1"]}

    assert gradcheck(net.cost, gradients, net.p).exit_code != 0

"""The verdicts: right with a resolution that is honest, wrong, vacuous, at a kink, beyond telling; and the gates."""

import dataclasses
import random

import numpy as np
import pytest
from networks import Network

from initlab import GradientCase, gradcheck
from initlab.gradients.causes import CAUSES
from initlab.gradients.check import gradient_report
from initlab.gradients.points import STUCK
from initlab.gradients.projection import KAPPA
from initlab.gradients.report import EXIT_CODE, VERDICTS
from initlab.numerics.differences import differentiate, noise_of


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
@pytest.mark.parametrize("seed", range(5))
def test_right_networks_pass_with_few_evaluations(activation, seed):
    report = gradient_report(Network(activation, seed=seed).open_case(), seed=seed)
    assert report.verdict == "PASS"
    assert report.points[0].evaluations <= 200
    assert all(identity.holds for identity in report.points[0].identities)


@pytest.mark.parametrize("size", [1e-2, 1e-4, 1e-6])
def test_an_error_above_the_resolution_is_seen(size):
    network = Network("tanh")
    direction = np.random.default_rng(3).normal(size=network.parameters["W2"].shape)

    def gradients(p):
        right = network.gradients(p)
        error = direction * np.linalg.norm(right["dW2"]) / np.linalg.norm(direction)
        return {**right, "dW2": right["dW2"] + size * error}

    report = gradient_report(GradientCase(cost=network.cost, gradients=gradients, parameters=network.parameters))
    assert [b.name for b in report.blocks if b.verdict == "WRONG"] == ["W2"]


def test_the_error_bars_hold():
    """Of 300 sums of exponentials and sines of any size, few slopes are a bar off, and none is half of what fails."""
    draws = np.random.default_rng(0)
    off = []
    for _ in range(300):
        a, b, c = draws.normal(size=3) * 10.0 ** draws.uniform(-3, 3)

        def f(t, a=a, b=b, c=c):
            return float(a * np.exp(0.7 * t) + b * np.sin(1.3 * t) + c), None

        found = differentiate(f, noise=noise_of(f), target=1e-9 * abs(0.7 * a + 1.3 * b))
        off.append(abs(found.value - (0.7 * a + 1.3 * b)) / found.error)
    assert max(off) < KAPPA / 2
    assert np.mean(np.array(off) > 1) < 0.02


def test_noise_of_single_precision_is_measured():
    def f(t):
        return float(np.float32(np.exp(np.float32(0.3 + t)))), None

    assert 1e-8 < noise_of(f) < 1e-6


def test_a_kink_is_a_kink_and_no_mistake():
    w = {"w": np.array([0.0])}
    for slope in (0.0, 0.3, 1.0):
        report = gradcheck(lambda p: float(np.maximum(p["w"], 0).sum()), {"w": np.array([slope])}, w)
        assert report.verdict == "NON-SMOOTH"
        assert report.exit_code == 0


def test_a_kink_beyond_which_nothing_is_tested_is_no_pass():
    """The gradient is outside both slopes at the kink itself; a little away it is right, or zero on the flat side."""
    found = set()
    for sign in (1.0, -1.0):
        report = gradcheck(
            lambda p, sign=sign: float(np.maximum(sign * p["w"], 0).sum() + np.sum(p["u"] ** 2)),
            lambda p, sign=sign: {"w": np.where(p["w"] == 0, 5.0, sign * (sign * p["w"] > 0)), "u": 2 * p["u"]},
            {"w": np.array([0.0]), "u": np.ones(2)},
        )
        found.add((report.verdict, report.exit_code, report.blocks[0].note.rpartition(" ")[2]))
    assert found == {("NON-SMOOTH", 0, "PASS"), ("VACUOUS", 3, "VACUOUS")}


def test_zero_weights_are_vacuous():
    network = Network("relu")
    network.parameters = {name: np.zeros_like(value) for name, value in network.parameters.items()}
    report = gradient_report(network.open_case())
    verdicts = {block.name: block.verdict for block in report.blocks}
    assert report.verdict == "VACUOUS"
    assert report.exit_code == 3
    assert verdicts["W1"] == verdicts["W2"] == "VACUOUS"
    assert verdicts["b3"] == "PASS"
    assert "W1, W2, W3 are zero" in report.points[0].notes[0]


def test_a_parameter_that_the_cost_ignores_is_no_vacuum():
    report = gradcheck(
        lambda p: float(np.sum(p["a"] ** 2)),
        lambda p: {"a": 2 * p["a"], "b": 0 * p["b"]},
        {"a": np.ones(3), "b": np.ones(2)},
    )
    assert report.verdict == "PASS"
    assert "does not depend" in report.blocks[1].note


def test_a_layer_that_is_dead_here_is_vacuous():
    network = Network("relu")
    network.parameters["b2"] -= 50
    verdicts = {block.name: block.verdict for block in gradient_report(network.open_case()).blocks}
    assert {name for name, verdict in verdicts.items() if verdict == "VACUOUS"} >= {"b1", "b2"}


def test_a_bias_before_a_norm_is_no_vacuum():
    x = np.random.default_rng(1).normal(size=(3, 9))

    def cost(p):
        z = p["W"] @ x + p["b"]
        z = (z - z.mean(axis=1, keepdims=True)) / z.std(axis=1, keepdims=True)
        return float(np.sum(np.tanh(z) ** 4))

    def gradients(p):
        z = p["W"] @ x + p["b"]
        s = z.std(axis=1, keepdims=True)
        h = (z - z.mean(axis=1, keepdims=True)) / s
        dh = 4 * np.tanh(h) ** 3 * (1 - np.tanh(h) ** 2)
        dz = (dh - dh.mean(axis=1, keepdims=True) - h * (dh * h).mean(axis=1, keepdims=True)) / s
        return {"W": dz @ x.T, "b": dz.sum(axis=1, keepdims=True)}

    parameters = {"W": np.random.default_rng(2).normal(size=(4, 3)), "b": np.full((4, 1), 0.1)}
    report = gradcheck(cost, gradients, parameters)
    assert report.verdict == "PASS"
    assert "does not depend" in report.blocks[1].note


def test_vanishing_gradients_are_resolved_by_the_complex_step():
    draws = np.random.default_rng(0)
    names = [f"W{k}" for k in range(6)]
    parameters = {name: 0.01 * draws.normal(size=(6, 6)) for name in names}
    x = draws.normal(size=(6, 5))

    def forward(p):
        values = [x]
        for name in names:
            values.append(np.tanh(p[name] @ values[-1]))
        return values

    def cost(p):
        return 0.7 + np.sum(forward(p)[-1])

    def gradients(p):
        values, found = forward(p), {}
        d = np.ones_like(values[-1])
        for k, name in reversed(list(enumerate(names))):
            d = d * (1 - values[k + 1] ** 2)
            found[name] = d @ values[k].T
            d = p[name].T @ d
        return found

    report = gradcheck(cost, gradients, parameters)
    assert report.verdict == "PASS"


def test_single_precision_is_coarse_and_says_so():
    draws = np.random.default_rng(0)
    x = draws.normal(size=(4, 9)).astype(np.float32)
    w = {"w": draws.normal(size=(3, 4)).astype(np.float32)}

    def cost(p):
        return np.mean(np.tanh(p["w"].astype(np.float32) @ x) ** 2)

    def gradients(p):
        a = np.tanh(p["w"].astype(np.float32) @ x)
        return {"w": (2 / a.size * a * (1 - a * a)) @ x.T}

    report = gradcheck(cost, gradients, w)
    assert report.verdict == "PASS"
    assert 1e-5 < report.blocks[0].resolution < 0.1
    assert "single precision" in report.points[0].notes[0]


def test_points_after_training():
    network = Network("tanh")
    report = gradcheck(network.cost, network.gradients, network.parameters, points="init,trained")
    assert [point.point for point in report.points] == ["init", "trained"]
    assert report.points[1].cost < report.points[0].cost
    assert report.verdict == "PASS"


@pytest.mark.parametrize(("scale", "offset"), [(1, 0), (1e6, 0), (1e-7, 0), (1, -100.0), (-1e-3, 0)])
def test_training_lowers_a_cost_of_any_scale_and_sign(scale, offset):
    network = Network("tanh")
    report = gradcheck(
        lambda p: scale * network.cost(p) + offset,
        lambda p: {name: scale * value for name, value in network.gradients(p).items()},
        network.parameters,
        points="init,trained",
    )
    before, after = (point.cost for point in report.points)
    assert after < before - 0.01 * abs(scale * network.cost(network.parameters))
    assert not any(STUCK in point.notes for point in report.points)


def test_training_that_goes_nowhere_is_said():
    network = Network("tanh")
    report = gradcheck(
        network.cost,
        lambda p: {name: -value for name, value in network.gradients(p).items()},
        network.parameters,
        points="trained",
    )
    assert STUCK in report.points[0].notes


def test_every_entry():
    network = Network("tanh")
    report = gradcheck(network.cost, network.gradients, network.parameters, every=True)
    assert all(len(block.entries) == block.total for block in report.blocks)
    assert max(block.resolution for block in report.blocks) < 1e-7


def test_a_sparse_mistake_in_a_large_block_is_found_by_halving():
    w = {"w": np.random.default_rng(0).normal(size=(60, 50))}

    def gradients(p):
        found = 4 * p["w"] ** 3
        found[17, 23] += 1.0
        return {"w": found}

    report = gradcheck(lambda p: float(np.sum(p["w"] ** 4)), gradients, w)
    assert report.blocks[0].worst.index == (17, 23)
    assert "[17, 23]" in report.mistakes[0].text


def test_every_verdict_has_an_exit_code():
    assert set(EXIT_CODE) == set(VERDICTS)
    assert {verdict for verdict, code in EXIT_CODE.items() if code == 0} == {"PASS", "NON-SMOOTH"}
    assert {verdict for verdict, code in EXIT_CODE.items() if code == 1} == {"WRONG"}
    assert 2 not in EXIT_CODE.values()


# The gates


def gated(cost, gradients, network=None):
    return gradient_report(
        GradientCase(cost=cost, gradients=gradients, parameters=(network or Network("tanh")).parameters)
    )


def test_dropout_drawn_anew_is_named_and_pinned():
    network, draws = Network("tanh"), np.random.default_rng(5)

    def noisy(p):
        network.masks = [1.0 * (draws.random(mask.shape) < 0.8) for mask in network.masks]

    def cost(p):
        noisy(p)
        return network.cost(p)

    def gradients(p):
        noisy(p)
        return network.gradients(p)

    report = gated(cost, gradients, network)
    assert (report.verdict, report.exit_code) == ("NONDETERMINISTIC", 3)
    assert "draws" in report.points[0].gates[0].text
    assert {block.verdict for block in report.points[0].blocks} == {"PASS"}


@pytest.mark.parametrize(
    ("source", "draw"), [("np.random", lambda: np.random.rand()), ("random", lambda: random.random())]
)
def test_global_generators_are_pinned_and_put_back(source, draw):
    network = Network("tanh")
    np.random.seed(3)
    random.seed(3)
    first = draw()
    np.random.seed(3)
    random.seed(3)
    gate = gated(lambda p: network.cost(p) + draw(), network.gradients).points[0].gates[0]
    assert gate.pinned == source
    assert draw() != first


def test_a_mask_drawn_anew_by_the_backward_pass():
    network, draws = Network("tanh"), np.random.default_rng(5)

    def gradients(p):
        pinned = network.masks
        network.masks = [1.0 * (draws.random(mask.shape) < 0.8) for mask in pinned]
        try:
            return network.gradients(p)
        finally:
            network.masks = pinned

    report = gated(network.cost, gradients)
    assert report.verdict == "NONDETERMINISTIC"
    assert "new mask" in report.points[0].gates[0].text
    assert report.points[0].gates[0].cause == "resampled_mask"


def test_every_gate_has_a_page():
    seen: dict[str, object] = {}
    network = Network("tanh")

    def adds_up(p):
        for name, value in network.gradients(p).items():
            seen[name] = seen.get(name, 0) + value
        return dict(seen)

    assert gated(network.cost, adds_up).points[0].gates[0].cause == "accumulation"
    noise = np.random.default_rng(0)
    report = gated(lambda p: network.cost(p) * (1 + noise.random()), network.gradients)
    assert report.points[0].gates[0].cause == "random_cost"
    assert {name for name in CAUSES if CAUSES[name].gate} > {"accumulation", "random_cost", "resampled_mask"}


def test_gradients_that_add_up():
    network = Network("tanh")
    total = {f"d{name}": np.zeros_like(value) for name, value in network.parameters.items()}

    def gradients(p):
        for name, g in network.gradients(p).items():
            total[name] += g
        return total

    report = gated(network.cost, gradients)
    assert (report.verdict, "added up" in report.points[0].gates[0].text) == ("STATEFUL", True)


def test_parameters_changed_in_place():
    network = Network("tanh")

    def gradients(p):
        found = network.gradients(p)
        p["W1"] -= 0.1 * found["dW1"]
        return found

    report = gated(network.cost, gradients)
    assert report.verdict == "STATEFUL"
    assert "changes W1 in place" in report.points[0].gates[0].text


def test_a_cost_that_remembers():
    network, calls = Network("tanh"), [0]

    def cost(p):
        calls[0] += 1
        return network.cost(p) + 1e-3 * calls[0]

    report = gated(cost, network.gradients)
    assert report.verdict == "STATEFUL"
    assert "calls[0]" in report.points[0].gates[0].text


def test_a_cost_that_is_computed_every_second_time():
    network, kept = Network("tanh"), []

    def cost(p):
        if kept:
            return kept.pop()
        kept.append(network.cost(p))
        return kept[0]

    assert gated(cost, network.gradients).exit_code == 3


def test_a_cost_that_is_never_computed_again():
    network, kept = Network("tanh"), []

    def cost(p):
        kept.append(network.cost(p))
        return kept[0]

    report = gated(cost, network.gradients)
    assert report.verdict == "STATEFUL"
    assert "kept from an earlier call" in report.points[0].gates[0].text


def test_a_cost_that_does_not_use_its_parameters_makes_the_gradients_wrong():
    network = Network("tanh")
    own = network.parameters
    report = gated(lambda p: network.cost(own), network.gradients, network)
    assert report.verdict == "WRONG"
    assert {m.cause for m in report.mistakes} == {"unused_parameter"}


class Remembering:
    """A network with dropout that keeps its activations for the backward pass, as a student writes it."""

    def __init__(self, draw, bug=""):
        self.network, self.draw, self.bug, self.cache = Network("tanh"), draw, bug, None

    def cost(self, p):
        self.network.masks = [1.0 * (self.draw(mask.shape) < 0.8) for mask in self.network.masks]
        self.cache = (self.network.masks, p)
        return self.network.cost(p)

    def gradients(self, p):
        masks, p = self.cache
        self.network.masks, self.network.bug = masks, self.bug
        return self.network.gradients(p)


def rejected(draw):
    def sample(shape):
        return np.array([draw() for _ in range(int(np.prod(shape)))]).reshape(shape)

    return sample


@pytest.mark.parametrize("bug", ["", "no keep"])
@pytest.mark.parametrize(
    ("source", "draw"),
    [("np.random", lambda shape: np.random.random(shape)), ("random", rejected(random.random))],
)
def test_a_forward_pass_that_keeps_its_activations_has_no_state(source, draw, bug):
    """The next forward pass overwrites them: the dropout is named, pinned, and the blocks are checked."""
    subject = Remembering(draw, bug)
    point = gated(subject.cost, subject.gradients, subject.network).points[0]
    assert [(gate.verdict, gate.pinned) for gate in point.gates] == [("NONDETERMINISTIC", source)]
    wrong = {block.name for block in point.blocks if block.verdict == "WRONG"}
    assert wrong == ({"W1", "b1", "W2", "b2"} if bug else set())


def test_two_generators_are_pinned_together():
    network, first, second = Network("tanh"), np.random.default_rng(0), np.random.default_rng(1)
    report = gated(lambda p: network.cost(p) * (1 + 0.1 * first.random() + 0.1 * second.random()), network.gradients)
    assert report.points[0].gates[0].pinned == "several generators"


def test_a_generator_out_of_reach_is_no_state():
    network = Network("tanh")

    def cost(p):
        network.seen = network.cost(p)
        return network.seen * (1 + 0.1 * np.random.default_rng().random())

    report = gated(cost, network.gradients, network)
    assert (report.verdict, report.points[0].gates[0].pinned) == ("NONDETERMINISTIC", None)


@pytest.mark.parametrize(("returned", "cause"), [(0.0, "zero_gradient"), (1.0, None)], ids=["zeros", "a constant"])
def test_a_gradient_that_is_wrong_here_is_wrong_whatever_it_is_elsewhere(returned, cause):
    network = Network("tanh")
    fixed = {f"d{name}": np.full_like(value, returned) for name, value in network.parameters.items()}
    report = gated(network.cost, lambda p: fixed, network)
    assert (report.verdict, report.exit_code) == ("WRONG", 1)
    assert {m.cause for m in report.mistakes} == {cause}


@pytest.mark.parametrize("seed", range(8))
def test_a_coin_that_often_falls_alike(seed):
    network, draws = Network("tanh"), np.random.default_rng(seed)
    report = gated(lambda p: network.cost(p) * (1 + 0.1 * (draws.random() < 0.4)), network.gradients)
    assert report.verdict == "NONDETERMINISTIC"


@pytest.mark.parametrize("points", [("init",), ("init", "trained")])
def test_gradients_of_an_earlier_call(points):
    network = Network("tanh")
    kept = network.gradients(network.parameters)
    report = gradcheck(network.cost, lambda p: kept, network.parameters, points=points)
    assert report.verdict == "STATEFUL"
    assert "earlier call" in report.points[0].gates[0].text


def test_reports_are_frozen():
    report = gradcheck(lambda p: float(p["w"] ** 2), lambda p: {"w": 2 * p["w"]}, {"w": np.array(3.0)})
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.seed = 1

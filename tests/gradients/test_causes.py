"""Every mistake is found where it is, and named by what it is; what is in no catalogue is not named."""

import numpy as np
import pytest
from networks import ALGEBRAIC, BUGS, Network

from initlab.catalogue import Documentation
from initlab.gradients.case import GradientCase
from initlab.gradients.causes import CAUSES
from initlab.gradients.check import gradient_report
from initlab.gradients.layers import layers_of, sites

SHAPES = {"W1": (4, 3), "b1": (4, 1), "W2": (5, 4), "b2": (5, 1), "W3": (2, 5), "b3": (2, 1)}


def activation_for(bug):
    return "tanh" if bug == "wrong argument" else "relu"


@pytest.mark.parametrize("bug", BUGS)
def test_named_by_replay(bug):
    report = gradient_report(Network(activation_for(bug), bug=bug).open_case())
    assert report.verdict == "WRONG"
    assert [(m.cause, m.site) for m in report.mistakes] == [BUGS[bug]]
    assert report.mistakes[0].line


@pytest.mark.parametrize("bug", ALGEBRAIC)
def test_named_by_algebra_alone(bug):
    network = Network("relu", bug=bug)
    opaque = GradientCase(  # a batch norm at the end would do the same: no network that is known
        cost=lambda p: network.cost(p) + 1e-3 * np.sum(np.sin(p["b1"])),
        gradients=lambda p: {**network.gradients(p), "db1": network.gradients(p)["db1"] + 1e-3 * np.cos(p["b1"])},
        parameters=network.parameters,
        m=7,
        lam=network.lam,
        keep=network.keep,
    )
    report = gradient_report(opaque)
    assert BUGS[bug][0] in [m.cause for m in report.mistakes]
    assert all(m.site == BUGS[bug][1] for m in report.mistakes if m.cause == BUGS[bug][0])


def test_the_data_are_found_where_the_cost_holds_them():
    report = gradient_report(Network("relu", bug="cache").case())
    assert [(m.cause, m.site) for m in report.mistakes] == [("wrong_cache", "W2")]


NAMES = {
    "letters": dict(zip(("W1", "b1", "W2", "b2", "W3", "b3"), "AuBvCw", strict=True)),
    "places": {f"{kind}{n}": f"{kind}_{at}" for kind in "Wb" for n, at in enumerate(("in", "hid", "out"), 1)},
    "lists": {f"{kind}{n}": f"{kind}[{n - 1}]" for kind in "Wb" for n in (1, 2, 3)},
}


@pytest.mark.parametrize("order", [1, -1], ids=["from the input", "from the output"])
@pytest.mark.parametrize("naming", NAMES)
def test_a_chain_is_known_by_its_shapes_whatever_the_names_are(naming, order):
    network, names = Network("relu", bug="no derivative", at=1), NAMES[naming]

    def own(p):
        return {name: p[names[name]] for name in names}

    case = GradientCase(
        cost=lambda p: network.cost(own(p)),
        gradients=lambda p: {names[n]: network.gradients(own(p))[f"d{n}"] for n in names},
        parameters={names[n]: network.parameters[n] for n in list(names)[::order]},
    )
    found = gradient_report(case).mistakes
    assert [(m.cause, m.site) for m in found] == [("activation_derivative_missing", "dZ1")]


@pytest.mark.parametrize("divided", [False, True])
@pytest.mark.parametrize(("bug", "cause"), [("no keep", "keep_prob"), ("no mask", "dropout_mask")])
def test_keep_is_read_from_the_masks_or_from_what_the_cost_holds(bug, cause, divided):
    network = Network("tanh", bug=bug, lam=0.0)
    if divided:
        network.masks = [mask / network.keep for mask in network.masks]
        network.keep = 1
        cause = "dropout_mask"
    case = GradientCase(cost=network.cost, gradients=network.gradients, parameters=network.parameters)
    found = gradient_report(case)
    if divided and bug == "no keep":
        assert found.verdict == "PASS"
    else:
        assert [(m.cause, m.site) for m in found.mistakes] == [(cause, "dA2")]
        assert "D2" in found.mistakes[0].line


def test_one_wrong_entry_has_a_place_and_no_name():
    report = gradient_report(Network("tanh", bug="one entry").open_case())
    assert [m.cause for m in report.mistakes] == [None]
    assert "wrong only at [0, 1]" in report.mistakes[0].text


@pytest.mark.parametrize(("own", "other"), [("sigmoid", "tanh"), ("tanh", "sigmoid")])
def test_the_derivative_of_another_activation(own, other):
    slope = {"tanh": lambda a: 1 - a * a, "sigmoid": lambda a: a * (1 - a)}[other]
    network = Network(own)
    network.derivative = lambda z: slope(network.phi(z))
    assert {m.cause for m in gradient_report(network.open_case()).mistakes} == {"derivative_argument"}


def test_weight_decay_without_a_penalty():
    network = Network("relu", lam=0.0)
    wrong = GradientCase(
        cost=network.cost,
        gradients=lambda p: {**network.gradients(p), "dW2": network.gradients(p)["dW2"] + 0.1 * p["W2"]},
        parameters=network.parameters,
        keep=network.keep,
        masks=network.masks,
    )
    found = gradient_report(wrong).mistakes
    assert [(m.site, m.cause) for m in found] == [("W2", "l2_not_in_cost")]
    assert "0.1 W" in found[0].text


class Recurrent:
    """tanh(W u) four times, and a mean of squares of V h."""

    def __init__(self):
        draws = np.random.default_rng(0)
        self.parameters = {"W": draws.normal(size=(3, 5)) / 2, "b": draws.normal(size=(3, 1)), "V": np.ones((2, 3))}
        self.X = draws.normal(size=(4, 2, 7))

    def forward(self, p):
        states, inputs = [np.zeros((3, 7))], []
        for x in self.X:
            inputs.append(np.concatenate([states[-1], x]))
            states.append(np.tanh(p["W"] @ inputs[-1] + p["b"]))
        return states, inputs, p["V"] @ states[-1]

    def cost(self, p):
        return float(np.mean(self.forward(p)[2] ** 2))

    def gradients(self, p, bug=None):
        states, inputs, z = self.forward(p)
        dz = 2 * z / z.size
        found = {"W": np.zeros((3, 5)), "b": np.zeros((3, 1)), "V": dz @ states[-1].T}
        d = p["V"].T @ dz
        for t in reversed(range(4)):
            da = d * (1 - (0 if bug == "slope" else states[t + 1] ** 2))
            step = {"W": da @ inputs[t].T, "b": da.sum(axis=1, keepdims=True)}
            for name, g in step.items():
                found[name] = g if bug == name else found[name] + g
            d = (p["W"].T @ da)[:3]
        return found

    def mistakes(self, bug):
        case = GradientCase(cost=self.cost, gradients=lambda p: self.gradients(p, bug), parameters=self.parameters)
        return gradient_report(case).mistakes


@pytest.mark.parametrize("name", ["W", "b"])
def test_a_shared_parameter_that_is_overwritten(name):
    found = Recurrent().mistakes(name)
    assert [(m.site, m.cause) for m in found] == [(name, "overwritten")]
    assert "use 1 of 4" in found[0].text


def test_one_line_for_all_that_lies_behind():
    assert Recurrent().mistakes(None) == ()
    found = Recurrent().mistakes("slope")
    assert [(m.site, m.cause, m.blocks) for m in found] == [("W, b", None, ("W", "b"))]
    assert "V is right" in found[0].text


def test_labels_out_of_order_are_one_mistake_where_the_last_bias_cannot_tell():
    layers = layers_of({name: np.ones(shape) for name, shape in SHAPES.items()})
    found = sites(layers, [name for name in SHAPES if name != "b3"])
    assert [(site.kind, site.name) for site in found] == [("chain", "dZ3")]
    found = sites(layers, ["W1", "b1", "W3"])
    assert {site.name for site in found} == {"dZ1", "W3"}


def test_two_mistakes_at_once():
    network = Network("relu", bug="no mean", at=3)
    wrong = GradientCase(
        cost=lambda p, X, Y: network.cost(p),
        gradients=lambda p, X, Y: {**network.gradients(p), "db1": -network.gradients(p)["db1"]},
        parameters=network.parameters,
        data=(network.X, network.Y),
        lam=network.lam,
        keep=network.keep,
        masks=network.masks,
    )
    found = {(m.site, m.cause) for m in gradient_report(wrong).mistakes}
    assert found == {("W3", "missing_mean"), ("b1", "sign")}


def test_the_same_slip_in_two_lines_is_one_mistake():
    network = Network("tanh")

    def gradients(p, X, Y):
        return {name: 3 * g if name.startswith("db") else g for name, g in network.gradients(p).items()}

    case = GradientCase(
        cost=lambda p, X, Y: network.cost(p),
        gradients=gradients,
        parameters=network.parameters,
        data=(network.X, network.Y),
        lam=network.lam,
        keep=network.keep,
        masks=network.masks,
    )
    found = gradient_report(case).mistakes
    assert [(m.text, set(m.blocks)) for m in found] == [("factor 3", {"b1", "b2", "b3"})]


@pytest.mark.parametrize("name", CAUSES)
def test_every_cause_has_a_page(name):
    documentation = CAUSES[name].documentation
    assert isinstance(documentation, Documentation)
    assert documentation.summary
    assert {"Formula", "Example"} <= documentation.sections.keys()
    assert CAUSES[name].blocks or CAUSES[name].lines or CAUSES[name].gate

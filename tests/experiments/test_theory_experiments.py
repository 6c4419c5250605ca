"""Theory beside drawn and trained networks: bands, phase diagrams, recommendations."""

import math

import numpy as np
import pytest

from initlab.errors import SpecError, UnknownNameError
from initlab.experiments.phase import Phase, diagram
from initlab.experiments.recommend import changes, recommend
from initlab.experiments.theory_check import TheoryCheck, default_weight, verify
from initlab.numerics.activations import activation
from initlab.render.figures import png
from initlab.render.figures.phase import draw as draw_phase
from initlab.render.figures.theory_check import draw as draw_check
from initlab.theory.fixed_points import fixed
from initlab.theory.maps import Point


@pytest.mark.parametrize(
    ("name", "weight", "bias"), [("relu", 2.0, 0.0), ("tanh", 1.0, 0.0), ("tanh", 2.5, 0.05), ("selu", 1.0, 0.0)]
)
def test_drawn_networks_lie_in_their_bands(name, weight, bias):
    check = TheoryCheck(activation=name, depth=15, width=96, sigma_w2=weight, sigma_b2=bias, networks=30)
    found = verify(check)
    assert found.holds, found.agreement
    assert found.forward.shape == found.backward.shape == (30, 15)
    assert png(draw_check(found)).startswith(b"\x89PNG")


def test_a_wrong_prediction_is_seen():
    right = verify(TheoryCheck(activation="relu", depth=8, width=64, sigma_w2=2.0, networks=5))
    he = [layer.forward_band for layer in right.prediction.layers]
    xavier = verify(TheoryCheck(activation="relu", depth=8, width=64, sigma_w2=1.0, networks=5))
    inside = [low <= value <= high for row in xavier.forward for value, (low, high) in zip(row, he, strict=True)]
    assert np.mean(inside) < 0.2


def test_a_check_does_not_depend_on_the_threads():
    one, two = (verify(TheoryCheck(depth=5, width=32, networks=6), threads=n) for n in (1, 2))
    np.testing.assert_array_equal(one.forward, two.forward)


def test_dead_units_are_predicted():
    found = verify(TheoryCheck(activation="relu", depth=12, width=128, sigma_w2=2.0, networks=20))
    expected = [layer.dead for layer in found.prediction.layers]
    # shares of 20 · 128 units that are not independent: a few per cent
    np.testing.assert_allclose(found.dead.mean(axis=0), expected, atol=0.05)


def test_the_weight_that_is_not_given_is_critical():
    assert default_weight("tanh", 0.05) == pytest.approx(1.760955, abs=5e-7)
    assert default_weight("softplus", 0.0) == 1.0


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"depth": 1}, "depth must be a whole number from 2 to"),
        ({"networks": 0}, "networks must be a whole number from 1 to"),
        ({"examples": 0}, "examples must be a whole number from 1 to"),
        ({"sigma_w2": -1.0}, "variances"),
        ({"width": 5000}, "at most 100,000,000 parameters"),
    ],
)
def test_checks_out_of_bounds_are_refused(fields, message):
    with pytest.raises(SpecError, match=message):
        TheoryCheck(**fields)


def test_only_activations_of_the_catalogue_can_be_drawn():
    with pytest.raises(UnknownNameError, match="Did you mean 'tanh'"):
        TheoryCheck(activation="tahn")


def test_every_point_of_a_contour_has_the_depth_scale_it_is_named_for():
    found = diagram(Phase(across=0, up=0))
    assert {curve.side for curve in found.curves} == {"ordered", "critical", "chaotic"}
    for curve in found.curves:
        for weight, bias in list(zip(curve.sigma_w2, curve.sigma_b2, strict=True))[::9]:
            here = fixed(Point(phi=activation("tanh"), weight=weight, bias=bias))
            if math.isinf(curve.xi_c):
                assert here.phase == "critical"
            else:
                # c* along the chaotic contours is found to 1e-4
                assert here.xi_c == pytest.approx(curve.xi_c, rel=1e-2)
                assert here.phase == curve.side


def test_networks_train_where_the_theory_says():
    phase = Phase(depth=15, width=32, across=2, up=1, sigma_w2=(0.3, 1.4), iterations=150, learning_rate=0.003)
    found = diagram(phase)
    assert found.judged == 2
    assert found.agreement == 1.0
    assert [outcome.accuracy > 0.5 for outcome in found.outcomes] == [False, True]
    assert png(draw_phase(found)).startswith(b"\x89PNG")


@pytest.mark.parametrize("fields", [{"depth": 1}, {"sigma_w2": (2.0, 1.0)}, {"iterations": 0}, {"across": -1}])
def test_phases_out_of_bounds_are_refused(fields):
    with pytest.raises(SpecError, match="must be"):
        Phase(**fields)


def test_the_rule_of_thumb_comes_out_of_the_numbers():
    rules = {"tanh": "glorot_normal", "sigmoid": "glorot_normal", "relu": "he_normal", "leaky_relu": "he_normal"}
    rules |= {"gelu": "he_normal", "silu": "he_normal", "linear": "glorot_normal"}
    for name, rule in rules.items():
        found = recommend(activation(name), depth=30, width=256)
        assert found.rule == rule
        assert found.choice.scheme.startswith(rule)
    for name in ("tanh", "relu", "leaky_relu", "linear"):
        assert recommend(activation(name), depth=30, width=256).rule_holds


def test_he_under_relu_changes_nothing_and_gelu_gets_a_gain_of_its_own():
    relu = recommend(activation("relu"), depth=50, width=512)
    assert relu.choice.worst == pytest.approx(1, rel=1e-9)
    gelu = recommend(activation("gelu"), depth=40, width=512)
    assert not gelu.rule_holds
    assert gelu.choice.worst < 3 < 1000 < next(c for c in gelu.alternatives if c.scheme == "he_normal").worst


def test_residual_branches_are_scaled_or_start_at_zero():
    found = recommend(activation("relu"), depth=40, width=512, residual=True)
    worst = {candidate.scheme: candidate.worst for candidate in (found.choice, *found.alternatives)}
    assert worst["he_normal"] > 1e5
    # (1 + 1/40)^(39/2)
    assert worst["he_normal, branches / √40"] == pytest.approx((1 + 1 / 40) ** 19.5, rel=1e-9)


def test_changes_are_those_of_the_closed_form():
    forward, backward = changes(activation("relu"), 1.0, 21)
    assert (forward, backward) == pytest.approx((-10 * math.log(2), -10 * math.log(2)))


@pytest.mark.parametrize(("depth", "width"), [(0, 3), (3, 0), (5000, 3)])
def test_sizes_out_of_bounds_are_refused(depth, width):
    with pytest.raises(SpecError, match="must be"):
        recommend(activation("relu"), depth=depth, width=width)

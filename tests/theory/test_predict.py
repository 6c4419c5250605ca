"""Spectra, finite width and predictions against closed forms and drawn matrices."""

import math

import numpy as np
import pytest

from initlab.errors import SpecError
from initlab.numerics.activations import activation
from initlab.theory.finite_width import backward_noise, forward_noise, moment_ratio, shared_noise
from initlab.theory.overview import overview
from initlab.theory.predict import Stage, predict, stack
from initlab.theory.shape import shape
from initlab.theory.spectrum import spectrum
from initlab.theory.units import dead_share, saturated_share

RELU, TANH, LINEAR = (activation(name) for name in ("relu", "tanh", "linear"))


@pytest.mark.parametrize("depth", [4, 8, 16])
def test_the_jacobian_s_variance_and_largest_eigenvalue(depth):
    def variance(phi, weights):
        return spectrum(phi, q=1.0, depth=depth, weights=weights).variance

    assert variance(LINEAR, "gaussian") == pytest.approx(depth, rel=1e-12)
    assert variance(LINEAR, "orthogonal") == pytest.approx(0, abs=1e-12)
    assert variance(RELU, "gaussian") == pytest.approx(2 * depth, rel=1e-12)
    assert variance(RELU, "orthogonal") == pytest.approx(depth, rel=1e-12)
    largest = spectrum(LINEAR, q=1.0, depth=depth, weights="gaussian").largest
    # a minimum sought to 1e-4 is known to its square
    assert largest == pytest.approx((depth + 1) ** (depth + 1) / depth**depth, rel=1e-6)


def test_orthogonal_tanh_near_zero_is_nearly_an_isometry():
    assert spectrum(TANH, q=1 / 64, depth=16, weights="orthogonal").variance == pytest.approx(0.029, abs=0.003)
    assert spectrum(TANH, q=1 / 64, depth=64, weights="orthogonal").variance == pytest.approx(0.11, abs=0.005)


def test_the_largest_squared_singular_value_is_that_of_drawn_matrices():
    rng, n, depth = np.random.default_rng(0), 300, 4
    product = np.eye(n)
    for _ in range(depth):
        gates = rng.random(n) < 0.5
        product = gates[:, np.newaxis] * (rng.standard_normal((n, n)) * math.sqrt(2 / n)) @ product
    drawn = np.linalg.norm(product, 2) ** 2
    # the edge is reached from below, as n^(-2/3) = 2 % at n = 300, times a constant of a few
    assert drawn == pytest.approx(spectrum(RELU, q=1.0, depth=depth, weights="gaussian").largest, rel=0.15)


def test_relu_has_hanin_and_rolnick_s_noise_of_five():
    assert forward_noise(RELU, 3.0) == pytest.approx(5, rel=1e-12)
    assert backward_noise(RELU, 3.0) == pytest.approx(5, rel=1e-12)
    assert shared_noise(RELU, 3.0) == pytest.approx(1, rel=1e-12)
    assert moment_ratio(RELU, q=1.0, depth=16, width=64) == pytest.approx((1 + 5 / 64) ** 16)
    last = predict(stack(RELU, depth=65, width=64, sigma_w2=2.0)).layers[-1]
    spread = math.log(last.forward_band[1] / last.forward_band[0]) / 2.5758293035489004
    assert spread**2 == pytest.approx(5 * 64 / 64 + 2 / 64, rel=1e-9)  # and the sampling of the last layer


def test_xavier_halves_relu_s_signal_in_each_layer_in_both_directions():
    layers = predict(stack(RELU, depth=30, width=100, sigma_w2=1.0)).layers
    assert [layer.forward_std for layer in layers] == pytest.approx([2.0 ** (-k / 2) for k in range(30)])
    assert [layer.backward_std for layer in layers] == pytest.approx([2.0 ** (-k / 2) for k in range(29, -1, -1)])


def test_layers_that_narrow_change_the_gradient_and_not_the_signal():
    stages = [
        Stage(inputs=8, units=64, weight_variance=2 / 8, phi=RELU),
        Stage(inputs=64, units=16, weight_variance=2 / 64),
    ]
    first, last = predict(stages, input_square=0.5).layers
    assert (first.forward_std, last.forward_std) == pytest.approx((1.0, 1.0))
    assert first.backward_std == pytest.approx(0.5)  # √(16 · 2/64 · ½)


def test_the_correlation_follows_the_map_and_examples_narrow_the_band():
    one, many = (predict(stack(RELU, depth=10, width=100, sigma_w2=2.0), examples=m).layers[-1] for m in (1, 64))
    assert many.correlation == pytest.approx(0.77, abs=0.1)
    width = [layer.forward_band[1] / layer.forward_band[0] for layer in (one, many)]
    assert width[1] < width[0]


def test_what_vanishes_or_explodes_says_so():
    gone = predict(stack(RELU, depth=200, width=64, sigma_w2=0.5)).layers[-1]
    assert gone.forward_std < 1e-6
    big = predict(stack(RELU, depth=200, width=64, sigma_w2=8.0)).layers[-1]
    assert big.forward_std > 1e4


def test_shares_of_units():
    assert dead_share(RELU, 2.0) == 0.5
    assert dead_share(RELU, 2.0, correlation=0.0, examples=3) == pytest.approx(1 / 8, rel=1e-9)
    # two half lines of correlation c: 1/4 + arcsin(c)/(2π)
    assert dead_share(RELU, 2.0, correlation=0.5, examples=2) == pytest.approx(1 / 3, rel=1e-9)
    assert dead_share(TANH, 1.0) == 0
    assert saturated_share(RELU, 1.0) == 0.5
    assert saturated_share(LINEAR, 1.0) == 0
    assert saturated_share(activation("hardtanh"), 1.0) == pytest.approx(2 * 0.158655, abs=2e-3)  # known to 1e-3


def test_the_shapes_tell_xavier_s_activations_from_he_s():
    for name in ("tanh", "sigmoid", "linear", "erf", "softsign", "hardtanh", "atan"):
        assert shape(activation(name)).family == "xavier", name
    for name in ("relu", "leaky_relu", "leaky_relu_0.2", "gelu", "gelu_tanh", "silu", "mish", "hardswish", "elu"):
        assert shape(activation(name)).family == "he", name


def test_an_overview_says_where_there_is_no_critical_line():
    found = overview(activation("softplus"))
    assert (found.has_critical_line, found.critical, found.unit) == (False, None, None)
    assert overview(TANH, sigma_b2=0.05).fixed.weight == pytest.approx(1.760955, abs=5e-7)
    assert overview(RELU, sigma_w2=3.0).spectra == ()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: stack(RELU, depth=0, width=3, sigma_w2=1.0), "depth must be a whole number from 1"),
        (lambda: stack(RELU, depth=3, width=0, sigma_w2=1.0), "width must be a whole number from 1"),
        (lambda: stack(RELU, depth=3, width=3, sigma_w2=0.0), "weight variance of a layer must be a finite number > 0"),
        (lambda: stack(RELU, depth=3, width=3, sigma_w2=1.0, sigma_b2=-1.0), "bias variance must be a finite"),
        (lambda: predict([]), "A stack must have layers"),
        (lambda: predict([Stage(inputs=1, units=1, weight_variance=1.0)] * 2), "all but the last with an activation"),
        (lambda: predict(stack(RELU, depth=2, width=2, sigma_w2=1.0), input_square=0.0), "mean square > 0"),
        (lambda: spectrum(RELU, q=1.0, depth=10**9, weights="gaussian"), "depth must be"),
    ],
)
def test_numbers_out_of_bounds_are_refused(call, message):
    with pytest.raises(SpecError, match=message):
        call()

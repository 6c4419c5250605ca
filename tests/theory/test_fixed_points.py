"""Fixed points, depth scales and the critical line against published and recomputed figures."""

import math

import numpy as np
import pytest

from initlab.errors import SpecError
from initlab.numerics.activations import activation
from initlab.theory.fixed_points import critical_at, critical_line, fixed, has_critical_line, settle
from initlab.theory.maps import Point

TANH = activation("tanh")


def point(name, weight, bias=0.0):
    return Point(phi=activation(name), weight=weight, bias=bias)


@pytest.mark.parametrize(
    ("weight", "length"),
    [(1.0, 3.627), (1.25, 6.800), (1.5, 15.79), (1.7, 74.9), (2.0, 25.21), (2.5, 11.80), (3.0, 9.05), (4.0, 6.98)],
)
def test_the_depth_scales_of_tanh(weight, length):
    found = fixed(Point(phi=TANH, weight=weight, bias=0.05))
    digits = max(0, 3 - math.floor(math.log10(length)) - 1)
    assert found.xi_c == pytest.approx(length, abs=0.51 * 10.0**-digits)  # three digits
    assert found.phase == ("ordered" if weight < 1.76 else "chaotic")
    assert found.trainable == (4 * found.xi_c, 8 * found.xi_c)


@pytest.mark.parametrize(
    ("bias", "weight", "q"),
    [(0.05, 1.760955, 0.570048), (2.01e-5, 1.049996, 0.0259), (0.1, 1.986073, None)],
)
def test_the_critical_line_of_tanh(bias, weight, q):
    found = critical_line(TANH, bias=bias)
    assert found.weight == pytest.approx(weight, abs=1.1e-6)  # the last digit printed; one bias has but four
    assert q is None or found.q == pytest.approx(q, abs=2e-5)
    assert fixed(Point(phi=TANH, weight=found.weight, bias=bias)).phase == "critical"


@pytest.mark.parametrize(
    ("name", "weight", "bias", "slope"),
    [
        ("tanh", 2.153303, 0.150965, None),
        ("erf", 1.756204, 0.184140, 0.333),
        ("gelu", 2.193700, 0.067192, 1.067),
        ("silu", 2.635169, 0.062472, 1.099),
        ("elu", 1.496777, 0.034660, 0.860),
        ("selu", 0.933206, 0.066794, 0.730),
        ("relu", 2.0, 0.0, 1.0),
    ],
)
def test_the_critical_points_at_a_mean_square_of_one(name, weight, bias, slope):
    found = critical_at(activation(name), 1.0)
    assert (found.weight, found.bias) == pytest.approx((weight, bias), abs=6e-7)
    assert slope is None or found.q_slope == pytest.approx(slope, abs=6e-4)


def test_the_critical_point_of_tanh_at_a_mean_square_of_one_64th():
    found = critical_at(TANH, 1 / 64)
    assert found.weight == pytest.approx(1.030558, abs=6e-7)
    assert found.bias == pytest.approx(4.651e-6, abs=6e-10)


def test_softplus_has_no_critical_line():
    assert not has_critical_line(activation("softplus"))
    assert critical_line(activation("softplus"), bias=0.05) is None


def test_relu_is_critical_at_two_at_any_size_and_vanishes_or_explodes_beside():
    assert fixed(point("relu", 2.0)).phase == "critical"
    assert fixed(point("relu", 2.0), start=7.0).q == 7.0
    assert fixed(point("relu", 2.0)).xi_c == math.inf
    assert fixed(point("relu", 1.9)).phase == "vanishing"
    assert fixed(point("relu", 2.1)).phase == "exploding"
    assert fixed(point("relu", 1.5, 0.1)).q == pytest.approx(0.4, rel=1e-12)  # σ_b²/(1 - σ_w²/2)


def test_torch_s_gain_for_tanh_is_chaotic():
    found = fixed(point("tanh", (5 / 3) ** 2))
    assert (found.q, found.chi1, found.c) == pytest.approx((1.1785, 1.2098, 0.0), abs=5e-5)


@pytest.mark.parametrize(("name", "weight", "bias"), [("tanh", 1.3, 0.1), ("sigmoid", 4.0, 0.2), ("gelu", 1.5, 0.3)])
def test_a_fixed_point_is_where_iteration_ends(name, weight, bias):
    here, q = point(name, weight, bias), 1.0
    for _ in range(300):
        q = here.q(q)
    assert settle(here) == pytest.approx(q, rel=1e-9)


def test_the_correlation_map_s_slope_is_a_derivative_of_it():
    here = point("tanh", 2.5, 0.05)
    q = settle(here)
    slope = (here.c(0.3 + 1e-5, q) - here.c(0.3 - 1e-5, q)) / 2e-5
    assert here.chi(0.3, q) == pytest.approx(slope, rel=1e-7)  # a central difference: h² and ε/h
    assert here.c(1.0, q) == pytest.approx(1, rel=1e-12)
    growth = (here.q(q * (1 + 1e-5)) - here.q(q * (1 - 1e-5))) / (2e-5 * q)
    assert here.q_slope(q) == pytest.approx(growth, rel=1e-7)


@pytest.mark.parametrize(("weight", "bias"), [(0, 0), (-1, 0), (math.nan, 0), (1, -0.1), (1, math.inf)])
def test_variances_out_of_bounds_are_refused(weight, bias):
    with pytest.raises(SpecError, match=r"variance σ_.² must be a finite number"):
        Point(phi=TANH, weight=weight, bias=bias)


def test_the_maps_agree_with_draws():
    rng, q, c = np.random.default_rng(0), 0.8, 0.4
    u, other = rng.standard_normal((2, 400_000))
    v = c * u + math.sqrt(1 - c * c) * other
    a, b = (np.tanh(math.sqrt(q) * z) for z in (u, v))
    here = point("tanh", 1.5, 0.1)
    # five standard errors: the product's standard deviation is below 0.5
    assert (1.5 * (a * b).mean() + 0.1) / here.q(q) == pytest.approx(here.c(c, q), abs=5 * 0.5 * 2 / math.sqrt(400_000))

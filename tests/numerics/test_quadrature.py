"""Expectations over normal numbers against closed forms, and what cannot be integrated."""

import math

import numpy as np
import pytest

from initlab.errors import SpecError
from initlab.numerics.pairs import pair_expectation
from initlab.numerics.piecewise import piecewise
from initlab.numerics.quadrature import expectation

ONE = 1e-13  # sums of a few hundred terms of one sign: 1e-15, with room for another machine's order of summation


def mean(function, **options):
    found = expectation(lambda z: function(z)[np.newaxis], **options)
    return found.value[0], found.error[0]


CLOSED = {
    "one": (np.ones_like, (), 1.0),
    "z⁸": (lambda z: z**8, (), 105.0),
    "relu": (lambda z: np.maximum(z, 0), (0.0,), 1 / math.sqrt(2 * math.pi)),
    "a kink aside": (
        lambda z: np.abs(z - 1),
        (1.0,),
        math.erf(math.sqrt(0.5)) + 2 * math.exp(-0.5) / math.sqrt(2 * math.pi),
    ),
    "exp": (np.exp, (), math.exp(0.5)),
    "near the limit": (lambda z: np.exp(0.4 * z * z), (), 1 / math.sqrt(1 - 0.8)),
    "cos 9z": (lambda z: np.cos(9 * z), (), math.exp(-40.5)),
}


@pytest.mark.parametrize("name", CLOSED)
def test_expectations_have_their_closed_forms_and_state_their_error(name):
    function, kinks, exact = CLOSED[name]
    value, error = mean(function, kinks=kinks)
    assert value == pytest.approx(exact, rel=ONE, abs=1e-14)
    assert abs(value - exact) <= error < 1e-12 * max(1, exact)


def test_a_kink_that_is_not_named_is_found_by_halving():
    value, error = mean(lambda z: np.abs(z - 0.3))
    exact = 2 * math.exp(-0.045) / math.sqrt(2 * math.pi) + 0.3 * math.erf(0.3 / math.sqrt(2))
    assert value == pytest.approx(exact, rel=1e-12)  # halved until a panel adds less than 1e-14
    assert error < 1e-11


@pytest.mark.parametrize("function", [lambda z: np.exp(z * z / 2), lambda z: np.exp(z**4 / 900), lambda z: 1 / z**2])
def test_what_diverges_is_refused(function):
    with pytest.raises(SpecError, match="must be"), np.errstate(all="ignore"):
        mean(function)


def relu(z):
    return np.maximum(z, 0)[np.newaxis]


@pytest.mark.parametrize("c", [-1, -0.7, 0, 0.2, 0.9, 0.9999, 1])
def test_pairs_have_the_arc_cosine_kernel(c):
    exact = (math.sqrt(1 - c * c) + c * (math.pi - math.acos(c))) / (2 * math.pi)  # Cho and Saul, 2009
    found = pair_expectation(relu, relu, c, kinks=[0])
    assert found.value[0] == pytest.approx(exact, abs=ONE)


@pytest.mark.parametrize("c", [-0.5, 0, 0.3, 0.99])
def test_pairs_of_erf_have_the_arc_sine_kernel(c):
    from scipy.special import erf

    exact = 2 / math.pi * math.asin(2 * c / 3)  # Williams, 1997
    found = pair_expectation(lambda u: erf(u)[np.newaxis], lambda v: erf(v)[np.newaxis], c)
    assert found.value[0] == pytest.approx(exact, abs=ONE)


def test_a_correlation_beyond_one_is_refused():
    with pytest.raises(SpecError, match=r"correlation must be in \[-1, 1\], got 1\.5"):
        pair_expectation(relu, relu, 1.5)


@pytest.mark.parametrize("kinks", [(0.0,), (1 / 3,), (-math.pi, 0.25, 7.0)])
def test_kinks_are_found(kinks):
    found = piecewise(lambda x: sum(np.abs(x - kink) for kink in kinks))
    # the narrowest panels are 1e-11 wide
    np.testing.assert_allclose(found.kinks, kinks, atol=1e-9)
    x = np.linspace(-9, 9, 1001)
    slope = sum(np.sign(x - kink) for kink in kinks)
    away = np.min([np.abs(x - kink) for kink in kinks], axis=0) > 1e-6
    np.testing.assert_allclose(found.derivative(x)[away], slope[away], atol=1e-10)


@pytest.mark.parametrize("function", [np.sign, np.floor, lambda x: np.sqrt(np.abs(x)), lambda x: np.sin(1e4 * x)])
def test_functions_without_a_slope_are_refused(function):
    with pytest.raises(SpecError, match="An activation must be"):
        piecewise(function)

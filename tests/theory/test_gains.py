"""The gains against the reference figures, in closed form where there is one, and against draws."""

import math

import numpy as np
import pytest

from initlab.errors import SpecError
from initlab.numerics.activations import ACTIVATIONS, Activation, activation
from initlab.theory.callables import activation_of
from initlab.theory.gains import account, gains

# E φ², forward gain, E φ'², backward gain at q = 1, to the eight digits and χ₁ at the forward gain to the five printed
TABLE = {
    "linear": (1, 1, 1, 1, 1),
    "relu": (0.5, 1.41421356, 0.5, 1.41421356, 1),
    "leaky_relu": (0.50005, 1.41414286, 0.50005, 1.41414286, 1),
    "leaky_relu_0.2": (0.52, 1.38675049, 0.52, 1.38675049, 1),
    "tanh": (0.39429449, 1.59253742, 0.46440290, 1.46741359, 1.17781),
    "sigmoid": (0.29337904, 1.84622855, 0.04483624, 4.72264609, 0.15283),
    "gelu": (0.42522148, 1.53353044, 0.45585087, 1.48111441, 1.07203),
    "gelu_tanh": (0.42519371, 1.53358052, 0.45581785, 1.48116806, 1.07202),
    "silu": (0.35577552, 1.67653247, 0.37948235, 1.62332026, 1.06663),
    "mish": (0.45234219, 1.48684758, 0.47908376, 1.44475523, 1.05912),
    "softplus": (0.92124591, 1.04186684, 0.29337904, 1.84622855, 0.31846),
    "elu": (0.64494542, 1.24519830, 0.66810200, 1.22342856, 1.03590),
    "selu": (1, 1, 1.07157499, 0.96602578, 1.07157),
    "softsign": (0.18301402, 2.33753336, 0.22767134, 2.09578061, 1.24401),
    "hardtanh": (0.51605855, 1.39203614, 0.68268949, 1.21028706, 1.32289),
    "hardswish": (0.33156738, 1.73665721, 0.35853152, 1.67007637, 1.08132),
    "erf": (0.46455905, 1.46716695, 0.56941003, 1.32521835, 1.22570),
    "atan": (0.44970092, 1.49120762, 0.5, 1.41421356, 1.11185),
    "sin": (0.43233236, 1.52086662, 0.56766764, 1.32725060, 1.31304),
    "relu_squared": (1.5, 0.81649658, 2, 0.70710678, 1.33333),
}


def normal(x):
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def below(x):
    return 0.5 * (1 + math.erf(x / math.sqrt(2)))


def _elu(alpha, scale):
    one, two = (math.exp(k * k / 2) * below(-k) for k in (1, 2))
    return scale**2 * (0.5 + alpha**2 * (two - 2 * one + 0.5)), scale**2 * (0.5 + alpha**2 * two)


SELU = (1.6732632423543772848170429916717, 1.0507009873554804934193349852946)
# E φ², E φ'² where integration by hand gives them
CLOSED = {
    "linear": (1, 1),
    "relu": (0.5, 0.5),
    "leaky_relu": ((1 + 0.01**2) / 2,) * 2,
    "leaky_relu_0.2": ((1 + 0.2**2) / 2,) * 2,
    "relu_squared": (1.5, 2),
    "hardtanh": (2 * (0.5 - normal(1) - below(-1)) + 2 * below(-1), 1 - 2 * below(-1)),
    "erf": (2 / math.pi * math.asin(2 / 3), 4 / math.pi / math.sqrt(5)),
    "sin": ((1 - math.exp(-2)) / 2, (1 + math.exp(-2)) / 2),
    "elu": _elu(1, 1),
    "selu": _elu(*SELU),
    "gelu": (
        1 / 3 + 1 / (2 * math.pi * math.sqrt(3)),
        1 / 3 + 4 / 3 / (2 * math.pi * math.sqrt(3)),
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_the_twenty_gains_have_the_digits_printed(name):
    found = gains(activation(name))
    here = (found.square, found.forward, found.slope_square, found.backward)
    np.testing.assert_allclose(here, TABLE[name][:4], atol=5.1e-9)  # half of the last digit printed
    assert found.chi1 == pytest.approx(TABLE[name][4], abs=5.1e-6)
    assert found.average == pytest.approx(math.sqrt(2 / (here[0] + here[2])))
    assert found.geometric == pytest.approx(math.sqrt(found.forward * found.backward))


@pytest.mark.parametrize("name", CLOSED)
@pytest.mark.parametrize("as_callable", [False, True])
def test_closed_forms_are_met_to_1e_12_and_within_the_error_stated(name, as_callable):
    row = activation(name)
    found = gains(activation_of(row.function) if as_callable else row)
    forward, backward = (1 / math.sqrt(square) for square in CLOSED[name])
    assert found.forward == pytest.approx(forward, rel=1e-12)
    assert found.backward == pytest.approx(backward, rel=1e-12)
    assert abs(found.forward / forward - 1) <= found.error <= 1e-12


def test_every_activation_agrees_with_its_own_function_alone():
    for row in ACTIVATIONS.values():
        theirs, ours = gains(activation_of(row.function)), gains(row)
        assert theirs.forward == pytest.approx(ours.forward, rel=1e-12)
        # the slope of a polynomial of degree 15 on a panel loses two or three digits
        assert theirs.backward == pytest.approx(ours.backward, rel=1e-11)


@pytest.mark.parametrize(("name", "slope"), [("gelu", 1.144), ("silu", 1.173)])
def test_the_forward_gains_of_gelu_and_silu_are_named_as_traps(name, slope):
    found = account(activation(name))
    assert found.gains.q_slope == pytest.approx(slope, abs=5e-4)
    assert found.gains.stability == "unstable"
    assert found.from_below < 1e-5
    assert found.from_above > 200


def test_the_other_stabilities():
    assert gains(activation("relu")).stability == "neutral"
    assert gains(activation("tanh")).stability == "stable"


def test_torch_s_table_stands_beside_where_it_differs():
    import torch

    names = {"linear": "linear", "sigmoid": "sigmoid", "tanh": "tanh", "relu": "relu", "selu": "selu"}
    for name, theirs in names.items():
        table = account(activation(name)).table
        assert table.gain == pytest.approx(torch.nn.init.calculate_gain(theirs))
        assert table.differs == (name in ("sigmoid", "tanh", "selu"))
    tanh = account(activation("tanh")).table
    assert (tanh.settles, tanh.chi1) == pytest.approx((1.1785, 1.2098), abs=5e-5)
    assert account(activation("gelu")).table is None


@pytest.mark.parametrize("q", [1e-6, 0.3, 4.0, 1e4])
def test_homogeneous_activations_have_the_same_gains_at_every_q(q):
    assert gains(activation("relu"), q=q).forward == pytest.approx(math.sqrt(2), rel=1e-12)
    assert gains(activation("leaky_relu_0.2"), q=q).q_slope == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("name", ["tanh", "hardswish", "softsign"])
def test_gains_agree_with_draws(name):
    row, rng = activation(name), np.random.default_rng(0)
    z = 1.5 * rng.standard_normal(400_000)
    a = row.function(z)
    found = gains(row, q=2.25)
    # five standard errors of a mean of squares whose relative spread is below 2
    assert (a**2).mean() == pytest.approx(found.square, rel=5 * 2 / math.sqrt(400_000))
    assert (row.derivative(z, a) ** 2).mean() == pytest.approx(found.slope_square, rel=5 * 2 / math.sqrt(400_000))


@pytest.mark.parametrize("q", [0, -1, math.nan, math.inf, 1e9])
def test_a_mean_square_out_of_bounds_is_refused(q):
    with pytest.raises(SpecError, match="mean square q must be from"):
        gains(activation("relu"), q=q)


def test_what_diverges_or_lets_nothing_through_is_refused():
    wild = Activation("wild", "", lambda z: np.exp(z * z / 4), lambda z, a: z / 2 * a)
    with pytest.raises(SpecError, match="wild"):
        gains(wild)
    with pytest.raises(SpecError, match="must let a signal through"):
        gains(Activation("nothing", "", lambda z: 0 * z, lambda z, a: 0 * z))

"""Every activation of the catalogue: its derivative, its number type, its kinks."""

import numpy as np
import pytest

from initlab.errors import UnknownNameError
from initlab.numerics.activations import ACTIVATIONS, activation

ROWS = ACTIVATIONS.values()
named = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


@named
def test_the_derivative_is_that_of_the_function(row):
    z = np.linspace(-6, 6, 4001) + 1e-4
    step = 1e-6
    away = np.all([np.abs(z - kink) > 1e-3 for kink in row.kinks] or [np.full(z.shape, True)], axis=0)
    z = z[away]
    slope = (row.function(z + step) - row.function(z - step)) / (2 * step)
    # central differences: truncation step²/6 · φ''' < 1e-12, rounding ε/step < 3e-10 per unit of φ or of z φ', and
    # |φ| < 7 but for squares, where both grow with the slope
    np.testing.assert_allclose(row.derivative(z, row.function(z)), slope, atol=5e-9, rtol=1e-9)


@named
def test_where_no_kink_is_declared_the_derivative_does_not_jump(row):
    z = np.linspace(-4, 4, 800_001)
    jumps = np.abs(np.diff(row.derivative(z, row.function(z)))) > 1e-3
    middles = (z[1:] + z[:-1]) / 2
    assert all(np.abs(np.subtract(row.kinks, place)).min(initial=np.inf) < 1e-4 for place in middles[jumps])


@named
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_number_type_is_kept(row, dtype):
    z = np.linspace(-3, 3, 7, dtype=dtype)
    a = row.function(z)
    assert a.dtype == row.derivative(z, a).dtype == np.dtype(dtype)


@named
def test_nan_stays_nan_and_large_arguments_give_no_nan(row):
    assert np.isnan(row.function(np.array([np.nan]))).all()
    z = np.array([-1e3, 1e3])
    a = row.function(z)
    assert np.isfinite(a).all()
    assert np.isfinite(row.derivative(z, a)).all()


def test_at_a_kink_the_derivative_is_the_one_from_the_left():
    zero = np.zeros(1)
    assert activation("relu").derivative(zero, zero) == 0
    assert activation("leaky_relu").derivative(zero, zero) == 0.01


def test_selu_keeps_a_standard_normal_at_mean_zero_and_variance_one():
    z = np.linspace(-12, 12, 2_000_001)
    weight = np.exp(-z * z / 2) / np.sqrt(2 * np.pi) * (z[1] - z[0])
    a = activation("selu").function(z)
    assert (a * weight).sum() == pytest.approx(0, abs=1e-9)
    assert (a * a * weight).sum() == pytest.approx(1, abs=1e-9)


def test_an_unknown_name_offers_the_nearest():
    with pytest.raises(UnknownNameError, match=r"Unknown activation 'rellu'\. Did you mean 'relu'\?"):
        activation("rellu")

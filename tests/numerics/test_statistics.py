"""The sign test against SciPy's binomial test."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from initlab.numerics.statistics import sign_test


@given(st.integers(0, 200), st.integers(0, 200))
def test_the_p_value_is_the_binomial_test_s(wins, losses):
    expected = binomtest(wins, wins + losses).pvalue if wins + losses else 1.0
    assert sign_test(wins, losses) == pytest.approx(expected, rel=1e-9)

"""The check end to end on the course's network."""

import numpy as np
import pytest

from initlab import GradientCase, assert_gradients, gradcheck


def quartic(p):
    return np.sum(p["w"] ** 4)


def test_right_and_wrong():
    w = {"w": np.array([1.0, -2.0, 3.0])}
    assert assert_gradients(quartic, lambda p: {"w": 4 * p["w"] ** 3}, w).exit_code == 0
    with pytest.raises(AssertionError, match="WRONG"):
        assert_gradients(GradientCase(cost=quartic, gradients=lambda p: {"dw": 8 * p["w"] ** 3}, parameters=w))
    assert gradcheck(quartic, {"w": 4 * w["w"] ** 3}, w).verdict == "PASS"

"""Bad input: one line that names the block and says what to do."""

import numpy as np
import pytest

from initlab import GradientCase, UsageError, gradcheck

W = {"W1": np.ones((3, 2)), "b1": np.ones((3, 1))}


def cost(p):
    return float(np.sum(p["W1"] ** 2) + np.sum(p["b1"]))


def right(p):
    return {"dW1": 2 * p["W1"], "db1": np.ones((3, 1))}


@pytest.mark.parametrize(
    ("f", "grad", "params", "words"),
    [
        (lambda p: p["W1"], right, W, "cost must be one real number, got shape (3, 2)"),
        (lambda p: "a", right, W, "cost must be one real number"),
        (lambda p: np.nan, right, W, "cost must be finite at the given parameters, got nan"),
        (lambda: 1.0, right, W, "It is called with (parameters, *data)"),
        (lambda p: 1 / 0, right, W, "ZeroDivisionError"),
        (cost, lambda p: {"dW1": p["W1"]}, W, "must have an entry for b1, got dW1"),
        (cost, lambda p: [1], W, "gradients must be a dict, got list"),
        (cost, lambda p: {**right(p), "dW1": p["W1"].T}, W, "dW1 is transposed"),
        (cost, lambda p: {**right(p), "db1": np.ones(3)}, W, "keepdims=True"),
        (cost, lambda p: {**right(p), "db1": np.ones((3, 7))}, W, "not summed over the batch"),
        (cost, lambda p: {**right(p), "db1": np.full((3, 1), np.nan)}, W, "gradient of b1 must be finite"),
        (cost, right, {}, "at least one array"),
        (cost, right, {"W1": np.ones((3, 2), dtype=int), "b1": np.ones((3, 1))}, "W1 must hold floating-point"),
        (cost, right, {"W1": [1.0], "b1": np.ones((3, 1))}, "W1 must be a NumPy array, got list"),
        (cost, right, {"W1": np.ones((0, 2)), "b1": np.ones((3, 1))}, "W1 must hold at least one number"),
        (cost, right, {"W1": np.full((3, 2), np.inf), "b1": np.ones((3, 1))}, "W1 must be finite"),
        (cost, right, None, "parameters must be a dict"),
        (cost, None, W, "gradients must be"),
        (lambda p: cost(p) if np.array_equal(p["b1"], W["b1"]) else np.nan, right, W, "where b1 is moved"),
    ],
)
def test_one_line(f, grad, params, words):
    with pytest.raises(UsageError) as caught:
        gradcheck(f, grad, params)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"m": 0}, "m must be"),
        ({"lam": -1}, "lam must be"),
        ({"keep": 0}, "keep must be"),
        ({"points": "start"}, "points must be"),
        ({"order": 2}, "second order"),
        ({"order": 3}, "order must be 1 or 2"),
    ],
)
def test_options(options, words):
    with pytest.raises(UsageError, match=words):
        gradcheck(cost, right, W, **options)


def test_a_case_is_given_alone():
    case = GradientCase(cost=cost, gradients=right, parameters=W)
    with pytest.raises(UsageError, match="given alone"):
        gradcheck(case, m=3)
    with pytest.raises(UsageError, match="must be a function to be checked after training"):
        gradcheck(cost, right(W), W, points="trained")


def test_the_edge_of_the_domain_is_one_line_that_names_the_block():
    w = {"w": np.full(3, 1e-30)}
    with pytest.raises(UsageError, match=r"near the parameters, got nan where w is moved"):
        gradcheck(lambda p: float(np.sum(np.sqrt(p["w"]))), lambda p: {"w": 0.5 / np.sqrt(p["w"])}, w)

"""Dicts of arrays: roles, fans and layouts, and draws that do not depend on the layout."""

from itertools import pairwise

import numpy as np
import pytest

from initlab.adapters import adapter_of
from initlab.adapters.numpy import NumpyAdapter
from initlab.errors import SpecError, UnknownNameError
from initlab.laws import Constant, Normal, Orthogonal
from initlab.streams import sample


def course(turned=False):
    widths = (2, 10, 5, 1)
    arrays = {}
    for layer, (k, n) in enumerate(pairwise(widths), start=1):
        arrays[f"W{layer}"] = np.zeros((k, n) if turned else (n, k))
        arrays[f"b{layer}"] = np.zeros(n if turned else (n, 1))
    return arrays


@pytest.mark.parametrize("turned", [False, True])
def test_the_course_network_in_both_layouts(turned):
    found = {each.name: each for each in adapter_of(course(turned)).parameters(course(turned))}
    assert [found[name].role for name in ("W1", "W2", "W3", "b3")] == ["input", "weight", "head", "bias"]
    assert found["W2"].shape == (5, 10)
    assert (found["W2"].fan.fan_in, found["W2"].fan.fan_out) == (10, 5)
    assert (found["W2"].layer, found["W2"].depth, found["W2"].width) == (1, 3, 10)
    assert found["b2"].fan == found["W2"].fan


def test_both_layouts_hold_the_same_numbers():
    laws = {"W2": Normal(std=0.1), "W1": Orthogonal(rows=10, columns=2), "b1": Constant(value=0.5)}
    plain, turned = (NumpyAdapter().fill(course(held), laws, seed=3) for held in (False, True))
    assert np.array_equal(plain["W2"], turned["W2"].T)
    assert np.array_equal(plain["W1"], turned["W1"].T)
    assert np.array_equal(plain["W2"], sample(laws["W2"], name="W2", seed=3, shape=(5, 10)))
    assert (plain["b1"] == 0.5).all()
    assert not plain["W3"].any()


def test_values_are_views_in_canonical_order():
    model = course(turned=True)
    adapter = NumpyAdapter()
    second = next(each for each in adapter.parameters(model) if each.name == "W2")
    held = adapter.values(model, second)
    assert held.shape == (5, 10)
    assert np.shares_memory(held, model["W2"])


def test_a_square_network_may_be_said_to_hold_inputs_first():
    model = {"W1": np.zeros((3, 3))}
    laws = {"W1": Normal(std=1.0)}
    plain = NumpyAdapter().fill({"W1": np.zeros((3, 3))}, laws, seed=0)["W1"]
    assert np.array_equal(NumpyAdapter(inputs_first=True).fill(model, laws, seed=0)["W1"], plain.T)


def test_nothing_is_written_when_one_law_does_not_fit():
    model = course()
    with pytest.raises(SpecError, match="must fit its law"):
        NumpyAdapter().fill(model, {"W1": Normal(std=1.0), "W2": Orthogonal(rows=3, columns=3)}, seed=0)
    assert not model["W1"].any()
    with pytest.raises(UnknownNameError, match="Unknown parameter"):
        NumpyAdapter().fill(model, {"w1": Normal(std=1.0)}, seed=0)


@pytest.mark.parametrize("model", [None, 3, {}, {"W": [1.0]}, {"W": np.zeros((2, 2), dtype=int)}])
def test_what_is_no_model_is_said_in_one_line(model):
    with pytest.raises(SpecError, match=r"must be .*, got "):
        adapter_of(model).parameters(model)

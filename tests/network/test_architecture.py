"""What an architecture accepts, how it lays its parameters out, and how a scheme fills them."""

import numpy as np
import pytest

from initlab.errors import SpecError, UsageError
from initlab.laws import Constant
from initlab.network.architecture import Architecture
from initlab.network.initialize import initialize, laws
from initlab.network.recipe import Recipe
from initlab.schemes import choose, parse
from initlab.streams import sample


def test_the_views_cover_the_flat_vector_in_order():
    net = Architecture(widths=(2, 10, 5, 1))
    theta = np.arange(net.size, dtype=float)
    parts = [array.ravel() for pair in net.layers(theta) for array in pair]
    np.testing.assert_array_equal(np.concatenate(parts), theta)
    shapes = [array.shape for pair in net.layers(theta) for array in pair]
    assert shapes == [parameter.shape for parameter in net.parameters()]
    assert all(np.shares_memory(W, theta) for W, _ in net.layers(theta))


def test_every_parameter_is_drawn_from_its_law_in_its_own_stream():
    net = Architecture(widths=(4, 6, 3), head="softmax")
    choice = choose("he_uniform")
    (W1, b1), (W2, _) = net.layers(initialize(net, choice, seed=5))
    drawn = laws(net, choice)
    np.testing.assert_array_equal(W1, sample(drawn["W1"], name="W1", seed=5, shape=(6, 4)))
    np.testing.assert_array_equal(W2, sample(drawn["W2"], name="W2", seed=5, shape=(3, 6)))
    assert drawn["b1"] == Constant(value=0.0)
    assert not b1.any()


def test_two_schemes_of_one_seed_differ_in_scale_alone():
    net = Architecture(widths=(4, 6, 3), head="softmax")
    large, small = (initialize(net, choice, seed=1) for choice in parse("random, small_random"))
    np.testing.assert_allclose(large, small * 1000, rtol=1e-6)  # each is rounded after one multiplication


@pytest.mark.parametrize("scheme", ["torch_default", "gpt2", "mitchell", "mup", "fixup", "siren", "orthogonal", "irnn"])
def test_schemes_made_for_other_networks_serve_a_perceptron(scheme):
    net = Architecture(widths=(4, 6, 6, 3), head="softmax")
    assert np.isfinite(initialize(net, choose(scheme), seed=0)).all()


@pytest.mark.parametrize(
    "bad",
    [
        {"widths": (2,)},
        {"widths": (2, 0, 1)},
        {"widths": (2, -3, 1)},
        {"widths": (2, 2.5, 1)},
        {"widths": (2, 70_000, 1)},
        {"widths": (2, 60_000, 60_000, 1)},
        {"widths": (2,) * 1002},
        {"widths": (2, 3)},
        {"widths": (2, 3, 1), "activation": "rellu"},
    ],
)
def test_what_no_network_can_be_is_refused_in_one_line(bad):
    with pytest.raises(UsageError) as error:
        Architecture(**bad)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "bad",
    [
        {"learning_rate": -1.0},
        {"learning_rate": float("nan")},
        {"momentum": 1.0},
        {"keep": 0.0},
        {"l2": -0.1},
        {"batch_size": 0},
        {"epsilon": 0.0},
        {"decay": 2.0},
    ],
)
def test_what_no_recipe_can_be_is_refused(bad):
    with pytest.raises(SpecError, match=r"must be .*, got"):
        Recipe(**bad)

"""The compiled trainer against the plain NumPy reference: every activation, head, optimizer and regularizer."""

import numpy as np
import pytest

from initlab.network import reference
from initlab.network.architecture import Architecture
from initlab.network.heads import HEAD
from initlab.network.measure import distinct_units as plain_distinct_units
from initlab.network.recipe import Recipe
from initlab.network.trainer import Evaluation, Training, distinct_units
from initlab.numerics.activations import ACTIVATIONS

STEPS = 40
RTOL = 1e-9  # what the issue asks in float64; sums over examples are reassociated, nothing else differs


def problem(net, *, examples=37, dtype="float64"):
    rng = np.random.default_rng(7)
    x = rng.normal(size=(net.widths[0], examples)).astype(dtype)
    classes = rng.integers(0, max(2, net.widths[-1]), examples)
    targets = {
        "sigmoid": (classes % 2)[np.newaxis].astype(dtype),
        "softmax": np.eye(net.widths[-1], dtype=dtype)[classes % net.widths[-1]].T,
        "linear": rng.normal(size=(net.widths[-1], examples)).astype(dtype),
    }
    theta = (rng.normal(size=net.size) * 0.4).astype(dtype)
    return theta, x, np.ascontiguousarray(targets[net.head])


def assert_agree(net, recipe, *, dtype="float64", rtol=RTOL, **sizes):
    theta, x, y = problem(net, dtype=dtype, **sizes)
    training = Training(net, theta, x, y, recipe, seed=3)
    for stretch in (1, 2, STEPS - 3):
        training.advance(stretch)
    expected = reference.train(net, theta, x, y, recipe, steps=STEPS, seed=3)
    assert training.theta.dtype == expected.dtype == np.dtype(dtype)
    np.testing.assert_allclose(training.theta, expected, rtol=rtol, atol=rtol * np.abs(expected).max())


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(("head", "outputs"), [("sigmoid", 1), ("softmax", 3), ("linear", 2)])
def test_every_activation_and_head(activation, head, outputs):
    assert_agree(Architecture(widths=(3, 9, 6, outputs), activation=activation, head=head), Recipe(learning_rate=0.1))


RECIPES = {
    "sgd on batches": Recipe(learning_rate=0.1, batch_size=10),
    "momentum": Recipe(optimizer="momentum", learning_rate=0.05, momentum=0.8),
    "adam on batches": Recipe(optimizer="adam", learning_rate=0.01, batch_size=16),
    "l2": Recipe(learning_rate=0.1, l2=0.03),
    "dropout": Recipe(learning_rate=0.1, keep=0.7),
    "everything": Recipe(optimizer="adam", learning_rate=0.01, batch_size=12, l2=0.01, keep=0.6),
    "a batch larger than the data": Recipe(learning_rate=0.1, batch_size=1000),
    "batches of one": Recipe(learning_rate=0.02, batch_size=1),
}


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_every_recipe(recipe):
    assert_agree(Architecture(widths=(3, 9, 6, 3), activation="tanh", head="softmax"), recipe)


@pytest.mark.parametrize("widths", [(1, 1), (2, 1), (4, 40, 40, 1), (5, 33, 64, 7, 1), (2, *[3] * 20, 1)])
def test_every_shape(widths):
    """No hidden layer, one unit, layers on both sides of the size from which BLAS multiplies, and great depth."""
    assert_agree(Architecture(widths=widths, activation="gelu"), Recipe(learning_rate=0.05))


@pytest.mark.parametrize("head", ["sigmoid", "softmax", "linear"])
def test_float32_stays_float32_and_agrees_to_its_precision(head):
    net = Architecture(widths=(3, 8, 1 if head == "sigmoid" else 2), head=head)
    assert_agree(net, Recipe(learning_rate=0.05, batch_size=16), dtype="float32", rtol=2e-4)


@pytest.mark.parametrize(("head", "outputs"), [("sigmoid", 1), ("softmax", 3), ("linear", 2)])
@pytest.mark.parametrize("examples", [1, 37, 600])
def test_an_evaluation_is_the_reference_loss_and_accuracy(head, outputs, examples):
    net = Architecture(widths=(3, 9, outputs), head=head)
    theta, x, y = problem(net, examples=examples)
    loss, accuracy = Evaluation(net, x, y, dtype="float64")(theta)
    assert loss == pytest.approx(reference.loss(net, theta, x, y), rel=1e-12)
    expected = HEAD[head].accuracy(reference.forward(net, theta, x).z[-1], y)
    assert accuracy == pytest.approx(expected, nan_ok=True)


def test_training_in_stretches_changes_no_bit():
    net = Architecture(widths=(2, 10, 5, 1))
    theta, x, y = problem(net)
    whole, parts = (Training(net, theta, x, y, Recipe(batch_size=7, keep=0.8), seed=0) for _ in range(2))
    whole.advance(50)
    for _ in range(50):
        parts.advance(1)
    np.testing.assert_array_equal(whole.theta, parts.theta)


def test_the_start_is_left_alone():
    net = Architecture(widths=(2, 3, 1))
    theta, x, y = problem(net)
    before = theta.copy()
    Training(net, theta, x, y, Recipe(), seed=0).advance(5)
    np.testing.assert_array_equal(theta, before)


def test_infinities_and_nan_are_results_not_errors():
    net = Architecture(widths=(2, 4, 1), head="linear", activation="linear")
    theta, x, y = problem(net)
    training = Training(net, theta, x, y, Recipe(learning_rate=1e6), seed=0)
    training.advance(2000)
    assert not np.isfinite(training.theta).all()
    assert not np.isfinite(Evaluation(net, x, y, dtype="float64")(training.theta)[0])


@pytest.mark.parametrize("copies", [0, 1, 4, 9])
def test_distinct_units_are_counted_as_the_reference_counts_them(copies):
    net = Architecture(widths=(3, 10, 6, 1))
    theta, *_ = problem(net)
    for W, b in net.layers(theta):
        W[1 : copies + 1], b[1 : copies + 1] = W[0], b[0] + 1e-12
    theta[-1] = np.nan
    expected = [plain_distinct_units(W, b) for W, b in net.layers(theta)]
    assert distinct_units(net, theta).tolist() == expected
    assert expected == [10 - copies, max(1, 6 - copies), -1]

"""The written-out network: its gradient, its heads far from zero, its optimizers, its masks."""

import numpy as np
import pytest
import torch

from initlab.network import reference
from initlab.network.architecture import Architecture
from initlab.network.heads import HEAD
from initlab.network.measure import distinct_units, signal
from initlab.network.randomness import batch_of_step, dropout_mask
from initlab.network.recipe import Recipe
from initlab.numerics.activations import ACTIVATIONS

HEADS = {"sigmoid": 1, "softmax": 3, "linear": 2}


def problem(net, examples=11):
    rng = np.random.default_rng(1)
    theta, x = rng.normal(size=net.size) * 0.6, rng.normal(size=(net.widths[0], examples))
    y = {
        "sigmoid": rng.integers(0, 2, (1, examples)).astype(float),
        "softmax": np.eye(net.widths[-1])[rng.integers(0, net.widths[-1], examples)].T,
        "linear": rng.normal(size=(net.widths[-1], examples)),
    }[net.head]
    return theta, x, y


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("head", HEADS)
def test_the_gradient_is_that_of_the_loss(activation, head):
    net = Architecture(widths=(3, 7, 5, HEADS[head]), activation=activation, head=head)
    theta, x, y = problem(net)
    gradient = reference.gradient(net, theta, reference.forward(net, theta, x), y, l2=0.1)
    direction = np.random.default_rng(2).normal(size=theta.size)

    def along(t):
        # biases are not regularized, so the penalty is in the loss already
        return reference.loss(net, theta + t * direction, x, y, l2=0.1)

    step = 1e-5
    slope = (along(step) - along(-step)) / (2 * step)
    assert gradient @ direction == pytest.approx(slope, rel=1e-6, abs=1e-8)  # step² truncation, ε/step rounding


def test_dropout_is_differentiated_with_its_masks():
    net = Architecture(widths=(3, 7, 5, 1), activation="tanh")
    theta, x, y = problem(net)
    masks = [dropout_mask(n, 11, 11, 0.6, layer=i, step=0, seed=0, dtype=x.dtype) for i, n in enumerate((7, 5))]
    gradient = reference.gradient(net, theta, reference.forward(net, theta, x, masks), y)
    direction = np.random.default_rng(2).normal(size=theta.size)

    def along(t):
        return HEAD["sigmoid"].loss(reference.forward(net, theta + t * direction, x, masks).z[-1], y)

    assert gradient @ direction == pytest.approx((along(1e-5) - along(-1e-5)) / 2e-5, rel=1e-6)


@pytest.mark.parametrize("head", HEADS)
def test_heads_agree_with_torch_and_stay_finite_far_out(head):
    rng = np.random.default_rng(0)
    z = rng.normal(size=(HEADS[head], 50)) * 400
    y = problem(Architecture(widths=(1, HEADS[head]), head=head), 50)[2]
    logits = torch.tensor(z.T.copy(), requires_grad=True)
    targets = torch.tensor(y.T.copy())
    loss = {
        "sigmoid": torch.nn.BCEWithLogitsLoss(),
        "softmax": torch.nn.CrossEntropyLoss(),
        "linear": lambda a, b: ((a - b) ** 2).sum() / 2 / 50,
    }[head](logits, targets)
    loss.backward()
    assert HEAD[head].loss(z, y) == pytest.approx(loss.item(), rel=1e-12)
    np.testing.assert_allclose(HEAD[head].gradient(z, y), logits.grad.numpy().T, atol=1e-12)


OPTIMIZERS = {
    "sgd": (Recipe(learning_rate=0.1), lambda p: torch.optim.SGD(p, lr=0.1)),
    "momentum": (
        Recipe(optimizer="momentum", learning_rate=0.1, momentum=0.7),
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.7),
    ),
    "adam": (Recipe(optimizer="adam", learning_rate=0.03), lambda p: torch.optim.Adam(p, lr=0.03)),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_agree_with_torch(name):
    recipe, build = OPTIMIZERS[name]
    rng = np.random.default_rng(0)
    theta, memory = rng.normal(size=20), np.zeros((2, 20))
    tensor = torch.tensor(theta.copy(), requires_grad=True)
    optimizer = build([tensor])
    for step in range(30):
        gradient = rng.normal(size=20)
        tensor.grad = torch.tensor(gradient)
        optimizer.step()
        reference.step_by(recipe, theta, gradient, memory, step)
    np.testing.assert_allclose(theta, tensor.detach().numpy(), rtol=1e-10)


def test_an_epoch_visits_every_example_once_in_an_order_of_its_own():
    epochs = [[batch_of_step(step, 25, 10, seed=4) for step in range(e * 3, e * 3 + 3)] for e in range(2)]
    for batches in epochs:
        assert [len(batch) for batch in batches] == [10, 10, 5]
        assert sorted(np.concatenate(batches)) == list(range(25))
    assert list(np.concatenate(epochs[0])) != list(np.concatenate(epochs[1]))


def test_inverted_dropout_keeps_the_mean():
    mask = dropout_mask(400, 500, 500, 0.8, layer=0, step=0, seed=0, dtype=np.dtype("float64"))
    assert set(np.unique(mask)) == {0.0, 1.25}
    # 200,000 draws of standard deviation 1.25·√(0.8·0.2) = 0.5: five standard errors
    assert mask.mean() == pytest.approx(1, abs=5 * 0.5 / np.sqrt(200_000))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([[1, 2], [1, 2], [1, 2]], 1),
        ([[1, 2], [1, 2 + 1e-12], [3, 2]], 2),
        ([[1, 2], [1, 2.001], [3, 2]], 3),
        ([[0, 0], [0, 0]], 1),
        ([[np.nan, 0], [0, 0]], -1),
    ],
)
def test_units_are_distinct_when_their_weights_differ_beyond_rounding(rows, expected):
    W = np.array(rows, dtype=float)
    assert distinct_units(W, np.zeros(len(W))) == expected


def test_a_signal_does_not_depend_on_how_often_the_batch_is_repeated():
    net = Architecture(widths=(3, 7, 5, 1))
    theta, x, y = problem(net)
    once, thrice = signal(net, theta, x, y), signal(net, theta, np.tile(x, 3), np.tile(y, 3))
    for a, b in zip(once.layers, thrice.layers, strict=True):
        assert a.forward_std == pytest.approx(b.forward_std)
        assert a.backward_std == pytest.approx(b.backward_std)
        assert (a.distinct, a.dead) == (b.distinct, b.dead)

"""The course's functions: contracts, randomness, and gradients against differences."""

import numpy as np
import pytest

from initlab import course

KEYS = ["W1", "b1", "W2", "b2", "W3", "b3"]
SEEDED = [course.initialize_parameters_random, course.initialize_parameters_he, course.initialize_parameters_xavier]


@pytest.fixture
def small():
    """Six examples of the course's data, and a network for them."""
    X, Y, _, _ = course.load_dataset()
    return X[:, :6], Y[:, :6], course.initialize_parameters_he([2, 10, 5, 1])


def test_forward_cache(small):
    X, _, parameters = small
    a3, cache = course.forward_propagation(X, parameters)
    assert [part.shape for part in cache] == [
        (10, 6), (10, 6), (10, 2), (10, 1), (5, 6), (5, 6), (5, 10), (5, 1), (1, 6), (1, 6), (1, 5), (1, 1)
    ]  # fmt: skip
    assert a3 is cache[9]
    assert [parameters[key] for key in KEYS] == [cache[place] for place in (2, 3, 6, 7, 10, 11)]


def test_gradient_keys_and_values(small):
    """Central differences with step 1e-6 of a function of order 1: error about 1e-9."""
    X, Y, parameters = small
    grads = course.backward_propagation(X, Y, course.forward_propagation(X, parameters)[1])
    assert list(grads) == ["dz3", "dW3", "db3", "da2", "dz2", "dW2", "db2", "da1", "dz1", "dW1", "db1"]
    for key in KEYS:
        expected = np.zeros_like(parameters[key])
        for place in np.ndindex(expected.shape):
            up, down = (shifted(parameters, key, place, by) for by in (1e-6, -1e-6))
            expected[place] = (cost(X, Y, up) - cost(X, Y, down)) / 2e-6
        np.testing.assert_allclose(grads[f"d{key}"], expected, atol=1e-8)


def shifted(parameters, key, place, by):
    moved = {name: value.copy() for name, value in parameters.items()}
    moved[key][place] += by
    return moved


def cost(X, Y, parameters):
    return course.compute_loss(course.forward_propagation(X, parameters)[0], Y)


def test_losses_agree_where_both_are_finite(small):
    X, Y, parameters = small
    a3, cache = course.forward_propagation(X, parameters)
    assert course.stable_loss(cache[8], Y) == pytest.approx(course.compute_loss(a3, Y), rel=1e-14)


@pytest.mark.parametrize(("a", "y", "loss"), [(1.0, 1, 0.0), (0.0, 0, 0.0), (0.0, 1, np.inf), (1.0, 0, np.inf)])
def test_naive_loss_at_the_ends(a, y, loss):
    """0 · ∞ is dropped; a true infinity stays."""
    assert course.compute_loss(np.array([[a]]), np.array([[y]])) == loss


def test_update_leaves_what_it_was_given(small):
    X, Y, parameters = small
    before = {key: value.copy() for key, value in parameters.items()}
    grads = course.backward_propagation(X, Y, course.forward_propagation(X, parameters)[1])
    after = course.update_parameters(parameters, grads, 0.5)
    for key in KEYS:
        np.testing.assert_array_equal(parameters[key], before[key])
        np.testing.assert_array_equal(after[key], before[key] - 0.5 * grads[f"d{key}"])


@pytest.mark.parametrize("initialize", SEEDED)
def test_draws_are_those_of_the_legacy_generator(initialize):
    """W1 first, then W2, row by row, from one stream; the ratio to it is the scheme's standard deviation."""
    legacy = np.random.RandomState(3)
    parameters = initialize([4, 3, 2])
    for key, shape in (("W1", (3, 4)), ("W2", (2, 3))):
        ratio = parameters[key] / legacy.randn(*shape)
        np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-15)
    assert not np.any(parameters["b1"])


def test_the_global_generator_is_left_alone(small):
    X, Y, _ = small
    np.random.seed(11)
    before = np.random.get_state()
    course.load_dataset()
    for initialize in SEEDED:
        initialize([2, 10, 5, 1])
    course.model(X, Y, num_iterations=3, print_cost=False)
    after = np.random.get_state()
    np.testing.assert_array_equal(before[1], after[1])
    assert before[2:] == after[2:]


def test_model_prints_as_the_course_does(capsys):
    X, Y, test_X, test_Y = course.load_dataset()
    parameters = course.model(X, Y, num_iterations=1001, initialization="random")
    first, second = capsys.readouterr().out.splitlines()
    assert first == "Cost after iteration 0: inf"
    assert second.startswith("Cost after iteration 1000: 0.62")
    predicted = course.predict(test_X, test_Y, parameters)
    assert capsys.readouterr().out == f"Accuracy: {np.mean(predicted == test_Y)}\n"
    assert (predicted.shape, predicted.dtype) == ((1, 100), np.int64)


def test_model_prints_nothing_when_told(capsys, small):
    X, Y, _ = small
    parameters = course.model(X, Y, num_iterations=1, print_cost=False)
    assert capsys.readouterr().out == ""
    assert list(parameters) == KEYS


def test_model_without_iterations_is_the_initialization(small):
    X, Y, start = small
    for key, value in course.model(X, Y, num_iterations=0).items():
        np.testing.assert_array_equal(value, start[key])


def test_model_takes_a_seed(small):
    X, Y, _ = small
    parameters = course.model(X, Y, num_iterations=0, initialization="xavier", seed=5)
    np.testing.assert_array_equal(parameters["W1"], course.initialize_parameters_xavier([2, 10], seed=5)["W1"])


def test_divergence_is_a_result(small):
    X, Y, _ = small
    parameters = course.model(X, Y, learning_rate=1e200, num_iterations=20, print_cost=False)
    assert not all(np.isfinite(value).all() for value in parameters.values())


def test_plots(small):
    import matplotlib.pyplot as plt

    plt.switch_backend("agg")
    X, Y, parameters = small
    course.model(X, Y, num_iterations=1001, initialization="random", print_cost=True, plot=True)
    (axes,) = plt.gcf().axes
    assert axes.get_title() == "Learning rate = 0.01"
    assert [text.get_text() for text in axes.texts] == [" inf"]
    plt.close()
    axes = course.plot_decision_boundary(lambda points: course.predict_dec(parameters, points.T), X, Y)
    assert axes.get_xlim()[0] == pytest.approx(X[0].min() - 1, abs=0.05)
    plt.close()
    course.model(X, Y, num_iterations=1, print_cost=False)
    assert plt.get_fignums() == []

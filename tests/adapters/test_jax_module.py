"""initlab.jax as a user of Flax or Equinox meets it: one line for a model, and initializers with JAX's signature."""

import numpy as np
import pytest

jax = pytest.importorskip("jax")
import equinox as eqx  # noqa: E402
import jax.numpy as jnp  # noqa: E402
from flax import linen as nn  # noqa: E402
from flax import nnx  # noqa: E402

import initlab.jax  # noqa: E402
from initlab.errors import SpecError, UnknownNameError  # noqa: E402
from initlab.laws import Law  # noqa: E402
from initlab.parameters import Fan, Parameter  # noqa: E402
from initlab.schemes import SCHEMES  # noqa: E402
from initlab.streams import sample  # noqa: E402

KEY = jax.random.key(3)
FACTS = {"layer": 1, "depth": 4, "width": 8, "gate": "forget"}


@pytest.mark.parametrize("name", sorted(SCHEMES))
def test_every_scheme_is_an_initializer_of_the_law_it_gives(name):
    needed = {option: 10 if kind.type is int else 1.0 for option, kind in SCHEMES[name].kinds.items() if kind.required}
    made = getattr(initlab.jax, name)(**FACTS, **needed)
    drawn = made(KEY, (8, 8), jnp.float32)
    facts = Parameter(name="key", shape=(8, 8), fan=Fan.dense(8, 8), **FACTS)
    law = SCHEMES[name].law(facts, needed)
    assert isinstance(law, Law)
    expected = sample(law, name="key", seed=3, shape=(8, 8), dtype="float32")
    assert np.array_equal(np.asarray(drawn).T, expected)


def test_the_axes_say_the_fan():
    """As in jax.nn.initializers: the std of 2¹⁶ draws has a relative error of 0.3%; ten of them are allowed."""
    for shape, axes, fan_in in [
        ((64, 1024), {}, 64),
        ((3, 3, 64, 128), {}, 576),
        ((1024, 64), {"in_axis": 1, "out_axis": 0}, 64),
        ((64, 4, 256), {"out_axis": (1, 2), "in_axis": 0}, 64),
        ((4, 256, 64), {"out_axis": -1, "in_axis": (0, 1)}, 1024),
        ((8, 64, 128), {"batch_axis": 0}, 64),
    ]:
        drawn = np.asarray(initlab.jax.lecun_normal(**axes)(KEY, shape))
        assert drawn.std() == pytest.approx(fan_in**-0.5, rel=0.03)


def test_each_kernel_of_a_batch_is_orthogonal():
    drawn = np.asarray(initlab.jax.initializer("orthogonal", batch_axis=0)(KEY, (3, 6, 6)))
    for matrix in drawn:
        assert np.allclose(matrix @ matrix.T, np.eye(6), atol=1e-5)
    assert not np.allclose(drawn[0], drawn[1])


def test_the_same_numbers_traced_or_not():
    make = initlab.jax.he_normal()
    alone = make(KEY, (6, 4), jnp.float32)
    assert np.array_equal(jax.jit(lambda key: make(key, (6, 4)))(KEY), alone)
    keys = jax.random.split(KEY, 3)
    many = jax.vmap(lambda key: make(key, (6, 4)))(keys)
    assert np.array_equal(many[2], make(keys[2], (6, 4)))
    assert not np.array_equal(many[0], many[1])
    assert jax.eval_shape(lambda key: make(key, (6, 4), jnp.bfloat16), KEY).dtype == jnp.bfloat16
    assert np.array_equal(make(jax.random.PRNGKey(3), (6, 4)), alone)


def test_layers_of_flax_take_them():
    layer = nnx.Linear(
        6, 4, kernel_init=initlab.jax.he_normal(), bias_init=jax.nn.initializers.zeros, rngs=nnx.Rngs(params=KEY)
    )
    assert float(jnp.abs(layer.kernel[...]).max()) > 0
    module = nn.Dense(4, kernel_init=initlab.jax.initializer("orthogonal(gain=2)"))
    kernel = module.init(KEY, jnp.zeros((1, 4)))["params"]["kernel"]
    assert np.allclose(kernel @ kernel.T, 4 * np.eye(4), atol=1e-5)


MODELS = {
    "nnx": (lambda: nnx.eval_shape(lambda: nnx.Linear(50, 400, rngs=nnx.Rngs(0))), lambda new: new.kernel[...]),
    "equinox": (
        lambda: eqx.filter_eval_shape(lambda: eqx.nn.Linear(50, 400, key=KEY)), lambda new: new.weight.T,
    ),
    "linen": (
        lambda: (nn.Dense(400), jax.eval_shape(nn.Dense(400).init, KEY, jnp.zeros((1, 50)))),
        lambda new: new[1]["params"]["kernel"],
    ),
    "pytree": (lambda: {"kernel": jnp.zeros((50, 400)), "bias": jnp.ones(400)}, lambda new: new["kernel"]),
}  # fmt: skip


@pytest.mark.parametrize("kind", MODELS)
def test_a_model_is_initialized_in_one_line(kind):
    make, kernel = MODELS[kind]
    model = make()
    new = initlab.jax.init(model, "course-he", seed=1)
    again = initlab.jax.init(model, "course-he", seed=1)
    assert type(new) is type(model)
    assert np.asarray(kernel(new)).std() == pytest.approx(0.2, rel=0.03)
    assert np.array_equal(kernel(new), kernel(again))
    assert not np.array_equal(kernel(new), kernel(initlab.jax.init(model, "course-he", seed=2)))


def test_what_follows_sets_the_gain():
    """auto: √2 before ReLU, 1 before what is linear (relative error of 160 000 draws: 0.2%)."""
    weights = {"one": jnp.zeros((400, 400)), "two": jnp.zeros((400, 400))}
    model = (lambda tree, x: jnp.maximum(x @ tree["one"], 0) @ tree["two"], weights, jnp.zeros((2, 400)))
    new = initlab.jax.init(model, "auto")[1]
    assert float(new["one"].std()) == pytest.approx((2 / 400) ** 0.5, rel=0.02)
    assert float(new["two"].std()) == pytest.approx((1 / 400) ** 0.5, rel=0.02)


BAD = [
    (lambda: initlab.jax.initializer("he_nromal"), UnknownNameError, "Did you mean 'he_normal'"),
    (lambda: initlab.jax.he_normal(gian=2), UnknownNameError, "Did you mean 'gain'"),
    (lambda: initlab.jax.he_normal()(KEY, (4,)), SpecError, "axes of a kernel must be within its 1 axes"),
    (lambda: initlab.jax.he_normal(in_axis=0, out_axis=0)(KEY, (4, 4)), SpecError, "must be different ones"),
    (lambda: initlab.jax.he_normal()(3, (4, 4)), SpecError, "must be one of jax.random, got int"),
    (lambda: initlab.jax.he_normal()(jax.random.split(KEY, 2), (4, 4)), SpecError, "must be one key"),
    (lambda: initlab.jax.he_normal()(KEY, (4, 4), jnp.int32), SpecError, "dtype"),
    (lambda: initlab.jax.he_normal()(KEY, (4, 4), jnp.float64), SpecError, "jax_enable_x64"),
    (lambda: initlab.jax.init(nn.Dense(4), "he"), SpecError, "must come with its variables"),
    (
        lambda: initlab.jax.init({"kernel": jnp.zeros((2, 3))}, "hee"),
        (SpecError, UnknownNameError),
        "Did you mean|must",
    ),
]


@pytest.mark.parametrize(("call", "kind", "said"), BAD, ids=[said for *_, said in BAD])
def test_bad_input_is_one_line(call, kind, said):
    with pytest.raises(kind, match=said) as raised:
        call()
    assert "\n" not in str(raised.value)


def test_there_is_no_such_scheme():
    with pytest.raises(AttributeError, match="no attribute 'he_nromal'"):
        _ = initlab.jax.he_nromal
    assert "he_normal" in dir(initlab.jax)


def test_a_scheme_without_fan_draws_biases():
    assert (initlab.jax.constant(value=0.5)(KEY, (7,)) == 0.5).all()

"""JAX functions of pytrees, custom_vjp and custom_jvp, and the second order; without x64 switched on."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from initlab import UsageError, gradcheck


@jax.custom_vjp
def ignores(x):
    return x**3


ignores.defvjp(lambda x: (x**3, x), lambda x, ct: (3 * x**2,))


@jax.custom_vjp
def signed(x):
    return jnp.sin(x)


signed.defvjp(lambda x: (jnp.sin(x), x), lambda x, ct: (-ct * jnp.cos(x),))


@jax.custom_jvp
def doubled(x):
    return x**3


doubled.defjvp(lambda primals, tangents: (primals[0] ** 3, 6 * primals[0] ** 2 * tangents[0]))


@jax.custom_jvp
def right(x):
    return x**3


right.defjvp(lambda primals, tangents: (primals[0] ** 3, 3 * primals[0] ** 2 * tangents[0]))

X = jnp.linspace(0.1, 2, 7)


@pytest.mark.parametrize(
    ("function", "text"),
    [(ignores, "does not multiply by grad_output"), (signed, "sign wrong"), (doubled, "factor 2")],
)
def test_custom_rules(function, text):
    report = gradcheck(function, params=(X,))
    assert (report.verdict, [m.text for m in report.mistakes]) == ("WRONG", [text])


@pytest.mark.parametrize("order", [1, 2])
def test_a_right_rule(order):
    assert gradcheck(right, params=(X,), order=order).verdict == "PASS"


def test_a_pytree():
    def cost(params, x):
        return jnp.mean(jax.nn.relu(x @ params["W"] + params["b"]) ** 2)

    key = jax.random.key(0)
    arguments = ({"W": jax.random.normal(key, (3, 2)), "b": jnp.zeros(2)}, jax.random.normal(key, (4, 3)))
    report = gradcheck(cost, params=arguments)
    assert report.verdict == "PASS"
    assert [block.name for block in report.blocks] == ["params.W", "params.b", "x"]
    assert not jax.config.jax_enable_x64


def test_bad_input():
    with pytest.raises(UsageError, match="must have arguments"):
        gradcheck(right)
    with pytest.raises(UsageError, match="must run on its arguments"):
        gradcheck(right, params=(X, X))
    with pytest.raises(UsageError, match="floating-point"):
        gradcheck(right, params=(jnp.arange(3),))


@jax.custom_vjp
def handed_on(x):
    return jnp.tanh(x)


handed_on.defvjp(lambda x: (jnp.tanh(x), None), lambda _, g: (g,))


def test_a_cotangent_handed_on_is_wrong_and_named():
    found = gradcheck(handed_on, params=(jnp.linspace(-1.0, 2.0, 5),))
    assert (found.verdict, found.mistakes[0].cause) == ("WRONG", "activation_derivative_missing")


def test_a_jax_function_takes_numpy_arguments():
    assert gradcheck(lambda p: jnp.sum(jnp.sin(p["w"])), params={"w": np.ones(3)}).verdict == "PASS"
    with pytest.raises(UsageError, match=r"jax\.jit"):
        gradcheck(lambda p: float(np.sum(p["w"])), params=({"w": np.ones(3)},))

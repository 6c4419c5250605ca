"""The layers of Flax, Equinox and plain pytrees in neutral terms: fans, roles, what follows, and what a fill draws."""

import math

import numpy as np
import pytest

jax = pytest.importorskip("jax")
import equinox as eqx  # noqa: E402
import jax.numpy as jnp  # noqa: E402
from flax import linen as nn  # noqa: E402
from flax import nnx  # noqa: E402

from initlab.adapters import adapter_of  # noqa: E402
from initlab.errors import SpecError, UnknownNameError  # noqa: E402
from initlab.laws import Constant, Normal, Orthogonal  # noqa: E402
from initlab.streams import sample  # noqa: E402

KEY = jax.random.key(0)


def rngs():
    return nnx.Rngs(0)


def linen(module, *inputs):
    """A module beside the shapes of its variables: Flax's own draws, which take seconds to compile, are not needed."""
    return (module, jax.eval_shape(module.init, KEY, *inputs), *inputs)


def layer_of(make):
    """What a row makes, of shapes alone."""
    made = nnx.eval_shape(make) if "nnx" in make.__code__.co_names else None
    return made or (eqx.filter_eval_shape(make) if "eqx" in make.__code__.co_names else make())


def drawn(model, law=None):
    """The model with every parameter drawn."""
    adapter = adapter_of(model)
    laws = {each.name: law or Normal(std=0.1) for each in adapter.parameters(model)}
    return adapter.fill(model, laws, seed=4)


def read(model):
    return {each.name: each for each in adapter_of(model).parameters(model)}


def x(*shape):
    return jnp.zeros(shape)


LAYERS = [
    (lambda: nnx.Linear(6, 4, rngs=rngs()), {"weight": (6, 4), "bias": (6, 4)}),
    (lambda: nnx.LinearGeneral((2, 3), (4, 5), axis=(-2, -1), rngs=rngs()), {"weight": (6, 20)}),
    (lambda: nnx.LinearGeneral(6, 4, batch_axis={0: 3}, rngs=rngs()), {"0.weight": (6, 4), "2.weight": (6, 4)}),
    (lambda: nnx.Einsum("abc,cde->abde", (3, 2, 4), rngs=rngs()), {"weight": (3, 8)}),
    (lambda: nnx.Conv(8, 16, (3, 3), rngs=rngs()), {"weight": (72, 144), "bias": (72, 144)}),
    (lambda: nnx.Conv(8, 16, (3, 3), feature_group_count=8, rngs=rngs()), {"weight": (9, 18)}),
    (lambda: nnx.Conv(8, 16, (4, 4), strides=2, rngs=rngs()), {"weight": (128, 64)}),
    (lambda: nnx.ConvTranspose(64, 16, (4, 4), strides=(2, 2), rngs=rngs()), {"weight": (256, 256)}),
    (
        lambda: nnx.ConvTranspose(64, 16, (4, 4), strides=(2, 2), transpose_kernel=True, rngs=rngs()),
        {"weight": (256, 256)},
    ),
    (lambda: nnx.Embed(10, 4, rngs=rngs()), {"weight": (1, 4)}),
    (
        lambda: nnx.MultiHeadAttention(2, 8, decode=False, rngs=rngs()),
        {"query.weight": (8, 8), "out.weight": (8, 8), "value.bias": (8, 8)},
    ),
    (
        lambda: nnx.OptimizedLSTMCell(5, 3, rngs=rngs()),
        {"dense_i.weight[forget]": (5, 3), "dense_h.weight[cell]": (3, 3), "dense_h.bias[output]": (3, 3)},
    ),
    (lambda: nnx.LSTMCell(5, 3, rngs=rngs()), {"if_.weight": (5, 3), "hf.weight": (3, 3)}),
    (lambda: nnx.GRUCell(5, 3, rngs=rngs()), {"dense_i.weight[update]": (5, 3), "dense_h.weight[reset]": (3, 3)}),
    (lambda: linen(nn.Dense(4), x(2, 6)), {"weight": (6, 4), "bias": (6, 4)}),
    (lambda: linen(nn.DenseGeneral((4, 5), axis=(-2, -1)), x(2, 2, 3)), {"weight": (6, 20)}),
    (lambda: linen(nn.DenseGeneral(4, batch_dims=(0,)), x(3, 2, 6)), {"0.weight": (6, 4), "1.bias": (6, 4)}),
    (lambda: linen(nn.Conv(16, (3, 3), feature_group_count=8), x(1, 9, 9, 8)), {"weight": (9, 18)}),
    (lambda: linen(nn.ConvTranspose(16, (4, 4), strides=(2, 2)), x(1, 9, 9, 64)), {"weight": (256, 256)}),
    (
        lambda: linen(nn.ConvTranspose(16, (4, 4), strides=(2, 2), transpose_kernel=True), x(1, 9, 9, 64)),
        {"weight": (256, 256)},
    ),
    (lambda: linen(nn.MultiHeadDotProductAttention(2), x(2, 5, 8)), {"query.weight": (8, 8), "out.weight": (8, 8)}),
    (
        lambda: linen(nn.RNN(nn.OptimizedLSTMCell(3)), x(2, 7, 5)),
        {"cell.if.weight": (5, 3), "cell.hf.weight": (3, 3)},
    ),
    (lambda: eqx.nn.Linear(6, 4, key=KEY), {"weight": (6, 4), "bias": (6, 4)}),
    (lambda: eqx.nn.Linear(6, "scalar", key=KEY), {"weight": (6, 1), "bias": (6, 1)}),
    (lambda: eqx.nn.Conv2d(8, 16, 3, groups=8, key=KEY), {"weight": (9, 18), "bias": (9, 18)}),
    (lambda: eqx.nn.Conv1d(8, 16, 5, stride=2, key=KEY), {"weight": (40, 40)}),
    (lambda: eqx.nn.ConvTranspose2d(64, 16, 4, stride=2, key=KEY), {"weight": (256, 256)}),
    (lambda: eqx.nn.ConvTranspose1d(8, 16, 3, groups=4, key=KEY), {"weight": (6, 12)}),
    (lambda: eqx.nn.LSTMCell(5, 3, key=KEY), {"weight_ih[forget]": (5, 3), "weight_hh[cell]": (3, 3)}),
    (lambda: eqx.nn.GRUCell(5, 3, key=KEY), {"weight_ih[update]": (5, 3), "weight_hh[reset]": (3, 3)}),
    (lambda: eqx.nn.MultiheadAttention(2, 8, key=KEY), {"query_proj.weight": (8, 8), "output_proj.weight": (8, 8)}),
    (lambda: eqx.nn.Embedding(10, 4, key=KEY), {"weight": (1, 4)}),
]


@pytest.mark.parametrize(("make", "fans"), LAYERS, ids=[str(number) for number in range(len(LAYERS))])
def test_the_fans_of_a_layer(make, fans):
    found = read(layer_of(make))
    for name, (fan_in, fan_out) in fans.items():
        assert (found[name].fan.fan_in, found[name].fan.fan_out) == (fan_in, fan_out)


@pytest.mark.parametrize("make", [make for make, _ in LAYERS], ids=[str(number) for number in range(len(LAYERS))])
def test_every_block_lies_where_its_values_are_read(make):
    """In canonical order, and nothing else is changed; the model given keeps its own."""
    model = drawn(layer_of(make))
    adapter = adapter_of(model)
    parameters = adapter.parameters(model)
    held = {each.name: adapter.values(model, each) for each in parameters}
    for parameter in parameters:
        assert parameter.why
        new = adapter.fill(model, {parameter.name: Normal(std=1.0)}, seed=1)
        alone = sample(Normal(std=1.0), name=parameter.name, seed=1, shape=parameter.shape, dtype="float32")
        for other in adapter.parameters(new):
            expected = alone if other.name == parameter.name else held[other.name]
            assert np.array_equal(adapter.values(new, other), expected)
    assert all(np.array_equal(adapter.values(model, each), held[each.name]) for each in parameters)


ACTIVATIONS = [
    (nnx.relu, "relu"),
    (lambda z: jnp.maximum(z, 0), "relu"),
    (lambda z: jnp.where(z > 0, z, 0.0), "relu"),
    (nnx.gelu, "gelu_tanh"),
    (lambda z: jax.nn.gelu(z, approximate=False), "gelu"),
    (nnx.silu, "silu"),
    (lambda z: z / (1 + jnp.exp(-z)), "silu"),
    (jnp.tanh, "tanh"),
    (nnx.sigmoid, "sigmoid"),
    (nnx.leaky_relu, "leaky_relu"),
    (lambda z: jax.nn.leaky_relu(z, 0.2), "leaky_relu_0.2"),
    (nnx.elu, "elu"),
    (nnx.selu, "selu"),
    (nnx.softplus, "softplus"),
    (jax.nn.mish, "mish"),
    (jax.nn.soft_sign, "softsign"),
    (nnx.hard_tanh, "hardtanh"),
    (jax.nn.hard_silu, "hardswish"),
    (jnp.sin, "sin"),
    (jnp.arctan, "atan"),
    (jax.scipy.special.erf, "erf"),
    (lambda z: jnp.square(jax.nn.relu(z)), "relu_squared"),
    (lambda z: 3.0 * z, "linear"),
    (lambda z: nnx.relu(z.reshape(-1, 2, 4).transpose(0, 2, 1)).reshape(-1, 8), "relu"),
    (lambda z: jnp.cos(z) * z, None),
]


@pytest.mark.parametrize(("function", "name"), ACTIVATIONS)
def test_the_activation_that_really_follows(function, name):
    weights = {"w1": x(6, 8), "b1": x(8), "w2": x(8, 3)}
    model = (lambda tree, given: function(given @ tree["w1"] + tree["b1"]) @ tree["w2"], weights)
    found = read(model)
    assert found["w1"].activation == name
    assert found["w2"].activation is None, "what follows the output is the loss"
    assert [found[each].role for each in ("w1", "b1", "w2")] == ["input", "bias", "head"]
    assert (found["b1"].fan.fan_in, found["b1"].fan.fan_out) == (6, 8)


class Block(nn.Module):
    """A pre-norm transformer block whose queries, keys and values are packed."""

    @nn.compact
    def __call__(self, h, _=None):
        normed = nn.LayerNorm()(h)
        packed = nn.Dense(3 * 8, name="qkv")(normed).reshape(*h.shape[:2], 3, 2, 4)
        q, k, v = (packed[:, :, part] for part in range(3))
        mixed = nn.dot_product_attention(q, k, v).reshape(h.shape)
        h = h + nn.Dense(8, name="mix")(mixed)
        return h + nn.Dense(8, name="down")(nn.gelu(nn.Dense(32, name="up")(nn.RMSNorm()(h)))), None


class Transformer(nn.Module):
    scanned: bool = False

    @nn.compact
    def __call__(self, tokens):
        h = nn.Embed(11, 8, name="embed")(tokens) + self.param("place", nn.initializers.zeros, (tokens.shape[1], 8))
        if self.scanned:
            stack = nn.scan(Block, variable_axes={"params": 0}, split_rngs={"params": True}, length=3)
            h, _ = stack(name="blocks")(h, None)
        else:
            for number in range(3):
                h, _ = Block(name=f"blocks_{number}")(h)
        return nn.Dense(11, name="readout")(nn.LayerNorm()(h))


@pytest.mark.parametrize("scanned", [False, True])
def test_a_transformer_by_its_flow_alone(scanned):
    """No name says what these layers are for: packed attention, branches, depth come from the traced program."""
    module = Transformer(scanned=scanned)
    tokens = jnp.zeros((2, 5), dtype=int)
    model = linen(module, tokens)
    found = read(model)
    roles = {name: found[name].role for name in found if name.startswith("blocks.1.") and "bias" not in name}
    assert roles == {
        "blocks.1.LayerNorm_0.weight": "norm_scale",
        "blocks.1.qkv.weight[query]": "query",
        "blocks.1.qkv.weight[key]": "key",
        "blocks.1.qkv.weight[value]": "value",
        "blocks.1.mix.weight": "attention_out",
        "blocks.1.RMSNorm_0.weight": "norm_scale",
        "blocks.1.up.weight": "weight",
        "blocks.1.down.weight": "residual_out",
    }
    assert (found["embed.weight"].role, found["place"].role) == ("embedding", "positional")
    assert found["readout.weight"].role == "head"
    assert found["blocks.1.up.weight"].activation == "gelu_tanh"
    assert found["blocks.1.down.weight"].activation == "linear"
    assert [found[f"blocks.{number}.down.weight"].layer for number in range(3)] == [0, 1, 2]
    assert {each.depth for each in found.values()} == {3}
    assert {each.width for each in found.values()} == {8}
    assert (found["blocks.2.qkv.weight[key]"].fan.fan_in, found["blocks.2.qkv.weight[key]"].fan.fan_out) == (8, 8)
    assert sum(each.size for each in found.values()) == sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(model[1]))


def test_a_scanned_stack_draws_the_numbers_of_the_list_it_stands_for():
    tokens = jnp.zeros((2, 5), dtype=int)
    one, each = (drawn(linen(Transformer(scanned=scanned), tokens))[1]["params"] for scanned in (True, False))
    assert np.array_equal(one["blocks"]["up"]["kernel"][2], each["blocks_2"]["up"]["kernel"])
    assert np.array_equal(one["blocks"]["qkv"]["kernel"][0], each["blocks_0"]["qkv"]["kernel"])


class Residual(nnx.Module):
    """A residual block of convolutions whose shortcut is projected."""

    def __init__(self):
        self.one = nnx.Conv(4, 8, (3, 3), strides=2, rngs=rngs())
        self.norm = nnx.BatchNorm(8, rngs=rngs())
        self.two = nnx.Conv(8, 8, (3, 3), rngs=rngs())
        self.shortcut = nnx.Conv(4, 8, (1, 1), strides=2, rngs=rngs())
        self.gain = nnx.Param(jnp.zeros(()))
        self.head = nnx.Linear(8, 5, rngs=rngs())

    def __call__(self, image):
        inner = self.two(nnx.relu(self.norm(self.one(image))))
        return self.head(nnx.relu(self.shortcut(image) + self.gain * inner).mean((1, 2)))


def test_a_projected_residual_block():
    model = nnx.eval_shape(Residual)
    found = read(model)
    assert [found[f"{name}.weight"].role for name in ("one", "two", "shortcut", "head")] == [
        "input", "residual_out", "input", "head",
    ]  # fmt: skip
    assert [found[f"{name}.weight"].activation for name in ("one", "two", "shortcut")] == ["relu"] * 3
    assert found["gain"].role == "residual_scale"
    assert found["norm.weight"].role == "norm_scale"
    assert adapter_of(model).buffers(model) == ("norm.mean", "norm.var")


def test_gates_and_offsets():
    def apply(tree, h):
        normed = h * jax.lax.rsqrt((h * h).mean(-1, keepdims=True)) * (1 + tree["scale"])
        return (jax.nn.silu(normed @ tree["gate_proj"]["w"]) * (normed @ tree["up_proj"]["w"])) @ tree["down_proj"]["w"]

    weights = {
        "scale": x(8), "gate_proj": {"w": x(8, 16)}, "up_proj": {"w": x(8, 16)}, "down_proj": {"w": x(16, 8)},
    }  # fmt: skip
    found = read((apply, weights))
    assert found["gate_proj.w"].role == "gate"
    assert found["gate_proj.w"].activation == "silu"
    assert found["up_proj.w"].activation == "linear"
    assert (found["weight"].role, found["weight"].neutral) == ("norm_scale", 0.0)


def test_an_array_in_two_places_is_one_parameter():
    class Tied(nnx.Module):
        def __init__(self):
            self.embed = nnx.Embed(7, 4, rngs=rngs())
            self.first = nnx.Linear(4, 4, rngs=rngs())
            self.second = self.first

        def __call__(self, tokens):
            return self.embed.attend(self.second(nnx.relu(self.first(self.embed(tokens)))))

    found = read(nnx.eval_shape(Tied))
    assert found["first.weight"].tied_to == ("second.weight",)
    assert "second.weight" not in found
    assert found["embed.weight"].role == "embedding"
    kernel = x(4, 4)
    shared = {"a": {"kernel": kernel}, "b": {"kernel": kernel}}
    assert [each.tied_to for each in read(shared).values()] == [("b.weight",)]
    new = adapter_of(shared).fill(shared, {"a.weight": Normal(std=1.0)}, seed=0)
    assert new["a"]["kernel"] is new["b"]["kernel"]


def test_a_table_that_is_looked_up_by_position():
    class Places(nnx.Module):
        def __init__(self):
            self.words, self.places = nnx.Embed(7, 4, rngs=rngs()), nnx.Embed(9, 4, rngs=rngs())

        def __call__(self, tokens):
            return self.words(tokens) + self.places(jnp.arange(tokens.shape[1]))

    found = read(nnx.eval_shape(Places))
    assert (found["words.weight"].role, found["places.weight"].role) == ("embedding", "positional")
    assert read({"wpe": {"embedding": x(9, 4)}})["wpe.weight"].role == "positional"


def test_a_model_of_shapes_alone_is_planned_and_made_real():
    shapes = jax.eval_shape(lambda: nnx.to_pure_dict(nnx.state(nnx.Linear(6, 4, rngs=rngs()))))
    parameter = read(shapes)["weight"]
    assert (parameter.device, adapter_of(shapes).values(shapes, parameter)) == ("meta", None)
    made = adapter_of(shapes).fill(shapes, {"weight": Normal(std=1.0)}, seed=0)
    assert np.array_equal(
        made["kernel"].T, sample(Normal(std=1.0), name="weight", seed=0, shape=(4, 6), dtype="float32")
    )
    assert not made["bias"].any()
    abstract = nnx.eval_shape(lambda: nnx.Linear(6, 4, rngs=rngs()))
    assert adapter_of(abstract).fill(abstract, {"weight": Normal(std=1.0)}, seed=0)(x(2, 6)).shape == (2, 4)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_is_kept(dtype):
    model = {"fc": {"kernel": jnp.zeros((6, 4), dtype)}}
    new = adapter_of(model).fill(model, {"fc.weight": Normal(std=0.1)}, seed=0)["fc"]["kernel"]
    assert new.dtype == dtype
    numbers = sample(Normal(std=0.1), name="fc.weight", seed=0, shape=(4, 6), dtype=dtype)
    assert np.array_equal(np.asarray(new).T.astype(float), numbers.astype(float))


def test_a_kernel_drawn_with_variance_one_over_fan_in_keeps_the_signal():
    """Transposed and depthwise. The mean of 9·64 squares, or more, has a spread of 6%; four of them are allowed."""
    layers = [
        lambda: nnx.Conv(64, 64, (3, 3), feature_group_count=64, rngs=rngs()),
        lambda: nnx.ConvTranspose(64, 16, (4, 4), strides=(2, 2), transpose_kernel=True, rngs=rngs()),
        lambda: nnx.ConvTranspose(64, 128, (4, 4), strides=(2, 2), rngs=rngs()),
    ]
    given = jnp.asarray(sample(Normal(std=1.0), name="x", seed=0, shape=(2, 16, 16, 64), dtype="float32"))
    for make in layers:
        layer = nnx.eval_shape(make)
        std = read(layer)["weight"].fan.fan_in ** -0.5
        new = adapter_of(layer).fill(layer, {"weight": Normal(std=std), "bias": Constant(value=0.0)}, seed=0)
        assert float(jnp.square(new(given))[:, 4:-4, 4:-4].mean()) == pytest.approx(1, rel=0.24)


def test_orthogonal_blocks_are_orthogonal_as_they_are_used():
    layer = nnx.eval_shape(lambda: nnx.MultiHeadAttention(2, 8, decode=False, rngs=rngs()))
    new = adapter_of(layer).fill(
        layer, {name: Orthogonal(rows=8, columns=8) for name in ("query.weight", "out.weight")}, seed=0
    )
    for matrix in (new.query.kernel[...].reshape(8, 8), new.out.kernel[...].reshape(8, 8)):
        assert np.allclose(matrix.T @ matrix, np.eye(8), atol=1e-5)


BAD = [
    (lambda: nn.Dense(4), "must come with its variables"),
    (lambda: (nn.Dense(4), {"params": {}}), "must be a torch Module, a JAX model"),
    (lambda: (nn.Dense(4), {"params": {"n": jnp.zeros(3, dtype=int)}}), "must hold arrays of floats, got tuple"),
    (lambda: ("a", 3), "must be a torch Module"),
    (lambda: {"n": jnp.zeros(3, dtype=int)}, "must hold arrays of floats, got dict"),
]


@pytest.mark.parametrize(("make", "said"), BAD, ids=[said for _, said in BAD])
def test_what_is_no_model_is_said_in_one_line(make, said):
    model = make()
    with pytest.raises(SpecError, match=said) as raised:
        read(model)
    assert "\n" not in str(raised.value)


def test_nothing_is_drawn_when_one_law_does_not_fit():
    model = nnx.eval_shape(lambda: nnx.Linear(6, 4, rngs=rngs()))
    with pytest.raises(SpecError, match="must fit its law"):
        adapter_of(model).fill(model, {"weight": Orthogonal(rows=3, columns=3)}, seed=0)
    with pytest.raises(UnknownNameError, match="Did you mean 'weight'"):
        adapter_of(model).fill(model, {"weigth": Constant(value=0.0)}, seed=0)


def test_a_function_that_fails_is_read_by_names():
    def apply(tree, given):
        raise RuntimeError("no")

    found = read((apply, {"fc": {"kernel": x(6, 4), "bias": x(4)}}, x(2, 6)))
    assert (found["fc.weight"].role, found["fc.weight"].activation) == ("weight", None)
    assert math.isclose(found["fc.weight"].fan.fan_in, 6)


def test_a_tree_of_numpy_arrays_stays_one():
    model = {"fc": {"kernel": np.zeros((6, 4), np.float32)}}
    new = adapter_of(model).fill(model, {"fc.weight": Normal(std=1.0)}, seed=0)
    assert isinstance(new["fc"]["kernel"], np.ndarray)
    assert new["fc"]["kernel"].any()
    assert not model["fc"]["kernel"].any()

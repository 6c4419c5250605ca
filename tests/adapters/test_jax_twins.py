"""Twins: one architecture in torch, Linen, NNX, Equinox and a plain pytree has the same parameters and numbers."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
jax = pytest.importorskip("jax")
import equinox as eqx  # noqa: E402
import jax.numpy as jnp  # noqa: E402
from flax import linen as nn  # noqa: E402
from flax import nnx  # noqa: E402

import initlab.api.plan  # noqa: E402
import initlab.api.weights  # noqa: E402
import initlab.jax  # noqa: E402
from initlab.adapters import adapter_of  # noqa: E402
from initlab.errors import DataError  # noqa: E402
from initlab.laws import Normal, Orthogonal  # noqa: E402

KEY = jax.random.key(0)


class TorchTwin(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(4, 8, 3, stride=2, groups=2, padding=1)
        self.norm = torch.nn.LayerNorm(8, eps=1e-6)
        self.layers = torch.nn.ModuleList([torch.nn.Linear(8, 6), torch.nn.Linear(6, 6)])
        self.head = torch.nn.Linear(6, 3)

    def forward(self, image):
        x = self.norm(self.conv(image).permute(0, 2, 3, 1)).mean((1, 2))
        for layer in self.layers:
            x = torch.relu(layer(x))
        return self.head(x)


class LinenTwin(nn.Module):
    def setup(self):
        self.conv = nn.Conv(8, (3, 3), strides=2, feature_group_count=2, padding=1)
        self.norm = nn.LayerNorm()
        self.layers = [nn.Dense(6), nn.Dense(6)]
        self.head = nn.Dense(3)

    def __call__(self, image):
        x = self.norm(self.conv(image)).mean((1, 2))
        for layer in self.layers:
            x = nn.relu(layer(x))
        return self.head(x)


class NnxTwin(nnx.Module):
    def __init__(self):
        rngs = nnx.Rngs(0)
        self.conv = nnx.Conv(4, 8, (3, 3), strides=2, feature_group_count=2, padding=1, rngs=rngs)
        self.norm = nnx.LayerNorm(8, rngs=rngs)
        self.layers = nnx.List([nnx.Linear(8, 6, rngs=rngs), nnx.Linear(6, 6, rngs=rngs)])
        self.head = nnx.Linear(6, 3, rngs=rngs)

    def __call__(self, image):
        x = self.norm(self.conv(image)).mean((1, 2))
        for layer in self.layers:
            x = nnx.relu(layer(x))
        return self.head(x)


class EquinoxTwin(eqx.Module):
    conv: eqx.nn.Conv2d
    norm: eqx.nn.LayerNorm
    layers: list
    head: eqx.nn.Linear

    def __init__(self):
        self.conv = eqx.nn.Conv2d(4, 8, 3, stride=2, groups=2, padding=1, key=KEY)
        self.norm = eqx.nn.LayerNorm(8, eps=1e-6)
        self.layers = [eqx.nn.Linear(8, 6, key=KEY), eqx.nn.Linear(6, 6, key=KEY)]
        self.head = eqx.nn.Linear(6, 3, key=KEY)

    def __call__(self, image):
        x = jnp.mean(jax.vmap(self.norm)(self.conv(image).reshape(8, -1).T), 0)
        for layer in self.layers:
            x = jax.nn.relu(layer(x))
        return self.head(x)


def plain(tree, image):
    layout = ("NHWC", "HWIO", "NHWC")
    pads = [(1, 1), (1, 1)]
    x = jax.lax.conv_general_dilated(
        image, tree["conv"]["weight"], (2, 2), pads, feature_group_count=2, dimension_numbers=layout
    )
    x = x + tree["conv"]["bias"]
    x = (x - x.mean(-1, keepdims=True)) * jax.lax.rsqrt(x.var(-1, keepdims=True) + 1e-6)
    x = (x * tree["norm"]["weight"] + tree["norm"]["bias"]).mean((1, 2))
    for layer in tree["layers"]:
        x = jax.nn.relu(x @ layer["weight"] + layer["bias"])
    return x @ tree["head"]["weight"] + tree["head"]["bias"]


def pytree():
    shapes = {
        "conv": {"weight": (3, 3, 2, 8), "bias": (8,)},
        "norm": {"weight": (8,), "bias": (8,)},
        "layers": [{"weight": (8, 6), "bias": (6,)}, {"weight": (6, 6), "bias": (6,)}],
        "head": {"weight": (6, 3), "bias": (3,)},
    }
    return jax.tree.map(
        lambda shape: jax.ShapeDtypeStruct(shape, jnp.float32), shapes, is_leaf=lambda each: isinstance(each, tuple)
    )


IMAGE = jax.ShapeDtypeStruct((2, 16, 16, 4), jnp.float32)
TWINS = {
    "linen": lambda: (LinenTwin(), jax.eval_shape(LinenTwin().init, KEY, IMAGE), IMAGE),
    "nnx": lambda: nnx.eval_shape(NnxTwin),
    "equinox": lambda: eqx.filter_eval_shape(EquinoxTwin),
    "pytree": lambda: (plain, pytree(), IMAGE),
}


def facts(parameter):
    fan = parameter.fan and (parameter.fan.fan_in, parameter.fan.fan_out)
    place = (parameter.layer, parameter.depth, parameter.width)
    return parameter.shape, parameter.role, fan, parameter.activation, place


def laws_of(parameters):
    return {
        each.name: Orthogonal(rows=each.shape[0], columns=each.shape[1]) if len(each.shape) == 2 else Normal(std=0.1)
        for each in parameters
    }


@pytest.mark.parametrize("kind", TWINS)
def test_twins_have_the_same_parameters_and_numbers(kind):
    """The same names, canonical shapes and fans; so each law draws the same bits, however they are held."""
    first, second = TorchTwin(), TWINS[kind]()
    one, two = adapter_of(first), adapter_of(second)
    mine = {each.name: each for each in one.parameters(first)}
    theirs = {each.name: each for each in two.parameters(second)}
    assert {name: facts(each) for name, each in theirs.items()} == {name: facts(each) for name, each in mine.items()}
    laws = laws_of(mine.values())
    first, second = one.fill(first, laws, seed=7), two.fill(second, laws, seed=7)
    for name, parameter in mine.items():
        drawn = two.values(second, theirs[name])
        assert drawn is not None
        assert np.array_equal(one.values(first, parameter), drawn), name


@pytest.mark.parametrize("kind", TWINS)
def test_twins_compute_the_same_function(kind):
    first, second = TorchTwin(), TWINS[kind]()
    laws = laws_of(adapter_of(first).parameters(first))
    first, second = adapter_of(first).fill(first, laws, seed=7), adapter_of(second).fill(second, laws, seed=7)
    image = np.linspace(-1, 1, 2 * 16 * 16 * 4, dtype=np.float32).reshape(2, 16, 16, 4) ** 3
    with torch.no_grad():
        expected = first(torch.from_numpy(image.transpose(0, 3, 1, 2).copy())).numpy()
    call = {
        "linen": lambda: second[0].apply(second[1], image),
        "nnx": lambda: second(image),
        "equinox": lambda: jax.vmap(second)(jnp.asarray(image.transpose(0, 3, 1, 2))),
        "pytree": lambda: plain(second[1], image),
    }
    assert np.allclose(np.asarray(call[kind]()), expected, atol=1e-5)


class TorchBlock(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.ln1 = torch.nn.LayerNorm(8, eps=1e-6)
        self.qkv = torch.nn.Linear(8, 24)
        self.mix = torch.nn.Linear(8, 8)
        self.ln2 = torch.nn.LayerNorm(8, eps=1e-6)
        self.gate = torch.nn.Linear(8, 16)
        self.up = torch.nn.Linear(8, 16)
        self.down = torch.nn.Linear(16, 8)

    def forward(self, h):
        q, k, v = self.qkv(self.ln1(h)).reshape(*h.shape[:2], 3, 2, 4).permute(2, 0, 3, 1, 4)
        h = h + self.mix(torch.nn.functional.scaled_dot_product_attention(q, k, v).permute(0, 2, 1, 3).reshape(h.shape))
        n = self.ln2(h)
        return h + self.down(torch.nn.functional.silu(self.gate(n)) * self.up(n))


class TorchTransformer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = torch.nn.Embedding(11, 8)
        self.place = torch.nn.Parameter(torch.zeros(64, 8))
        self.blocks = torch.nn.ModuleList([TorchBlock(), TorchBlock()])
        self.norm = torch.nn.LayerNorm(8, eps=1e-6)
        self.readout = torch.nn.Linear(8, 11)

    def forward(self, t):
        h = self.embed(t) + self.place[: t.shape[1]]
        for b in self.blocks:
            h = b(h)
        return self.readout(self.norm(h))


class NnxBlock(nnx.Module):
    def __init__(self, rngs):
        self.ln1 = nnx.LayerNorm(8, rngs=rngs)
        self.qkv = nnx.Linear(8, 24, rngs=rngs)
        self.mix = nnx.Linear(8, 8, rngs=rngs)
        self.ln2 = nnx.LayerNorm(8, rngs=rngs)
        self.gate = nnx.Linear(8, 16, rngs=rngs)
        self.up = nnx.Linear(8, 16, rngs=rngs)
        self.down = nnx.Linear(16, 8, rngs=rngs)

    def __call__(self, h):
        p = self.qkv(self.ln1(h)).reshape(*h.shape[:2], 3, 2, 4)
        q, k, v = (p[:, :, i] for i in range(3))
        h = h + self.mix(nnx.dot_product_attention(q, k, v).reshape(h.shape))
        n = self.ln2(h)
        return h + self.down(nnx.silu(self.gate(n)) * self.up(n))


class NnxTransformer(nnx.Module):
    def __init__(self, rngs):
        self.embed = nnx.Embed(11, 8, rngs=rngs)
        self.place = nnx.Param(jnp.zeros((64, 8)))
        self.blocks = nnx.List([NnxBlock(rngs), NnxBlock(rngs)])
        self.norm = nnx.LayerNorm(8, rngs=rngs)
        self.readout = nnx.Linear(8, 11, rngs=rngs)

    def __call__(self, t):
        h = self.embed(t) + self.place[: t.shape[1]]
        for b in self.blocks:
            h = b(h)
        return self.readout(self.norm(h))


def test_a_transformer_and_its_twin_are_planned_alike():
    """Roles, fans, what follows, depth: from torch's recorded run and from the jaxpr, which share no code."""
    first, second = TorchTransformer(), nnx.eval_shape(lambda: NnxTransformer(nnx.Rngs(0)))
    mine, theirs = initlab.api.plan.plan(first, "auto"), initlab.api.plan.plan(second, "auto")
    assert {name: facts(row.parameter) for name, row in theirs.by_name.items()} == {
        name: facts(row.parameter) for name, row in mine.by_name.items()
    }
    assert mine.laws == theirs.laws
    first, second = mine.apply(first, seed=3), theirs.apply(second, seed=3)
    tokens = np.arange(32).reshape(2, 16) % 11
    with torch.no_grad():
        expected = first(torch.from_numpy(tokens)).numpy()
    assert np.allclose(np.asarray(second(jnp.asarray(tokens))), expected, atol=1e-4)
    assert theirs.verify(second, seed=3).holds


@pytest.mark.parametrize("which", ["torch", "jax"])
def test_a_file_of_either_twin_loads_into_a_jax_model(which, tmp_path):
    path = tmp_path / "m.safetensors"
    bare = nnx.eval_shape(lambda: NnxTransformer(nnx.Rngs(0)))
    initlab.api.weights.init_file(TorchTransformer() if which == "torch" else bare, "auto", seed=3, output=path)
    loaded = initlab.jax.load(NnxTransformer(nnx.Rngs(1)), path)
    assert initlab.verify(loaded, "auto", seed=3).holds
    expected = initlab.jax.init(bare, "auto", seed=3)
    pairs = zip(jax.tree.leaves(nnx.state(loaded)), jax.tree.leaves(nnx.state(expected)), strict=True)
    assert all(np.array_equal(mine, other) for mine, other in pairs)


def test_a_file_of_another_model_is_refused_in_one_line(tmp_path):
    path = tmp_path / "m.safetensors"
    initlab.api.weights.init_file({"a": {"kernel": jnp.zeros((3, 4))}}, "he", seed=0, output=path)
    assert initlab.jax.load({"a": {"kernel": jnp.zeros((3, 4))}}, path)["a"]["kernel"].std() > 0
    for other in (
        {"b": {"kernel": jnp.zeros((3, 4))}},
        {"a": {"kernel": jnp.zeros((3, 5))}},
        {"a": {}, "c": jnp.ones(2)},
    ):
        with pytest.raises(DataError, match="must hold"):
            initlab.jax.load(other, path)

"""The trace of a JAX model: that of its twin in torch, number for number; and the rules run on it as they are."""

import dataclasses
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")
jax = pytest.importorskip("jax")
import jax.numpy as jnp  # noqa: E402
from flax import linen as nn  # noqa: E402
from flax import nnx  # noqa: E402

import initlab.jax  # noqa: E402
from initlab.adapters import adapter_of  # noqa: E402
from initlab.adapters.jax.trace import trace  # noqa: E402
from initlab.adapters.torch.trace import trace as torch_trace  # noqa: E402
from initlab.api.check import check  # noqa: E402
from initlab.errors import DataError, InitlabError  # noqa: E402
from initlab.laws import Normal  # noqa: E402
from initlab.network import measure  # noqa: E402
from initlab.network.architecture import Architecture  # noqa: E402

KEY = jax.random.key(0)
RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((32, 8)).astype(np.float32), RNG.integers(0, 4, 32)


class TorchNet(torch.nn.Module):
    """Every kind of operation that both frameworks have: look-up, attention, norm, gate, residual branches."""

    def __init__(self):
        super().__init__()
        self.embed = torch.nn.Embedding(11, 8)
        self.norm = torch.nn.LayerNorm(8, eps=1e-6)
        self.qkv = torch.nn.Linear(8, 24)
        self.mix = torch.nn.Linear(8, 8)
        self.up = torch.nn.Linear(8, 16)
        self.gate = torch.nn.Linear(8, 16)
        self.down = torch.nn.Linear(16, 8)
        self.head = torch.nn.Linear(8, 11)

    def forward(self, tokens):
        h = self.embed(tokens)
        q, k, v = self.qkv(self.norm(h)).reshape(*h.shape[:2], 3, 2, 4).permute(2, 0, 3, 1, 4)
        mixed = torch.nn.functional.scaled_dot_product_attention(q, k, v)
        h = h + self.mix(mixed.permute(0, 2, 1, 3).reshape(h.shape))
        return self.head(h + self.down(torch.nn.functional.silu(self.gate(h)) * self.up(h)))


class NnxNet(nnx.Module):
    def __init__(self):
        rngs = nnx.Rngs(0)
        self.embed = nnx.Embed(11, 8, rngs=rngs)
        self.norm = nnx.LayerNorm(8, rngs=rngs)
        self.qkv = nnx.Linear(8, 24, rngs=rngs)
        self.mix = nnx.Linear(8, 8, rngs=rngs)
        self.up = nnx.Linear(8, 16, rngs=rngs)
        self.gate = nnx.Linear(8, 16, rngs=rngs)
        self.down = nnx.Linear(16, 8, rngs=rngs)
        self.head = nnx.Linear(8, 11, rngs=rngs)

    def __call__(self, tokens):
        h = self.embed(tokens)
        packed = self.qkv(self.norm(h)).reshape(*h.shape[:2], 3, 2, 4)
        q, k, v = (packed[:, :, part] for part in range(3))
        h = h + self.mix(nnx.dot_product_attention(q, k, v).reshape(h.shape))
        return self.head(h + self.down(nnx.silu(self.gate(h)) * self.up(h)))


class LinenMLP(nn.Module):
    @nn.compact
    def __call__(self, x, train: bool = False):
        x = nn.relu(nn.Dense(16, name="one")(x))
        x = nn.Dropout(0.5, deterministic=not train)(x)
        return nn.Dense(4, name="head")(nn.relu(nn.Dense(16, name="two")(x)))


class TorchMLP(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two, self.head = torch.nn.Linear(8, 16), torch.nn.Linear(16, 16), torch.nn.Linear(16, 4)

    def forward(self, x):
        x = torch.nn.functional.dropout(torch.relu(self.one(x)), 0.5)
        return self.head(torch.relu(self.two(x)))


def plain(tree, x):
    for name in ("one", "two"):
        x = jnp.maximum(x @ tree[name]["w"] + tree[name]["bias"], 0)
    return x @ tree["head"]["w"] + tree["head"]["bias"]


SIZES = {"one": (8, 16), "two": (16, 16), "head": (16, 4)}


def shapes():
    floats = jnp.float32
    return {
        name: {"kernel": jax.ShapeDtypeStruct(size, floats), "bias": jax.ShapeDtypeStruct(size[1:], floats)}
        for name, size in SIZES.items()
    }


def mlp(kind):
    """The same network in Linen, or as a function of a plain pytree."""
    if kind == "linen":
        return (LinenMLP(), {"params": shapes()}, jax.ShapeDtypeStruct((2, 8), jnp.float32))

    def apply(tree, x):
        return plain({name: {"w": each["kernel"], "bias": each["bias"]} for name, each in tree.items()}, x)

    return (apply, shapes())


def drawn(model):
    """Weights of std 0.4, biases of std 0.1, by name: twins hold the same."""
    adapter = adapter_of(model)
    laws = {
        each.name: Normal(std=0.1 if each.role in ("bias", "norm_scale") else 0.4) for each in adapter.parameters(model)
    }
    return adapter.fill(model, laws, seed=5)


def differences(one, two, path=""):
    """Where two accounts differ. What is summed in another order differs in the last digits of float32."""
    if dataclasses.is_dataclass(one):
        for field in dataclasses.fields(one):
            if field.init and field.name not in ("digest", "module", "framework", "weights" if not path else ""):
                yield from differences(getattr(one, field.name), getattr(two, field.name), f"{path}.{field.name}")
    elif isinstance(one, tuple) and len(one) == len(two):
        for number, (a, b) in enumerate(zip(one, two, strict=True)):
            yield from differences(a, b, f"{path}[{getattr(a, 'name', number)}]")
    elif isinstance(one, dict) and one.keys() == two.keys():
        for key in one:
            yield from differences(one[key], two[key], f"{path}[{key}]")
    elif isinstance(one, float) and isinstance(two, float):
        if not (math.isclose(one, two, rel_tol=2e-3, abs_tol=1e-5) or (math.isnan(one) and math.isnan(two))):
            yield path, one, two
    elif one != two:
        yield path, one, two


def weights(trace):
    return tuple(sorted(trace.weights, key=lambda weight: weight.name))


def same(one, two):
    """Both traces, but for the weights' order, the words for the batch, and how many keys an attention has as units."""
    found = [*differences(one, two), *differences(weights(one), weights(two), "weights")]
    return [each for each in found if not each[0].endswith(("scaled_dot_product_attention].units", ".batch"))]


@pytest.mark.parametrize("kind", ["linen", "pytree"])
def test_an_mlp_is_traced_as_its_twin_in_torch(kind):
    mine = torch_trace(drawn(TorchMLP()), (X, Y))
    theirs = trace(drawn(mlp(kind)), (X, Y))
    assert len(mine.first.ops) == 5
    assert same(mine, theirs) == []


def test_a_transformer_is_traced_as_its_twin_in_torch():
    tokens = RNG.integers(0, 11, (32, 16))
    mine = torch_trace(drawn(TorchNet()), tokens)
    theirs = trace(drawn(nnx.eval_shape(NnxNet)), tokens)
    assert {op.kind for op in mine.first.ops} == {"embedding", "norm", "linear", "attention", "activation"}
    assert mine.residual
    assert [each for each in same(mine, theirs) if ".gradients[qkv.bias]" not in each[0]] == [], "keys' bias: rounding"


def test_an_mlp_is_traced_as_the_written_out_network():
    """NumPy's forward and backward pass in float64, JAX's in float32."""
    net = Architecture(widths=(8, 16, 16, 4), activation="relu", head="softmax")
    model = drawn(mlp("pytree"))
    theta = np.concatenate(
        [np.ravel(each) for name in SIZES for each in (np.asarray(model[1][name]["kernel"]).T, model[1][name]["bias"])]
    ).astype(np.float64)
    written = measure.signal(net, theta, X.T.astype(np.float64), np.eye(4)[:, Y])
    found = trace(model, (X, Y)).signal()
    assert found.loss == pytest.approx(written.loss, rel=1e-5)
    for mine, theirs in zip(written.layers, found.layers, strict=True):
        assert theirs.units == mine.units
        assert theirs.forward_std == pytest.approx(mine.forward_std, rel=1e-4)
        assert theirs.backward_std == pytest.approx(mine.backward_std, rel=1e-2)


class Block(nn.Module):
    @nn.compact
    def __call__(self, h, _):
        return h + nn.Dense(8, name="down")(nn.tanh(nn.Dense(8, name="up")(h))), None


class Stack(nn.Module):
    @nn.compact
    def __call__(self, x):
        stack = nn.scan(Block, variable_axes={"params": 0}, split_rngs={"params": True}, length=2)
        return nn.Dense(4, name="head")(stack(name="blocks")(x, None)[0])


def test_scanned_layers_are_layers():
    module = Stack()
    x = jnp.zeros((2, 8))
    found = trace(drawn((module, jax.eval_shape(module.init, KEY, x), x)), (X, Y))
    assert [op.name for op in found.first.ops] == [
        "blocks.0.up", "blocks.0.tanh", "blocks.0.down", "blocks.1.up", "blocks.1.tanh", "blocks.1.down", "head",
    ]  # fmt: skip
    assert found.weight("blocks.1.up.weight").shape == (8, 8)
    assert found.residual
    assert all(0 < op.slope < 1 for op in found.first.ops if op.function == "tanh")
    assert found.first.gradients.keys() == {weight.name for weight in found.weights}


def with_weights(change):
    """A pytree network that one thing is wrong with."""
    model = drawn(mlp("pytree"))
    return (model[0], change(model[1]), *model[2:])


def cut(tree, x):
    h = jax.nn.relu(x @ tree["one"]["kernel"])
    return jax.lax.stop_gradient(h) @ tree["head"]["kernel"]


def deep(tree, x):
    for name in ("one", "two", "three"):
        x = jax.nn.relu(x @ tree[name]["kernel"] + tree[name]["bias"])
    return x @ tree["head"]["kernel"]


FAULTS = {
    "W021": lambda: initlab.jax.draw(drawn(mlp("pytree")), {"two.weight": "constant(0.1)", "two.bias": "zeros"}),
    "W001": lambda: with_weights(lambda tree: tree | {"two": {**tree["two"], "bias": jnp.full(16, jnp.nan)}}),
    "W050": lambda: initlab.jax.scale(drawn(mlp("pytree")), {"head.weight": 100.0}),
    "W031": lambda: with_weights(lambda tree: tree | {"two": {**tree["two"], "bias": jnp.full(16, -1e3)}}),
    "W012": lambda: (cut, with_weights(dict)[1]),
    "W070": lambda: (deep, with_weights(lambda tree: tree | {"three": jax.tree.map(jnp.copy, tree["two"])})[1]),
}


@pytest.mark.parametrize("rule", FAULTS)
def test_the_rules_run_on_it_unchanged(rule):
    report = check(FAULTS[rule](), (X, Y))
    assert rule in {finding.rule for finding in report.findings}
    assert all(outcome.state != "errored" for outcome in report.rules)


def test_a_healthy_network_has_no_findings_and_stays_as_it_is():
    model = initlab.jax.init(mlp("linen"), "he", seed=1)
    before = jax.tree.map(np.array, model[1])
    report = check(model)
    assert report.healthy
    assert jax.tree.all(jax.tree.map(np.array_equal, before, model[1]))


def test_a_remedy_is_code_that_clears_its_finding():
    report = check(FAULTS["W021"](), (X, Y), select=["W021"], prove=True)
    (finding,) = [each for each in report.findings if each.counts]
    assert finding.code.startswith('model = initlab.jax.draw(model, {"two.weight": "normal(')
    assert finding.cleared


def test_the_loss_and_batch_may_be_said():
    model = drawn(mlp("pytree"))
    declared = trace(model, {"x": X, "y": Y}, lambda output, y: jnp.square(output).mean() + 0 * y.sum())
    assert declared.loss.endswith(", declared")
    assert declared.output.kind == "other"
    assert trace(model, X, "mse").output.kind == "mse"
    assert trace(model, (X, X[:, :4])).output.kind == "mse"


BAD = [
    (lambda: trace({"w": jnp.ones((2, 3))}), "must come with what calls it"),
    (lambda: trace(mlp("pytree")), "must hold numbers, got shapes alone"),
    (lambda: trace(drawn(mlp("pytree")), np.zeros((4, 7), np.float32)), "must run on the batch"),
    (lambda: trace(drawn(mlp("pytree")), (X, Y[:5])), "must be one class a row"),
    (lambda: trace(drawn(mlp("pytree")), X, "huber"), "Unknown loss 'huber'"),
    (lambda: trace(drawn(mlp("pytree")), X, lambda output: output), "must be one number, got shape"),
    (lambda: trace(drawn(mlp("pytree")), X, lambda output, more, least: 0), "must work when called with"),
    (lambda: trace(drawn(mlp("pytree")), "text"), "must be an array"),
]


@pytest.mark.parametrize(("call", "words"), BAD, ids=[words for _, words in BAD])
def test_bad_input_is_one_line(call, words):
    with pytest.raises(InitlabError, match=words) as raised:
        call()
    assert isinstance(raised.value, DataError | ValueError)
    assert "\n" not in str(raised.value)


def bent(last, loss, y=Y):
    """A perceptron whose output is bent."""
    weights = {"a": RNG.standard_normal((8, 16)) / 3, "b": RNG.standard_normal((16, 4)) / 4}
    return check((lambda w, x: last(jax.nn.relu(x @ w["a"]) @ w["b"]), weights, X), (X, y), loss)


def test_probabilities_are_no_logits():
    for loss, fires in (("cross_entropy", True), (None, False)):
        found = bent(jax.nn.softmax, loss).findings
        assert ("W053" in {each.rule for each in found}) is fires
    assert "W053" not in {each.rule for each in bent(jax.nn.log_softmax, "cross_entropy").findings}


def test_a_declared_binary_cross_entropy_takes_probabilities_and_logits_alike():
    y = np.eye(4, dtype=np.float32)[Y]
    state = RNG.bit_generator.state
    of_logits = bent(lambda z: z, "bce", y).trace.output
    RNG.bit_generator.state = state
    of_shares = bent(jax.nn.sigmoid, "bce", y).trace.output
    assert of_shares.loss == pytest.approx(of_logits.loss, rel=1e-5)
    assert of_shares.spread == pytest.approx(of_logits.spread, rel=1e-4)


class Plain(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.Dense(4)(nn.relu(nn.Dense(16)(x)))


def test_a_bound_module_of_linen_comes_with_its_variables():
    module = Plain()
    variables = module.init(KEY, X)
    bound, beside = check(module.bind(variables), (X, Y), prove=True), check((module, variables, X), (X, Y))
    assert bound.trace.first.loss == beside.trace.first.loss
    assert [weight.name for weight in bound.trace.weights] == [weight.name for weight in beside.trace.weights]
    dead = jax.tree_util.tree_map(lambda leaf: leaf, variables)
    dead["params"]["Dense_1"]["bias"] = jnp.full(16, -50.0)
    first = check(module.bind(dead), (X, Y), prove=True).findings[0]
    assert (first.rule, first.path, first.cleared) == ("W031", "Dense_1.bias", True)


def test_the_weights_of_a_loop_that_is_kept_whole_are_named():
    weights = {key: RNG.standard_normal((8, 8)) / 3 for key in "xh"}

    def forward(w, x):
        start = jnp.zeros((len(x), 8))
        return jax.lax.scan(lambda h, at: (jnp.tanh(at @ w["x"] + h @ w["h"]), None), start, x.swapaxes(0, 1))[0]

    x = RNG.standard_normal((16, 80, 8)).astype(np.float32)
    assert check((forward, weights, x), (x, Y[:16])).trace.unseen == ("scan (h, x)",)

"""The schemes against what torch and JAX draw under the same names."""

import math

import numpy as np
import pytest

from initlab.parameters import Fan, Parameter
from initlab.schemes import choose

jax = pytest.importorskip("jax")
torch = pytest.importorskip("torch")

ROWS, COLUMNS = 400, 600
DENSE = Fan.dense(COLUMNS, ROWS)
KERNEL = Fan(inputs=64, outputs=96, taps=9)


def law(text, fan, **known):
    return choose(text).law(Parameter(name="W", shape=(1,), fan=fan, **known))


def agrees(drawn, expected) -> None:
    """Mean, standard deviation and support of a draw are those of a law.

    The mean of n draws is off by std/√n, their relative standard deviation by at most 1/√(2n): six of each are allowed,
    which a right law fails once in a hundred million times.
    """
    drawn = np.asarray(drawn, dtype=np.float64).ravel()
    n = drawn.size
    assert abs(drawn.mean() - expected.mean) <= 6 * expected.std / math.sqrt(n)
    assert drawn.std() == pytest.approx(expected.std, rel=6 / math.sqrt(2 * n))
    low, high = expected.support
    room = 1e-6 * max(abs(drawn))  # float32 rounds outwards
    assert low - room <= drawn.min()
    assert drawn.max() <= high + room


def torch_weight(fan):
    torch.manual_seed(1)
    return torch.empty(fan.outputs, fan.inputs // fan.groups, *(() if fan.taps == 1 else (3, 3)))


@pytest.mark.parametrize("fan", [DENSE, KERNEL], ids=["dense", "3x3"])
@pytest.mark.parametrize(
    ("text", "initialize"),
    [
        ("xavier_normal", lambda w: torch.nn.init.xavier_normal_(w)),
        ("xavier_uniform(2)", lambda w: torch.nn.init.xavier_uniform_(w, gain=2)),
        ("kaiming_normal", lambda w: torch.nn.init.kaiming_normal_(w, nonlinearity="relu")),
        ("kaiming_normal(mode=fan_out)", lambda w: torch.nn.init.kaiming_normal_(w, mode="fan_out")),
        ("kaiming_uniform(slope=0.2)", lambda w: torch.nn.init.kaiming_uniform_(w, a=0.2)),
        ("lecun_normal", lambda w: torch.nn.init.kaiming_normal_(w, nonlinearity="linear")),
        ("orthogonal(1.5)", lambda w: torch.nn.init.orthogonal_(w, gain=1.5)),
        ("normal(0.02)", lambda w: torch.nn.init.normal_(w, std=0.02)),
        ("uniform(0.3)", lambda w: torch.nn.init.uniform_(w, -0.3, 0.3)),
        ("megatron(0.02)", lambda w: torch.nn.init.trunc_normal_(w, std=0.02, a=-0.06, b=0.06)),
    ],
)
def test_torch_initializers(fan, text, initialize):
    agrees(initialize(torch_weight(fan)), law(text, fan))


@pytest.mark.parametrize("sparsity", [0.1, 0.5, 0.9])
def test_torch_sparse(sparsity):
    w = torch.nn.init.sparse_(torch_weight(DENSE), sparsity, std=0.1).numpy()
    expected = law(f"sparse({sparsity}, 0.1)", DENSE)
    assert set((w == 0).sum(axis=0)) == {expected.zeros}
    agrees(w, expected)


@pytest.mark.parametrize("groups", [1, 4])
def test_torch_dirac(groups):
    fan = Fan(inputs=8, outputs=16, taps=9, groups=groups)
    w = torch.nn.init.dirac_(torch_weight(fan), groups=groups).numpy()
    assert (w.mean(), w.var()) == pytest.approx((law("dirac", fan).mean, law("dirac", fan).variance), rel=1e-5)


@pytest.mark.parametrize(
    ("layer", "fan"),
    [
        (lambda: torch.nn.Linear(COLUMNS, ROWS), DENSE),
        (lambda: torch.nn.Conv2d(64, 96, 3), KERNEL),
        (lambda: torch.nn.Conv2d(64, 4096, 3, groups=64), Fan(inputs=64, outputs=4096, taps=9, groups=64)),
        (
            lambda: torch.nn.ConvTranspose2d(64, 96, 4, stride=2),
            Fan(inputs=64, outputs=96, taps=16, stride=4, transposed=True),
        ),
    ],
    ids=["Linear", "Conv2d", "depthwise", "ConvTranspose2d"],
)
def test_torch_layers_and_their_biases(layer, fan):
    torch.manual_seed(2)
    made = layer()
    agrees(made.weight.detach(), law("torch_default", fan))
    agrees(made.bias.detach(), law("torch_default", fan, role="bias"))


def test_torch_recurrent_layers_and_embeddings():
    torch.manual_seed(3)
    lstm, table = torch.nn.LSTM(30, 200), torch.nn.Embedding(500, 100)
    for tensor in lstm.parameters():
        one_gate = tensor.detach()[:200]
        inputs = 200 if tensor.ndim == 1 else tensor.shape[1]
        role = "bias" if tensor.ndim == 1 else "recurrent" if inputs == 200 else "input"
        agrees(one_gate, law("torch_default", Fan.dense(inputs, 200), role=role, gate="forget"))
    agrees(table.weight.detach(), law("torch_default", Fan.dense(500, 100), role="embedding"))


def test_torch_does_not_cut_a_small_standard_deviation():
    """trunc_normal_ cuts at absolute ±2: at std 0.02 it is a plain normal law, tails and all."""
    torch.manual_seed(4)
    w = torch.nn.init.trunc_normal_(torch.empty(1000, 1000), std=0.02)
    agrees(w, law("normal(0.02)", DENSE))
    assert w.abs().max() > 4 * 0.02


@pytest.mark.parametrize("fan", [DENSE, KERNEL], ids=["dense", "3x3"])
@pytest.mark.parametrize(
    ("text", "name", "options"),
    [
        ("lecun_truncated", "lecun_normal", {}),
        ("lecun_uniform", "lecun_uniform", {}),
        ("glorot_truncated", "glorot_normal", {}),
        ("glorot_uniform", "glorot_uniform", {}),
        ("he_truncated", "he_normal", {}),
        ("he_uniform", "he_uniform", {}),
        (
            "variance_scaling(3, fan_out, truncated)",
            "variance_scaling",
            {"scale": 3, "mode": "fan_out", "distribution": "truncated_normal"},
        ),
        ("flax_default", "lecun_normal", {}),
    ],
)
def test_jax_initializers(fan, text, name, options):
    shape = (() if fan.taps == 1 else (3, 3)) + (fan.inputs, fan.outputs)
    drawn = getattr(jax.nn.initializers, name)(**options)(jax.random.key(0), shape)
    agrees(drawn, law(text, fan))


def test_jax_orthogonal_and_delta_orthogonal():
    w = jax.nn.initializers.orthogonal(2.0)(jax.random.key(0), (COLUMNS, ROWS))
    agrees(w, law("orthogonal(2)", DENSE))
    fan = Fan(inputs=64, outputs=96, taps=9)
    k = jax.nn.initializers.delta_orthogonal()(jax.random.key(0), (3, 3, 64, 96))
    assert float((k**2).mean()) == pytest.approx(law("delta_orthogonal", fan).variance, rel=1e-5)


def test_a_truncated_law_of_jax_that_is_not_corrected():
    """truncated_normal alone does not divide the cut out: its weights have 0.8796 of the std it is asked for."""
    drawn = jax.nn.initializers.truncated_normal(stddev=0.1)(jax.random.key(0), (ROWS, COLUMNS))
    agrees(drawn, law("truncated_normal(0.08796256610342398)", DENSE))

"""The variance of each law against the formula of its source, written down once more here and by other means."""

import math
from dataclasses import dataclass

import pytest

from initlab.parameters import Fan, Parameter
from initlab.schemes import choose

T2 = 0.7737413035499232
"""Variance of N(0, 1) cut at ±2: 1 - 4φ(2)/(2Φ(2) - 1), to 16 digits (0.8796256610² in the literature)."""
T3 = 0.9733369246625415
"""The same at ±3: 1 - 6φ(3)/(2Φ(3) - 1)."""

FANS = {
    # id: the fan, and by hand the connections into and out of a unit, and the matrix of its kernel laid flat
    "1-1": (Fan.dense(1, 1), 1, 1, (1, 1)),
    "2-10": (Fan.dense(2, 10), 2, 10, (10, 2)),
    "10-5": (Fan.dense(10, 5), 10, 5, (5, 10)),
    "5-1": (Fan.dense(5, 1), 5, 1, (1, 5)),
    "300-100": (Fan.dense(300, 100), 300, 100, (100, 300)),
    "3x3": (Fan(inputs=16, outputs=32, taps=9), 144, 288, (32, 144)),
    "grouped": (Fan(inputs=16, outputs=32, taps=9, groups=4), 36, 72, (32, 36)),
    "depthwise": (Fan(inputs=16, outputs=16, taps=9, groups=16), 9, 9, (16, 9)),
    "strided": (Fan(inputs=16, outputs=32, taps=4, stride=4), 64, 32, (32, 64)),
    "transposed": (Fan(inputs=64, outputs=16, taps=16, stride=4, transposed=True), 256, 256, (16, 1024)),
}


@dataclass(frozen=True)
class Case:
    """What a formula may use."""

    i: int  # connections into a unit
    o: int  # and out of one
    rows: int
    columns: int
    d: int = 48  # width
    L: int = 9  # depth
    l: int = 3  # place, from 0  # noqa: E741


def wide(c: Case) -> int:
    return max(c.rows, c.columns)


FORMULAS = [
    # scheme, role, variance, source
    ("zeros", "weight", lambda c: 0.0, "constant"),
    ("constant(0.5)", "weight", lambda c: 0.0, "constant"),
    ("noisy_constant(0.5, 0.01)", "weight", lambda c: 1e-4, "by definition"),
    ("random", "weight", lambda c: 100.0, "the course: randn * 10"),
    ("random(3)", "head", lambda c: 9.0, "the course"),
    ("small_random", "weight", lambda c: 1e-4, "the course: randn * 0.01"),
    ("normal(0.02)", "weight", lambda c: 4e-4, "by definition"),
    ("truncated_normal(0.1)", "weight", lambda c: 0.01, "truncation divided out"),
    ("truncated_normal(0.1, cut=3)", "weight", lambda c: 0.01, "truncation divided out"),
    ("uniform(0.3)", "weight", lambda c: 0.03, "bound²/3"),
    ("copied_rows", "weight", lambda c: 2 / c.i, "one row of He"),
    ("variance_scaling", "weight", lambda c: 1 / c.i, "Keras, JAX"),
    ("variance_scaling(2, fan_out, normal)", "weight", lambda c: 2 / c.o, "Keras, JAX"),
    ("variance_scaling(3, 'fan_avg', uniform)", "weight", lambda c: 6 / (c.i + c.o), "Keras, JAX"),
    ("lecun_normal", "weight", lambda c: 1 / c.i, "LeCun et al. 1998"),
    ("lecun_uniform(gain=3)", "weight", lambda c: 9 / c.i, "LeCun et al. 1998"),
    ("lecun_truncated", "weight", lambda c: 1 / c.i, "JAX lecun_normal"),
    ("glorot_normal", "weight", lambda c: 2 / (c.i + c.o), "Glorot, Bengio 2010, eq. 12"),
    ("glorot_uniform", "weight", lambda c: 6 / (c.i + c.o) / 3, "Glorot, Bengio 2010, eq. 16"),
    ("glorot_truncated(2)", "weight", lambda c: 8 / (c.i + c.o), "JAX glorot_normal"),
    ("course_xavier", "weight", lambda c: 1 / c.i, "the course: sqrt(1/n)"),
    ("he_normal", "weight", lambda c: 2 / c.i, "He et al. 2015, eq. 10"),
    ("he_normal(gain=1.5)", "weight", lambda c: 4.5 / c.i, "1.5 times the right std"),
    ("he_normal(slope=0.5, mode=fan_out)", "weight", lambda c: 1.6 / c.o, "He et al. 2015, eq. 15: 2/(1 + a²)"),
    ("he_uniform", "weight", lambda c: 6 / c.i / 3, "torch kaiming_uniform_"),
    ("he_truncated(mode=fan_avg)", "weight", lambda c: 4 / (c.i + c.o), "JAX variance_scaling(2)"),
    ("orthogonal", "weight", lambda c: 1 / wide(c), "sum of squares min(r, c) over r·c entries"),
    ("orthogonal(3)", "weight", lambda c: 9 / wide(c), "gain²"),
    ("scaled_uniform_orthogonal", "weight", lambda c: 1 / c.columns, "rows of mean square length 1"),
    ("sparse(0.5)", "weight", lambda c: 1e-4 * (1 - min(-(-c.rows // 2), c.rows - 1) / c.rows), "torch sparse_"),
    ("irnn", "weight", lambda c: 1e-6, "Le et al. 2015"),
    ("torch_default", "embedding", lambda c: 1.0, "torch.nn.Embedding: N(0, 1)"),
    ("keras_default", "embedding", lambda c: 0.05**2 / 3, "Keras Embedding: U(±0.05)"),
    ("keras_default", "recurrent", lambda c: 1 / wide(c), "Keras recurrent_initializer"),
    ("flax_default", "weight", lambda c: 1 / c.columns, "flax.linen.Dense"),
    ("flax_default", "recurrent", lambda c: 1 / wide(c), "flax.linen.OptimizedLSTMCell"),
    ("small_init", "weight", lambda c: 2 / (5 * c.d), "Nguyen, Salazar 2019"),
    ("wang", "weight", lambda c: 2 / (5 * c.d), "GPT-NeoX"),
    ("wang", "residual_out", lambda c: 4 / (c.L**2 * c.d), "GPT-NeoX wang_init"),
    ("wang", "attention_out", lambda c: 4 / (c.L**2 * c.d), "GPT-NeoX wang_init"),
    ("scaled_embed", "embedding", lambda c: 0.4, "Takase et al.: small init times √d"),
    ("scaled_embed", "residual_out", lambda c: 2 / (5 * c.d) / (2 * c.L), "Takase et al."),
    ("scaled_embed", "head", lambda c: 2 / (5 * c.d), "Takase et al."),
    ("gpt2", "weight", lambda c: 4e-4, "nanoGPT, Hugging Face"),
    ("gpt2", "residual_out", lambda c: 4e-4 / (2 * c.L), "nanoGPT, Hugging Face"),
    ("gpt2(std=0.1)", "attention_out", lambda c: 0.01 / (2 * c.L), "nanoGPT, Hugging Face"),
    ("megatron", "weight", lambda c: 4e-4 * T3, "OLMo full_megatron"),
    ("megatron", "residual_out", lambda c: 4e-4 / (2 * c.L) * T3, "OLMo full_megatron"),
    ("megatron", "head", lambda c: T3 / c.d, "OLMo full_megatron"),
    ("mitchell", "weight", lambda c: T3 / c.i, "OLMo mitchell, where fan_in = d"),
    ("mitchell", "embedding", lambda c: T3 / c.d, "OLMo mitchell"),
    ("mitchell", "residual_out", lambda c: T3 / (2 * c.i * (c.l + 1)), "OLMo mitchell"),
    ("llama_depth", "weight", lambda c: 4e-4 * T3, "OLMo-core llama_depth"),
    ("llama_depth", "residual_out", lambda c: 4e-4 / (2 * (c.l + 1)) * T3, "OLMo-core llama_depth"),
    ("llama_depth", "head", lambda c: T3 / c.d, "OLMo-core llama_depth"),
    ("llama_depth", "embedding", lambda c: 1.0, "OLMo-core llama_depth"),
    ("ngpt", "weight", lambda c: T3 / c.d, "OLMo-core normalized"),
    ("ngpt", "residual_out", lambda c: T3 / (2 * c.L * c.d), "OLMo-core normalized"),
    ("ngpt", "embedding", lambda c: 1 / c.d, "OLMo-core normalized"),
    ("spectral", "weight", lambda c: min(1, c.o / c.i) / c.i, "Yang, Simon, Bernstein 2023"),
    ("spectral_orthogonal", "weight", lambda c: c.rows / c.columns / wide(c), "Yang, Simon, Bernstein 2023"),
    ("mup", "weight", lambda c: 1 / c.i, "Yang, Hu et al. 2022, table 3"),
    ("mup", "input", lambda c: 1 / c.i, "Yang, Hu et al. 2022, table 3"),
    ("mup", "head", lambda c: 1 / c.i**2, "Yang, Hu et al. 2022, table 3"),
    ("siren", "input", lambda c: 1 / c.i**2 / 3, "Sitzmann et al. 2020"),
    ("siren", "weight", lambda c: 6 / c.i / 900 / 3, "Sitzmann et al. 2020"),
    ("siren(folded=True)", "input", lambda c: 900 / c.i**2 / 3, "sin(ωWx) = sin((ωW)x)"),
    ("siren(folded=True)", "weight", lambda c: 6 / c.i / 3, "sin(ωWx) = sin((ωW)x)"),
    ("siren(folded=True)", "head", lambda c: 6 / c.i / 900 / 3, "no sine follows"),
    ("fixup", "input", lambda c: 2 / c.o, "He, fan_out"),
    ("fixup", "weight", lambda c: 2 / c.o / c.L, "Fixup basic block: L^(-1/2)"),
    ("fixup(3)", "weight", lambda c: 2 / c.o / c.L**0.5, "Fixup bottleneck: L^(-1/4)"),
    ("fixup", "residual_out", lambda c: 0.0, "Zhang, Dauphin, Ma 2019"),
    ("fixup", "head", lambda c: 0.0, "Zhang, Dauphin, Ma 2019"),
    ("t_fixup", "query", lambda c: 2 / (c.i + c.o), "Huang et al. 2020: Xavier"),
    ("t_fixup", "value", lambda c: 0.67**2 * c.L**-0.5 * 2 / (c.i + c.o), "Huang et al. 2020, encoder"),
    ("t_fixup(decoder)", "residual_out", lambda c: (9 * c.L) ** -0.5 * 2 / (c.i + c.o), "Huang et al. 2020, decoder"),
    ("t_fixup", "embedding", lambda c: (9 * c.L) ** -0.5 / c.d, "Huang et al. 2020"),
    ("deepnorm", "key", lambda c: 2 / (c.i + c.o), "Wang et al. 2022"),
    ("deepnorm", "weight", lambda c: (8 * c.L) ** -0.5 * 2 / (c.i + c.o), "Wang et al. 2022"),
    ("deepnorm(decoder)", "value", lambda c: (12 * c.L) ** -0.5 * 2 / (c.i + c.o), "Wang et al. 2022"),
    (
        "deepnorm(encoder, 4)",
        "attention_out",
        lambda c: 0.87**2 * (c.L**4 * 4) ** (-1 / 8) * 2 / (c.i + c.o),
        "Wang et al. 2022",
    ),
    ("sub_ln", "query", lambda c: 2 / (c.i + c.o), "Magneto"),
    ("sub_ln", "residual_out", lambda c: math.log(2 * c.L) * 2 / (c.i + c.o), "Magneto"),
    ("rezero", "residual_out", lambda c: 2 / c.i, "He"),
    ("rezero", "residual_scale", lambda c: 0.0, "Bachlechner et al. 2020"),
    ("lstm", "weight", lambda c: 2 / (c.i + c.o), "Glorot"),
    ("lstm", "recurrent", lambda c: 1 / wide(c), "orthogonal"),
    ("chrono(longest=9)", "weight", lambda c: 2 / (c.i + c.o), "as lstm"),
    ("random_walk", "weight", lambda c: 2 * math.exp(2.4 / (c.d - 2.4)) / c.i, "Sussillo, Abbott 2014"),
    ("random_walk(linear)", "weight", lambda c: math.exp(1 / c.d) / c.i, "Sussillo, Abbott 2014"),
    ("ds_init", "weight", lambda c: 2 / (c.i + c.o) / (c.l + 1), "Zhang, Titov, Sennrich 2019"),
]


@pytest.mark.parametrize(("text", "role", "formula", "source"), FORMULAS, ids=[f"{f[0]}-{f[1]}" for f in FORMULAS])
def test_the_variance_is_that_of_the_source(text, role, formula, source):
    for fan, i, o, (rows, columns) in FANS.values():
        case = Case(i=i, o=o, rows=rows, columns=columns)
        parameter = Parameter(
            name="W", shape=(rows, columns), role=role, fan=fan, layer=case.l, depth=case.L, width=case.d
        )
        # The laws and the formulas take a few rounded operations each: 1e-12 is thousands of roundings.
        assert choose(text).law(parameter).variance == pytest.approx(formula(case), rel=1e-12, abs=0)


def law(text: str, fan: Fan, **known):
    return choose(text).law(Parameter(name="W", shape=(1,), fan=fan, **known))


@pytest.mark.parametrize(
    ("text", "into", "out"),
    [
        # how the variance changes when only the inputs, only the outputs, grow fourfold
        ("normal(0.1)", 1, 1),
        ("lecun_normal", 1 / 4, 1),
        ("course_xavier", 1 / 4, 1),
        ("he_uniform", 1 / 4, 1),
        ("he_normal(mode=fan_out)", 1, 1 / 4),
        ("glorot_uniform", 2 / 5, 2 / 5),
        ("torch_default", 1 / 4, 1),
        ("mitchell", 1 / 4, 1),
        ("orthogonal", 1 / 4, 1 / 4),
        ("scaled_uniform_orthogonal", 1 / 4, 1),
        ("spectral", 1 / 16, 1),
        ("siren", 1 / 4, 1),
    ],
)
def test_the_variance_scales_with_the_fan_as_stated(text, into, out):
    base = law(text, Fan.dense(64, 64)).variance
    assert law(text, Fan.dense(256, 64)).variance / base == pytest.approx(into, rel=1e-12)
    assert law(text, Fan.dense(64, 256)).variance / base == pytest.approx(out, rel=1e-12)


def test_a_truncated_law_starts_from_a_wider_parent():
    parent = law("lecun_truncated", Fan.dense(100, 10))
    assert parent.scale**2 * T2 == pytest.approx(0.01, rel=1e-12)
    assert parent.support == (-2 * parent.scale, 2 * parent.scale)


@pytest.mark.parametrize(("inputs", "outputs"), [(64, 64), (64, 256), (256, 64), (1, 7)])
def test_the_mean_square_through_orthogonal_layers(inputs, outputs):
    fan = Fan.dense(inputs, outputs)
    assert inputs * law("orthogonal", fan).variance == pytest.approx(min(1, inputs / outputs), rel=1e-12)
    assert inputs * law("scaled_uniform_orthogonal", fan).variance == pytest.approx(1, rel=1e-12)


def test_convolutions_that_copy_or_rotate_use_one_tap_only():
    fan = Fan(inputs=8, outputs=16, taps=9)
    assert law("delta_orthogonal", fan).variance == pytest.approx(1 / 16 / 9, rel=1e-12)
    assert law("dirac", fan).mean == pytest.approx(8 / (8 * 16 * 9), rel=1e-12)
    assert law("identity(2)", fan).mean == pytest.approx(2 * 8 / (8 * 16 * 9), rel=1e-12)
    # In groups each output copies one input of its group: 16 ones, among 16 x 2 x 9 entries.
    assert law("dirac", Fan(inputs=8, outputs=16, taps=9, groups=4)).mean == pytest.approx(8 / (16 * 2 * 9), rel=1e-12)


def test_the_identity_multiplies_by_its_factor():
    square = law("identity(1.5)", Fan.dense(10, 10))
    assert square.mean == pytest.approx(0.15, rel=1e-12)
    assert square.support == (0.0, 1.5)
    assert square.variance == pytest.approx(1.5**2 * 0.1 * 0.9, rel=1e-12)


def test_zero_hadamard_is_the_identity_until_it_widens():
    assert law("ZerO", Fan.dense(10, 5)).support == (0.0, 1.0)
    widening = law("ZerO", Fan.dense(2, 10))
    # Sylvester's H_16, first two columns of ten rows: 10 and 0 left after the signs cancel; all entries ±1/4.
    assert (widening.support, widening.mean) == ((-0.25, 0.25), 10 / 4 / 20)
    assert law("ZerO", Fan.dense(2, 10), role="residual_out").support == (0.0, 0.0)


def test_gate_biases():
    fan = Fan.dense(8, 8)
    for text, forget in (("lstm", 1.0), ("lstm(2)", 2.0), ("keras_default", 1.0)):
        for gate in ("input", "forget", "cell", "output"):
            bias = law(text, fan, role="bias", gate=gate)
            assert (bias.mean, bias.variance) == (forget if gate == "forget" else 0.0, 0.0)
    forget, opposed = (law("chrono(longest=101)", fan, role="bias", gate=gate) for gate in ("forget", "input"))
    # ln u for u ~ U(1, 100): mean (100 ln 100 - 99)/99, and the input gate's is its mirror image.
    assert forget.mean == pytest.approx(100 * math.log(100) / 99 - 1, rel=1e-12)
    assert (opposed.mean, opposed.std) == pytest.approx((-forget.mean, forget.std), rel=1e-12)
    assert law("chrono(longest=101)", fan, role="bias", gate="cell").support == (0.0, 0.0)


def test_he_std_of_the_convolutions_of_the_paper():
    # He et al. 2015, section 2.2: filter numbers 64 to 512 with 3x3 kernels.
    stds = [law("he", Fan(inputs=n, outputs=n, taps=9)).std for n in (64, 128, 256, 512)]
    assert stds == pytest.approx([0.0589, 0.0417, 0.0295, 0.0208], abs=5e-5)

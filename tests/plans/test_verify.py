"""Verification: calibrated p-values, an error rate that is kept, and every way in which a tensor can be wrong."""

import math

import numpy as np
import pytest

from initlab.errors import SpecError
from initlab.laws import (
    Constant,
    CopiedRows,
    DeltaOrthogonal,
    Dirac,
    Hadamard,
    Identity,
    LogUniform,
    Normal,
    Orthogonal,
    Sparse,
    TruncatedNormal,
    Uniform,
)
from initlab.parameters import Fan, Parameter
from initlab.plans.elementwise import kurtosis, of_elements
from initlab.plans.exact import widened
from initlab.plans.matrices import tests_of as checks_of
from initlab.plans.plan import Plan, Row
from initlab.plans.policy import preset
from initlab.plans.verify import said, verify
from initlab.streams import sample

SPREAD = [
    Normal(std=0.02),
    Normal(std=1.0, mean=3.0),
    Uniform(bound=0.3),
    Uniform(bound=0.1, centre=-2.0),
    TruncatedNormal(scale=0.02),
    TruncatedNormal(scale=0.02, low=-3.0, high=3.0),
    TruncatedNormal(scale=1.0, low=-0.5, high=2.0, centre=1.0),
    LogUniform(low=1.0, high=100.0),
    LogUniform(low=1.0, high=9.0, negated=True),
]

EVERY = [
    *((law, (64, 48)) for law in SPREAD),
    (Constant(value=0.1), (64, 48)),
    (Normal(std=0.0, mean=0.3), (64, 48)),
    (CopiedRows(row=Normal(std=0.2)), (64, 48)),
    (Orthogonal(rows=64, columns=48, gain=1.4), (64, 48)),
    (Orthogonal(rows=24, columns=90, gain=0.5), (24, 10, 3, 3)),
    (DeltaOrthogonal(rows=16, columns=8, taps=9), (16, 8, 3, 3)),
    (Identity(rows=64, columns=48, gain=1.5), (64, 48)),
    (Dirac(rows=8, columns=4, taps=9, groups=2), (8, 4, 3, 3)),
    (Hadamard(rows=64, columns=48), (64, 48)),
    (Sparse(rows=64, columns=48, zeros=50), (64, 48)),
]


def row(law, shape, name="w", dtype="float32", **facts):
    return Row(parameter=Parameter(name=name, shape=shape, dtype=dtype, **facts), law=law, reason="", scheme="test")


def planned(*rows):
    return Plan(policy=preset("he"), framework="numpy", rows=rows)


def verdict(arrays, *rows, **options):
    return verify(planned(*rows), lambda parameter: arrays[parameter.name], **options)


def drawn(law, shape, name="w", seed=0, dtype="float32"):
    array = sample(law, name=name, seed=seed, shape=shape, dtype=dtype)
    return widened(array.view(np.uint16)) if dtype == "bfloat16" else array


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
@pytest.mark.parametrize(("law", "shape"), EVERY, ids=str)
def test_a_drawn_tensor_is_as_planned_and_holds_the_numbers_of_its_seed(law, shape, dtype):
    held, one = drawn(law, shape, dtype=dtype), row(law, shape, dtype=dtype)
    found = verdict({"w": held}, one)
    assert found.holds, [said(each) for each in found.findings]
    assert verdict({"w": held}, one, seed=0).verdicts[0].status == "same numbers"
    if law.variance and not isinstance(law, (Identity, Hadamard, Normal)):
        assert verdict({"w": held}, one, seed=1).findings


@pytest.mark.parametrize("size", [1, 5, 30, 400])
@pytest.mark.parametrize("law", SPREAD, ids=str)
def test_no_p_value_is_too_small_too_often(law, size):
    """Over N draws, at most N·t + 4√(N·t) p-values of each test lie below t: four standard errors."""
    trials = 500
    generator = np.random.default_rng(size)
    chances = {}
    for _ in range(trials):
        held = sample(law, name="w", seed=int(generator.integers(2**62)), shape=(size,))
        for test in of_elements(held, law, "float64"):
            chances.setdefault(test.kind, []).append(test.p)
    for kind, values in chances.items():
        for limit in (0.1, 0.01, 0.001):
            below = np.count_nonzero(np.array(values) < limit)
            assert below <= trials * limit + 4 * math.sqrt(trials * limit) + 1, (kind, limit, below)


def test_the_family_wise_error_is_kept():
    """300 models of 20 tensors at alpha = 0.05: at most 15 alarms are due, and 4 standard errors more are allowed."""
    laws = [Normal(std=0.02), Uniform(bound=0.1), TruncatedNormal(scale=0.02), Orthogonal(rows=8, columns=12)]
    rows = [row(laws[place % 4], (8, 12), name=f"w{place}", dtype="float64") for place in range(20)]
    alarms = 0
    for seed in range(300):
        arrays = {
            each.parameter.name: sample(each.law, name=each.parameter.name, seed=seed, shape=(8, 12)) for each in rows
        }
        alarms += not verdict(arrays, *rows, alpha=0.05).holds
    assert alarms <= 15 + 4 * math.sqrt(15)


def test_a_model_of_a_thousand_tensors_raises_no_alarm():
    laws = [Normal(std=0.02), Uniform(bound=0.1), TruncatedNormal(scale=0.02), Constant(value=0.0)]
    rows = [row(laws[place % 4], (24, 16), name=f"w{place}") for place in range(1000)]
    for seed in range(3):
        found = verdict(
            {each.parameter.name: drawn(each.law, (24, 16), each.parameter.name, seed) for each in rows}, *rows
        )
        assert found.holds
        assert found.alpha == 1e-4


def normal(shape=(200, 100), std=0.02, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32) * np.float32(std)


def spoiled(change):
    held = normal()
    change(held)
    return held


def _set(place, value):
    return lambda held: held.__setitem__(place, value)


WRONG = {
    "not finite": spoiled(_set((3, 4), np.nan)),
    "constant": np.full((200, 100), 0.02, dtype=np.float32),
    "untouched": spoiled(_set((3, 4), 1e-40)),
    "zeros": spoiled(_set(slice(0, 2), 0.0)),
    "std": normal(std=0.021),
    "mean": normal() + np.float32(0.002),
    "distribution": np.sign(normal()) * np.float32(0.02),
    "rows": spoiled(_set(7, normal()[150])),
}


@pytest.mark.parametrize("kind", WRONG)
def test_every_kind_of_fault_is_found_and_named(kind):
    assert verdict({"w": normal()}, row(Normal(std=0.02), (200, 100))).holds
    found = verdict({"w": WRONG[kind]}, row(Normal(std=0.02), (200, 100)))
    assert kind in [each.kind for each in found.verdicts[0].findings]
    assert found.findings[0].kind == kind


def test_an_entry_outside_the_support_is_found():
    law = TruncatedNormal(scale=0.02, low=-3.0, high=3.0)
    found = verdict({"w": normal()}, row(law, (200, 100)))
    assert found.verdicts[0].findings[0].kind in ("std", "support")
    assert "support" in [each.kind for each in found.verdicts[0].findings]


@pytest.mark.parametrize(
    ("law", "held", "kind"),
    [
        (Orthogonal(rows=64, columns=64), normal((64, 64), 1 / 8), "orthogonality"),
        (Orthogonal(rows=64, columns=64), 2 * drawn(Orthogonal(rows=64, columns=64), (64, 64)), "orthogonality"),
        (Identity(rows=4, columns=4), np.ones((4, 4)), "pattern"),
        (Constant(value=0.0), np.full((4, 4), 1e-3), "pattern"),
        (Constant(value=0.0), np.full((4, 4), np.nan), "not finite"),
        (Sparse(rows=64, columns=4, zeros=50), normal((64, 4), 0.01), "pattern"),
        (DeltaOrthogonal(rows=4, columns=4, taps=9), normal((4, 4, 3, 3)), "pattern"),
        (CopiedRows(row=Normal(std=0.02)), normal((64, 64)), "rows"),
    ],
    ids=str,
)
def test_matrix_and_constant_laws_are_held_to_the_letter(law, held, kind):
    assert next(test.kind for test in checks_of(held, law, "float32") if test.p == 0.0) == kind


@pytest.mark.parametrize("factor", [1.0, 2.5])
def test_copies_of_a_tensor_are_found_also_when_scaled(factor):
    rows = [row(Normal(std=0.02), (32, 32), "a"), row(Normal(std=0.02 * factor), (32, 32), "b")]
    found = verdict({"a": normal((32, 32)), "b": normal((32, 32)) * np.float32(factor)}, *rows)
    assert [each.kind for each in found.findings] == ["duplicate"]
    assert "b: holds the numbers of a" in said(found.findings[0])


def test_a_padding_row_is_not_held_against_the_law():
    held = normal((50, 20))
    held[3] = 0
    assert verdict({"w": held}, row(Normal(std=0.02), (50, 20), padding=3)).holds
    assert not verdict({"w": held}, row(Normal(std=0.02), (50, 20))).holds
    exact = drawn(Normal(std=0.02), (50, 20))
    exact[3] = 0
    assert (
        verdict({"w": exact}, row(Normal(std=0.02), (50, 20), padding=3), seed=0).verdicts[0].status == "same numbers"
    )


def test_one_changed_number_is_found_with_the_seed():
    held = drawn(Normal(std=0.02), (300, 40))
    held[299, 39] += np.float32(1e-6)
    found = verdict({"w": held}, row(Normal(std=0.02), (300, 40)), seed=0)
    assert "1 of 12000 numbers are other" in said(found.findings[0])


@pytest.mark.parametrize(
    ("facts", "law", "std", "words"),
    [
        ({"role": "value"}, 0.1, 0.1 / math.sqrt(2), "packed"),
        ({"role": "residual_out", "depth": 12}, 0.02 / math.sqrt(24), 0.02, "scaling by depth never ran"),
        ({}, math.sqrt(2 / 300), math.sqrt(1 / 300), "LeCun's scale beside He's"),
        ({}, math.sqrt(1 / 300), 1 / math.sqrt(900), "torch's own layers"),
        ({"fan": Fan.dense(300, 100)}, math.sqrt(1 / 300), math.sqrt(1 / 100), "swapped"),
        ({"fan": Fan(inputs=64, outputs=64, taps=9, groups=64)}, 1 / 3, 1 / 24, "groups are not counted"),
        ({}, 0.05, 1.0, "nothing scales"),
        ({}, 0.05, 0.05**2, "a variance where"),
        ({}, 0.05, 0.05 * 0.8796, "not divided out"),
    ],
)
def test_a_recognisable_factor_names_the_mistake(facts, law, std, words):
    one = row(Normal(std=law), (300, 300), **{"fan": Fan.dense(300, 300), **facts})
    found = verdict({"w": normal((300, 300), std)}, one)
    assert words in said(found.findings[0]), said(found.findings[0])


def test_what_is_too_small_to_tell_is_said():
    arrays = {"a": normal((5,)), "b": normal((500, 5))}
    found = verdict(arrays, row(Normal(std=0.02), (5,), "a"), row(Normal(std=0.02), (500, 5), "b"))
    assert found.untold == ("a",)
    assert not found.tells_nothing
    assert verdict(arrays, row(Normal(std=0.02), (5,), "a")).tells_nothing


@pytest.mark.parametrize("alpha", [0, 1, -1, float("nan")])
def test_alpha_is_a_chance(alpha):
    with pytest.raises(SpecError, match="alpha of a verification"):
        verdict({"w": normal()}, row(Normal(std=0.02), (200, 100)), alpha=alpha)


def test_a_tensor_without_memory_is_refused():
    with pytest.raises(SpecError, match="w on the meta device"):
        verdict({"w": None}, row(Normal(std=0.02), (200, 100)))


def test_the_kurtosis_of_a_truncated_law_is_that_of_its_draws():
    """Four standard errors of the fourth moment of 2·10⁵ numbers, about 0.007."""
    for law in SPREAD[4:7]:
        x = sample(law, name="k", seed=0, shape=(200_000,))
        z = (x - x.mean()) / x.std()
        assert kurtosis(law) == pytest.approx(float((z**4).mean()), abs=0.03)

"""What holds for every scheme: documented, runnable, usable on a plain network, and quiet about biases."""

import doctest
import importlib
import inspect
import math

import pytest

from initlab.laws import Constant, Law
from initlab.parameters import ROLES, Fan, Parameter, Role
from initlab.schemes import SCHEMES, Choice, choose
from initlab.schemes.scheme import EXTRAS, SECTIONS

REQUIRED = {"chrono": "chrono(longest=100)"}
"""How to write the schemes that have an option without a default."""

ALIASES = {
    "xavier": "glorot_normal",
    "xavier_normal": "glorot_normal",
    "xavier_uniform": "glorot_uniform",
    "xavier_truncated": "glorot_truncated",
    "he": "he_normal",
    "kaiming": "he_normal",
    "kaiming_normal": "he_normal",
    "kaiming_uniform": "he_uniform",
    "kaiming_truncated": "he_truncated",
    "suo": "scaled_uniform_orthogonal",
    "ZerO": "zero_hadamard",
    "pytorch_default": "torch_default",
    "wang_init": "wang",
    "full_megatron": "megatron",
    "normalized": "ngpt",
    "tfixup": "t_fixup",
    "deepnet": "deepnorm",
    "magneto": "sub_ln",
    "skipinit": "rezero",
    "spectral_condition": "spectral",
}

PROMISED = [
    "zeros",
    "constant",
    "noisy_constant",
    "copied_rows",
    "random",
    "small_random",
    "normal",
    "truncated_normal",
    "uniform",
    "variance_scaling",
    "lecun_normal",
    "lecun_uniform",
    "lecun_truncated",
    "glorot_normal",
    "glorot_uniform",
    "glorot_truncated",
    "course_xavier",
    "he_normal",
    "he_uniform",
    "he_truncated",
    "orthogonal",
    "scaled_uniform_orthogonal",
    "delta_orthogonal",
    "identity",
    "dirac",
    "zero_hadamard",
    "irnn",
    "sparse",
    "torch_default",
    "keras_default",
    "flax_default",
    "small_init",
    "wang",
    "scaled_embed",
    "gpt2",
    "megatron",
    "mitchell",
    "llama_depth",
    "ngpt",
    "spectral",
    "spectral_orthogonal",
    "mup",
    "siren",
    "fixup",
    "t_fixup",
    "deepnorm",
    "sub_ln",
    "rezero",
    "lstm",
    "chrono",
    "random_walk",
    "ds_init",
]

SETS_BIASES = {"torch_default", "keras_default", "lstm", "chrono"}


def written(name: str) -> Choice:
    return choose(REQUIRED.get(name, name))


def facts(role: Role, fan: Fan, **changes: object) -> Parameter:
    known = {"layer": 1, "depth": 6, "width": fan.inputs} | changes
    return Parameter(name="P", shape=(fan.outputs, fan.inputs), role=role, fan=fan, **known)


def test_the_catalogue_holds_what_is_promised_and_no_more():
    assert sorted(PROMISED) == list(SCHEMES)


def test_aliases_lead_to_their_schemes():
    assert {alias: name for name in SCHEMES for alias in SCHEMES.aliases(name)} == ALIASES
    for alias, name in ALIASES.items():
        assert choose(alias).scheme is SCHEMES[name]
        assert choose(alias).label == alias


@pytest.mark.parametrize("name", PROMISED)
def test_the_docstring_has_its_sections_and_its_example_runs(name):
    function, documentation = SCHEMES[name].function, SCHEMES[name].documentation
    assert documentation.summary.endswith(".")
    assert [title for title in documentation.sections if title in SECTIONS] == list(SECTIONS)
    assert all(documentation.sections[title] for title in SECTIONS)
    (example,) = doctest.DocTestFinder(recurse=False).find(
        function, name, globs=vars(importlib.import_module(function.__module__)).copy()
    )
    assert example.examples
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False)
    report: list[str] = []
    runner.run(example, out=report.append)
    assert not runner.failures, "".join(report)


@pytest.mark.parametrize("name", PROMISED)
def test_the_signature_is_a_fan_and_keywords_of_stated_kinds(name):
    entry = SCHEMES[name]
    fan, *keywords = inspect.signature(entry.function).parameters.values()
    assert fan.annotation is Fan
    assert all(keyword.kind is keyword.KEYWORD_ONLY for keyword in keywords)
    assert {keyword.name for keyword in keywords} == set(entry.extras) | set(entry.kinds)
    assert set(entry.extras) <= set(EXTRAS)
    for kind in entry.kinds.values():
        assert kind.required or kind.read(kind.default) == kind.default


@pytest.mark.parametrize("name", PROMISED)
@pytest.mark.parametrize("widths", [(2, 10, 5, 1), (1, 1), (64, 10), (3, 300, 300, 2)], ids=str)
def test_every_scheme_sets_a_plain_network(name, widths):
    depth = len(widths) - 1
    for layer in range(depth):
        role: Role = "head" if layer == depth - 1 else "input" if layer == 0 else "weight"
        fan = Fan.dense(widths[layer], widths[layer + 1])
        law = written(name).law(facts(role, fan, layer=layer, depth=depth, width=widths[min(1, depth - 1)]))
        assert isinstance(law, Law)
        assert math.isfinite(law.mean)
        assert 0 <= law.variance < math.inf


@pytest.mark.parametrize("name", PROMISED)
def test_every_scheme_sets_every_role_of_a_network_that_is_known(name):
    for role in ROLES:
        law = written(name).law(facts(role, Fan.dense(12, 8)))
        low, high = law.support
        assert low <= law.mean <= high
        assert law.variance <= max(law.mean - low, high - law.mean) ** 2 * (1 + 1e-9)


@pytest.mark.parametrize("name", sorted(set(PROMISED) - SETS_BIASES))
def test_biases_are_zero_and_need_no_fan(name):
    assert not SCHEMES[name].sets_biases
    assert written(name).law(Parameter(name="b", shape=(4,), role="bias")) == Constant(value=0.0)


@pytest.mark.parametrize("name", PROMISED)
def test_scales_start_at_one_but_for_rezero(name):
    norm, branch = (Parameter(name="s", shape=(), role=role) for role in ("norm_scale", "residual_scale"))
    assert written(name).law(norm) == Constant(value=1.0)
    assert written(name).law(branch) == Constant(value=0.0 if name == "rezero" else 1.0)

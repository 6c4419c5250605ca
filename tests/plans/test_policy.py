"""Policies as documents: what they accept, which rule wins, and the one line that anything else gets."""

import pytest

from initlab.errors import SpecError, UnknownNameError, UsageError
from initlab.parameters import Fan, Parameter
from initlab.plans.plan import plan
from initlab.plans.policy import Rule, policy, policy_of, preset, preset_names

ASKED_FOR = (
    "torch-default keras-default course-he xavier he auto orthogonal gpt2 mitchell llama-depth small-wang megatron",
    "vit timm mup fixup t-fixup deepnorm rezero zero siren lstm lsuv krahenbuhl weight-norm",
)


def parameter(name="fc.weight", **facts):
    facts = {"shape": (10, 50), "fan": Fan.dense(50, 10), **facts}
    return Parameter(name=name, **facts)


def laws(rules, *parameters, **options):
    return plan(parameters, policy({"rules": rules}), framework="torch", **options)


def test_every_preset_that_is_asked_for_is_there_and_cites_its_source():
    assert set(" ".join(ASKED_FOR).split()) <= set(preset_names())
    for name in preset_names():
        found = preset(name)
        assert found.source, name
        assert found.title, name
        assert found.about, name


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_gives_every_role_a_law_that_fits(name):
    """A transformer's roles with all facts known: no preset lacks one, and every law has a finite spread."""
    facts = {"layer": 1, "depth": 4, "width": 50, "activation": "gelu"}
    rows = [parameter("h.1.bias", role="bias", shape=(10,), **facts), parameter("h.1.ln", role="norm_scale", **facts)]
    for role in ("input", "weight", "query", "key", "value", "attention_out", "gate", "residual_out", "head"):
        rows.append(parameter(f"h.1.{role}", role=role, **facts))
    rows += [
        parameter("wte", role="embedding", fan=Fan.dense(1, 10), shape=(50, 10), **facts),
        parameter("rnn", role="recurrent", fan=Fan.dense(10, 10), shape=(10, 10), **facts),
        parameter("alpha", role="residual_scale", fan=None, shape=(), **facts),
    ]
    found = plan(rows, preset(name), framework="torch")
    for row in found.rows:
        assert row.reason or row.scheme
        if row.law is not None:
            assert 0 <= row.law.std < 10
    assert not [notice for notice in found.notices if notice.kind != "unmatched"]


RANKED = [
    {"scheme": "zeros"},
    {"role": "head", "scheme": "constant(2)"},
    {"gate": "forget", "scheme": "constant(3)"},
    {"module": "Lin*", "scheme": "constant(4)"},
    {"name": "head.*", "scheme": "constant(5)"},
    {"name": "head.weight", "scheme": "constant(6)"},
]


@pytest.mark.parametrize("count", range(1, len(RANKED) + 1))
def test_the_more_specific_rule_wins_whatever_the_order(count):
    head = parameter("head.weight", role="head", gate="forget", module="Linear")
    for rules in (RANKED[:count], RANKED[:count][::-1]):
        assert laws(rules, head).laws["head.weight"].value == (0 if count == 1 else count)


def test_of_equal_rank_the_first_wins_and_the_plan_says_so():
    rules = [{"name": "fc.*", "scheme": "he_normal"}, {"name": "*.weight", "scheme": "zeros"}]
    found = laws(rules, parameter())
    assert found.rows[0].scheme == "he_normal"
    assert [notice.kind for notice in found.notices] == ["ambiguous"]
    assert "fc.weight" in found.notices[0].text
    with pytest.raises(SpecError, match="equal rank"):
        laws(rules, parameter(), strict=True)


@pytest.mark.parametrize(
    ("rules", "kind"),
    [
        ([{"scheme": "he"}, {"name": "c_proj.weight", "scheme": "zeros"}], "unmatched"),
        ([{"role": "head", "scheme": "zeros", "optional": True}], "unreached"),
        ([{"scheme": "truncated_normal(std=0.02, cut=100)"}], "truncation"),
    ],
)
def test_what_a_policy_leaves_open_is_said_and_strict_makes_it_an_error(rules, kind):
    found = laws(rules, parameter())
    assert [notice.kind for notice in found.notices] == [kind]
    with pytest.raises(SpecError, match="must leave nothing open") as caught:
        laws(rules, parameter(), strict=True)
    assert "\n" not in str(caught.value)


def test_frozen_kept_special_and_buffers_are_left_alone_and_said():
    rows = laws(
        [{"scheme": "he"}, {"name": "backbone.*", "scheme": "keep", "reason": "pretrained"}],
        parameter("frozen", trainable=False),
        parameter("backbone.weight"),
        parameter("slope", role="special", fan=None, shape=()),
        parameter("mean", role="buffer"),
        strict=True,
    ).rows
    assert all(row.law is None for row in rows)
    for row, words in zip(rows, ("frozen", "pretrained", "model's own code", "buffer"), strict=True):
        assert words in row.reason


def test_a_rule_may_name_a_special_parameter_a_tied_name_or_the_whole_of_a_fused_tensor():
    slope = parameter("act.slope", role="special", fan=None, shape=())
    tied = parameter("wte.weight", tied_to=("lm_head.weight",))
    block = parameter("attn.in_proj_weight[query]", tensor="attn.in_proj_weight")
    for name, reached in (("act.slope", slope), ("lm_head.weight", tied), ("attn.in_proj_weight", block)):
        found = laws([{"name": name, "scheme": "constant(0.25)"}], reached, strict=True)
        assert found.rows[0].law.value == 0.25


def test_the_gain_is_that_of_the_activation_and_unknown_ones_are_said():
    rules = [{"scheme": "lecun_normal", "gain": "forward"}]
    found = laws(rules, parameter("a", activation="silu"), parameter("b", activation="glu"), parameter("c"))
    assert [round(row.law.std * 50**0.5, 6) for row in found.rows] == [1.676532, 1.0, 1.0]
    assert "silu" in found.rows[0].reason
    assert "gain of glu is not known" in found.rows[1].reason


def test_a_missing_depth_is_said_with_the_name_of_the_parameter():
    with pytest.raises(SpecError, match=r"h\.0\.c_proj\. Its depth must be known"):
        plan([parameter("h.0.c_proj", role="residual_out")], preset("gpt2"), framework="torch")


def test_a_policy_extends_a_preset_and_stands_above_it():
    own = policy({"extends": "gpt2", "rules": [{"role": "residual_out", "scheme": "zeros"}]})
    rows = [parameter("a", role="residual_out", depth=3), parameter("b", role="attention_out", depth=3)]
    found = plan(rows, own, framework="torch")
    assert [row.scheme for row in found.rows] == ["zeros", "gpt2"]
    assert not found.notices


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "at least one rule"),
        ({"rules": []}, "at least one rule"),
        ({"rules": "he"}, r"rules must be tables written as \[\[rules\]\]"),
        ({"rules": ["he"]}, "tables written"),
        ({"rules": [{}]}, "Rule 1: scheme must be given, got nothing"),
        ({"rules": [{"scheme": "he", "nmae": "x"}]}, "Did you mean 'name'"),
        ({"rules": [{"scheme": "he_nromal"}]}, "Did you mean 'he_normal'"),
        ({"rules": [{"scheme": "he", "role": "haed"}]}, "Did you mean 'head'"),
        ({"rules": [{"scheme": "he", "role": 3}]}, "a role, or a list of roles"),
        ({"rules": [{"scheme": "he", "name": "/(/"}]}, "must be a regular expression"),
        ({"rules": [{"scheme": "zeros", "gain": "forward"}]}, "must take one, got zeros"),
        ({"rules": [{"scheme": "keep", "gain": "forward"}]}, "must take one, got keep"),
        ({"rules": [{"scheme": "he", "gain": "foward"}]}, "gain"),
        ({"rules": [{"scheme": "he", "gate": "open"}]}, "gate"),
        ({"extends": "gpt3"}, "Did you mean 'gpt2'"),
        ({"title": 3, "rules": [{"scheme": "he"}]}, "title must be"),
        ({"ruls": []}, "Did you mean 'rules'"),
    ],
)
def test_a_policy_that_is_wrong_gets_one_line(fields, message):
    with pytest.raises(UsageError, match=message) as caught:
        policy(fields)
    assert "\n" not in str(caught.value)


def test_files_and_names(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('[[rules]]\nscheme = "he"\nrole = ["weight", "head"]\n')
    assert policy_of(str(path)).name == "mine"
    assert policy_of(path).rules[0] == Rule(scheme="he", role=("weight", "head"))
    path.write_text("rules = [")
    with pytest.raises(SpecError, match="must be valid TOML"):
        policy_of(path)
    with pytest.raises(SpecError, match="must be a readable file"):
        policy_of("nowhere.toml")
    with pytest.raises(UnknownNameError, match="Did you mean 'gpt2'"):
        policy_of("gpt-2")


def test_a_model_without_parameters_is_refused():
    with pytest.raises(SpecError, match="at least one parameter"):
        plan([], preset("he"), framework="torch")

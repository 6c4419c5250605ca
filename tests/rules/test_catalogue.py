"""Every rule keeps its word: its example makes it fire, what it says to write instead does not."""

import copy
import textwrap

import pytest
import torch
from torch import nn

import initlab
from initlab.errors import SpecError, UnknownNameError
from initlab.rules import RULES, Edit, Finding, NotApplicable
from initlab.trace import Trace


def made(code):
    torch.manual_seed(0)
    names = {"torch": torch, "nn": nn, "copy": copy}
    exec(textwrap.dedent(code), names)
    return names


def report(rule, section):
    names = made(rule.documentation.sections[section])
    return initlab.check(names["model"], names.get("batch"), names.get("loss"))


@pytest.mark.parametrize("name", RULES)
def test_the_example_fires(name):
    fired = [finding for finding in report(RULES[name], "Example").findings if finding.rule == name]
    assert fired
    assert all(finding.severity in ("error", "warning", "info", "evidence") for finding in fired)


@pytest.mark.parametrize("name", RULES)
def test_what_to_use_instead_does_not(name):
    found = report(RULES[name], "Use instead")
    assert name not in {finding.rule for finding in found.findings}
    assert not found.errors


@pytest.mark.parametrize("name", RULES)
def test_a_rule_says_what_a_person_needs(name):
    rule = RULES[name]
    for finding in report(rule, "Example").findings:
        for words in (finding.path, finding.formula, finding.cause, finding.remedy.words):
            assert words
            assert "\n" not in words
        assert finding.cause.endswith((".", "!"))
    assert rule.documentation.body
    assert rule.severity in ("error", "warning", "info", "evidence")
    assert all(isinstance(value, float | int) for value in rule.thresholds.values())


def test_rules_are_found_by_id_and_by_name():
    assert RULES["W020"] is RULES["symmetric-units"]
    with pytest.raises(UnknownNameError, match="Did you mean"):
        _ = RULES["symetric-units"]


def test_rules_that_need_a_pass_say_so_without_one():
    for rule in RULES.values():
        if rule.needs == "passes":
            with pytest.raises(NotApplicable, match="no pass"):
                rule(Trace(framework="torch", weights=()))


def test_an_unknown_threshold_is_named():
    with pytest.raises(SpecError, match="thresholds of exploding must be among limit, got 'limits'"):
        RULES["W061"].checked({"limits": 3})
    with pytest.raises(SpecError, match="must be a number, got 'x'"):
        RULES["W061"].checked({"limit": "x"})


def test_a_finding_and_an_edit_are_plain_data():
    edit = Edit(weight="a", factor=2.0)
    assert edit == Edit(weight="a", factor=2.0)
    assert Finding.__dataclass_fields__["cleared"].default is None

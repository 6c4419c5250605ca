"""The verb check: what it prints, its document, its exit codes, its one-line errors."""

import json

import pytest
import torch

from initlab.cli.main import run
from initlab.loading import make

MODELS = """
import torch
from torch import nn

def good():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4))

def constant():
    model = good()
    for parameter in model.parameters():
        nn.init.constant_(parameter, 0.1)
    return model

def batch():
    return torch.randn(32, 8), torch.randint(4, (32,))

def vector_loss(output, target):
    return nn.functional.cross_entropy(output, target, reduction="none")
"""


@pytest.fixture(autouse=True)
def a_file_of_models(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.py").write_text(MODELS)


def test_a_healthy_model_exits_with_0(capsys):
    assert run(["check", "m.py:good"]) == 0
    assert "Nothing is wrong at step zero" in capsys.readouterr().out


def test_an_error_exits_with_1_and_says_what_where_why_and_what_mends_it(capsys):
    assert run(["check", "m.py:constant", "--prove"]) == 1
    printed = capsys.readouterr().out
    for words in ("W020 symmetric-units", "0.weight", "weights are constant", "nn.init.normal_", "it clears this"):
        assert words in " ".join(printed.split())


def test_the_document_has_findings_and_the_state_of_every_rule(capsys):
    assert run(["check", "m.py:constant", "--json", "--batch", "m.py:batch", "--ignore", "W06,gated"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "initlab/check/1"
    finding = document["findings"][0]
    assert {"rule", "name", "severity", "path", "measured", "limit", "remedy"} <= finding.keys()
    states = {rule["rule"]: rule["state"] for rule in document["rules"]}
    assert states["W020"] == "fired"
    assert states["W061"] == states["W011"] == "ignored"
    assert set(states.values()) <= {"fired", "passed", "not applicable", "skipped", "ignored", "errored"}


def test_a_factory_draws_the_same_every_time_and_may_not_leave(tmp_path, capsys):
    (tmp_path / "drawn.py").write_text(
        "import sys, torch\ndef model():\n    return torch.nn.Sequential(torch.nn.Linear(8, 4))\n"
        "def leaves():\n    sys.exit(0)\n"
    )
    before = torch.random.get_rng_state()
    first, again, other = (make("drawn.py:model", what="model", seed=seed)[0].weight for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(before, torch.random.get_rng_state())
    assert run(["check", "drawn.py:leaves"]) == 2
    assert "must return a model, got" in capsys.readouterr().err


def test_settings_of_the_project_are_read(tmp_path, capsys):
    (tmp_path / "pyproject.toml").write_text('[tool.initlab.check]\nignore = ["W020", "W021"]\n')
    assert run(["check", "m.py:constant"]) == 0
    assert "2 ignored" in capsys.readouterr().out
    (tmp_path / "pyproject.toml").write_text('[tool.initlab.check]\nignroe = ["W020"]\n')
    assert run(["check", "m.py:constant"]) == 2
    assert "Did you mean 'ignore'" in capsys.readouterr().err
    (tmp_path / "pyproject.toml").write_text('[tool.initlab.check]\nstrict = true\nselect = ["W021"]\n')
    assert run(["check", "m.py:constant"]) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["m.py:none"], "Unknown name in m.py 'none'"),
        (["m.py:batch"], "must be of PyTorch or JAX, got tuple"),
        (["m.py:good", "--input", "32x9"], "must run on the batch (32×9 numbers of unit variance), got"),
        (["m.py:good", "--input", "32by9"], "--input must be sizes like 32x3x224x224"),
        (["m.py:good", "--tokens", "8x8"], "--tokens must be like 8x128:50257"),
        (["m.py:good", "--tokens", "8x8:10"], "(Linear) RuntimeError: mat1 and mat2 must have the same dtype"),
        (["m.py:good", "--loss", "hinge"], "Unknown loss 'hinge'"),
        (["m.py:good", "--batch", "m.py:batch", "--loss", "m.py:vector_loss"], "must be one number, got shape (32,)"),
        (["m.py:good", "--select", "W999"], "Unknown rule 'W999'"),
        (["m.py:good", "--select", "W001", "--ignore", "W001"], "must be selected or ignored, got both"),
    ],
)
def test_what_cannot_be_checked_is_said_in_one_line(arguments, words, capsys):
    assert run(["check", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert words in printed.err
    assert printed.err.count("\n") == 1


def test_explain_knows_rules_and_schemes(capsys):
    assert run(["explain", "w020"]) == 0
    page = capsys.readouterr().out
    assert "symmetric-units" in page
    assert "Use instead" in page
    assert run(["explain", "he_normal"]) == 0
    assert run(["explain", "symmetric-unit"]) == 2
    assert "Did you mean 'symmetric-units'" in capsys.readouterr().err

"""Every reproduction runs in its quick form, agrees with its paper, and stays short enough to be read in one go."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
SCRIPTS = sorted(path for path in EXAMPLES.glob("*.py") if path.stem != "table")
LONGEST = 60
PATIENCE = 300
"""Seconds for one script, on a busy machine; each takes a tenth of it or less."""


def run(script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, script.name, *arguments]
    environment = os.environ | {"PYTHONIOENCODING": "utf-8", "OPENBLAS_NUM_THREADS": "1"}  # the tests share processors
    return subprocess.run(
        command, cwd=script.parent, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=PATIENCE
    )


def test_there_is_one_for_each_paper():
    assert [path.stem for path in SCRIPTS] == [
        "glorot_bengio", "hanin_rolnick", "he", "pennington", "saxe", "schoenholz",
    ]  # fmt: skip


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_its_quick_form_agrees_with_the_paper(script):
    ended = run(script, "--quick")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    title, header, *rows = ended.stdout.splitlines()
    assert re.search(r", 20\d\d: ", title)
    assert header.split() == ["paper", "accepted", "here", "verdict"]
    judged = [line for line in rows if line.endswith(("agrees", "does not agree", "cannot tell"))]
    assert judged
    assert all(line.endswith("  agrees") for line in judged)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_it_is_short(script):
    assert len(script.read_text(encoding="utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_it_draws_through_the_streams_alone(script):
    text = script.read_text(encoding="utf-8")
    assert not re.search(r"\b(np|numpy)\.random\b|import random|RandomState|default_rng", text)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_the_page_names_it(script):
    assert f"## [{script.name}]({script.name})" in (EXAMPLES / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("values", "verdict", "code"),
    [
        ([1.0, 1.1, 1.2], "agrees", 0),
        ([0.5, 1.5], "cannot tell", 3),
        ([2.5, 3.0], "does not agree", 1),
        ([0.0, 0.5], "does not agree", 1),
        ([1.0, float("nan")], "does not agree", 1),
    ],
)
def test_the_rule_of_the_verdicts(values, verdict, code, capsys):
    table = runpy.run_path(str(EXAMPLES / "table.py"))
    line = table["row"]("a figure", table["median_of"](values), "1", (1.0, 2.0))
    assert line[-1] == verdict
    assert table["show"]("A paper", [line]) == code
    assert verdict in capsys.readouterr().out


def test_an_option_that_is_unknown_is_a_usage_error():
    assert run(SCRIPTS[0], "--nonsense").returncode == 2

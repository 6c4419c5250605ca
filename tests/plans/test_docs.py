"""The plans in the documentation are those that are printed now."""

from pathlib import Path

import pytest

from initlab.cli.main import run

PLANS = Path(__file__).parents[2] / "docs" / "plans"


@pytest.mark.parametrize(("name", "policy"), [("gpt2_small", "gpt2"), ("transformer", "auto")])
def test_the_plan_is_what_is_printed(name, policy, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    assert run(["plan", f"{PLANS / 'models.py'}:{name}", "--policy", policy]) == 0
    assert capsys.readouterr().out == (PLANS / f"{name}.txt").read_text(encoding="utf-8")

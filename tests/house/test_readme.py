"""The README keeps its word: its commands run, its Python runs, and CI runs the very command it gives."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from initlab.cli.main import run

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


COMMANDS = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("initlab ")]


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_runs(line, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, value in {"SEEDS": 2, "ITERATIONS": 100}.items():
        monkeypatch.setenv(f"INITLAB_COMPARE_{name}", str(value))
    monkeypatch.setenv("INITLAB_COURSE_SEEDS", "1")
    for block in blocks("python"):
        if block.startswith("# model.py"):
            (tmp_path / "model.py").write_text(block)
    assert run(shlex.split(line, comments=True)[1:]) == 0
    assert capsys.readouterr().out


@pytest.mark.parametrize("number", range(len(blocks("python"))))
def test_the_python_runs(number, tmp_path):
    code = blocks("python")[number]
    subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=tmp_path, check=True, capture_output=True)


def test_both_set_up_commands_start_from_python_alone():
    for title in ("the main job", "the tests"):
        command = README.split(f"<!-- {title} -->")[1].split("```")[1]
        assert command.strip().removeprefix("sh").strip().startswith("python3 -m venv .venv && .venv/bin/pip install")
    assert "initlab compare" in README.split("<!-- the main job -->")[1].split("```")[1]


def test_ci_runs_the_readme_s_own_test_command():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "<!-- the tests -->" in script
    assert "./check --no-tests" in script


def test_everything_the_readme_links_to_is_there():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_what_the_readme_prints_is_what_compare_prints(tmp_path, monkeypatch, capsys):
    """The zeros, in every digit; the others by their names, since the README shows 15,000 steps."""
    monkeypatch.chdir(tmp_path)
    assert run(["compare", "--schemes", "zeros, random, xavier, he", "--iterations", "20"]) == 0
    printed = capsys.readouterr().out
    table = blocks("text")[0]
    for line in ("2-10-5-1 relu network on circles", "zeros: No better than chance in 20 of 20 seeds"):
        assert line in printed
        assert line in table

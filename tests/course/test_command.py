"""`initlab course`: text, JSON, files, exit codes, and an end on Ctrl-C."""

import dataclasses
import json
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import wait

import numpy as np
import pytest

from initlab.cli.main import run
from initlab.course import spread
from initlab.experiments import flight
from initlab.render.course import document
from initlab.render.json import dumps

STEPS = 10**9
"""Iterations that would take hours."""


@pytest.fixture
def answered(monkeypatch, result):
    """The command, but for the training, which has been done."""
    monkeypatch.setattr("initlab.cli.course.reproduce", lambda **_: result)
    return result


def spoiled(result):
    """The result, with a first figure that differs."""
    wrong = dataclasses.replace(result.figures[0], expected=7.0)
    return dataclasses.replace(result, figures=(wrong, *result.figures[1:]))


def test_text(answered, capsys):
    assert run(["course"]) == 0
    out = capsys.readouterr().out
    for words in ("1773.586", "inf", "0.993333", "17.88628473", "lucky", "All 95 published figures are reproduced"):
        assert words in out
    assert max(map(len, out.splitlines())) <= 80
    assert "…" not in out
    assert "\x1b" not in out


def test_a_figure_that_differs(monkeypatch, result, capsys):
    monkeypatch.setattr("initlab.cli.course.reproduce", lambda **_: spoiled(result))
    assert run(["course"]) == 1
    assert "1 of 159 figures differ: data train_X x1." in capsys.readouterr().out


@pytest.mark.parametrize("flags", [["--json"], ["-o", "-"]])
def test_json(flags, answered, capsys):
    assert run(["course", *flags]) == 0
    found = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert found["schema"] == "initlab/course/1"
    assert list(found["initializations"]) == ["zeros", "random", "he", "xavier"]
    assert all(len(entry["costs"]) == 15 for entry in found["initializations"].values())
    random = found["initializations"]["random"]
    assert (random["costs"][0], random["train_accuracy"], random["test_accuracy"]) == ("inf", 0.83, 0.86)
    assert {entry["verdict"] for entry in found["comparisons"]} == {"reproduced"}
    assert found["spread"]["he"]["seeds"] == list(range(8))
    assert found["reproduced"] is True


def test_file(answered, capsys, tmp_path):
    path = tmp_path / "new" / "course.json"
    assert run(["course", "-o", str(path)]) == 0
    assert path.read_text(encoding="utf-8") == f"{dumps(document(answered))}\n"
    assert "lucky" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--seeds", "-1"], "--seeds"),
        (["--seeds", "1.5"], "--seeds"),
        (["gradchekc"], "gradchekc"),
        (["-o", "/proc/nothing/here.json"], "output"),
        (["-o", "."], "folder"),
    ],
)
def test_usage_errors(args, words, capsys, monkeypatch):
    monkeypatch.setattr("initlab.cli.course.reproduce", lambda **_: pytest.fail("trained before it checked"))
    assert run(["course", *args]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words in captured.err
    assert captured.err.count("\n") == 1


def test_help_says_what_the_exit_codes_mean(capsys):
    assert run(["course", "--help"]) == 0
    assert "130" in capsys.readouterr().out


def test_interrupted(monkeypatch, capsys):
    def interrupt(**_):
        raise KeyboardInterrupt

    monkeypatch.setattr("initlab.cli.course.reproduce", interrupt)
    assert run(["course"]) == 130
    assert capsys.readouterr().out == ""


def test_a_real_interrupt_ends_the_process():
    """Whatever it is doing: importing, training in NumPy, or waiting for the compiled trainer."""
    started = subprocess.Popen(
        [sys.executable, "-m", "initlab", "course", "--seeds", "10000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        time.sleep(2.5)
        started.send_signal(signal.SIGINT)
        out, err = started.communicate(timeout=60)
    finally:
        started.kill()
    assert (out, err.split()) == (b"", [b"initlab:", b"Interrupted."])
    assert started.returncode in (130, -signal.SIGINT)  # Python decides, and a shell calls both 130


def test_an_interrupted_spread_stops_its_threads(monkeypatch):
    """Every net would train for hours; a stretch of steps takes milliseconds."""
    x = np.eye(2)
    task = spread.Task(x=x, y=x[:1], x_test=x, y_test=x[:1], learning_rate=0.01, iterations=STEPS)

    def interrupt(futures, **options):
        while not any(future.running() for future in futures):
            time.sleep(0.01)
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        return wait(futures, **options)

    monkeypatch.setattr(flight, "wait", interrupt)
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        spread.spreads(task, 100, finished=lambda: None)
    assert threading.active_count() == before


def test_no_seeds_no_spread():
    x = np.eye(2)
    task = spread.Task(x=x, y=x[:1], x_test=x, y_test=x[:1], learning_rate=0.01, iterations=1)
    assert spread.spreads(task, 0, finished=lambda: None) == ()


def test_no_bar_where_stderr_is_no_terminal(answered, capsys):
    run(["course", "--json"])
    assert capsys.readouterr().err == ""

"""`initlab gradcheck`: what it prints, its document, its exit codes, its figure, and the probe."""

import json

import numpy as np
import pytest

from initlab.cli.main import run

FILE = """
import numpy as np
from initlab import GradientCase

x = np.linspace(-1, 2, 15).reshape(3, 5)

def cost(p):
    return np.mean(np.tanh(p["W1"] @ x + p["b1"]) ** 2)

def gradients(p, factor=1):
    a = np.tanh(p["W1"] @ x + p["b1"])
    dz = 2 * a * (1 - a * a) / a.size
    return {"dW1": factor * dz @ x.T, "db1": dz.sum(axis=1, keepdims=True)}

parameters = {"W1": np.ones((2, 3)) * 0.3, "b1": np.array([[0.1], [-0.2]])}
right = GradientCase(cost=cost, gradients=gradients, parameters=parameters)
draws = np.random.default_rng(0)

def wrong():
    return cost, lambda p: gradients(p, 3), parameters

def random():
    return lambda p: cost(p) + draws.normal(), gradients, parameters

def zero():
    return lambda p: float(np.sum(p["w"] ** 2)), lambda p: {"w": 2 * p["w"]}, {"w": np.zeros(3)}

def nothing():
    return 3
"""


@pytest.fixture(autouse=True)
def in_a_folder_with_a_net(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "net.py").write_text(FILE)


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("right", 0, "PASS  no error larger than"),
        ("wrong", 1, "W1: factor 3"),
        ("zero", 3, "VACUOUS  the gradient is zero, so nothing was tested in w"),
        ("random", 3, "each call draws anew from draws"),
    ],
)
def test_text_and_exit_codes(name, code, words, capsys):
    assert run(["gradcheck", f"net.py:{name}"]) == code
    out = capsys.readouterr().out
    assert words in out.replace("\n", " ")
    assert "debugging only" in out
    assert max(map(len, out.splitlines())) <= 80


def test_the_document(capsys):
    assert run(["gradcheck", "net.py:wrong", "--json", "--points", "init,trained"]) == 1
    found = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert (found["schema"], found["verdict"], found["seed"]) == ("initlab/gradcheck/1", "WRONG", 0)
    assert found["configuration"]["points"] == "init,trained"
    first = found["blocks"][0]
    assert {"name", "verdict", "resolution", "tested", "total", "site", "cause"} <= first.keys()
    assert (first["name"], first["verdict"], first["site"], first["cause"]) == ("W1", "WRONG", "W1", "literal_factor")
    assert [point["point"] for point in found["points"]] == ["init", "trained"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["net.py:nothing"], "must be a GradientCase"),
        (["net.py:wrnog"], "Did you mean 'wrong'"),
        (["nowhere.py:net"], "must exist"),
        (["net.py:right", "--points", "end"], "points must be"),
        (["net.py:right", "--tolerance", "0"], "tolerance"),
        ([], "FILE:OBJECT or --probe"),
        (["--probe", "4,x"], "whole numbers"),
        (["--probe", "4,3,1", "--head", "sigmoit"], "Did you mean 'sigmoid'"),
        (["--probe", "4,3,1", "--activation", "relo"], "Did you mean 'relu'"),
    ],
)
def test_usage_errors(arguments, words, capsys):
    assert run(["gradcheck", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words in captured.err
    assert captured.err.count("\n") == 1


def test_the_figure(tmp_path, capsys):
    assert run(["gradcheck", "net.py:wrong", "-o", "out/law.png"]) == 1
    assert (tmp_path / "out" / "law.png").read_bytes().startswith(b"\x89PNG")


def test_the_probe(tmp_path, capsys):
    assert run(["gradcheck", "--probe", "3,4,2", "--head", "softmax", "-o", "probe.npz"]) == 0
    out = capsys.readouterr().out
    assert "m = 5" in out
    assert "uncheckable" in out
    with np.load(tmp_path / "probe.npz") as arrays:
        assert arrays["X"].shape == (3, 5)
        assert arrays["W2"].shape == (2, 4)
    assert run(["gradcheck", "--probe", "3,4,2", "--head", "softmax", "--json"]) == 0
    found = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    shares = {each["start"]: each["share"] for each in found["hidden"]}
    assert shares["zeros"] > 0.7
    assert shares["one example"] > 0.3
    assert found["visible"] >= 0.99 * found["mistakes"]


def test_explain_a_mistake(capsys):
    assert run(["explain", "missing_mean"]) == 0
    out = capsys.readouterr().out
    assert "a = m n" in out
    assert "Dropout must be off" in out
    assert run(["explain", "missing_mean", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "missing_mean"

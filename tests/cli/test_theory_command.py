"""`initlab theory`: what it prints, its documents, exit codes, and one line for bad input."""

import json

import pytest

from initlab.cli.main import run


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def document(capsys, *arguments):
    code = run(["theory", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out, parse_constant=lambda name: pytest.fail(name))


def test_gain_prints_the_trap_and_the_table(capsys):
    assert run(["theory", "gain", "gelu"]) == 0
    text = capsys.readouterr().out
    assert all(words in text for words in ("1.53353044", "1.48111441", "Trap", "unstable", "dq'/dq = 1.144"))
    assert run(["theory", "tanh"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "torch's table says 1.66667" in text
    assert "Trap" not in text


def test_the_document_of_a_gain(capsys):
    code, found = document(capsys, "gain", "silu")
    assert code == 0
    assert found["schema"] == "initlab/theory-gain/1"
    assert {"forward", "backward", "average", "error", "chi1", "q_slope"} <= found.keys()
    assert found["forward"] == pytest.approx(1.67653247, abs=5e-9)
    assert found["error"] < 1e-12
    assert "unstable" in found["trap"]


def test_a_function_of_one_s_own(capsys, tmp_path):
    (tmp_path / "mine.py").write_text("import numpy as np\ndef act(z):\n    return np.maximum(z, 0.2 * z)\n")
    code, found = document(capsys, "gain", "mine.py:act")
    assert code == 0
    assert found["forward"] == pytest.approx(1.38675049, abs=5e-9)
    assert found["kinks"] == [0.0]


def test_map_verify_phase_and_recommend(capsys, tmp_path):
    code, found = document(capsys, "map", "tanh", "--sigma-w2", "1.5", "--sigma-b2", "0.05")
    assert (code, found["fixed"]["phase"]) == (0, "ordered")
    assert found["critical"]["weight"] == pytest.approx(1.760955, abs=5e-7)
    sizes = ["--depth", "6", "--width", "48", "--networks", "10"]
    code, found = document(capsys, "verify", "--activation", "tanh", *sizes, "-o", "out/figure.png")
    assert code == 0
    assert found["agreement"] >= 0.95
    assert (tmp_path / "out" / "figure.png").exists()
    code, found = document(capsys, "phase", "--across", "0", "-o", "phase.png")
    assert (code, found["outcomes"]) == (0, [])
    assert (tmp_path / "phase.png").exists()
    code, found = document(capsys, "recommend", "--activation", "relu", "--depth", "30", "--width", "256")
    assert (code, found["choice"]["scheme"]) == (0, "he_normal")


@pytest.mark.parametrize(
    "arguments",
    [
        ["map", "softplus"],
        ["map", "relu", "--sigma-w2", "3"],
        ["verify", "--activation", "relu", "--depth", "20", "--width", "32", "--networks", "40", "--sigma-w2", "2"],
        ["recommend", "--activation", "gelu", "--depth", "20", "--width", "64"],
        ["recommend", "--activation", "relu", "--depth", "20", "--width", "64", "--residual"],
        ["phase", "--across", "1", "--up", "1", "--depth", "3", "--width", "8", "--iterations", "5"],
    ],
    ids=" ".join,
)
def test_text_fits_a_terminal(capsys, monkeypatch, arguments):
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["theory", *arguments]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines
    assert all(len(line) <= 80 and "…" not in line for line in lines)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tahn"], "Unknown activation 'tahn'. Did you mean 'tanh'?"),
        (["gain", "nowhere.py:act"], "The file nowhere.py must exist"),
        (["gain", "relu", "--q", "0"], "mean square q must be from"),
        (["gain", "relu", "--q", "nan"], "mean square q must be from"),
        (["gain"], "Missing argument"),
        (["map", "tanh", "--sigma-w2", "-1"], "σ_w² must be a finite number > 0"),
        (["map", "tanh", "--depth", "0"], "depth must be a whole number"),
        (["verify", "--activation", "tahn"], "Did you mean 'tanh'?"),
        (["verify", "--activation", "tanh", "--width", "0"], "must be"),
        (["verify", "--activation", "tanh", "--depth", "1"], "depth must be"),
        (["recommend", "--activation", "relu", "--depth", "0", "--width", "3"], "depth must be"),
        (["phase", "--depth", "1"], "depth of a phase diagram"),
    ],
)
def test_bad_input_gets_one_line_and_exit_code_2(capsys, arguments, message):
    assert run(["theory", *arguments]) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""

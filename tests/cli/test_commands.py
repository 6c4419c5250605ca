"""The command line as a person or a program uses it: output, exit codes, one-line errors, interruption."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from initlab.cli.main import run
from initlab.experiments.spec import Experiment
from initlab.schemes import SCHEMES

QUICK = ["--seeds", "2", "--iterations", "50"]


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def strict(text):
    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def test_compare_prints_a_table_and_leaves_a_report(capsys, tmp_path):
    assert run(["compare", *QUICK, "-o", "out"]) == 0
    printed = capsys.readouterr()
    for words in ("zeros", "random", "xavier", "he", "median", "chance", "report.html"):
        assert words in printed.out
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"result.json", "curves.csv", "report.html"} <= names
    assert len([name for name in names if name.endswith(".png")]) >= 4
    assert not [name for name in names if name.startswith(".")]


def test_compare_as_json_is_the_document_that_is_kept(capsys, tmp_path):
    assert run(["compare", *QUICK, "--json", "-o", "out"]) == 0
    text = capsys.readouterr().out
    document = strict(text)
    assert document["schema"] == "initlab/compare/1"
    assert document["configuration"]["iterations"] == 50
    assert [scheme["scheme"] for scheme in document["schemes"]] == ["zeros", "random", "xavier", "he"]
    for scheme in document["schemes"]:
        assert {"seed", "train_accuracy", "test_accuracy", "final_loss", "status"} <= scheme["trials"][0].keys()
        assert scheme["train_accuracy"].keys() == {"median", "min", "max"}
    assert text == (tmp_path / "out" / "result.json").read_text()


def test_the_same_command_gives_the_same_bytes(capsys, tmp_path):
    for folder, threads in (("a", "1"), ("b", "3")):
        assert run(["compare", *QUICK, "--threads", threads, "-o", folder]) == 0
    for name in ("result.json", "curves.csv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_flags_stand_over_the_environment_and_that_over_a_file(capsys, tmp_path, monkeypatch):
    (tmp_path / "spec.toml").write_text("seeds = 1\niterations = 7\nlayers = [3]\n")
    monkeypatch.setenv("INITLAB_COMPARE_ITERATIONS", "9")
    assert run(["compare", "--spec", "spec.toml", "--layers", "4,2", "--json"]) == 0
    document = strict(capsys.readouterr().out)
    assert document["network"] == "2-4-2-1"
    assert document["configuration"]["iterations"] == 9
    assert document["configuration"]["seeds"] == 1


def test_a_pyproject_file_sets_defaults_that_a_preset_ignores(capsys, tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.initlab.compare]\nseeds = 1\niterations = 7\nschemes = ['he']\n")
    assert run(["compare", "--json"]) == 0
    assert strict(capsys.readouterr().out)["configuration"]["iterations"] == 7
    assert run(["compare", "--json", "--preset", "symmetry", "--iterations", "3", "--seeds", "1"]) == 0
    assert len(strict(capsys.readouterr().out)["schemes"]) == 5
    (tmp_path / "pyproject.toml").write_text("[tool.initlab.compare]\nseads = 1\n")
    assert run(["compare"]) == 2
    assert "Did you mean 'seeds'?" in capsys.readouterr().err


def test_every_field_of_an_experiment_has_a_flag(capsys):
    assert run(["compare", "--help"]) == 0
    text = capsys.readouterr().out
    for field in Experiment.model_fields:
        assert f"--{field.replace('_', '-')}" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["compare", "--schemes", "he_nromal"], "Unknown scheme 'he_nromal'. Did you mean 'he_normal'?"),
        (["compare", "--activation", "rellu"], "Unknown activation 'rellu'. Did you mean 'relu'?"),
        (["compare", "--layers", "10,0"], "layers must be >= 1, got 0."),
        (["compare", "--layers", "10,2.5"], "layers must be a whole number, got 2.5."),
        (["compare", "--layers", "2-10-5-1"], "layers must be a whole number, got '2-10-5-1'."),
        (["compare", "--layers", "-4"], "layers must be >= 1, got -4."),
        (["compare", "--layers", "99999999"], "layers must be <= 65536, got 99999999."),
        (["compare", "--seeds", "0"], "seeds must be >= 1, got 0."),
        (["compare", "--learning-rate", "nan"], "learning_rate must be a finite number, got nan."),
        (["compare", "--learning-rate", "-1"], "learning_rate must be > 0, got -1."),
        (["compare", "--data", "circle"], "Unknown data set 'circle'. Did you mean 'circles'?"),
        (["compare", "--data", "missing.csv"], "must be readable, got: No such file"),
        (["compare", "--preset", "symetry"], "Unknown preset 'symetry'. Did you mean 'symmetry'?"),
        (["compare", "--spec", "missing.toml"], "must be a readable file"),
        (["compare", "--threads", "0"], "--threads"),
        (["compare", "-o", "/dev/null/x"], "must be a folder to write to"),
        (["compare", "--sedes", "3"], "No such option '--sedes'"),
        (["compare", "extra"], "unexpected extra argument"),
        (["compar"], "Unknown verb 'compar'. Did you mean 'compare'?"),
        (["explain", "hee"], "Unknown scheme, rule or mistake 'hee'. Did you mean 'he'?"),
        (["explain"], "Missing argument"),
    ],
)
def test_bad_input_gets_one_line_and_exit_code_2(capsys, tmp_path, arguments, message):
    assert run(arguments) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""
    assert not list(tmp_path.rglob("*"))


def test_help_is_given_when_asked_and_when_nothing_is(capsys):
    for arguments in ([], ["--help"], ["-h"]):
        assert run(arguments) == 0
        assert "compare" in capsys.readouterr().out


def test_schemes_lists_the_catalogue_and_explain_prints_one(capsys):
    assert run(["schemes"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in SCHEMES)
    assert run(["schemes", "--json"]) == 0
    assert len(strict(capsys.readouterr().out)["schemes"]) == len(SCHEMES)
    assert run(["explain", "kaiming"]) == 0
    page = capsys.readouterr().out
    assert all(words in page for words in ("he_normal", "Formula", "References", "1502.01852"))
    assert run(["explain", "he", "--json"]) == 0
    assert strict(capsys.readouterr().out)["name"] == "he_normal"


@pytest.fixture
def long_comparison(tmp_path):
    """A comparison of thousands of trials in a process of its own, some of which have finished."""
    command = [sys.executable, "-m", "initlab", "compare", "--schemes", "he", "--seeds", "50000", "--iterations", "400"]
    process = subprocess.Popen(
        [*command, "--json", "-o", "out"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    folder = tmp_path / "out"
    while not folder.exists() and process.poll() is None:
        time.sleep(0.05)
    time.sleep(3)
    yield process
    process.kill()
    process.communicate()


def test_ctrl_c_ends_with_130_and_keeps_what_had_finished(long_comparison, tmp_path):
    long_comparison.send_signal(signal.SIGINT)
    out, err = long_comparison.communicate(timeout=60)
    assert long_comparison.returncode == 130
    assert "Traceback" not in err
    document = strict(out)
    assert document["interrupted"] is True
    seeds = [trial["seed"] for trial in document["schemes"][0]["trials"]]
    assert 0 < len(seeds) < 50_000
    assert seeds == sorted(seeds)
    assert strict((tmp_path / "out" / "result.json").read_text()) == document


def test_a_reader_that_leaves_early_is_no_error(tmp_path):
    command = f"{sys.executable} -m initlab schemes | head -n 1"
    done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1


HEAVY = {"numpy", "scipy", "numba", "sklearn", "matplotlib", "pydantic", "torch", "jax"}


@pytest.mark.parametrize("code", ["import initlab", "from initlab.cli.main import run; run(['--help'])"])
def test_importing_and_helping_load_nothing_heavy(code):
    report = f"import sys; {code}; print('loaded', sorted({HEAVY!r} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.splitlines()[-1] == "loaded []"


def test_a_reader_that_leaves_at_once_is_no_error(tmp_path):
    command = f"{sys.executable} -m initlab schemes | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_terminal_without_the_letters_gets_others(tmp_path):
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "initlab", "compare", *QUICK, "-o", "out"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, env=environment, check=False)
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr


def test_a_folder_never_holds_the_figures_of_another_result(tmp_path, capsys):
    assert run(["compare", *QUICK, "-o", "out"]) == 0
    assert (tmp_path / "out" / "boundaries.png").exists()
    assert run(["compare", *QUICK, "--data", "iris", "-o", "out"]) == 0
    assert not (tmp_path / "out" / "boundaries.png").exists()


def test_a_preset_says_what_to_look_for(capsys):
    assert run(["compare", "--preset", "symmetry", *QUICK, "-o", "out"]) == 0
    out = capsys.readouterr().out
    assert "Breaking symmetry" in out
    assert "how many distinct units" in " ".join(out.split())

"""`initlab plan`, `init` and `verify`: what they print, their documents, exit codes, and one line for bad input."""

import json

import numpy as np
import pytest

from initlab.cli.main import run

MODELS = """
import numpy as np
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(50, 32, padding_idx=0)
        self.rnn = nn.LSTM(32, 32)
        self.blocks = nn.ModuleList(nn.Linear(32, 32) for _ in range(12))
        self.head = nn.Linear(32, 50)

    def forward(self, tokens):
        x = self.rnn(self.embed(tokens))[0]
        for block in self.blocks:
            x = torch.relu(block(x))
        return self.head(x)

def mlp():
    return nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3))

def arrays():
    return {"W1": np.zeros((64, 20)), "b1": np.zeros((64, 1)), "W2": np.zeros((1, 64)), "b2": np.zeros((1, 1))}

def tiny():
    return nn.Linear(2, 2)

def raises():
    raise RuntimeError("two\\nlines")

def needs(width):
    return nn.Linear(width, 1)

def nothing():
    pass

def number():
    return 3

def empty():
    return nn.ReLU()

def meta():
    with torch.device("meta"):
        return nn.Linear(30, 40)

def huge():
    with torch.device("meta"):
        return nn.Linear(2**20, 2**20)

def batch():
    return torch.ones(8, 20)

class Keyed(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner, self.out = nn.Linear(20, 16), nn.Linear(16, 3)

    def forward(self, batch):
        return self.out(torch.tanh(self.inner(batch["x"])))

class Frames(Keyed):
    def forward(self, x):
        examples, rows, columns = x.shape
        assert (rows, columns) == (4, 5)
        return self.out(torch.tanh(self.inner(x.reshape(examples, rows * columns))))

def keyed():
    return {"batch": {"x": torch.ones(8, 20)}}

def pair():
    return torch.ones(8, 4, 5), torch.zeros(8, dtype=torch.long)
"""

DEEP = '[[rules]]\nname = "nowhere.*"\nscheme = "he"\n[[rules]]\nscheme = "truncated_normal(std=0.02, cut=100)"\n'


@pytest.fixture(autouse=True)
def in_a_folder_with_models(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.py").write_text(MODELS)
    (tmp_path / "open.toml").write_text(DEEP)


def document(capsys, *arguments):
    code = run([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out, parse_constant=lambda name: pytest.fail(name))


def test_the_document_of_a_plan(capsys):
    code, found = document(capsys, "plan", "m.py:Net", "--policy", "lstm")
    assert code == 0
    assert found["schema"] == "initlab/plan/1"
    assert found["model"] == "m.py:Net"
    assert found["configuration"]["policy"]["name"] == "lstm"
    asked = {"name", "shape", "role", "fan_in", "fan_out", "scheme", "law", "std", "reason"}
    assert all(asked <= row.keys() and row["reason"] for row in found["parameters"])
    rows = {row["name"]: row for row in found["parameters"]}
    assert rows["rnn.bias_ih_l0[forget]"]["law"] == "Constant(value=1.0)"
    assert "padding" in rows["embed.weight"]["reason"]
    assert found["totals"]["numbers"] == sum(np.prod(row["shape"], dtype=int) for row in found["parameters"])


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("options", [[], ["--all"], ["--diff"], ["--diff", "--seed", "1"]], ids=" ".join)
def test_the_text_fits_a_terminal_and_folds_what_repeats(capsys, monkeypatch, columns, options):
    monkeypatch.setenv("COLUMNS", str(columns))
    assert run(["plan", "m.py:Net", "--policy", "he", *options]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= columns and "…" not in line for line in lines)
    if "--all" not in options:
        assert any("blocks.0-11.weight" in line for line in lines)
        assert len(lines) < 60


def test_init_then_verify_by_seed_by_law_and_by_model(capsys):
    assert run(["init", "m.py:Net", "--policy", "lstm", "--seed", "7", "-o", "net.safetensors"]) == 0
    assert "with seed 7: net.safetensors" in capsys.readouterr().out
    for arguments in (
        ["net.safetensors"],
        ["net.safetensors", "--policy", "lstm"],
        ["net.safetensors", "--policy", "lstm", "--model", "m.py:Net", "--seed", "7"],
    ):
        assert run(["verify", *arguments]) == 0
        assert "parameters are as lstm" in capsys.readouterr().out
    assert run(["verify", "net.safetensors", "--policy", "lstm", "--seed", "8"]) == 1
    assert "numbers are other" in capsys.readouterr().out
    code, found = document(capsys, "verify", "net.safetensors", "--policy", "he")
    assert (code, found["schema"], found["holds"]) == (1, "initlab/verify/1", False)
    assert {"name", "expected", "found", "factor", "cause", "text"} <= found["findings"][0].keys()


def test_verify_finds_a_model_that_was_never_initialised(capsys):
    assert run(["verify", "m.py:mlp", "--policy", "he"]) == 1
    text = " ".join(capsys.readouterr().out.split())
    assert "6 of 6 parameters are not as he plans them" in text
    assert "which torch's own layers draw" in text
    assert run(["verify", "m.py:mlp", "--policy", "framework-default"]) == 0


def test_verify_says_when_everything_is_too_small_to_tell(capsys):
    assert run(["verify", "m.py:tiny", "--policy", "framework-default"]) == 3
    assert "too small to tell" in capsys.readouterr().out


def test_arrays_of_numpy_and_a_model_on_meta(capsys):
    for name in ("arrays", "meta"):
        assert run(["init", f"m.py:{name}", "--policy", "course-he", "--seed", "1", "-o", f"{name}.safetensors"]) == 0
        assert run(["verify", f"{name}.safetensors"]) == 0
    capsys.readouterr()


def test_a_policy_that_looks_at_data(capsys):
    arguments = ["m.py:mlp", "--policy", "lsuv", "--batch", "m.py:batch"]
    assert run(["init", *arguments, "-o", "x.safetensors"]) == 0
    assert run(["verify", "m.py:mlp", "--policy", "lsuv", "--batch", "m.py:batch"]) == 1
    assert "a spread of" in capsys.readouterr().out


def test_what_a_policy_leaves_open_is_printed_and_strict_refuses_it(capsys):
    assert run(["plan", "m.py:mlp", "--policy", "open.toml"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "matches nothing in this model" in text
    assert "100σ cuts nothing" in text
    for verb in (["plan"], ["init", "-o", "x.safetensors"], ["verify"]):
        assert run([verb[0], "m.py:mlp", "--policy", "open.toml", "--strict", *verb[1:]]) == 2
        assert "must leave nothing open" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("model", "given"),
    [
        ("m.py:Keyed", ["--batch", "m.py:keyed"]),
        ("m.py:Frames", ["--input", "2x4x5"]),
        ("m.py:Frames", ["--batch", "m.py:pair"]),
    ],
)
def test_an_example_tells_what_cannot_be_guessed(capsys, model, given):
    _, unrun = document(capsys, "plan", model)
    assert "does not run on a guessed input" in unrun["note"]
    _, seen = document(capsys, "plan", model, *given)
    assert seen["note"] == ""
    assert "tanh" in seen["parameters"][0]["reason"]
    assert run(["init", model, "-o", "drawn.safetensors", *given]) == 0
    assert run(["verify", "drawn.safetensors", "--model", model, *given]) == 0
    assert run(["verify", model, *given]) == 1


def test_an_example_that_the_model_does_not_take_is_said(capsys):
    for given, message in (
        (["--input", "2x4"], "must be one that the model takes, got one of which it does not run on the given input"),
        (["--input", "2x4x5", "--tokens", "2x3:4"], "must be given once"),
        (["--tokens", "2x3"], "--tokens must be like 8x128:50257"),
    ):
        assert run(["plan", "m.py:Frames", *given]) == 2
        assert message in capsys.readouterr().err
    assert run(["plan", "m.py:mlp", "--input", "2x7"]) == 2
    assert "2×7 and 20×64 cannot be multiplied in 0. Give what it takes." in capsys.readouterr().err
    assert run(["plan", "m.py:arrays", "--input", "2x4"]) == 2
    assert "must be of a torch model" in capsys.readouterr().err


BAD = [
    (["plan"], "Missing argument"),
    (["plan", "nowhere.py:make"], "The file nowhere.py must exist"),
    (["plan", "m.py"], "must be FILE.py:NAME"),
    (["plan", "m.py:mpl"], "Did you mean 'mlp'?"),
    (["plan", "m.py:raises"], "RuntimeError: two lines"),
    (["plan", "m.py:needs"], "needs width"),
    (["plan", "m.py:nothing"], "got None"),
    (["plan", "m.py:number"], "must be a torch Module"),
    (["plan", "m.py:empty"], "at least one parameter"),
    (["plan", "m.py:mlp", "--policy", "gpt-2"], "Did you mean 'gpt2'?"),
    (["plan", "m.py:mlp", "--policy", "none.toml"], "must be a readable file"),
    (["plan", "m.py:mlp", "--policy", "gpt2"], "matches nothing"),
    (["plan", "m.py:arrays", "--policy", "framework-default"], "must be torch or jax"),
    (["init", "m.py:mlp"], "Missing option"),
    (["init", "m.py:mlp", "-o", "x.pt"], "must be a .safetensors file"),
    (["init", "m.py:mlp", "-o", "no/x.safetensors"], "The folder of no/x.safetensors must exist"),
    (["init", "m.py:huge", "-o", "x.safetensors"], "must fit into memory, got 4,096.0 GiB"),
    (["init", "m.py:mlp", "--policy", "lsuv", "-o", "x.safetensors"], "must have a batch of data"),
    (["verify", "m.py:meta"], "on the meta device"),
    (["verify", "x.pt"], "a pickle runs code"),
    (["verify", "model.bin"], "a pickle runs code"),
    (["verify", "none.safetensors"], "must be readable"),
    (["verify", "m.py:mlp", "--alpha", "2"], "alpha of a verification"),
    (["verify", "m.py:mlp", "--seed", "-1"], "--seed"),
]


@pytest.mark.parametrize(
    ("arguments", "message"), BAD, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_bad_input_gets_one_line_and_exit_code_2(capsys, tmp_path, arguments, message):
    if "gpt2" in arguments:
        arguments = [*arguments, "--strict"]
    assert run(arguments) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""
    assert not list(tmp_path.glob("*.safetensors")) + list(tmp_path.glob(".*"))


def test_weights_of_another_model_get_one_line(capsys):
    assert run(["init", "m.py:mlp", "-o", "mlp.safetensors"]) == 0
    capsys.readouterr()
    for model, message in (("m.py:Net", "must hold embed.weight"), ("m.py:tiny", "must hold weight as the model does")):
        assert run(["verify", "mlp.safetensors", "--model", model]) == 2
        assert message in capsys.readouterr().err

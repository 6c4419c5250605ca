"""Weights files: what the format's own library reads and writes, whole or not at all, and one line for a broken one."""

import contextlib
import json
import struct

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import initlab
from initlab.api.weights import init_file, verify_file
from initlab.errors import DataError, OutputError, SpecError, UsageError
from initlab.plans.weights import read_weights


class Tied(nn.Module):
    """Tied tables, a fused matrix, a kernel held as (in, out), a buffer, and bfloat16."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(60, 32, padding_idx=1)
        self.attention = nn.MultiheadAttention(32, 4)
        self.up = nn.ConvTranspose1d(32, 8, 3)
        self.half = nn.Linear(32, 40).to(torch.bfloat16)
        self.head = nn.Linear(32, 60, bias=False)
        self.head.weight = self.embed.weight
        self.register_buffer("steps", torch.arange(3))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


def test_the_library_loads_what_is_written_into_the_model(path):
    model, other = Tied(), Tied()
    init_file(model, "he", seed=2, output=path)
    assert safetensors.torch.load_model(other, path) == (set(), [])
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, other.state_dict()[name]), name
    assert initlab.verify(other, "he", seed=2).holds


@pytest.mark.parametrize("model", [None, Tied], ids=["note", "model"])
def test_what_is_written_is_verified_number_by_number(path, model):
    init_file(Tied(), "he", seed=2, output=path)
    found = verify_file(path, "he", model=model and model(), seed=2)
    assert found.holds, str(found)
    assert not found.tests
    assert not verify_file(path, "he", model=model and model(), seed=3).holds
    assert verify_file(path).seed == 2


def test_a_file_of_the_library_is_read(path):
    model = initlab.init(Tied(), "he", seed=0)
    safetensors.torch.save_model(model, str(path))
    assert verify_file(path, "he", model=Tied(), seed=0).holds
    with pytest.raises(SpecError, match="The policy must be given"):
        verify_file(path)


def test_a_plain_file_is_judged_by_its_names(path):
    layers = nn.Sequential(nn.Linear(40, 60), nn.ReLU(), nn.Linear(60, 5))
    safetensors.torch.save_file(initlab.init(layers, "course-he", seed=0).state_dict(), str(path))
    assert verify_file(path, "course-he").holds
    assert not verify_file(path, "xavier").holds


def test_an_interrupt_or_a_full_disk_leaves_nothing(path, monkeypatch):
    for error in (KeyboardInterrupt(), OSError(28, "No space left on device")):

        def fail(*_args, error=error):
            raise error

        monkeypatch.setattr("initlab.plans.weights.np.ascontiguousarray", fail)
        with pytest.raises((KeyboardInterrupt, OutputError)):
            init_file(nn.Linear(3, 4), "he", seed=0, output=path)
        assert not list(path.parent.iterdir())
        monkeypatch.undo()


def test_an_old_file_stays_when_the_new_one_fails(path, monkeypatch):
    init_file(nn.Linear(3, 4), "he", seed=0, output=path)
    before = path.read_bytes()
    monkeypatch.setattr("initlab.plans.weights.np.ascontiguousarray", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        init_file(nn.Linear(3, 4), "he", seed=1, output=path)
    assert path.read_bytes() == before


def file(header, body=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


ENTRY = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "its header does not fit"),
        (b"abc", "its header does not fit"),
        (struct.pack("<Q", 2**62) + b"{}", "its header does not fit"),
        (file(b"not json"), "no JSON"),
        (file(b"\xff\xfe"), "no JSON"),
        (file([1]), "no JSON object"),
        (file({}), "must hold tensors, got none"),
        (file({"__metadata__": {}}), "must hold tensors, got none"),
        (file({"w": ENTRY}), "tensors are missing"),
        (file({"w": ENTRY}, b"\0" * 7), "ends 1 bytes behind it"),
        (file({"w": ENTRY}, b"\0" * 9), "1 bytes longer than its tensors"),
        (file({"w": {**ENTRY, "dtype": "F8"}}, b"\0" * 8), "the entry of w is wrong"),
        (file({"w": {**ENTRY, "shape": [3]}}, b"\0" * 8), "the entry of w is wrong"),
        (file({"w": {**ENTRY, "shape": [-2]}}, b"\0" * 8), "the entry of w is wrong"),
        (file({"w": {**ENTRY, "data_offsets": [0]}}, b"\0" * 8), "the entry of w is wrong"),
        (file({"w": 3}, b"\0" * 8), "the entry of w is wrong"),
    ],
)
def test_a_broken_file_gets_one_line(path, content, message):
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read_weights(path)
    assert "\n" not in str(caught.value)


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=200), st.integers(0, 400))
def test_no_damage_to_a_file_ends_in_anything_but_one_line(tmp_path_factory, noise, place):
    path = tmp_path_factory.mktemp("weights") / "x.safetensors"
    init_file({"W1": np.zeros((3, 2))}, "course-he", seed=0, output=path)
    content = bytearray(path.read_bytes())
    place = min(place, len(content))
    content[place : place + len(noise)] = noise
    path.write_bytes(content)
    with contextlib.suppress(UsageError):
        verify_file(path, "course-he")


def test_a_note_that_was_tampered_with_gets_one_line(path):
    init_file(nn.Linear(3, 4), "he", seed=0, output=path)
    tensors = safetensors.torch.load_file(path)
    for note in ("{", "[]", "{}", '{"policy": {"rules": []}, "seed": "x"}'):
        safetensors.torch.save_file(tensors, str(path), metadata={"initlab": note})
        with pytest.raises(DataError, match="The note of"):
            verify_file(path)

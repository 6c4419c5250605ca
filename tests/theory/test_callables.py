"""Any function as an activation: from files, modules, torch and JAX; and what is refused, in one line."""

import jax
import numpy as np
import pytest
import torch

from initlab.errors import UsageError
from initlab.numerics.activations import activation
from initlab.theory.callables import activation_of
from initlab.theory.gains import gains

FILE = """
import numpy as np
import torch

def shifted(z):
    return np.maximum(z - 0.5, 0)

def tensors(z):
    return z * torch.sigmoid(z)

def shape(z):
    return z[:1]

def nan(z):
    return np.log(z)

def constant(z):
    return np.full_like(z, 3.0)

def step(z):
    return np.sign(z)

def steep(z):
    return np.sqrt(np.abs(z))

def wild(z):
    return np.exp(z * z)

def normalised(z):
    return z / np.abs(z).max()

def noisy(z):
    return z + np.random.normal(size=z.shape)

def words(z):
    return "relu"

def complex_numbers(z):
    return z + 1j

def fails(z):
    raise RuntimeError("no\\nsuch thing")

class Act(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.slope = torch.nn.Parameter(torch.tensor(0.25))
    def forward(self, z):
        return torch.where(z > 0, z, self.slope * z)

number = 3
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "acts_of_mine.py").write_text(FILE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def same(found, row):
    theirs, ours = gains(found), gains(row)
    # the slope comes from polynomials on panels
    assert (theirs.forward, theirs.backward) == pytest.approx((ours.forward, ours.backward), rel=1e-11)


def test_files_and_modules_are_loaded(folder):
    assert activation_of("acts_of_mine.py:shifted").kinks == (0.5,)
    assert activation_of("acts_of_mine:shifted").kinks == (0.5,)
    same(activation_of("acts_of_mine.py:tensors"), activation("silu"))
    prelu = gains(activation_of("acts_of_mine.py:Act"))
    assert prelu.forward == pytest.approx(np.sqrt(2 / (1 + 0.25**2)), rel=1e-12)


@pytest.mark.parametrize(
    ("theirs", "name"),
    [
        (torch.nn.GELU(), "gelu"),
        (torch.tanh, "tanh"),
        (torch.nn.functional.mish, "mish"),
        (jax.nn.silu, "silu"),
        (jax.numpy.tanh, "tanh"),
        (jax.jit(jax.nn.relu), "relu"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_torch_and_jax_functions_are_taken_in_double_precision(theirs, name):
    same(activation_of(theirs), activation(name))


def test_single_precision_is_taken_as_what_it_is():
    found = gains(activation_of(lambda z: np.maximum(z.astype(np.float32), 0)))
    assert found.forward == pytest.approx(np.sqrt(2), rel=1e-6)  # float32 has seven digits


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("shape", "must return one number for each it is given, got shape (1,)"),
        ("nan", "must be finite, got nan at -"),
        ("constant", "must vary, got the constant 3"),
        ("step", "must be continuous, with a slope of finite mean square, got a jump or worse at 0"),
        ("steep", "must be continuous, with a slope of finite mean square"),
        ("wild", "must be finite, got inf"),
        ("normalised", "must act entry by entry"),
        ("noisy", "must act entry by entry"),
        ("words", "must return one number for each"),
        ("complex_numbers", "must return real numbers, got complex128"),
        ("fails", "RuntimeError: no such thing"),
        ("number", "must be a callable, got 3"),
        ("missing", "Unknown name in acts_of_mine.py"),
    ],
)
def test_bad_functions_get_one_clear_line(folder, name, message):
    with pytest.raises(UsageError) as raised:
        activation_of(f"acts_of_mine.py:{name}")
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("tahn", "Unknown activation 'tahn'. Did you mean 'tanh'?"),
        ("nowhere.py:act", "The file nowhere.py must exist"),
        ("no_such_module:act", "must load, got ModuleNotFoundError"),
        (":act", "must be FILE.py:NAME"),
        ("numpy:", "must be FILE.py:NAME"),
    ],
)
def test_bad_places_get_one_clear_line(folder, place, message):
    with pytest.raises(UsageError) as raised:
        activation_of(place)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)

"""FILE.py:NAME and MODULE:NAME: what is found there, and one line for what is not."""

import sys

import pytest

from initlab.errors import InitlabError, UsageError
from initlab.loading import load, make

CODE = """
from dataclasses import dataclass
import beside

@dataclass
class Made:
    value: int = 3

def factory(): return Made()
def needs(width, *rest, depth): return width
def fails(): raise RuntimeError("first\\nsecond")
def nothing(): return None
there = Made(5)
wants_beside = beside.value
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "mine.py").write_text(CODE)
    (tmp_path / "beside.py").write_text("value = 7")
    (tmp_path / "broken.py").write_text("1 +")
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path


def test_a_factory_a_class_and_an_object_all_give_the_object(folder):
    path = list(sys.path)
    assert make("../mine.py:factory", what="model").value == 3
    assert make("../mine.py:Made", what="model").value == 3
    assert make("../mine.py:there", what="model").value == 5
    assert load("../mine.py:wants_beside", what="model") == 7
    assert sys.path == path


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("mine.py", "must be FILE.py:NAME or MODULE:NAME, got 'mine.py'"),
        ("../mine.py:", "must be FILE.py:NAME"),
        ("../gone.py:factory", "The file ../gone.py must exist"),
        ("no_such_module:factory", "must load, got ModuleNotFoundError"),
        ("../broken.py:factory", "must load, got SyntaxError"),
        ("../mine.py:factroy", "Did you mean 'factory'?"),
        ("../mine.py:needs", "callable without arguments, got one that needs width, depth"),
        ("../mine.py:fails", "must return a model, got RuntimeError: first second"),
        ("../mine.py:nothing", "must return a model, got None"),
    ],
)
def test_what_is_not_there_gets_one_line(folder, place, said):
    with pytest.raises(UsageError) as raised:
        make(place, what="model")
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)
    assert isinstance(raised.value, InitlabError)

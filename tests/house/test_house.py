"""The house: public names, cycles, files that have grown too long, and words that may not stand in the project."""

import ast
import importlib
import pkgutil
from pathlib import Path

import pytest

import initlab

SOURCE = Path(initlab.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))


@pytest.mark.parametrize("name", initlab.__all__)
def test_every_public_name_can_be_had(name):
    assert getattr(initlab, name) is not None
    assert name in dir(initlab)


def test_an_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'compair'"):
        _ = initlab.compair


def test_every_module_can_be_imported_alone_and_has_a_docstring():
    for module in pkgutil.walk_packages(initlab.__path__, "initlab."):
        if module.name not in ("initlab.__main__", "initlab.streams.triton"):
            assert importlib.import_module(module.name).__doc__, module.name


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_files_and_functions_stay_short(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 500
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            body = node.end_lineno - node.body[0].lineno - isinstance(node.body[0], ast.Expr)
            assert body <= 60, f"{node.name} has {body} lines"

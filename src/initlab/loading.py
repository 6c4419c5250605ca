"""What a person names as `path/to/file.py:name` or `package.module:name`: a function, a model, or what makes one."""

import functools
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from initlab.errors import SpecError, UnknownNameError


def load(place: str, *, what: str) -> object:
    """The object at `path/to/file.py:name` or `package.module:name`; `what` it is to be is said in the errors.

    The folder of the file is searched for what the file imports, as it is when Python runs that file.

    >>> load("math:sqrt", what="function")(9.0)
    3.0

    Raises SpecError when there is no such file or module, or it fails; UnknownNameError when it has no such name.
    """
    home, _, name = place.rpartition(":")
    if not home or not name:
        raise SpecError(
            f"The {what} must be FILE.py:NAME or MODULE:NAME, got {place!r}. Write both, as model.py:make_model."
        )
    if home.endswith(".py") and not Path(home).is_file():
        raise SpecError(f"The file {home} must exist, got nothing there. Write the path from the current folder.")
    try:
        module = _module(home)
    except (Exception, SystemExit) as error:
        missing = isinstance(error, ModuleNotFoundError)
        advice = "Install it in this environment, or mend the name" if missing else "Mend the module"
        raise SpecError(f"The {what} {place} must load, got {said(error)}. {advice}.") from error
    if not hasattr(module, name):
        public = [known for known, value in vars(module).items() if known[0] != "_" and not inspect.ismodule(value)]
        raise UnknownNameError(f"name in {home}", name, public)
    return getattr(module, name)


def make(place: str, *, what: str, seed: int | None = None) -> object:
    """What is at a place, or, where that is a function or class, what it returns when called without arguments.

    With a seed, what it draws from torch's generator is the same every time; the generator is put back afterwards.

    >>> make("collections:OrderedDict", what="model")
    OrderedDict()

    Raises what `load` raises, and SpecError when the function needs arguments, fails, or returns nothing.
    """
    found = load(place, what=what)
    if not (inspect.isroutine(found) or inspect.isclass(found) or isinstance(found, functools.partial)):
        return found
    needed = _needed(found)
    if needed:
        raise SpecError(
            f"The {what} {place} must be callable without arguments, got one that needs {', '.join(needed)}. "
            "Write a function that passes them."
        )
    try:
        with _seeded(seed):
            made = found()
    except (Exception, SystemExit) as error:
        raise SpecError(f"The function {place} must return a {what}, got {said(error)}. Mend it.") from error
    if made is None:
        raise SpecError(f"The function {place} must return a {what}, got None. Return it.")
    return made


@contextmanager
def _seeded(seed: int | None) -> Iterator[None]:
    torch = sys.modules.get("torch")
    if seed is None or torch is None:
        yield
        return
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def _needed(function: object) -> list[str]:
    """The names of the arguments without which a callable cannot be called."""
    try:
        signature = inspect.signature(function)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return []
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [
        name
        for name, parameter in signature.parameters.items()
        if parameter.default is inspect.Parameter.empty and parameter.kind not in variadic
    ]


def _module(home: str) -> ModuleType:
    folder = str(Path(home).resolve().parent) if home.endswith(".py") else ""
    sys.path.insert(0, folder)
    try:
        return _executed(Path(home)) if home.endswith(".py") else importlib.import_module(home)
    finally:
        sys.path.remove(folder)


def _executed(path: Path) -> ModuleType:
    """The module of a file, under a name that no installed module has."""
    spec = importlib.util.spec_from_file_location(f"_loaded_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def said(error: BaseException) -> str:
    r"""An error of someone else's code, on one line.

    >>> said(ValueError("two\nlines"))
    'ValueError: two lines'
    """
    return " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")[:200]

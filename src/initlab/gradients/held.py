"""What a function of the user holds on to: globals and closures it reads, defaults, the object it is bound to."""

import functools
import inspect
from collections.abc import Iterator, Mapping

DEEPEST = 5


def held(*holders: object) -> Iterator[tuple[str, object]]:
    """(name, object) of everything within reach, each once, through functions, partials, objects and containers.

    >>> seven = 7
    >>> [name for name, value in held(lambda: seven) if value == 7]
    ['seven']
    """
    seen: set[int] = set()
    pending = [("", holder, 0) for holder in holders]
    while pending:
        name, value, depth = pending.pop(0)
        if id(value) in seen:
            continue
        seen.add(id(value))
        if name:
            yield name, value
        if depth < DEEPEST:
            pending += [(_joined(name, inner), each, depth + 1) for inner, each in _inside(value)]


def _joined(name: str, inner: str) -> str:
    return name + inner if inner.startswith("[") else inner or name


def _inside(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, functools.partial):
        yield "", value.func
        yield from (("", each) for each in value.args)
        yield from value.keywords.items()
    elif inspect.ismethod(value):
        yield "", value.__func__
        yield from vars(value.__self__).items() if hasattr(value.__self__, "__dict__") else ()
    elif inspect.isfunction(value):
        found = inspect.getclosurevars(value)
        yield from {**found.globals, **found.nonlocals}.items()
        yield from (("", each) for each in value.__defaults__ or ())
    elif isinstance(value, Mapping):
        yield from ((str(key), each) for key, each in list(value.items())[:64])
    elif isinstance(value, list | tuple):
        yield from ((f"[{i}]", each) for i, each in enumerate(value[:64]))
    elif callable(value) and hasattr(value, "__dict__") and not inspect.isclass(value):
        yield from vars(value).items()

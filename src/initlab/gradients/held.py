"""What a function of the user holds on to: globals and closures it reads, defaults, the object it is bound to."""

import functools
import inspect
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

DEEPEST = 5
MOST = 4096
"""No more objects than this are looked at."""

FOREIGN = ("builtins", "numpy", "torch", "jax", "jaxlib", "scipy", "matplotlib", "pandas", "sklearn")
"""Objects of these packages hold nothing of the user's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an object is held: by name, what is there, and how to put another object there; None where that cannot be.

    `key` tells two places apart.
    """

    name: str
    value: object
    key: tuple[int, object]
    put: Callable[[Any], object] | None


def held(*holders: object) -> Iterator[tuple[str, object]]:
    """(name, object) of everything within reach, each once, through functions, partials, objects and containers.

    >>> seven = 7
    >>> [name for name, value in held(lambda: seven) if value == 7]
    ['seven']
    """
    seen: set[int] = set()
    for place in places(*holders):
        if id(place.value) not in seen:
            seen.add(id(place.value))
            yield place.name, place.value


def places(*holders: object) -> Iterator[Place]:
    """Every place within reach, each once; what is at several places is looked into once."""
    seen: set[int] = set()
    pending: list[tuple[str, object, int]] = [("", holder, 0) for holder in holders]
    count = 0
    while pending and count < MOST:
        name, value, depth = pending.pop(0)
        if id(value) in seen:
            continue
        seen.add(id(value))
        if depth < DEEPEST:
            for inner in _inside(value):
                joined = _joined(name, inner.name)
                pending.append((joined, inner.value, depth + 1))
                count += 1
                if joined:
                    yield Place(name=joined, value=inner.value, key=inner.key, put=inner.put)


def _joined(name: str, inner: str) -> str:
    return name + inner if inner.startswith("[") else inner or name


def _inside(value: object) -> Iterator[Place]:
    if isinstance(value, functools.partial):
        yield _fixed("", value.func, value)
        yield from (_fixed("", each, value, i) for i, each in enumerate(value.args))
        yield from _of_dict(value.keywords)
    elif inspect.ismethod(value):
        yield _fixed("", value.__func__, value)
        yield _fixed("", value.__self__, value, 1)
    elif inspect.isfunction(value):
        yield from _of_function(value)
    elif isinstance(value, dict):
        yield from _of_dict(value)
    elif isinstance(value, Mapping):
        yield from (_fixed(str(key), each, value, str(key)) for key, each in list(value.items())[:64])
    elif isinstance(value, list):
        yield from (
            Place(name=f"[{i}]", value=each, key=(id(value), i), put=functools.partial(value.__setitem__, i))
            for i, each in enumerate(value[:64])
        )
    elif isinstance(value, tuple):
        yield from (_fixed(f"[{i}]", each, value, i) for i, each in enumerate(value[:64]))
    elif not isinstance(value, types.ModuleType) and _is_users(value):
        yield from _of_object(value)


def _fixed(name: str, value: object, holder: object, key: object = 0) -> Place:
    return Place(name=name, value=value, key=(id(holder), key), put=None)


def _of_dict(value: dict[Any, object]) -> Iterator[Place]:
    for key, each in list(value.items())[:64]:
        yield Place(name=str(key), value=each, key=(id(value), str(key)), put=functools.partial(value.__setitem__, key))


def _of_function(value: types.FunctionType) -> Iterator[Place]:
    found = inspect.getclosurevars(value)
    for name, each in found.globals.items():
        put = functools.partial(value.__globals__.__setitem__, name)
        yield Place(name=name, value=each, key=(id(value.__globals__), name), put=put)
    for name, cell in zip(value.__code__.co_freevars, value.__closure__ or (), strict=False):
        if name in found.nonlocals:
            put = functools.partial(setattr, cell, "cell_contents")
            yield Place(name=name, value=cell.cell_contents, key=(id(cell), ""), put=put)
    yield from (_fixed("", each, value, i) for i, each in enumerate(value.__defaults__ or ()))
    yield from _of_object(value)


def _of_object(value: object) -> Iterator[Place]:
    """The attributes of an object or a class of the user's."""
    for name, each in list(getattr(value, "__dict__", {}).items())[:64]:
        if not (name.startswith("__") or (inspect.isroutine(each) and inspect.isclass(value))):
            yield Place(name=name, value=each, key=(id(value), name), put=functools.partial(setattr, value, name))
    if not inspect.isclass(value) and not inspect.isroutine(value) and _is_users(type(value)):
        yield _fixed("", type(value), value, "class")


def _is_users(value: object) -> bool:
    kind = value if inspect.isclass(value) else type(value)
    return str(getattr(kind, "__module__", "builtins")).partition(".")[0] not in FOREIGN

"""The adapter of NumPy: a dict of arrays, such as the course's {"W1": (n1, n0), "b1": (n1, 1), ...}.

A matrix or kernel is a weight; what is called b, bias or beta, or has one axis, is a bias; gamma, g or scale is the
scale of a normalisation. A bias belongs to the weight whose name differs from its own in that word alone.
"""

import re
from collections.abc import Mapping, MutableMapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from initlab.errors import SpecError, UnknownNameError
from initlab.laws import Law
from initlab.parameters import Fan, Parameter, Role
from initlab.streams.sample import check_drawable, fill_part

Arrays = MutableMapping[str, NDArray[Any]]

_BIAS = re.compile(r"(?<![A-Za-z])(biases|bias|beta|b)(?![A-Za-z])", re.IGNORECASE)
_SCALE = re.compile(r"(?<![A-Za-z])(gamma|scale|g)(?![A-Za-z])", re.IGNORECASE)
_WEIGHT = re.compile(r"(?<![A-Za-z])(weights|weight|kernel|w)(?![A-Za-z])", re.IGNORECASE)


class NumpyAdapter:
    """Dicts of arrays in neutral terms.

    `inputs_first` says whether matrices are held as (in, out), for x @ W. None lets the shapes decide: they are if the
    layers and biases fit together that way and not the other.

    >>> course = {"W1": np.zeros((4, 2)), "b1": np.zeros((4, 1)), "W2": np.zeros((1, 4)), "b2": np.zeros((1, 1))}
    >>> [(each.name, each.role, each.fan.fan_in) for each in NumpyAdapter().parameters(course)]
    [('W1', 'input', 2.0), ('b1', 'bias', 2.0), ('W2', 'head', 4.0), ('b2', 'bias', 4.0)]
    """

    name = "numpy"

    def __init__(self, *, inputs_first: bool | None = None) -> None:
        self.inputs_first = inputs_first

    def parameters(self, model: Arrays) -> tuple[Parameter, ...]:
        """One parameter an array, in the order of the dict. Raises SpecError for what is no dict of float arrays."""
        check_arrays(model)
        turned = self._turned(model)
        weights = {name: array.shape for name, array in model.items() if _is_weight(name, array)}
        shapes = {name: _turn(shape) if turned else shape for name, shape in weights.items()}
        widths = [shape[0] for shape in shapes.values()]
        return tuple(
            _parameter(name, array, shapes, turned=turned, width=widths[0] if widths else None)
            for name, array in model.items()
        )

    def note(self, _model: Arrays) -> str:
        """Why it was not run."""
        return "arrays alone cannot be run"

    def values(self, model: Arrays, parameter: Parameter) -> NDArray[Any]:
        """The array in canonical order: itself, or a transposed view of it."""
        array = _held(model, parameter.name)
        return array.transpose(_axes(array)) if self._turns(model, parameter.name) else array

    def fill(self, model: Arrays, laws: Mapping[str, Law], *, seed: int) -> Arrays:
        """Draw each named array from its law, in place; every law is checked before the first is written."""
        shapes = {parameter.name: parameter.shape for parameter in self.parameters(model)}
        for name, law in laws.items():
            array = _held(model, name)
            if not array.flags.writeable:
                raise SpecError(f"The array {name} must be writable, got a read-only one. Copy it.")
            check_drawable(law, shapes[name], array.dtype)
        for name, law in laws.items():
            array = model[name]
            axes = _axes(array) if self._turns(model, name) else None
            fill_part(array, law, name=name, seed=seed, shape=array.shape, axes=axes)
        return model

    def _turns(self, model: Arrays, name: str) -> bool:
        return _is_weight(name, model[name]) and self._turned(model)

    def _turned(self, model: Arrays) -> bool:
        """Whether the matrices are held as (in, out)."""
        if self.inputs_first is not None:
            return self.inputs_first
        return not _fits(model, out=0) and _fits(model, out=1)


def check_arrays(model: object) -> None:
    """Raise SpecError unless it is a dict from names to NumPy arrays of floats."""
    if not isinstance(model, Mapping):
        raise SpecError(f"The model must be a dict of arrays, got {type(model).__name__}. Give name: array.")
    for name, array in model.items():
        if not (isinstance(name, str) and isinstance(array, np.ndarray) and array.dtype.kind in "fV"):
            raise SpecError(f"The array {name!r} must be a NumPy array of floats, got {_kind(array)}. Cast it.")


def _kind(value: object) -> str:
    return f"an array of {value.dtype}" if isinstance(value, np.ndarray) else type(value).__name__


def _held(model: Arrays, name: str) -> NDArray[Any]:
    if name not in model:
        raise UnknownNameError("parameter", name, model)
    return model[name]


def _is_weight(name: str, array: NDArray[Any]) -> bool:
    return array.ndim >= 2 and not _BIAS.search(name) and not _SCALE.search(name)


def _axes(array: NDArray[Any]) -> tuple[int, ...]:
    return (1, 0, *range(2, array.ndim))


def _turn(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (shape[1], shape[0], *shape[2:])


def _fits(model: Arrays, *, out: int) -> bool:
    """Whether each layer takes what the one before gives, and each bias has an entry for each output."""
    weights = {name: array.shape for name, array in model.items() if _is_weight(name, array)}
    chain = all(after[1 - out] == before[out] for before, after in pairwise(weights.values()))
    biases = [(array.size, _owner(name, weights)) for name, array in model.items() if _BIAS.search(name)]
    return chain and all(owner is None or weights[owner][out] == size for size, owner in biases)


def _owner(name: str, weights: Mapping[str, tuple[int, ...]]) -> str | None:
    """The weight that a bias belongs to."""
    stem = _BIAS.sub("", name)
    return next((weight for weight in weights if _WEIGHT.sub("", weight) == stem), None)


def _parameter(
    name: str, array: NDArray[Any], weights: Mapping[str, tuple[int, ...]], *, turned: bool, width: int | None
) -> Parameter:
    owner = name if name in weights else _owner(name, weights)
    place = list(weights).index(owner) if owner is not None else None
    role, why = _role(name, place, len(weights))
    if owner == name:
        why += ", held as (in, out)" if turned else ", held as (out, in)"
    return Parameter(
        name=name,
        shape=weights.get(name, array.shape),
        role=role,
        fan=None if owner is None else _fan(weights[owner]),
        layer=place,
        depth=len(weights) or None,
        width=width,
        dtype=array.dtype.name,
        why=why,
    )


def _fan(shape: tuple[int, ...]) -> Fan:
    return Fan(inputs=shape[1], outputs=shape[0], taps=int(np.prod(shape[2:], dtype=np.int64)))


def _role(name: str, place: int | None, count: int) -> tuple[Role, str]:
    if _SCALE.search(name):
        return "norm_scale", "named as the scale of a normalisation"
    if _BIAS.search(name) or place is None:
        return "bias", "named as a bias" if _BIAS.search(name) else "one axis, and no weight's name"
    if place == count - 1:
        return "head", "the last weight"
    return ("input", "the first weight") if place == 0 else ("weight", "a weight between others")

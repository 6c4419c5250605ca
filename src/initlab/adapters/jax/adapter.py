"""The adapter of JAX: pytrees of arrays, modules of Flax NNX, Linen and Equinox, on any device or none."""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from initlab.adapters.jax.model import put_back
from initlab.adapters.jax.model import read as read_form
from initlab.adapters.jax.read import Entry, Reading, read
from initlab.errors import UnknownNameError
from initlab.laws import Law
from initlab.parameters import Parameter
from initlab.streams.sample import check_drawable, sample


class JaxAdapter:
    """JAX models in neutral terms.

    Names are those of `names.py`: twins of torch and JAX share them, and so draw the same numbers. Nothing is changed
    in place: `fill` returns the model anew, in the form in which it was given.

    >>> import jax.numpy as jnp
    >>> from initlab.laws import Normal
    >>> model = {"fc": {"kernel": jnp.zeros((3, 2)), "bias": jnp.zeros(2)}}
    >>> [(each.name, each.shape, each.role) for each in JaxAdapter().parameters(model)]
    [('fc.bias', (2,), 'bias'), ('fc.weight', (2, 3), 'weight')]
    >>> JaxAdapter().fill(model, {"fc.weight": Normal(std=1.0)}, seed=0)["fc"]["kernel"].shape
    (3, 2)
    """

    name = "jax"

    def __init__(self) -> None:
        self._last: tuple[Any, Reading] | None = None

    def parameters(self, model: Any) -> tuple[Parameter, ...]:  # noqa: ANN401
        """One parameter an array (a tied one once), a block of a fused one or a layer of a stack, in order of use."""
        return tuple(entry.parameter for entry in self._read(model, anew=True).entries.values())

    def buffers(self, model: Any) -> tuple[str, ...]:  # noqa: ANN401
        """The names of the arrays that no optimiser is given, such as running averages. They are left alone."""
        return tuple(self._read(model).buffers)

    def note(self, model: Any) -> str:  # noqa: ANN401
        """Why the model was not traced to see what follows its parameters; nothing where it was."""
        return self._read(model).note

    def values(self, model: Any, parameter: Parameter) -> NDArray[Any] | None:  # noqa: ANN401
        """What a parameter holds now, as (out, in, *taps); None for a jax.ShapeDtypeStruct."""
        reading = self._read(model)
        entry = _known(reading, parameter.name)
        value = reading.form.leaves[entry.leaf].value
        return None if isinstance(value, jax.ShapeDtypeStruct) else entry.block.place.read(_host(value))

    def fill(self, model: Any, laws: Mapping[str, Law], *, seed: int) -> Any:  # noqa: ANN401
        """The model with each named parameter drawn from its law, all of them or none. The one given keeps its own.

        What stands for an array (jax.eval_shape) becomes one: drawn where it is named, zeros elsewhere.

        Raises SpecError when a law does not fit its parameter, UnknownNameError for a name that the model has not.
        """
        reading = self._read(model)
        drawn: dict[int, list[tuple[Entry, Law]]] = {}
        for name, law in laws.items():
            entry = _known(reading, name)
            check_drawable(law, entry.parameter.shape, entry.parameter.dtype)
            drawn.setdefault(entry.leaf, []).append((entry, law))
        arrays = [_array(leaf.value, drawn.get(place, []), seed=seed) for place, leaf in enumerate(reading.form.leaves)]
        return put_back(model, reading.form.rebuild(arrays))

    def scale(self, model: Any, factors: Mapping[str, float]) -> Any:  # noqa: ANN401
        """The model with each named parameter multiplied by a number, all others as they are."""
        reading = self._read(model)
        arrays = [leaf.value for leaf in reading.form.leaves]
        for name, factor in factors.items():
            entry = _known(reading, name)
            held = np.array(_host(arrays[entry.leaf]))
            entry.block.place.write(held, (entry.block.place.read(held) * factor).astype(held.dtype))
            arrays[entry.leaf] = _put(held, reading.form.leaves[entry.leaf].value)
        return put_back(model, reading.form.rebuild(arrays))

    def put(self, model: Any, values: Mapping[str, NDArray[Any]]) -> Any:  # noqa: ANN401
        """The model with each named parameter holding these values, as (out, in, *taps), and all others as they are."""
        reading = self._read(model)
        arrays = [leaf.value for leaf in reading.form.leaves]
        for name, value in values.items():
            entry = _known(reading, name)
            old = arrays[entry.leaf]
            held = np.zeros(old.shape, old.dtype) if isinstance(old, jax.ShapeDtypeStruct) else np.array(_host(old))
            entry.block.place.write(held, value.astype(held.dtype))
            arrays[entry.leaf] = _put(held, reading.form.leaves[entry.leaf].value)
        return put_back(model, reading.form.rebuild(arrays))

    def _read(self, model: Any, *, anew: bool = False) -> Reading:  # noqa: ANN401
        """What was read of the last model, as long as it is asked about again."""
        if anew or self._last is None or self._last[0] is not model:
            self._last = (model, read(read_form(model)))
        return self._last[1]


def _known(reading: Reading, name: str) -> Entry:
    if name not in reading.entries:
        raise UnknownNameError("parameter", name, reading.entries)
    return reading.entries[name]


def _host(value: Any) -> NDArray[Any]:  # noqa: ANN401
    """An array of JAX in NumPy's memory; the parts of a sharded one are gathered."""
    return np.asarray(value)


def _array(value: Any, blocks: list[tuple[Entry, Law]], *, seed: int) -> Any:  # noqa: ANN401
    """An array with some of its blocks drawn anew, on the devices and in the sharding of the old one."""
    stands = isinstance(value, jax.ShapeDtypeStruct)
    if not blocks:
        return jax.numpy.zeros(value.shape, value.dtype, device=value.sharding) if stands else value
    size = sum(entry.parameter.size for entry, _ in blocks)
    held = np.zeros(value.shape, value.dtype) if stands or size == value.size else np.array(_host(value))
    for entry, law in blocks:
        parameter = entry.parameter
        values = sample(law, name=parameter.name, seed=seed, shape=parameter.shape, dtype=parameter.dtype)
        entry.block.place.write(held, values)
    return _put(held, value)


def _put(held: NDArray[Any], like: Any) -> Any:  # noqa: ANN401
    """An array where another one is."""
    return jax.device_put(held, like.sharding) if isinstance(like, jax.Array | jax.ShapeDtypeStruct) else held

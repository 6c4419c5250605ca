"""The adapter of torch: `nn.Module`s, wrapped or not, on any device, in memory or on meta."""

from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from numpy.typing import NDArray
from torch import nn

from initlab.adapters.torch.fill import check, draw, uninterrupted
from initlab.adapters.torch.materialize import prepare, put
from initlab.adapters.torch.read import read
from initlab.adapters.torch.reading import Entry, Reading
from initlab.adapters.torch.values import values_of
from initlab.errors import SpecError, UnknownNameError
from initlab.laws import Law
from initlab.parameters import Parameter
from initlab.streams.key import checked_seed


class TorchAdapter:
    """Torch models in neutral terms. What was read of a model is kept while the model is as it was.

    A model is run once, without computing its products, to see what follows each parameter; `example` is an input for
    that, as the model is called with it: a tensor, a tuple of arguments or a dict of them. None guesses one.
    """

    name = "torch"

    def __init__(self, *, example: object = None) -> None:
        self.example = example
        self._readings: WeakKeyDictionary[nn.Module, Reading] = WeakKeyDictionary()

    def parameters(self, model: nn.Module) -> tuple[Parameter, ...]:
        """One parameter a tensor (a tied group once) or block of a fused tensor, in the order of the model."""
        return tuple(entry.parameter for entry in self._read(model, anew=True).entries.values())

    def buffers(self, model: nn.Module) -> tuple[str, ...]:
        """The names of the buffers, which are left alone."""
        return self._read(model).buffers

    def note(self, model: nn.Module) -> str:
        """Why the model could not be run to see what follows its parameters; nothing where it could."""
        return self._read(model).note

    def values(self, model: nn.Module, parameter: Parameter) -> NDArray[Any] | None:
        """What a parameter holds now, in canonical order: a view where one will do; None for one on meta."""
        entry = _known(self._read(model), [parameter.name])[parameter.name]
        return values_of(entry.tensor, entry.block)

    def all_values(self, model: nn.Module) -> Callable[[Parameter], NDArray[Any] | None]:
        """`values` for many parameters of a model that does not change meanwhile: it is looked at once."""
        entries = self._read(model).entries
        return lambda parameter: values_of(entries[parameter.name].tensor, entries[parameter.name].block)

    def fill(self, model: nn.Module, laws: Mapping[str, Law], *, seed: int) -> nn.Module:
        """Draw each named parameter from its law, in place, all of them or none.

        Every law is checked before the first number is written, and an interrupt waits until the last one is. A model
        on meta gets memory for what is drawn, and its buffers and special parameters are made again by its own code.

        Raises SpecError when a law does not fit its parameter, a fused tensor on meta has laws for some blocks only, or
        a buffer on meta cannot be made again; UnknownNameError for a name that the model has not.
        """
        reading = self._read(model)
        entries = _known(reading, laws)
        check(entries, laws)
        checked_seed(seed)
        made = prepare(model, _bare(entries, reading), _special(reading), seed=seed)
        with uninterrupted():
            if made:
                put(model, made)
                reading = self._readings[model] = reading.moved(made)
            draw(_known(reading, laws), laws, seed=seed)
        return model

    def reading(self, model: nn.Module) -> Reading:
        """What is known of the model: where each parameter lies in it."""
        return self._read(model)

    def _read(self, model: nn.Module, *, anew: bool = False) -> Reading:
        known = self._readings.get(model)
        if known is None or anew or not known.describes(model):
            known = self._readings[model] = read(model, self.example)
        return known


def _bare(entries: Mapping[str, Entry], reading: Reading) -> set[int]:
    """The identities of the tensors on meta that laws are given for.

    Raises SpecError when only some blocks of one have a law.
    """
    bare = {id(entry.tensor) for entry in entries.values() if entry.tensor.is_meta}
    for name, entry in reading.entries.items():
        if id(entry.tensor) in bare and name not in entries:
            raise SpecError(f"The laws must be of all blocks of a tensor on the meta device, got none for {name}.")
    return bare


def _special(reading: Reading) -> set[int]:
    return {id(entry.tensor) for entry in reading.entries.values() if entry.parameter.role == "special"}


def _known(reading: Reading, names: Any) -> dict[str, Any]:  # noqa: ANN401
    for name in names:
        if name not in reading.entries:
            raise UnknownNameError("parameter", name, reading.entries)
    return {name: reading.entries[name] for name in names}

"""A batch for a JAX model: what it is called on, and the targets; given, or made from a stated shape."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from initlab.adapters.batches import Made
from initlab.adapters.jax.leaves import Form
from initlab.errors import DataError

TARGETS = ("target", "targets", "label", "labels", "y")
EXAMPLES = 64
TOKENS = 32
"""How many examples are made: of numbers, and of tokens or pictures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What the model is called on, in order, the targets, and what they are in words."""

    args: tuple[Any, ...]
    target: Any = None
    words: str = ""

    @property
    def main(self) -> Any:  # noqa: ANN401
        """The first array that is fed in."""
        return next(each for each in self.args if hasattr(each, "shape"))

    @property
    def examples(self) -> int:
        """How many examples there are."""
        return int(self.main.shape[0]) if self.main.ndim else 1

    @property
    def tokens(self) -> Any:  # noqa: ANN401
        """The whole numbers of shape (examples, length) that are fed in, or None."""
        return self.main if np.issubdtype(self.main.dtype, np.integer) and self.main.ndim == 2 else None


def batch_of(form: Form, call: Any, given: Any, *, seed: int) -> Batch:  # noqa: ANN401
    """The batch for a model: read from what was given, made from a shape, or made for what the model takes."""
    if given is None:
        given = _made_for(form)
    if isinstance(given, Batch):
        return given
    if isinstance(given, Made):
        return Batch(args=(made(given, form, seed=seed),), words=str(given))
    if isinstance(given, Mapping):
        return _named(call, given)
    if isinstance(given, list | tuple) and len(given) == 2:
        inputs = given[0]
        args = tuple(inputs) if isinstance(inputs, list | tuple) else (inputs,)
        return _checked(Batch(args=_arrays(args), target=np.asarray(given[1]), words="the batch given"))
    if isinstance(given, list | tuple) and len(given) == 1:
        given = given[0]
    return _checked(Batch(args=_arrays((given,)), words="the batch given"))


def _checked(batch: Batch) -> Batch:
    if not all(each.dtype.kind in "fiubV" for each in batch.args):
        raise DataError(
            "The batch must be an array, (inputs, targets) or a mapping, got none of it. Give one of these."
        )
    sizes = "×".join(map(str, batch.main.shape))
    return Batch(args=batch.args, target=batch.target, words=f"the batch given, {sizes}")


def _arrays(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(np.asarray(value) for value in values)


def _named(call: Any, given: Mapping[str, Any]) -> Batch:  # noqa: ANN401
    """A mapping of the model's arguments, in the order in which it takes them."""
    try:
        order = list(inspect.signature(call).parameters)
    except (TypeError, ValueError):
        order = []
    target = next((given[key] for key in TARGETS if key in given and key not in order), None)
    rest = [key for key in given if key in order or key not in TARGETS]
    rest.sort(key=lambda key: order.index(key) if key in order else len(order))
    if not rest:
        raise DataError("The batch must hold an array, got none. Give (inputs, targets), or a mapping of arguments.")
    args = _arrays(tuple(given[key] for key in rest))
    return _checked(Batch(args=args, target=None if target is None else np.asarray(target)))


def _made_for(form: Form) -> Any:  # noqa: ANN401
    """The shape of a batch for what the model takes.

    Raises DataError where that is not known.
    """
    if form.inputs is None:
        raise DataError(
            "The batch must be given, got none, and no input was found that the model takes. State --input, or return "
            "(apply, weights, inputs)."
        )
    if len(form.inputs) > 1:
        if any(isinstance(each, jax.ShapeDtypeStruct) for each in form.inputs):
            raise DataError("The batch must be given, got shapes alone for several inputs. Give a mapping of arrays.")
        return Batch(args=_arrays(form.inputs), words="the inputs that came with the model")
    (only,) = form.inputs
    if np.issubdtype(only.dtype, np.integer):
        words = max((leaf.shape[0] for leaf in form.leaves if _is_table(leaf.path)), default=2)
        return Made(shape=(TOKENS, *only.shape[1:]), vocabulary=words)
    shape = (EXAMPLES if len(only.shape) < 4 else TOKENS, *only.shape[1:])
    return Made(shape=shape)


def _is_table(path: tuple[str, ...]) -> bool:
    return any("emb" in step.lower() or "tok" in step.lower() for step in path) and "pos" not in ".".join(path).lower()


def made(asked: Made, form: Form, *, seed: int) -> Any:  # noqa: ANN401
    """The array of a made batch: pictures with their channels where the model has them, in its dtype."""
    if asked.vocabulary is not None:
        return asked.array(seed=seed).astype(np.int32)
    dtype = next((leaf.value.dtype for leaf in form.leaves), np.float32)
    if len(asked.shape) == 4 and form.kind != "equinox":
        examples, rows, columns, channels = asked.shape
        array = Made(shape=(examples, channels, rows, columns)).array(seed=seed).transpose(0, 2, 3, 1)
        return np.ascontiguousarray(array).astype(dtype)
    return asked.array(seed=seed).astype(dtype)

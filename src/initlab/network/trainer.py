"""Training runs: the compiled network driven from Python, a stretch of steps at a time."""

import math

import numpy as np
import numpy.typing as npt

from initlab.network import compiled, descent
from initlab.network.architecture import HEADS, Architecture
from initlab.network.native import native
from initlab.network.randomness import BATCHES, dropout_name
from initlab.network.recipe import OptimizerName, Recipe
from initlab.numerics.activations import Floats
from initlab.streams.key import stream_key

MEMORY: dict[OptimizerName, int] = {"sgd": 0, "momentum": 1, "adam": 2}
"""Vectors as long as the parameters that an optimizer remembers."""

EVALUATED_AT_ONCE = 512
"""Examples that one block of an evaluation pushes through the network; it bounds the memory."""


class Training:
    """One network in training. `theta` holds its parameters, `step` counts the updates made so far.

    A full-batch step costs 2·P·m multiplications forward and about 4·P·m backward, for P weights and m examples.
    `advance` releases the interpreter lock: several trainings run at once in threads, and none depends on the others.

    >>> net = Architecture(widths=(2, 4, 1))
    >>> x, y = np.eye(2), np.array([[0.0, 1.0]])
    >>> training = Training(net, np.full(net.size, 0.1), x, y, Recipe(learning_rate=0.5), seed=0)
    >>> training.advance(100)
    >>> loss, accuracy = Evaluation(net, x, y, dtype="float64")(training.theta)
    >>> loss < 0.7
    True
    """

    def __init__(self, net: Architecture, theta: Floats, x: Floats, y: Floats, recipe: Recipe, *, seed: int) -> None:
        self.theta = theta.copy()
        self.step = 0
        dtype = self.theta.dtype
        examples = x.shape[1]
        batch = min(recipe.batch_size or examples, examples)
        self._shape = shape_of(net)
        self._steps = _steps(net, recipe, seed, dtype)
        self._activate, self._slope = native(net.activation, dtype.name)
        self._x, self._y = (np.ascontiguousarray(values, dtype=dtype) for values in (x, y))
        self._order = np.arange(examples)
        self._gradient = np.empty_like(self.theta)
        self._memory = np.zeros((MEMORY[recipe.optimizer], self.theta.size), dtype=dtype)
        self._batches = _buffers(net, examples, batch, dtype, drops=recipe.keep < 1)
        if batch == examples:
            self._batches[0].x[:] = self._x
            self._batches[0].y[:] = self._y

    def advance(self, steps: int) -> None:
        """Make that many updates."""
        descent.advance(
            self._shape, self.theta, self._gradient, self._memory, self._batches, self._order, self._x, self._y,
            self._activate, self._slope, self._steps, self.step, steps,
        )  # fmt: skip
        self.step += steps


class Evaluation:
    """A data set on which a network is scored again and again, with the room to do it."""

    def __init__(self, net: Architecture, x: Floats, y: Floats, *, dtype: str) -> None:
        self._shape = shape_of(net)
        self._activate, _ = native(net.activation, dtype)
        self._x, self._y = (np.ascontiguousarray(values, dtype=dtype) for values in (x, y))
        examples = x.shape[1]
        self._blocks = _buffers(net, examples, min(examples, EVALUATED_AT_ONCE), np.dtype(dtype), drops=False)

    def __call__(self, theta: Floats) -> tuple[float, float]:
        """The mean loss, without dropout or penalty, and the share that is right (NaN where there are no classes)."""
        loss, right = compiled.evaluate(self._shape, theta, self._blocks, self._x, self._y, self._activate)
        return loss, math.nan if self._shape.head == compiled.LINEAR else right


def distinct_units(net: Architecture, theta: Floats) -> npt.NDArray[np.int64]:
    """How many units of each layer have weights of their own; see `measure.distinct_units`."""
    counts = np.empty(net.depth, dtype=np.int64)
    compiled.count_distinct(shape_of(net), theta, float(np.sqrt(np.finfo(theta.dtype).eps)), counts)
    return counts


def shape_of(net: Architecture) -> compiled.Shape:
    """An architecture as the arrays that the compiled code reads."""
    widths = np.array(net.widths)
    layers = widths[1:] * widths[:-1] + widths[1:]
    return compiled.Shape(
        widths=widths,
        weights=np.concatenate(([0], np.cumsum(layers)[:-1])),
        rows=np.concatenate(([0], np.cumsum(widths[1:])[:-1])),
        head=HEADS.index(net.head),
    )


def _steps(net: Architecture, recipe: Recipe, seed: int, dtype: np.dtype) -> descent.Steps:
    names = [dropout_name(layer) for layer in range(net.depth - 1)]
    return descent.Steps(
        adam=recipe.optimizer == "adam",
        rate=dtype.type(recipe.learning_rate),
        friction=dtype.type(0 if recipe.optimizer == "sgd" else recipe.momentum),
        decay=dtype.type(recipe.decay),
        epsilon=dtype.type(recipe.epsilon),
        l2=dtype.type(recipe.l2),
        keep=recipe.keep,
        batches_key=np.array(stream_key(BATCHES, seed), dtype=np.uint64),
        dropout_keys=np.array([stream_key(name, seed) for name in names], dtype=np.uint64).reshape(-1, 4),
    )


def _buffers(
    net: Architecture, examples: int, batch: int, dtype: np.dtype, *, drops: bool
) -> tuple[compiled.Buffers, compiled.Buffers]:
    """Room for a full batch, and for the smaller one that an epoch may end with."""

    def room(m: int) -> compiled.Buffers:
        rows = sum(net.widths[1:])
        sizes = (net.widths[0], net.widths[-1], rows, rows, rows * drops, rows * drops, rows)
        return compiled.Buffers(*(np.zeros((size, m), dtype=dtype) for size in sizes))

    return room(batch), room(examples % batch)

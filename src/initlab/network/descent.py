"""Many steps of training, compiled: batches and masks drawn from their streams, a gradient, an update, and again."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from initlab.network import recipe
from initlab.network.compiled import Buffers, Places, Shape, backward, forward, hidden
from initlab.network.kernels import kernel
from initlab.numerics.activations import Floats
from initlab.streams.compiled import philox_block

Words = npt.NDArray[np.unsignedinteger]

adam, momentum, descent = kernel(recipe.adam), kernel(recipe.momentum), kernel(recipe.descent)


class Steps(NamedTuple):
    """A recipe as numbers, and the keys of the two streams that training draws from."""

    adam: bool
    rate: float
    friction: float
    decay: float
    epsilon: float
    l2: float
    keep: float
    batches_key: Words
    dropout_keys: Words


@kernel
def draw_words(words: Words, key: Words, start: int) -> None:
    """Words start, start + 1, ... of a stream: those of `initlab.streams.words`."""
    count = words.size
    for block in range(start >> 2, (start + count + 3) >> 2):
        drawn = philox_block(key[0], key[1], key[2], key[3], np.uint64(block))
        for lane in range(4):
            place = 4 * block + lane - start
            if 0 <= place < count:
                words[place] = drawn[lane]


@kernel
def shuffle(order: Places, key: Words, epoch: int) -> None:
    """The order of an epoch: examples sorted by the words of the stream from epoch · examples on."""
    m = order.size
    words = np.empty(m, np.uint32)
    draw_words(words, key, epoch * m)
    ranked = np.empty(m, np.uint64)
    for i in range(m):
        ranked[i] = (np.uint64(words[i]) << np.uint64(32)) | np.uint64(i)
    ranked.sort()
    for i in range(m):
        order[i] = ranked[i] & np.uint64(0xFFFFFFFF)


@kernel
def load(columns: Places, source: Floats, target: Floats) -> None:
    """Copy the chosen columns of a data matrix into a buffer."""
    for k in range(source.shape[0]):
        for i in range(columns.size):
            target[k, i] = source[k, columns[i]]


@kernel
def draw_masks(shape: Shape, buffers: Buffers, capacity: int, keep: float, keys: Words, step: int) -> None:
    """The inverted dropout masks of every hidden layer for one step."""
    threshold = np.uint64(keep * 4294967296.0)
    scale = buffers.mask.dtype.type(1 / keep)
    for layer in range(shape.widths.size - 2):
        mask = hidden(buffers.mask, shape, layer)
        n, m = mask.shape
        words = np.empty(n * m, np.uint32)
        draw_words(words, keys[layer], step * n * capacity)
        for j in range(n):
            for i in range(m):
                mask[j, i] = scale if np.uint64(words[j * m + i]) < threshold else 0


@kernel
def advance(
    shape: Shape,
    theta: Floats,
    gradient: Floats,
    memory: Floats,
    batches: tuple[Buffers, Buffers],
    order: Places,
    x: Floats,
    y: Floats,
    activate: Callable[..., None],
    slope: Callable[..., None],
    how: Steps,
    first: int,
    steps: int,
) -> None:
    """Train `theta` in place for `steps` steps, the first of which is number `first`.

    `batches` are the buffers of a full batch and of the last one of an epoch.
    """
    examples, size = x.shape[1], batches[0].x.shape[1]
    per_epoch = (examples + size - 1) // size
    drops = how.keep < 1
    for step in range(first, first + steps):
        start = step % per_epoch * size
        stop = min(start + size, examples)
        buffers = batches[0] if stop - start == size else batches[1]
        if per_epoch > 1:
            if start == 0 or step == first:
                shuffle(order, how.batches_key, step // per_epoch)
            load(order[start:stop], x, buffers.x)
            load(order[start:stop], y, buffers.y)
        if drops:
            draw_masks(shape, buffers, size, how.keep, how.dropout_keys, step)
        forward(shape, theta, buffers, activate, drops)
        backward(shape, theta, gradient, buffers, slope, drops, how.l2)
        if how.adam:
            adam(theta, gradient, memory, how.rate, how.friction, how.decay, how.epsilon, step)
        elif how.friction > 0:
            momentum(theta, gradient, memory, how.rate, how.friction)
        else:
            descent(theta, gradient, how.rate)

"""The network compiled: forward, backward, evaluation. It mirrors `reference.py` line by line.

A buffer holds the rows of all layers, one below the other, so that a layer is a contiguous slice. All functions
release the interpreter lock: many nets train at once in plain threads.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from initlab.network.kernels import accessor, affine, back, kernel, outer, row_sums
from initlab.numerics.activations import Floats

Places = npt.NDArray[np.int64]

SIGMOID, SOFTMAX, LINEAR = 0, 1, 2


class Shape(NamedTuple):
    """An architecture as arrays: widths, where Wˡ begins in theta, where layer l begins in the rows of a buffer."""

    widths: Places
    weights: Places
    rows: Places
    head: int


class Buffers(NamedTuple):
    """Room for one batch: inputs, targets, and per layer z, a, a ∘ m, m and δ."""

    x: Floats
    y: Floats
    z: Floats
    a: Floats
    dropped: Floats
    mask: Floats
    delta: Floats


@accessor
def weights_of(shape: Shape, theta: Floats, layer: int) -> tuple[Floats, Floats]:
    """W, flat, and b of a layer, as views of the vector of all parameters."""
    k, n, start = shape.widths[layer], shape.widths[layer + 1], shape.weights[layer]
    stop = start + n * k
    return theta[start:stop], theta[stop : stop + n]


@accessor
def hidden(buffer: Floats, shape: Shape, layer: int) -> Floats:
    """The rows of one layer in a buffer."""
    return buffer[shape.rows[layer] : shape.rows[layer] + shape.widths[layer + 1]]


@accessor
def input_of(shape: Shape, buffers: Buffers, layer: int, drops: bool) -> Floats:
    """What enters the weights of a layer."""
    if layer == 0:
        return buffers.x
    return hidden(buffers.dropped if drops else buffers.a, shape, layer - 1)


@kernel
def multiply(a: Floats, b: Floats, out: Floats) -> None:
    """Fill out with a ∘ b."""
    for j in range(out.shape[0]):
        for i in range(out.shape[1]):
            out[j, i] = a[j, i] * b[j, i]


@kernel
def forward(shape: Shape, theta: Floats, buffers: Buffers, activate: Callable[..., None], drops: bool) -> None:
    """Fill z, a and a ∘ m of every layer from the batch in the buffers."""
    depth = shape.widths.size - 1
    for layer in range(depth):
        W, b = weights_of(shape, theta, layer)
        z = hidden(buffers.z, shape, layer)
        affine(W, b, input_of(shape, buffers, layer, drops), z)
        if layer < depth - 1:
            a = hidden(buffers.a, shape, layer)
            activate(z, a)
            if drops:
                multiply(a, hidden(buffers.mask, shape, layer), hidden(buffers.dropped, shape, layer))


@kernel
def backward(
    shape: Shape,
    theta: Floats,
    gradient: Floats,
    buffers: Buffers,
    slope: Callable[..., None],
    drops: bool,
    l2: float,
) -> None:
    """Fill the gradient of the regularized mean loss from what `forward` left."""
    depth = shape.widths.size - 1
    output_delta(shape.head, hidden(buffers.z, shape, depth - 1), buffers.y, hidden(buffers.delta, shape, depth - 1))
    for layer in range(depth - 1, -1, -1):
        W, _ = weights_of(shape, theta, layer)
        dW, db = weights_of(shape, gradient, layer)
        delta = hidden(buffers.delta, shape, layer)
        outer(delta, input_of(shape, buffers, layer, drops), dW)
        row_sums(delta, db)
        if l2 > 0:
            dW += l2 * W
        if layer > 0:
            previous = hidden(buffers.delta, shape, layer - 1)
            back(W, delta, previous)
            if drops:
                multiply(previous, hidden(buffers.mask, shape, layer - 1), previous)
            slope(hidden(buffers.z, shape, layer - 1), hidden(buffers.a, shape, layer - 1), previous)


@kernel
def output_delta(head: int, z: Floats, y: Floats, delta: Floats) -> None:
    """Fill delta with (prediction - y)/m."""
    n, m = z.shape
    scale = 1 / z.dtype.type(m)
    if head == SIGMOID:
        for i in range(m):
            delta[0, i] = (1 / (1 + np.exp(-z[0, i])) - y[0, i]) * scale
    elif head == SOFTMAX:
        for i in range(m):
            top = z[:, i].max()
            total = z.dtype.type(0)
            for j in range(n):
                delta[j, i] = np.exp(z[j, i] - top)
                total += delta[j, i]
            for j in range(n):
                delta[j, i] = (delta[j, i] / total - y[j, i]) * scale
    else:
        for j in range(n):
            for i in range(m):
                delta[j, i] = (z[j, i] - y[j, i]) * scale


@kernel
def score(head: int, z: Floats, y: Floats) -> tuple[float, int]:
    """The summed loss of a block of examples, in float64, and how many are right."""
    n, m = z.shape
    loss, right = 0.0, 0
    for i in range(m):
        if head == SIGMOID:
            t = z[0, i]
            loss += max(t, 0.0) - y[0, i] * t + np.log1p(np.exp(-abs(t)))
            right += (t > 0) == (y[0, i] > 0.5)
        elif head == SOFTMAX:
            top = z[:, i].max()
            total, target = 0.0, 0.0
            for j in range(n):
                total += np.exp(z[j, i] - top)
                target += y[j, i] * (z[j, i] - top)
            loss += np.log(total) - target
            right += z[:, i].argmax() == y[:, i].argmax()
        else:
            for j in range(n):
                loss += (z[j, i] - y[j, i]) ** 2 / 2
    return loss, right


@kernel
def evaluate(
    shape: Shape,
    theta: Floats,
    blocks: tuple[Buffers, Buffers],
    x: Floats,
    y: Floats,
    activate: Callable[..., None],
) -> tuple[float, float]:
    """The mean loss over all examples, without dropout or penalty, and the share that is right.

    `blocks` are the buffers of a full block of examples and of the last one.
    """
    total, loss, right = x.shape[1], 0.0, 0
    size = blocks[0].x.shape[1]
    for start in range(0, total, size):
        stop = min(start + size, total)
        buffers = blocks[0] if stop - start == size else blocks[1]
        buffers.x[:] = x[:, start:stop]
        forward(shape, theta, buffers, activate, False)
        block, hits = score(shape.head, hidden(buffers.z, shape, shape.widths.size - 2), y[:, start:stop])
        loss += block
        right += hits
    return loss / total, right / total


@kernel
def same(W: Floats, b: Floats, i: int, j: int, tolerance: float) -> bool:
    """Whether no incoming weight of two units, nor their biases, differ by more than the tolerance; W is flat."""
    k = W.size // b.size
    differ = abs(b[i] - b[j]) > tolerance
    c = 0
    while c < k and not differ:
        differ = abs(W[i * k + c] - W[j * k + c]) > tolerance
        c += 1
    return not differ


@kernel
def count_distinct(shape: Shape, theta: Floats, precision: float, counts: Places) -> None:
    """Fill in how many units of each layer have weights of their own, as `measure.distinct_units` defines it."""
    for layer in range(shape.widths.size - 1):
        W, b = weights_of(shape, theta, layer)
        counts[layer] = -1
        if np.isfinite(W).all() and np.isfinite(b).all():
            sizes = np.abs(b)
            for i in range(b.size):
                sizes[i] = max(sizes[i], np.abs(W[i * (W.size // b.size) : (i + 1) * (W.size // b.size)]).max())
            counts[layer] = 0
            for i in range(b.size):
                known = False
                for j in range(i):
                    known = known or same(W, b, i, j, precision * max(sizes[i], sizes[j]))
                counts[layer] += not known

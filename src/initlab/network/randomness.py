"""What training draws: the order of the examples in an epoch, and the dropout masks. Each names its stream.

batches       word (epoch · m + i) of the stream "batches" ranks example i of m within its epoch
dropout l     word (step · n · batch + j · m + i) of the stream "dropout l" keeps unit j of n on example i of m
"""

import numpy as np
import numpy.typing as npt

from initlab.numerics.activations import Floats
from initlab.streams.key import stream_key
from initlab.streams.words import words

BATCHES = "batches"


def dropout_name(layer: int) -> str:
    """The name of the stream of a hidden layer's dropout masks; layers count from 0, names from 1."""
    return f"dropout {layer + 1}"


def batch_of_step(step: int, examples: int, batch_size: int | None, *, seed: int) -> npt.NDArray[np.intp]:
    """The columns that a step trains on; the last batch of an epoch may be smaller."""
    if batch_size is None or batch_size >= examples:
        return np.arange(examples)
    epoch, place = divmod(step, -(-examples // batch_size))
    ranks = words(stream_key(BATCHES, seed), epoch * examples, examples)
    order = np.argsort(ranks, kind="stable")
    return order[place * batch_size : (place + 1) * batch_size]


def dropout_mask(
    units: int, examples: int, batch: int, keep: float, *, layer: int, step: int, seed: int, dtype: np.dtype
) -> Floats | None:
    """The inverted dropout mask, 0 or 1/keep, of one hidden layer at one step; None where nothing is dropped."""
    if keep == 1:
        return None
    drawn = words(stream_key(dropout_name(layer), seed), step * units * batch, units * examples)
    return ((drawn < int(keep * 2**32)) / keep).astype(dtype).reshape(units, examples)

"""The course's data."""

import numpy as np
import numpy.typing as npt

from initlab.experiments.datasets import circles
from initlab.numerics.activations import Floats

Labels = npt.NDArray[np.int64]


def load_dataset() -> tuple[Floats, Labels, Floats, Labels]:
    """Two noisy circles: 300 examples to train and 100 to test.

    Returns train_X (2, 300), train_Y (1, 300), test_X (2, 100), test_Y (1, 100). Label 0 is the outer circle, of radius
    1, and label 1 the inner one, of radius 0.8. The noise has a standard deviation of 0.05.

    >>> train_X, train_Y, test_X, test_Y = load_dataset()
    >>> train_X.shape, train_Y.sum(), test_X.shape, test_Y.sum()
    ((2, 300), np.int64(150), (2, 100), np.int64(50))
    """
    data = circles()
    train, test = data.train, data.test
    return train.x.T, train.y[np.newaxis].astype(np.int64), test.x.T, test.y[np.newaxis].astype(np.int64)

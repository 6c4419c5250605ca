"""The orthogonal law: normals from a stream, made orthonormal by `householder.py`, or compiled by `reflections.py`."""

import sys

import numpy as np

from initlab.laws import Normal
from initlab.streams import draw
from initlab.streams.householder import Matrix, reflect_plainly
from initlab.streams.key import Key
from initlab.streams.transform import transform_of

SMALL = 1 << 19
"""Up to m·n² of this size NumPy is quick enough, if the compiled file is not loaded."""


def compiled_serves(work: int) -> bool:
    """Whether the compiled reflections are worth having: the matrix is large, or they are loaded already."""
    return work > SMALL or "initlab.streams.reflections" in sys.modules


def orthogonal(key: Key, rows: int, columns: int, gain: float, threads: int) -> Matrix:
    """`gain` times a Haar-random matrix of shape (rows, columns), with orthonormal rows or columns.

    >>> q = orthogonal((1, 2, 3, 4), 3, 2, 1.0, threads=1)
    >>> bool(np.allclose(q.T @ q, np.eye(2), atol=1e-15))
    True
    """
    m, n = max(rows, columns), min(rows, columns)
    x = np.empty((m, n))
    normal = transform_of(Normal(std=1.0))
    assert normal is not None
    draw.fill_part(draw.elementwise(key, normal, x.size), x, 0, (n, 1), threads)
    if compiled_serves(m * n * n):
        from initlab.streams.reflections import reflect

        q = reflect(x, threads)
    else:
        q = reflect_plainly(x)
    q *= gain
    return q if rows >= columns else q.T

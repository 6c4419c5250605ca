"""A random matrix with orthonormal columns or rows, its arithmetic in one fixed order: the same bits everywhere.

With m = max(rows, columns) and n = min(rows, columns), the m × n matrix X of standard normals gives reflections

    x = X[k:, k],   v_k = x + sign(x₀)‖x‖e₁,   H_k = I - 2v_k v_kᵀ/‖v_k‖²,   Q = H_0 H_1 ... H_{n-1} I_{m×n} D

with D = diag(-sign X[k, k]). Q is Haar distributed: it is the factor Q of X = QR with a positive diagonal of R, in law,
for half the work, because no reflection is applied to X. Sixty-four reflections are applied at once,

    H_k ... H_{k+63} = I - V U⁻¹ Vᵀ,   U = VᵀV with its diagonal halved and nothing below it

Every sum runs over its index upwards, the solution of U downwards, with a rounding after each multiplication and each
addition: vectors run across columns and never along a sum, so their width, the panels and the threads change nothing.
LAPACK promises none of this. Memory: three arrays of the matrix's size. This file is the specification, and serves
small matrices; `reflections.py` is the same, compiled.

Reference: Stewart, The efficient generation of random orthogonal matrices, SIAM J. Numer. Anal. 17, 1980.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

BLOCK = 64
"""How many reflections are applied at once: part of the definition, because it orders the sums."""

Matrix: TypeAlias = NDArray[np.float64]


def reflect_plainly(x: Matrix) -> Matrix:
    """Q of the module's formula, from X; X is overwritten by the vectors v."""
    m, n = x.shape
    q = np.zeros((m, n))
    q[np.arange(n), np.arange(n)] = to_vectors(x)
    for k in reversed(range(0, n, BLOCK)):
        v, c = x[k:, k : k + BLOCK], q[k:, k:]
        gram, w = np.zeros((v.shape[1], v.shape[1])), np.zeros((v.shape[1], c.shape[1]))
        add_product(gram, v.T, v)
        add_product(w, v.T, c)
        solve(gram, w)
        add_product(c, v, w)
    return q


def to_vectors(x: Matrix) -> NDArray[np.float64]:
    """Turn the columns of X into the vectors v, and return the diagonal of D."""
    x[:] = np.tril(x)
    diagonal = np.arange(x.shape[1])
    squares = np.zeros(len(diagonal))
    for row in x:
        squares += row * row
    signs = np.sign(x[diagonal, diagonal])
    x[diagonal, diagonal] += signs * np.sqrt(squares)
    return -signs


def add_product(c: Matrix, a: Matrix, b: Matrix) -> None:
    """C += A·B, the inner index running upwards."""
    for k in range(len(b)):
        c += a[:, k, None] * b[k]


def solve(gram: Matrix, w: Matrix) -> None:
    """W := -U⁻¹W with U the Gram matrix above its halved diagonal, from the last row up."""
    for k in reversed(range(len(w))):
        w[k] /= -0.5 * gram[k, k]
        w[:k] += gram[:k, k, None] * w[k]

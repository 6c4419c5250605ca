"""The arithmetic of `householder.py`, compiled: the same operations on the same numbers in the same order.

A product is taken eight steps of its sum at a time on two rows at once, so that an entry is read and written once for
sixteen operations; the vectors run along the rows. Multiplications and additions are not fused. Panels of columns are
independent of each other, and threads take them one by one.
"""

import numpy as np

from initlab.streams.compiled import inlined, kernel
from initlab.streams.householder import BLOCK, Matrix
from initlab.streams.threads import share_out

_BLOCK = BLOCK
_WIDTH = 256
_STEPS = 8


def reflect(x: Matrix, threads: int) -> Matrix:
    """Q from X, as `householder.reflect_plainly` has it; X is overwritten."""
    m, n = x.shape
    signs = np.empty(n)
    to_vectors(x, signs)
    grams = np.zeros((-(-n // BLOCK), BLOCK, BLOCK))
    share_out(
        iter(range(len(grams))), lambda block: fill_gram(x, block * BLOCK, grams[block]), min(threads, len(grams))
    )
    q = np.zeros((m, n))
    width = min(_WIDTH, -(-n // threads))

    def fill(first: int) -> None:
        last = min(n, first + width)
        panel = np.zeros((m, last - first))
        apply_blocks(panel, first, x, grams, signs)
        q[:, first:last] = panel

    share_out(reversed(range(0, n, width)), fill, min(threads, -(-n // width)))
    return q


@kernel
def to_vectors(x: Matrix, signs: Matrix) -> None:
    """Turn the columns of X into the vectors v, and note the diagonal of D."""
    m, n = x.shape
    squares = np.zeros(n)
    for i in range(m):
        for k in range(min(i + 1, n)):
            squares[k] += x[i, k] * x[i, k]
        for k in range(i + 1, n):
            x[i, k] = 0.0
    for k in range(n):
        sign = np.sign(x[k, k])
        signs[k] = -sign
        x[k, k] += sign * np.sqrt(squares[k])


@kernel
def fill_gram(x: Matrix, k: int, gram: Matrix) -> None:
    """VᵀV of the block whose first vector is k."""
    last = min(x.shape[1], k + _BLOCK)
    v = x[k:, k:last]
    add_product(gram, v.T, v.copy())


@kernel
def apply_blocks(panel: Matrix, first: int, x: Matrix, grams: Matrix, signs: Matrix) -> None:
    """Set a panel to the columns of Q from `first` on."""
    n, width = x.shape[1], panel.shape[1]
    for j in range(width):
        panel[first + j, j] = signs[first + j]
    last = (first + width - 1) // _BLOCK
    for block in range(last, -1, -1):
        k = block * _BLOCK
        v = x[k:, k : min(n, k + _BLOCK)]
        w = np.zeros((v.shape[1], width))
        add_product(w, v.T, panel[k:])
        solve(grams[block], w)
        add_product(panel[k:], v, w)


@kernel
def solve(gram: Matrix, w: Matrix) -> None:
    """W := -U⁻¹W, from the last row up."""
    for k in range(w.shape[0] - 1, -1, -1):
        half = -0.5 * gram[k, k]
        for j in range(w.shape[1]):
            w[k, j] /= half
        for i in range(k):
            for j in range(w.shape[1]):
                w[i, j] += gram[i, k] * w[k, j]


@kernel
def add_product(c: Matrix, a: Matrix, b: Matrix) -> None:
    """C += A·B; rows past the product's own are left alone."""
    steps, rows = b.shape[0], a.shape[0]
    whole = steps - steps % _STEPS
    spare = np.zeros(b.shape[1])
    for k in range(0, whole, _STEPS):
        for i in range(0, rows, 2):
            pair = i + 1 < rows
            j = i + 1 if pair else i
            _add_eight(c[i, : b.shape[1]], c[j, : b.shape[1]] if pair else spare, a[i], a[j], b, k)
    for k in range(whole, steps):
        for i in range(rows):
            for j in range(b.shape[1]):
                c[i, j] += a[i, k] * b[k, j]


@inlined
def _add_eight(c: Matrix, d: Matrix, p: Matrix, q: Matrix, b: Matrix, k: int) -> None:
    """Add eight terms to each entry of two rows, in order."""
    p0, p1, p2, p3, p4, p5, p6, p7 = p[k], p[k + 1], p[k + 2], p[k + 3], p[k + 4], p[k + 5], p[k + 6], p[k + 7]
    q0, q1, q2, q3, q4, q5, q6, q7 = q[k], q[k + 1], q[k + 2], q[k + 3], q[k + 4], q[k + 5], q[k + 6], q[k + 7]
    b0, b1, b2, b3, b4, b5, b6, b7 = b[k], b[k + 1], b[k + 2], b[k + 3], b[k + 4], b[k + 5], b[k + 6], b[k + 7]
    for j in range(c.size):
        x0, x1, x2, x3, x4, x5, x6, x7 = b0[j], b1[j], b2[j], b3[j], b4[j], b5[j], b6[j], b7[j]
        c[j] = c[j] + p0 * x0 + p1 * x1 + p2 * x2 + p3 * x3 + p4 * x4 + p5 * x5 + p6 * x6 + p7 * x7
        d[j] = d[j] + q0 * x0 + q1 * x1 + q2 * x2 + q3 * x3 + q4 * x4 + q5 * x5 + q6 * x6 + q7 * x7

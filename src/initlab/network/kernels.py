"""The inner loops of the compiled trainer: products of small matrices, and of large ones through BLAS.

Every loop runs along the examples, which lie next to each other in memory, so that one instruction serves several. The
sums over examples may be reassociated for that (`REASSOCIATE`); infinities and NaN keep their meaning.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit

from initlab.numerics.activations import Floats

Function = TypeVar("Function", bound=Callable[..., Any])

REASSOCIATE = {"reassoc", "contract", "nsz"}
"""What the sums over examples may be subjected to."""

BLAS_FROM = 1024
"""Weights in a matrix from which a call of BLAS is quicker than these loops (measured in benchmarks/compare.py)."""


def kernel(function: Function) -> Function:
    """Compile on first call, without the interpreter lock, cached on disk."""
    return cast(Function, njit(nogil=True, cache=True)(function))


def accessor(function: Function) -> Function:
    """A kernel that is pasted where it is called: handing over a tuple of arrays costs as much as a small product."""
    return cast(Function, njit(nogil=True, cache=True, inline="always")(function))


def product(function: Function) -> Function:
    """A kernel whose sums may be reassociated."""
    return cast(Function, njit(nogil=True, cache=True, fastmath=REASSOCIATE)(function))


@product
def affine(W: Floats, b: Floats, a: Floats, z: Floats) -> None:
    """Fill z with W a + b, for W given flat, row by row."""
    n, k = z.shape[0], a.shape[0]
    if n * k < BLAS_FROM:
        combine(b, W, k, 1, a, z)
        return
    np.dot(W.reshape(n, k), a, z)
    for j in range(n):
        for i in range(z.shape[1]):
            z[j, i] += b[j]


@product
def back(W: Floats, delta: Floats, previous: Floats) -> None:
    """Fill previous with Wᵀ delta, for W given flat, row by row."""
    n, k = delta.shape[0], previous.shape[0]
    if n * k < BLAS_FROM:
        combine(W[:0], W, 1, k, delta, previous)
    else:
        np.dot(W.reshape(n, k).T, delta, previous)


@product
def combine(b: Floats, W: Floats, down: int, along: int, a: Floats, z: Floats) -> None:
    """z[j] = b[j] + Σ_c W[j·down + c·along] a[c], four rows of a at a time; an empty b is zero."""
    m = z.shape[1]
    k = a.shape[0]
    odd = k % 4
    for j in range(z.shape[0]):
        at = j * down
        constant = b[j] if b.size else W.dtype.type(0)
        if odd == 0:
            for i in range(m):
                z[j, i] = constant
        elif odd == 1:
            w0 = W[at]
            for i in range(m):
                z[j, i] = constant + w0 * a[0, i]
        elif odd == 2:
            w0, w1 = W[at], W[at + along]
            for i in range(m):
                z[j, i] = constant + w0 * a[0, i] + w1 * a[1, i]
        else:
            w0, w1, w2 = W[at], W[at + along], W[at + 2 * along]
            for i in range(m):
                z[j, i] = constant + w0 * a[0, i] + w1 * a[1, i] + w2 * a[2, i]
        for c in range(odd, k, 4):
            at = j * down + c * along
            w0, w1, w2, w3 = W[at], W[at + along], W[at + 2 * along], W[at + 3 * along]
            for i in range(m):
                z[j, i] += w0 * a[c, i] + w1 * a[c + 1, i] + w2 * a[c + 2, i] + w3 * a[c + 3, i]


@product
def outer(delta: Floats, a: Floats, dW: Floats) -> None:
    """Fill dW with delta aᵀ, laid flat row by row, four entries at a time."""
    n, k = delta.shape[0], a.shape[0]
    m = delta.shape[1]
    if n * k >= BLAS_FROM:
        np.dot(delta, a.T, dW.reshape(n, k))
        return
    zero = dW.dtype.type(0)
    for j in range(n):
        for c in range(0, k - 3, 4):
            s0, s1, s2, s3 = zero, zero, zero, zero
            for i in range(m):
                s0 += delta[j, i] * a[c, i]
                s1 += delta[j, i] * a[c + 1, i]
                s2 += delta[j, i] * a[c + 2, i]
                s3 += delta[j, i] * a[c + 3, i]
            at = j * k + c
            dW[at], dW[at + 1], dW[at + 2], dW[at + 3] = s0, s1, s2, s3
        for c in range(k - k % 4, k):
            s0 = zero
            for i in range(m):
                s0 += delta[j, i] * a[c, i]
            dW[j * k + c] = s0


@product
def row_sums(delta: Floats, db: Floats) -> None:
    """Fill db with the sum of every row of delta."""
    n, m = delta.shape
    for j in range(n):
        total = db.dtype.type(0)
        for i in range(m):
            total += delta[j, i]
        db[j] = total

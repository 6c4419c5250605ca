"""The laws of whole matrices: what they promise, and orthogonal bits that nothing moves."""

import math

import numpy as np
import pytest
from scipy import stats

from initlab.laws import DeltaOrthogonal, Dirac, Hadamard, Identity, LogUniform, Orthogonal, Sparse
from initlab.streams import sample, stream_key, words
from initlab.streams.householder import reflect_plainly
from initlab.streams.logarithm import logarithm
from initlab.streams.orthogonal import orthogonal

P_LIMIT = 1e-6
"""Fixed seeds make these tests deterministic; a right law fails one of a thousand of them at this level 1 in 1000."""


@pytest.mark.parametrize(
    ("rows", "columns"), [(1, 1), (1, 9), (9, 1), (40, 40), (64, 64), (65, 65), (130, 7), (7, 200)]
)
def test_orthogonal(rows, columns):
    q = sample(Orthogonal(rows=rows, columns=columns, gain=2.0), name="w", seed=0, shape=(rows, columns)) / 2
    product = q @ q.T if rows < columns else q.T @ q
    assert np.abs(product - np.eye(min(rows, columns))).max() < 2e-14  # 64 machine epsilons


@pytest.mark.parametrize(("m", "n"), [(1, 1), (5, 3), (70, 64), (130, 129), (200, 65), (90, 8)])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_compiled_reflections_are_the_plain_ones(m, n, threads):
    from initlab.streams.reflections import reflect

    x = np.random.default_rng(0).normal(size=(m, n))
    assert np.array_equal(reflect_plainly(x.copy()), reflect(x.copy(), threads))


def test_orthogonal_is_haar():
    """Moments of the entries, and of the trace, of Haar matrices: E q² = 1/n, E q⁴ = 3/(n(n+2)), E (tr Q)² = 1."""
    n, count = 4, 4000
    drawn = np.array([orthogonal(stream_key(f"q{i}", 0), n, n, 1.0, 1) for i in range(count)])
    traces = np.trace(drawn, axis1=1, axis2=2)
    assert abs(traces.mean()) < 5 / math.sqrt(count)
    assert abs((traces**2).mean() - 1) < 5 * math.sqrt(2 / count)
    assert abs((drawn[:, 0, 0] ** 4).mean() - 3 / (n * (n + 2))) < 5 * 0.2 / math.sqrt(count)
    angle = stats.kstest((drawn[:, 1, 2] + 1) / 2, stats.beta((n - 1) / 2, (n - 1) / 2).cdf)  # density ∝ (1 - q²)^½
    assert angle.pvalue > P_LIMIT
    assert abs(np.sign(np.linalg.det(drawn)).mean()) < 5 / math.sqrt(count)


def test_orthogonal_takes_no_square_of_the_longer_side():
    import tracemalloc

    law = Orthogonal(rows=20000, columns=8)
    sample(law, name="w", seed=0, shape=(20000, 8))
    tracemalloc.start()
    sample(law, name="w", seed=0, shape=(20000, 8))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * 20000 * 8 * 8


def test_delta_orthogonal_is_orthogonal_at_the_centre():
    kernel = sample(DeltaOrthogonal(rows=6, columns=4, taps=12), name="w", seed=0, shape=(6, 4, 3, 4))
    assert np.array_equal(kernel[:, :, 1, 1], sample(Orthogonal(rows=6, columns=4), name="w", seed=0, shape=(6, 4)))
    kernel[:, :, 1, 1] = 0
    assert not kernel.any()


def test_identity_and_dirac():
    assert np.array_equal(
        sample(Identity(rows=3, columns=5, gain=2.0), name="w", seed=0, shape=(3, 5)), 2.0 * np.eye(3, 5)
    )
    kernel = sample(Dirac(rows=6, columns=2, taps=9, groups=2), name="w", seed=0, shape=(6, 2, 3, 3))
    expected = np.zeros((6, 2, 3, 3))
    for group in range(2):
        for d in range(2):
            expected[3 * group + d, d, 1, 1] = 1
    assert np.array_equal(kernel, expected)


@pytest.mark.parametrize(("rows", "columns"), [(8, 8), (8, 3), (11, 5), (300, 2)])
def test_hadamard(rows, columns):
    from scipy.linalg import hadamard

    law = Hadamard(rows=rows, columns=columns)
    order = law.order or 1
    expected = hadamard(order)[:rows, :columns] / math.sqrt(order) if law.order else np.eye(rows, columns)
    assert np.allclose(sample(law, name="w", seed=0, shape=(rows, columns)), expected, rtol=1e-15)


def test_sparse_columns_hold_their_zeros_where_the_lowest_words_are():
    law = Sparse(rows=50, columns=2000, zeros=20)
    drawn = sample(law, name="w", seed=0, shape=(50, 2000))
    assert ((drawn == 0).sum(axis=0) == 20).all()
    ranks = words(stream_key("w", 0), 50 * 2000, 50 * 2000).reshape(2000, 50)
    assert set(np.flatnonzero(drawn[:, 7] == 0)) == set(np.argsort(ranks[7], kind="stable")[:20])
    per_row = (drawn == 0).sum(axis=1)
    assert stats.chisquare(per_row).pvalue > P_LIMIT
    assert stats.kstest(drawn[drawn != 0] / 0.01, stats.norm.cdf).pvalue > P_LIMIT


def test_sparse_without_spread_or_zeros():
    assert not sample(Sparse(rows=4, columns=3, zeros=4), name="w", seed=0, shape=(4, 3)).any()
    assert not sample(Sparse(rows=4, columns=3, zeros=1, entry_std=0.0), name="w", seed=0, shape=(4, 3)).any()
    assert sample(Sparse(rows=4, columns=3, zeros=0), name="w", seed=0, shape=(4, 3)).all()


def test_logarithm_is_right_to_two_units():
    u = np.concatenate([np.geomspace(1e-300, 1e300, 20001), np.linspace(0.5, 2.0, 20001)])
    exact = np.log(u)
    assert (np.abs(logarithm(u) - exact) <= 3 * np.spacing(np.abs(exact))).all()  # ours 2, libm's 1


def test_log_uniform():
    law = LogUniform(low=1.0, high=16.0)
    drawn = sample(law, name="w", seed=0, shape=(100000,))
    assert stats.kstest(np.exp(drawn), stats.uniform(1, 15).cdf).pvalue > P_LIMIT
    assert drawn.min() > 0
    assert drawn.max() < math.log(16)
    negated = sample(LogUniform(low=1.0, high=16.0, negated=True), name="w", seed=0, shape=(100000,))
    assert np.array_equal(negated, -drawn)

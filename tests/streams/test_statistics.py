"""The quality of the numbers, with fixed seeds, so that every result is the same each time.

A p-value below 1e-6 fails. There are some 80 tests here: a perfect generator fails one of them with probability 1e-4.
"""

import math

import numpy as np
import pytest
from scipy import stats

from initlab.laws import Normal, TruncatedNormal, Uniform
from initlab.streams import sample, stream_key, words
from initlab.streams.normal import TABLE_FILE, heights, normal_lattice, table
from initlab.streams.normal_table import OCTAVES, SEGMENTS, build_row

P_LIMIT = 1e-6
Z_LIMIT = stats.norm.isf(P_LIMIT / 2)

LAWS = {
    "normal": (Normal(std=0.02), stats.norm(0, 0.02)),
    "shifted normal": (Normal(std=0.5, mean=3.0), stats.norm(3, 0.5)),
    "uniform": (Uniform(bound=0.3), stats.uniform(-0.3, 0.6)),
    "shifted uniform": (Uniform(bound=0.3, centre=1.0), stats.uniform(0.7, 0.6)),
    "truncated": (TruncatedNormal(scale=2.0), stats.truncnorm(-2, 2, scale=2.0)),
    "lopsided": (TruncatedNormal(scale=1.0, low=-1.0, high=3.0), stats.truncnorm(-1, 3)),
    "tail": (TruncatedNormal(scale=1.0, low=4.0, high=math.inf), stats.truncnorm(4, np.inf)),
}


@pytest.fixture(scope="module")
def draws():
    return {name: sample(law, name=name, seed=0, shape=(1 << 20,)) for name, (law, _) in LAWS.items()}


@pytest.fixture(scope="module")
def z():
    return sample(Normal(std=1.0), name="long", seed=0, shape=(1 << 23,))


@pytest.mark.parametrize("name", LAWS)
def test_kolmogorov_smirnov(draws, name):
    assert stats.kstest(draws[name], LAWS[name][1].cdf).pvalue > P_LIMIT


@pytest.mark.parametrize("name", LAWS)
def test_chi_square_over_equal_bins(draws, name):
    quantile = np.clip(LAWS[name][1].cdf(draws[name]), 0, 1 - 1e-12)
    assert stats.chisquare(np.bincount((quantile * 4096).astype(int), minlength=4096)).pvalue > P_LIMIT


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("order", range(1, 7))
def test_moments(draws, name, order):
    """The sample mean of u^k, u = (x - mean)/std, against its exact value in units of its standard error."""
    law, exact = LAWS[name]
    moments = [exact.expect(lambda x, k=k: ((x - law.mean) / law.std) ** k) for k in (order, 2 * order)]
    u = (draws[name] - law.mean) / law.std
    error = math.sqrt((moments[1] - moments[0] ** 2) / u.size)
    assert abs((u**order).mean() - moments[0]) < Z_LIMIT * error + 1e-7  # scipy's integrals are good to 1e-8


def test_symmetry_is_exact():
    drawn = words(stream_key("w", 0), 0, 1 << 16)
    for law in (Normal(std=1.0), Uniform(bound=1.0), TruncatedNormal(scale=1.0)):
        from initlab.streams.transform import transform_of

        transform = transform_of(law)
        opposite = drawn ^ np.uint32(0x80000000) if isinstance(law, Normal) else ~drawn
        assert np.array_equal(transform.values(drawn), -transform.values(opposite))
        assert (transform.values(drawn) != 0).all()


def test_bounds_are_strict():
    extremes = np.array([0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF], dtype=np.uint32)
    from initlab.streams.transform import transform_of

    for bound in (1.0, 0.1, 0.30000001, 1.9999999, 3.7e-5):
        for law in (Uniform(bound=bound), TruncatedNormal(scale=bound)):
            values = transform_of(law).values(extremes)
            assert (np.abs(values) < law.support[1]).all()
            assert (np.abs(values.astype(np.float32)) <= law.support[1]).all()


def test_tails_beyond_five_sigma(z):
    """Counts beyond 4.5, 5 and 5.2 sigma against their binomial law, and the largest against its own."""
    for edge in (4.5, 5.0, 5.2):
        count = int((np.abs(z) > edge).sum())
        assert stats.binomtest(count, z.size, 2 * stats.norm.sf(edge)).pvalue > P_LIMIT
    largest = 1 - (1 - 2 * stats.norm.sf(np.abs(z).max())) ** z.size
    assert P_LIMIT < largest < 1 - P_LIMIT
    assert np.abs(z).max() > 5


def test_the_farthest_words_reach_six_sigma():
    far = normal_lattice(np.array([0, 1, 2, 0x80000000], dtype=np.uint32)) / 2**28
    exact = -stats.norm.ppf((np.array([0, 1, 2, 0]) + 0.5) / 2**32) * [1, 1, 1, -1]
    assert np.abs(far - exact).max() < 8e-9


@pytest.mark.parametrize("lag", [1, 2, 3, 4, 5, 8, 64, 1024, 4097])
def test_no_correlation_at_a_lag(z, lag):
    size = z.size - lag
    for values, spread in ((z, 1.0), (z * z - 1, 2.0)):
        correlation = float(values[:-lag] @ values[lag:]) / spread
        assert abs(correlation) < Z_LIMIT * math.sqrt(size)


@pytest.mark.parametrize("what", ["names", "seeds"])
def test_no_correlation_between_neighbouring_streams(what):
    """600 names that differ in a digit, or consecutive seeds: the largest of 179,700 correlations, and all of them."""
    count, n = 600, 2048
    streams = [("layer", i) if what == "seeds" else (f"layers.{i}.weight", 0) for i in range(count)]
    drawn = np.stack([sample(Normal(std=1.0), name=name, seed=seed, shape=(n,)) for name, seed in streams])
    gram = (drawn @ drawn.T / math.sqrt(n))[np.triu_indices(count, 1)]
    assert np.abs(gram).max() < stats.norm.isf(P_LIMIT / 2 / gram.size)
    assert stats.kstest(gram, "norm").pvalue > P_LIMIT
    first = drawn[:, 0]
    assert stats.kstest(first, "norm").pvalue > P_LIMIT


def test_spectrum_is_marchenko_pastur():
    """Singular values of a drawn 1200 × 600 matrix: the law of their squares, and its edges (1 ± √½)²."""
    rows, columns = 1200, 600
    matrix = sample(Normal(std=rows**-0.5), name="w", seed=0, shape=(rows, columns))
    squares = np.linalg.svd(matrix, compute_uv=False) ** 2
    ratio = columns / rows
    low, high = (1 - math.sqrt(ratio)) ** 2, (1 + math.sqrt(ratio)) ** 2
    assert abs(squares[-1] - low) < 0.05  # the edges fluctuate by n^(-2/3) = 0.014
    assert abs(squares[0] - high) < 0.1
    grid = np.linspace(low, high, 20001)
    density = np.sqrt(np.maximum(0, (high - grid) * (grid - low))) / (2 * math.pi * ratio * grid)
    cdf = np.concatenate([[0], np.cumsum((density[1:] + density[:-1]) / 2) * (grid[1] - grid[0])])
    distance = np.abs(np.interp(np.sort(squares), grid, cdf) - (np.arange(columns) + 0.5) / columns).max()
    assert distance < 0.01  # eigenvalues repel: they keep within log(n)/n of their places


def test_every_segment_is_monotone_accurate_and_free_of_zeros():
    """A sweep over all 52·128 segments: both ends of each, and two places within."""
    segment = np.arange(21 * SEGMENTS, OCTAVES * SEGMENTS, dtype=np.int64)
    octave, part = segment // SEGMENTS, segment % SEGMENTS
    first = ((SEGMENTS + part).astype(np.uint64) << octave.astype(np.uint64)) >> np.uint64(7)
    width = np.uint64(1) << (octave - 7).astype(np.uint64)
    inner = [first + width * np.uint64(third) // np.uint64(3) for third in (0, 1, 2)]
    places = np.unique(np.concatenate([*inner, first + width - np.uint64(1)]))
    places = places[places < 1 << 52]
    height = heights(places).astype(np.int64)
    assert (np.diff(height) <= 0).all()
    assert height[-1] >= 1
    assert height[0] < 1 << 31
    assert np.abs(height / 2**28 + stats.norm.ppf(places / 2.0**53)).max() < 8e-9


def test_neighbouring_words_never_step_backwards():
    """Four thousand runs of 64 neighbouring words, across every octave of the normal law."""
    starts = np.unique(np.geomspace(1, (1 << 31) - 65, 4000).astype(np.uint32))
    drawn = normal_lattice((starts[:, None] + np.arange(64, dtype=np.uint32)).ravel()).reshape(-1, 64)
    assert (np.diff(drawn, axis=1) <= 0).all()
    assert drawn.min() >= 1


def test_the_table_is_what_its_recipe_builds():
    chosen = [0, 307, 308, 309, 21 * SEGMENTS, 33 * SEGMENTS + 77, OCTAVES * SEGMENTS - 2, OCTAVES * SEGMENTS - 1]
    assert [build_row(segment) for segment in chosen] == [int(row) for row in table()[chosen]]
    assert TABLE_FILE.stat().st_size == 128 + 8 * OCTAVES * SEGMENTS

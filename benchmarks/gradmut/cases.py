"""All the cases, in a fixed order."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar
from zlib import crc32

import numpy as np
from benchmarks.gradmut import (
    combined,
    correct,
    functions,
    harness_bugs,
    held_out,
    layer_cases,
    mlp_cases,
    operators,
    real,
    unseen,
)
from benchmarks.gradmut.bench import Bench
from benchmarks.gradmut.case import Case, Kind
from benchmarks.gradmut.layers.family import edit_of
from benchmarks.gradmut.program import Edit
from benchmarks.gradmut.regimes import POINTS, REGIMES

PAIRS, UNSEEN, HIDDEN = 9, 8, 8
"""Two bugs at once, held-out mistakes and hidden mistakes of one network."""

QUICK = 8
"""The quick run takes one network of so many, and of its cases one of so many."""

Choice = Callable[[str], bool]

Batch = list[Case]
T = TypeVar("T", Edit, Case)


def all_cases(*, quick: bool = False, part: tuple[int, int] = (0, 1)) -> Iterator[Case]:
    """Every case, or part k of n; those whose mistake changes nothing have no `wrong` blocks."""
    chosen = _every(QUICK if quick else 1)
    kept = _every(QUICK) if quick else _every(part[1], part[0])
    yield from (case for case in real.cases() if quick or kept(case.name))
    for source in (_perceptrons, _layers, _correct):
        for batch in source(chosen):
            yield from (case for case in batch if kept(case.name))
    yield from (case for case in functions.cases(chosen) if quick or kept(case.name))


def _every(count: int, k: int = 0) -> Choice:
    return lambda name: crc32(name.encode()) % count == k


def _both(cases: tuple[Batch, Batch]) -> Batch:
    return cases[0] + cases[1]


def _perceptrons(chosen: Choice) -> Iterator[Batch]:
    for regime, specs in REGIMES.items():
        for k, (spec, bench) in enumerate(mlp_cases.benches({regime: specs}, POINTS)):
            if not chosen(bench.name):
                continue
            rng = np.random.default_rng([crc32(bench.name.encode()), 7])
            mistakes = operators.edits(spec)
            yield [bench.correct(), *_both(bench.mutants(mistakes))]
            if not bench.single:
                yield combined.pairs(bench, mistakes, PAIRS, rng)
            if k % 2 == 0:
                yield bench.mutants(combined.sparse(bench, rng), "sparse")[0]
            if regime == "ordinary" and k in (0, 13):
                yield list(harness_bugs.cases(bench))
            rng = np.random.default_rng([crc32(bench.name.encode()), 9])
            yield bench.mutants(_some(held_out.edits(spec), UNSEEN, rng), "held-out")[0]
            yield bench.mutants(_some(unseen.edits(spec), UNSEEN, rng), "unseen")[0]


def _layers(chosen: Choice) -> Iterator[Batch]:
    for family, bench in layer_cases.benches():
        if not chosen(f"{family.name} {bench.name}"):
            continue
        yield [bench.correct(), *_both(bench.mutants(family.edits))]
        yield bench.mutants([edit_of(row) for row in held_out.LAYERS[family.name]], "held-out")[0]
        yield bench.mutants([edit_of(row) for row in unseen.LAYERS[family.name]], "unseen")[0]


def _correct(chosen: Choice) -> Iterator[Batch]:
    for bench in correct.benches({"init": 0, "trained": 100}):
        yield [bench.correct()]
        if bench.regime.startswith("hidden") and chosen(bench.name):
            yield _hidden(bench)


def _hidden(bench: Bench) -> Batch:
    """Mistakes that nothing at this point can show."""
    kind: Kind = "vacuous"
    rng = np.random.default_rng([crc32(bench.name.encode()), 8])
    return _some(bench.mutants(operators.edits(bench.spec), kind)[1], HIDDEN, rng)


def _some(items: Sequence[T], count: int, rng: np.random.Generator) -> list[T]:
    chosen = sorted(rng.permutation(len(items))[:count])
    return [items[k] for k in chosen]

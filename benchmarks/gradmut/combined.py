"""Sparse bugs: one wrong entry or row, from a tenth down to 1e-8; and two bugs at once."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
from benchmarks.gradmut.bench import Bench
from benchmarks.gradmut.case import Case
from benchmarks.gradmut.program import Edit

SIZES = tuple(10.0**-k for k in range(1, 9))


def sparse(bench: Bench, rng: np.random.Generator) -> list[Edit]:
    """For every size, one wrong entry and one wrong row, off by that share of the block's largest entry."""
    found = []
    for size in SIZES:
        for kind in ("entry", "row"):
            name = str(rng.choice(list(bench.parameters)))
            row = int(rng.integers(bench.parameters[name].shape[0]))
            where = [row] if kind == "row" else [int(rng.integers(n)) for n in bench.parameters[name].shape]
            index = ", ".join(map(str, where))
            line = f"d{name}[{index}] += {size!r} * np.abs(d{name}).max()"
            found.append(Edit(name=f"{kind} {size:.0e} d{name}[{index}]", old="", new=line, site=name, cause=None))
    return found


def pairs(bench: Bench, mistakes: Sequence[Edit], count: int, rng: np.random.Generator) -> list[Case]:
    """Two mistakes in different lines, each of which alone changes something."""
    usable = [x for x in mistakes if ":" in x.name and not x.name.startswith(("everywhere", "swap"))]
    both = [(a, b) for a, b in combinations(usable, 2) if a.name.split(":")[0] != b.name.split(":")[0]]
    cases: list[Case] = []
    for k in rng.permutation(len(both)):
        if len(cases) == count:
            break
        cases += _pair(bench, *both[k])
    return cases


def _pair(bench: Bench, one: Edit, two: Edit) -> list[Case]:
    alone = [set(bench.wrong(bench.gradients(bench.mutant(x)))) for x in (one, two)]
    program = bench.mutant(one, two)
    found = bench.gradients(program)
    wrong = bench.wrong(found)
    if not (alone[0] and alone[1] and wrong):
        return []
    facts: dict[str, Any] = {"true": bench.true, "found": found, "wrong": wrong, "touched": frozenset(bench.true)}
    facts |= {"sites": frozenset({one.site, two.site}), "causes": frozenset({one.cause, two.cause})}
    return [bench.case(f"{one.name} + {two.name}", "pair", program, **facts)]

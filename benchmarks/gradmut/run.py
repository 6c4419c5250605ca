"""Every rule on every case. Answers are appended to a file, one a line; what it has already is not run again."""

import json
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from benchmarks.gradmut.baselines import RULES, applies
from benchmarks.gradmut.case import Case
from benchmarks.gradmut.cases import all_cases
from benchmarks.gradmut.subject import initlab_says

SUBJECT = "initlab"
Record = dict[str, Any]


def run(
    path: Path, *, quick: bool = False, part: tuple[int, int] = (0, 1), rules: tuple[str, ...] = (SUBJECT, *RULES)
) -> None:
    """Run these rules on all cases, on part k of n, or on the sample of a quick run."""
    done = {(record["name"], record["rule"]) for record in read(path)} if path.exists() else set()
    begun = time.perf_counter()
    with path.open("a", encoding="utf-8") as file:
        for k, case in enumerate(all_cases(quick=quick, part=part), 1):
            for rule in _asked(case, rules, quick=quick):
                if (case.name, rule) not in done:
                    file.write(json.dumps(answer(case, rule)) + "\n")
            _show(k, time.perf_counter() - begun, last=False)
        _show(k, time.perf_counter() - begun, last=True)


def read(path: Path) -> list[Record]:
    """The answers of a file; a last line that was cut off is left out."""
    records = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return records


def _asked(case: Case, rules: tuple[str, ...], *, quick: bool) -> Iterator[str]:
    """The rules that this case is put before: all of them, or of slow ones a fixed share of the cases."""
    if not case.wrong and case.kind == "mutant":
        yield "unchanged"
        return
    for rule in rules:
        if rule == SUBJECT or (applies(rule, case) and _drawn(rule, case, quick=quick)):
            yield rule


def _drawn(rule: str, case: Case, *, quick: bool) -> bool:
    """Whether a case is of a rule's share. A function of a framework always is; a quick run leaves the slowest out."""
    share = RULES[rule][1] if case.native is None else 1.0
    return share > 0.1 if quick else crc32(f"{rule} {case.name}".encode()) % 1000 < 1000 * share


def answer(case: Case, rule: str) -> Record:
    """What a rule says of a case, with what is true of it and the processor seconds that it took."""
    facts = {
        "name": case.name,
        "rule": rule,
        "family": case.family,
        "regime": case.regime,
        "kind": case.kind,
        "single": case.single,
        "size": case.size,
        "sites": sorted(case.sites),
        "causes": sorted(case.causes, key=str),
        "expected": sorted(case.expected),
        "wrong": {name: min(gap, 1e300) for name, gap in case.wrong.items()},
        "touched": sorted(case.touched),
        "nonzero": {name: int(np.count_nonzero(value)) for name, value in case.true.items()},
        "ratios": {name: _ratio(case.found[name], case.true[name]) for name in case.wrong},
    }
    if rule == "unchanged":
        return facts
    fresh = case.renew() if case.renew else case
    begun = time.process_time()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        found = initlab_says(fresh) if rule == SUBJECT else _tried(rule, fresh)
    return {**facts, **found, "seconds": time.process_time() - begun}


def _tried(rule: str, case: Case) -> Record:
    try:
        return RULES[rule][0](case)
    except (ArithmeticError, ValueError, RuntimeError, TypeError) as error:
        return {"rejected": True, "error": f"{type(error).__name__}: {error}"[:300]}


def _ratio(found: np.ndarray, true: np.ndarray) -> float | None:
    """c, where the block is c times the true one."""
    size = float(np.sum(true * true))
    if found.shape != true.shape or not size:
        return None
    c = float(np.sum(found * true)) / size
    return c if np.linalg.norm(found - c * true) <= 1e-7 * np.linalg.norm(found) else None


def _show(k: int, seconds: float, *, last: bool) -> None:
    if sys.stderr.isatty() or last or k % 1000 == 0:
        end = "\n" if last or not sys.stderr.isatty() else "\r"
        print(f"{k} cases, {seconds:.0f} s", end=end, file=sys.stderr, flush=True)

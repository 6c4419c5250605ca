"""Harm after the remedy: a broken network, mended by the code that was proven to clear its first finding, trained.

Asked of the harmful faults whose first finding has such code; the oracle and its recipes are the same.
"""

import json
import math
import statistics
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmarks.initfaults import oracle
from benchmarks.initfaults.faults import faults
from benchmarks.initfaults.faults.fault import Fault
from benchmarks.initfaults.net import Case, Half
from benchmarks.initfaults.score import OWN, Share, restore

from initlab.adapters.torch import remedy


def mended(fault: Fault, code: str) -> Callable[[], Case]:
    """The broken network after that code."""

    def build() -> Case:
        case = fault.case()
        return replace(case, model=remedy.remedied(case.model, code))

    return build


def asked(half: Half, path: Path) -> dict[Fault, str]:
    """The harmful faults whose first finding has code that was proven to clear it, and that code."""
    said, truth = restore(path).get(OWN, {}), oracle.load()["faults"]
    found = {
        f: said[f"fault/{f.name}"].alarms
        for f in faults(half)
        if truth.get(f.name, {}).get("harmful") and f"fault/{f.name}" in said
    }
    return {fault: alarms[0].code for fault, alarms in found.items() if alarms and alarms[0].code}


def train(chosen: dict[Fault, str], kept: Path) -> dict[str, float]:
    """The harm that is left in each, kept as it comes."""
    truth = oracle.load()
    known: dict[str, float] = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    for fault, code in chosen.items():
        if fault.name not in known:
            known[fault.name] = float(oracle.harm(mended(fault, code), oracle.beside(truth, fault.host))["harm"])
            kept.write_text(json.dumps(known), encoding="utf-8")
            print(f"{fault.name} {known[fault.name]}", flush=True)
    return {fault.name: known[fault.name] for fault in chosen}


def remedied(half: Half, path: Path, every: int = 1) -> None:
    """Print the share whose harm falls below 10 %, the median, and what is left where it does not."""
    chosen = dict(list(asked(half, path).items())[::every])
    left = train(chosen, path.with_suffix(".remedied.json"))
    truth = oracle.load()["faults"]
    before = statistics.median(_number(truth[name]["harm"]) for name in left)
    healed = Share(k=sum(harm < oracle.HARMFUL for harm in left.values()), n=len(left))
    print(f"\nHarm below 10 % after the first remedy: {healed}")
    print(f"Median harm: {before:.3f} before, {statistics.median(left.values()):.3f} after")
    print(
        "\n".join(
            f"- {name}: {truth[name]['harm']} before, {harm} after"
            for name, harm in left.items()
            if harm >= oracle.HARMFUL
        )
    )


def _number(harm: float | str) -> float:
    return math.inf if harm == "inf" else float(harm)

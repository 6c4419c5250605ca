"""The oracle: a fault is harmful when training proves it.

    harm = (L_faulty - L_healthy) / (L_start - L_healthy),    each the best of two learning rates of Adam and of SGD

L is the loss on 256 fixed rows after 150 steps; L_start that of the healthy network before the first. At 10 % or more
the fault is harmful; below, an anomaly without harm, which counts neither for nor against a checker.

One draw decides in the older parts. For `late` and `last` it is the median of three: seeds 0, 1, 2 of network and
fault, each beside the healthy network of that seed. Two draws that agree settle on which side of 10 % the median lies,
since it lies between them; the third is asked where they do not, and what is kept of two is the lesser harm of the
harmful, the greater of the harmless. `null` is that figure for networks that nothing was done to: redrawn from seeds
1, 2, 3, beside seed 0.

A network of `fresh`, `late` or `last` is healthy when training proves that as well: its loss falls by a fifth.
"""

import json
import math
import statistics
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch
from benchmarks.initfaults.faults.fault import FAULT_SEED, Fault
from benchmarks.initfaults.net import SEEDS, Case, Net

PATH = Path(__file__).with_name("oracle.json")
STEPS, ROWS, TESTED, HARMFUL, LEARNT = 150, 64, 256, 0.1, 0.2
RECIPES = (("adam", 1e-3), ("adam", 1e-2), ("sgd", 1e-2), ("sgd", 1e-1))
DRAWS = 3
PARTS = ("learns", "healthy", "faults", "null")
Outcome = dict[str, Any]


def tested(case: Case) -> float:
    """The loss on the fixed rows; infinite where it is not a number."""
    assert case.data
    with torch.no_grad():
        loss = float(case.loss(case.model(case.data[0][:TESTED]), case.data[1][:TESTED]))
    return loss if math.isfinite(loss) else math.inf


def _optimizer(case: Case, name: str, lr: float) -> torch.optim.Optimizer:
    trainable = [p for p in case.model.parameters() if p.requires_grad]
    return torch.optim.Adam(trainable, lr) if name == "adam" else torch.optim.SGD(trainable, lr, momentum=0.9)


def steps(case: Case, name: str, lr: float) -> Iterator[bool]:
    """One training step at a time; False once a loss is not finite."""
    assert case.data
    x, y = case.data
    optimizer = _optimizer(case, name, lr)
    order = torch.Generator().manual_seed(0)
    for _ in range(STEPS):
        rows = torch.randint(len(x), (min(ROWS, len(x)),), generator=order)
        optimizer.zero_grad()
        loss = case.loss(case.model(x[rows]), y[rows])
        if not torch.isfinite(loss):
            yield False
            return
        if loss.requires_grad:
            loss.backward()
            optimizer.step()
        yield True


def trained(case: Case, name: str, lr: float) -> float:
    """The loss after 150 steps; infinite as soon as a step's is."""
    return tested(case) if all(steps(case, name, lr)) else math.inf


def learns(net: Net, seed: int, recipe: int) -> tuple[float, float]:
    """The loss before, and the first of every 25 steps that is a fifth lower; or else the last."""
    case = net.case(seed)
    start = end = tested(case)
    for number, fine in enumerate(steps(case, *RECIPES[recipe]), 1):
        if not fine:
            return start, math.inf
        if number % 25 == 0:
            end = tested(case)
            if lower(start, end):
                break
    return start, end


def lower(start: float, end: float) -> bool:
    return start - end >= LEARNT * abs(start)


def learnt(net: Net, seed: int) -> list[object]:
    """The first recipe that takes the loss down by a fifth, or the last, with the loss before and after."""
    for recipe in range(len(RECIPES)):
        start, end = learns(net, seed, recipe)
        if lower(start, end):
            break
    return [*RECIPES[recipe], round(start, 4), round(end, 4)]


def verify(nets: list[Net]) -> Outcome:
    """How each network learns from each seed (those of libraries from the first alone); saved as it goes."""
    known = load()
    for net in nets:
        if net.name not in known["learns"]:
            seeds = 1 if net.family.startswith(("timm-", "tv-", "hf-")) else SEEDS
            known["learns"][net.name] = [learnt(net, seed) for seed in range(seeds)]
            save(known)
            print(f"{net.name} {known['learns'][net.name]}", flush=True)
    return known


def healthy(host: Net, seed: int = FAULT_SEED) -> Outcome:
    """Where the sound network starts, where each recipe takes it, and which is best."""
    start = tested(host.case(seed))
    ends = [trained(host.case(seed), *recipe) for recipe in RECIPES]
    return {"start": start, "ends": ends, "best": min(range(len(ends)), key=ends.__getitem__)}


def beside(known: Outcome, host: Net, seed: int = FAULT_SEED) -> Outcome:
    """What is known of the sound network of that seed, trained now if it is not yet; older parts have one seed."""
    name = f"{host.name}/{seed}" if host.part in ("late", "last") else host.name
    if name not in known["healthy"]:
        known["healthy"][name] = healthy(host, seed)
    sound: Outcome = known["healthy"][name]
    return sound


def median(draws: Iterator[Outcome]) -> Outcome:
    """The middle of three draws, or what two that agree leave of it."""
    rows: list[Outcome] = []
    for row in draws:
        rows.append(row)
        if len(rows) == 2 and rows[0]["harmful"] == rows[1]["harmful"]:
            break
    shares = [float(row["harm"]) for row in rows]
    low, high = min(shares), max(shares)
    share = statistics.median(shares) if len(rows) == DRAWS else low if rows[0]["harmful"] else high
    each = [row["harm"] for row in rows]
    return {"harm": share if math.isfinite(share) else "inf", "harmful": share >= HARMFUL, "draws": each}


def harm(build: Callable[[], Case], sound: Outcome) -> Outcome:
    """The least harm over the recipes, the sound network's best one first; no more are tried once one shows no harm."""
    best = sound["best"]
    end, reached = math.inf, sound["ends"][best]
    for index in (best, *(i for i in range(len(RECIPES)) if i != best)):
        end = min(end, trained(build(), *RECIPES[index]))
        share = (end - reached) / (sound["start"] - reached)
        if share < HARMFUL:
            break
    return {"harm": round(share, 4) if math.isfinite(share) else "inf", "harmful": share >= HARMFUL}


def asked(known: Outcome, fault: Fault) -> Outcome:
    """The harm of a fault: of one draw, or of `late` and `last` the median of three."""
    if fault.half not in ("late", "last"):
        return harm(fault.case, beside(known, fault.host))
    return median(harm(partial(fault.case, seed), beside(known, fault.host, seed)) for seed in range(DRAWS))


def null(hosts: list[Net]) -> Outcome:
    """The same figure for sound networks drawn again, beside seed 0."""
    known = load()
    for host in hosts:
        if host.name not in known["null"]:
            sound = beside(known, host)
            known["null"][host.name] = median(harm(partial(host.case, seed), sound) for seed in range(1, DRAWS + 1))
            save(known)
            print(f"{host.name} {known['null'][host.name]['harm']}", flush=True)
    reached = sum(row["harmful"] for row in known["null"].values())
    print(f"{reached} of {len(known['null'])} redrawn networks reach {HARMFUL:.0%}")
    return known


def load() -> Outcome:
    known = json.loads(PATH.read_text(encoding="utf-8")) if PATH.exists() else {}
    return {part: known.get(part, {}) for part in PARTS}


def save(known: Outcome) -> None:
    whole = PATH.with_suffix(".new")
    parts = []
    for part in PARTS:
        rows = (f"{json.dumps(name)}: {json.dumps(row)}" for name, row in sorted(known[part].items()))
        parts.append(f'"{part}": {{\n' + ",\n".join(rows) + "\n}")
    whole.write_text("{" + ",\n".join(parts) + "}\n", encoding="utf-8")
    whole.replace(PATH)


def ask(faults: list[Fault]) -> Outcome:
    """Train what is not yet known, saving as it goes, so that an interruption loses little."""
    known = load()
    missing = [fault for fault in faults if fault.name not in known["faults"]]
    for number, fault in enumerate(missing, 1):
        known["faults"][fault.name] = asked(known, fault)
        if number % 5 == 0 or number == len(missing):
            save(known)
            print(f"{number}/{len(missing)} {fault.name} {known['faults'][fault.name]['harm']}", flush=True)
    return known

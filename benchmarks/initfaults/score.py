"""Every checker on every network of one half, and the figures: alarms, recall, place, proof.

Verdicts are kept in a file as they come, so that an interrupted run goes on; initlab's only for the very same code.
"""

import json
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.initfaults import ledger, own
from benchmarks.initfaults.baselines import baselines
from benchmarks.initfaults.baselines.alarm import Alarm, Checker
from benchmarks.initfaults.faults import faults
from benchmarks.initfaults.faults.fault import FAULT_SEED, Fault
from benchmarks.initfaults.net import SEEDS, Case, Half
from benchmarks.initfaults.oracle import load
from benchmarks.initfaults.zoo import nets
from scipy.stats import norm

OWN, BASELINE_SEEDS, EVERY, LIMIT = "initlab", 2, 50, 180
FIELDS = ("rule", "severity", "path", "cleared", "code")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one checker said of one network, or why it could not say."""

    alarms: tuple[Alarm, ...] = ()
    crash: str = ""
    seconds: float = 0.0

    @property
    def alarmed(self) -> bool:
        return bool(self.alarms)

    @property
    def grave(self) -> bool:
        return any(alarm.severity == "error" for alarm in self.alarms)


Verdicts = dict[str, dict[str, Verdict]]


def _late(*_: object) -> None:
    raise TimeoutError(f"no verdict after {LIMIT} s")


def judge(checker: Checker, case: Callable[[], Case]) -> Verdict:
    """The checker's word within three minutes; whatever it raises is a crash, counted as silence and named."""
    made = case()
    signal.signal(signal.SIGALRM, _late)
    signal.alarm(LIMIT)
    begun = time.perf_counter()
    try:
        alarms = tuple(checker(made))
    except Exception as error:
        return Verdict(crash=f"{type(error).__name__}: {error}"[:200])
    finally:
        signal.alarm(0)
    return Verdict(alarms=alarms, seconds=time.perf_counter() - begun)


def jobs(half: Half, tool: str) -> Iterator[tuple[str, Callable[[], Case]]]:
    """The healthy networks of every seed, then the faults; the name says which."""
    for net in nets(half):
        for seed in range(SEEDS if tool == OWN else BASELINE_SEEDS):
            yield f"healthy/{net.name}/{seed}", lambda net=net, seed=seed: net.case(seed)
    for host in {fault.host.name: fault.host for fault in faults(half)}.values():
        yield f"twin/{host.name}", lambda host=host: host.case(FAULT_SEED)
    for fault in faults(half):
        yield f"fault/{fault.name}", fault.case


def run(half: Half, path: Path, tools: list[str]) -> Verdicts:
    """Ask the named checkers, keeping the answers at `path`; what initlab is asked anew is noted in the ledger."""
    known = restore(path)
    checkers = {OWN: own.check, **baselines()}
    for tool in tools:
        said = known.setdefault(tool, {})
        if tool == OWN and not said:
            ledger.note(half, f"{own.digest()} at {own.commit()}")
        for number, (name, case) in enumerate(jobs(half, tool), 1):
            if name not in said:
                said[name] = judge(checkers[tool], case)
            if number % EVERY == 0:
                print(f"{tool}: {number}", flush=True)
                keep(path, known)
        keep(path, known)
    return known


def restore(path: Path) -> Verdicts:
    if not path.exists():
        return {}
    stored = json.loads(path.read_text(encoding="utf-8"))
    if stored.pop("source", None) != own.source():
        stored.pop(OWN, None)
    return {tool: {name: _verdict(row) for name, row in rows.items()} for tool, rows in stored.items()}


def _verdict(row: dict[str, Any]) -> Verdict:
    alarms = tuple(Alarm(**dict(zip(FIELDS, a, strict=False))) for a in row["alarms"])
    return Verdict(alarms=alarms, crash=row["crash"], seconds=row["seconds"])


def keep(path: Path, verdicts: Verdicts) -> None:
    rows = {
        tool: {
            name: {
                "alarms": [[getattr(a, field) for field in FIELDS] for a in v.alarms],
                "crash": v.crash,
                "seconds": v.seconds,
            }
            for name, v in said.items()
        }
        for tool, said in verdicts.items()
    }
    path.write_text(json.dumps({"source": own.source(), **rows}), encoding="utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """k of n, with Wilson's interval at 95 %."""

    k: int
    n: int

    @property
    def value(self) -> float:
        return self.k / self.n if self.n else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        if not self.n:
            return 0.0, 1.0
        z, p, n = float(norm.ppf(0.975)), self.value, self.n
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        reach = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
        return max(middle - reach, 0.0), min(middle + reach, 1.0)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.k}/{self.n} = {100 * self.value:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One checker's figures on one half."""

    tool: str
    errors: Share
    alarms: Share
    nets: Share
    recall: Share
    paired: Share
    located: Share
    proven: Share
    by_family: dict[str, Share]
    by_host: dict[str, Share]
    harmless: Share
    false: tuple[str, ...]
    missed: tuple[str, ...]
    misplaced: tuple[str, ...]
    unproven: tuple[str, ...]
    crashed: tuple[str, ...]
    threads: tuple[str, ...]

    @property
    def macro(self) -> float:
        """The mean recall of the families."""
        shares = [share.value for share in self.by_family.values()]
        return sum(shares) / len(shares) if shares else float("nan")


def _new(said: dict[str, Verdict], fault: Fault) -> bool:
    """Whether the broken network raises an alarm, rule and place, that its healthy twin does not."""
    twin = said[f"twin/{fault.host.name}"].alarms
    known = {(a.rule, a.path) for a in twin}
    return any((a.rule, a.path) not in known for a in said[f"fault/{fault.name}"].alarms)


def _shares(chosen: list[Fault], hit: Callable[[Fault], bool], key: Callable[[Fault], str]) -> dict[str, Share]:
    groups: dict[str, list[bool]] = {}
    for fault in chosen:
        groups.setdefault(key(fault), []).append(hit(fault))
    return {name: Share(k=sum(hits), n=len(hits)) for name, hits in sorted(groups.items())}


def score(tool: str, said: dict[str, Verdict], half: Half) -> Score:
    truth = load()["faults"]
    all_faults = [fault for fault in faults(half) if f"fault/{fault.name}" in said and fault.name in truth]
    harmful = [fault for fault in all_faults if truth[fault.name]["harmful"]]
    harmless = [fault for fault in all_faults if not truth[fault.name]["harmful"]]
    sound = {net.name for net in nets(half)}
    healthy = {name: v for name, v in said.items() if name.startswith("healthy/") and name.split("/")[1] in sound}

    def verdict(fault: Fault) -> Verdict:
        return said[f"fault/{fault.name}"]

    def located(fault: Fault) -> bool:
        return fault.named(verdict(fault).alarms[0].path)

    found = [fault for fault in harmful if verdict(fault).alarmed]
    return Score(
        tool=tool,
        errors=Share(k=sum(v.grave for v in healthy.values()), n=len(healthy)),
        alarms=Share(k=sum(v.alarmed for v in healthy.values()), n=len(healthy)),
        recall=Share(k=len(found), n=len(harmful)),
        paired=Share(k=sum(_new(said, fault) for fault in harmful), n=len(harmful)),
        located=Share(k=sum(map(located, found)), n=len(found)),
        proven=Share(k=sum(verdict(f).alarms[0].cleared is True for f in found), n=len(found)),
        by_family=_shares(harmful, lambda f: verdict(f).alarmed, lambda f: f.family),
        by_host=_shares(harmful, lambda f: verdict(f).alarmed, lambda f: f.host.family),
        harmless=Share(k=sum(verdict(f).alarmed for f in harmless), n=len(harmless)),
        false=_grouped({name: _said(v) for name, v in healthy.items() if v.alarmed}),
        nets=Share(
            k=len({name.split("/")[1] for name, v in healthy.items() if v.alarmed}),
            n=len({name.split("/")[1] for name in healthy}),
        ),
        missed=tuple(f"{f.name} (harm {truth[f.name]['harm']})" for f in harmful if not verdict(f).alarmed),
        misplaced=tuple(f"{f.name}: {_said(verdict(f))}" for f in found if not located(f)),
        unproven=tuple(
            f"{f.name}: {_said(verdict(f))}, {_outcome(verdict(f))}" for f in found if not verdict(f).alarms[0].cleared
        ),
        crashed=tuple(f"{name}: {v.crash}" for name, v in said.items() if v.crash),
        threads=tuple(
            f"{f.thread} ({f.host.name}, harm {truth[f.name]['harm']}): {_said(verdict(f)) or 'nothing'}"
            for f in all_faults
            if f.thread
        ),
    )


def _grouped(said: dict[str, str]) -> tuple[str, ...]:
    """What was said of healthy networks, the seeds of one network that heard the same in one line."""
    groups: dict[tuple[str, str], list[str]] = {}
    for name, words in said.items():
        _, net, seed = name.split("/")
        groups.setdefault((net, words), []).append(seed)
    return tuple(f"{net}, seed {' '.join(seeds)}: {words}" for (net, words), seeds in groups.items())


def _said(verdict: Verdict) -> str:
    return ", ".join(f"{a.rule} ({a.severity}) at {a.path or 'the network'}" for a in verdict.alarms[:3])


def _outcome(verdict: Verdict) -> str:
    return "not cleared" if verdict.alarms[0].cleared is False else "no remedy as code"

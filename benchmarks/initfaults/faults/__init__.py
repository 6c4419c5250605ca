"""Every injected fault, and the bugs rebuilt from public threads."""

from collections.abc import Iterator

from benchmarks.initfaults.faults.fault import Fault
from benchmarks.initfaults.faults.fresh import fresh_faults
from benchmarks.initfaults.faults.last import last_faults
from benchmarks.initfaults.faults.late import late_faults
from benchmarks.initfaults.faults.others import OTHERS, lora_zero
from benchmarks.initfaults.faults.threads import threads
from benchmarks.initfaults.faults.weights import WEIGHTS
from benchmarks.initfaults.net import Half
from benchmarks.initfaults.zoo import hosts, nets

RARE = {
    "negative-bias", "saturated", "norm-gain", "tied-embedding", "lora-zero", "closed-gate", "clones", "detached",
    "head-scale", "zero-layer", "zero-all",
}  # fmt: skip


def faults(half: Half | None = None) -> list[Fault]:
    found: list[Fault] = []
    if half not in ("fresh", "late", "last"):
        found += [fault for fault in (*_injected(half), *threads()) if half in (None, fault.half)]
    if half in (None, "fresh"):
        found += fresh_faults(hosts("fresh"))
    if half in (None, "late"):
        found += late_faults(nets("late"))
    if half in (None, "last"):
        found += last_faults(nets("last"))
    return found


def _injected(half: Half | None) -> Iterator[Fault]:
    """Every variant of the rare families, one or two of the others, in turn: else half of all would be scales."""
    for turn, host in enumerate(hosts()):
        assert host.sites
        if host.part or half not in (None, host.half):
            continue
        for maker in (*WEIGHTS, *OTHERS) if host.sites.hidden else (lora_zero,):
            variants = list(maker(host))
            rare = bool(variants) and variants[0].family in RARE
            kept = len(variants) if rare else 2 if len(variants) > 2 else 1
            yield from (variants[(turn + i) % len(variants)] for i in range(min(kept, len(variants))))

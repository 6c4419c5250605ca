"""The fresh networks' faults: older families at other places and strengths, new families, bugs of other threads."""

from collections.abc import Iterator

from benchmarks.initfaults.faults.fault import Fault
from benchmarks.initfaults.faults.fresh import known, new
from benchmarks.initfaults.faults.fresh.known import Maker
from benchmarks.initfaults.faults.fresh.threads import threads
from benchmarks.initfaults.net import Net

COMMON: tuple[Maker, ...] = (*known.COMMON, *new.COMMON)
RARE: tuple[Maker, ...] = (*known.RARE, *new.RARE)
ALWAYS: tuple[Maker, ...] = (*known.ALWAYS, *new.ALWAYS)
SLOW = ("enhancer", "alibi", "speech-ctc", "rotary-swiglu")  # to train: no faults are put into these
STRIDE, EACH = 6, 4  # a network gets four of the common families, the next one those from the sixth on


def fresh_faults(hosts: list[Net]) -> Iterator[Fault]:
    """One variant of four common families in turn, of every other rare one that applies, and all of the rarest."""
    for turn, host in enumerate(hosts):
        assert host.sites
        if host.name in SLOW:
            continue
        yield from (fault for maker in ALWAYS for fault in maker(host, turn))
        if not host.sites.hidden:
            continue
        chosen = [COMMON[(turn * STRIDE + i) % len(COMMON)] for i in range(EACH)]
        for maker in (*chosen, *RARE[turn % 2 :: 2]):
            variants = list(maker(host, turn))
            if variants:
                yield variants[turn // 2 % len(variants)]
    yield from threads()

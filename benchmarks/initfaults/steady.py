"""What a verdict must not do: touch the model, or depend on the seed; and how much of each network the check saw."""

import warnings

from benchmarks.initfaults import own
from benchmarks.initfaults.faults import faults
from benchmarks.initfaults.net import Half
from benchmarks.initfaults.score import Share
from benchmarks.initfaults.zoo import nets

import initlab

SEEDS, EVERY = 5, 12


def untouched(half: Half) -> tuple[Share, Share]:
    """Networks left bit-equal (tensors, gradients, modes, generator), and those of which no parameter went unseen."""
    same = seen = 0
    chosen = nets(half)
    for net in chosen:
        case = net.case(0)
        before = own.state(case.model)
        report = initlab.check(case.model, (case.x, case.y), case.loss)
        same += own.state(case.model) == before
        seen += not any(finding.name == "coverage" for finding in report.findings)
    return Share(k=same, n=len(chosen)), Share(k=seen, n=len(chosen))


def stable(half: Half) -> Share:
    """Of every twelfth fault, those that five seeds judge alike."""
    chosen = faults(half)[::EVERY]
    verdicts = [{bool(own.check(fault.case(seed), prove=False)) for seed in range(SEEDS)} for fault in chosen]
    return Share(k=sum(len(each) == 1 for each in verdicts), n=len(chosen))


def steady(half: Half) -> None:
    warnings.simplefilter("ignore")
    same, seen = untouched(half)
    print(f"left bit-equal: {same}\nseen whole: {seen}", flush=True)
    print(f"one verdict for {SEEDS} seeds: {stable(half)}")

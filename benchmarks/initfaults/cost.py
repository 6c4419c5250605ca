"""What a check costs: its time over that of one plain forward and backward pass, and the peak memory of both.

Each is measured in a process of its own, so that the peak (resident memory) is that job's alone.
"""

import json
import resource
import subprocess
import sys
import time
import warnings

import torch
from benchmarks.initfaults.data import integers
from benchmarks.initfaults.losses import token_loss
from benchmarks.initfaults.net import Case
from benchmarks.initfaults.zoo import BY_NAME

NAMES = ("gpt2-small", "tv-resnet50", "tv-densenet121", "tv-vit-4x64", "timm-poolformer_s12", "classes-50257")
ROUNDS = 3


def _case(name: str) -> Case:
    if name != "gpt2-small":
        return BY_NAME[name].case(0)
    from benchmarks.initfaults.zoo.language import Logits, configured

    torch.manual_seed(0)
    ids = integers(50_257, 2, 65)
    return Case(model=Logits(configured("GPT2", "LMHeadModel")), x=ids[:, :-1], y=ids[:, 1:], loss=token_loss)


def _plain(case: Case) -> None:
    case.model.zero_grad()
    case.objective().backward()


def _measure(name: str, job: str) -> None:
    """Best seconds of the rounds, and the peak in MiB, as JSON: what the processes below print."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    case = _case(name)
    forwards = 0

    def count(*_: object) -> None:
        nonlocal forwards
        forwards += 1

    from benchmarks.initfaults import own

    handle = case.model.register_forward_pre_hook(count)
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        _plain(case) if job == "plain" else own.check(case, prove=False)
        times.append(time.perf_counter() - begun)
    handle.remove()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    taken = {"seconds": min(times), "peak": peak / 1024, "calls": forwards / ROUNDS}
    print(json.dumps(taken))


def _asked(name: str, job: str) -> dict[str, float]:
    code = f"from benchmarks.initfaults.cost import _measure; _measure({name!r}, {job!r})"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def cost(names: tuple[str, ...] = NAMES) -> None:
    print("| network | one pass | check | in passes | forward calls | peak of a pass | peak of a check | ratio |")
    print("|---|---|---|---|---|---|---|---|")
    for name in names:
        plain, check = _asked(name, "plain"), _asked(name, "check")
        passes, ratio = check["seconds"] / plain["seconds"], check["peak"] / plain["peak"]
        print(
            f"| {name} | {plain['seconds']:.2f} s | {check['seconds']:.2f} s | {passes:.1f} | {check['calls']:.0f} "
            f"| {plain['peak']:.0f} MiB | {check['peak']:.0f} MiB | {ratio:.2f} |",
            flush=True,
        )

"""What a check costs, over a plain forward and backward pass: time, the share that is measuring, and peak memory.

The time is that of the processor, of one thread: passes and checks in turn in one process, the best of some rounds. The
peak, resident memory, is that of a process in which nothing else is done.
"""

import itertools
import json
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable

import torch
from benchmarks.initfaults import own
from benchmarks.initfaults.data import integers
from benchmarks.initfaults.losses import token_loss
from benchmarks.initfaults.net import Case
from benchmarks.initfaults.zoo import BY_NAME
from torch import nn

ROUNDS = 3


class Reader(nn.Module):
    """A recurrent classifier: two layers, the last state read."""

    def __init__(self) -> None:
        super().__init__()
        self.cell, self.head = nn.LSTM(128, 256, num_layers=2, batch_first=True), nn.Linear(256, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.cell(x)[0][:, -1])


def _classified(model: nn.Module, *shape: int, classes: int = 1000) -> Case:
    torch.manual_seed(0)
    return Case(model=model, x=torch.randn(shape), y=torch.arange(shape[0]) % classes, loss=nn.functional.cross_entropy)


def _pictured(name: str, batch: int) -> Callable[[], Case]:
    """A network of torchvision on pictures of 224²."""

    def build() -> Case:
        import torchvision

        return _classified(torchvision.models.get_model(name), batch, 3, 224, 224)

    return build


def _poolformer() -> Case:
    import timm

    return _classified(timm.create_model("poolformer_s12"), 4, 3, 224, 224)


def _gpt2() -> Case:
    from benchmarks.initfaults.zoo.language import Logits, configured

    ids = integers(50_257, 2, 65)
    return Case(model=Logits(configured("GPT2", "LMHeadModel")), x=ids[:, :-1], y=ids[:, 1:], loss=token_loss)


def _mlp() -> Case:
    widths = (64, 256, 256, 256, 256)
    hidden = [layer for pair in itertools.pairwise(widths) for layer in (nn.Linear(*pair), nn.ReLU())]
    return _classified(nn.Sequential(*hidden, nn.Linear(256, 10)), 128, 64, classes=10)


NETS: dict[str, Callable[[], Case]] = {
    "GPT-2 small, 2 x 64 tokens": _gpt2,
    "ResNet-18, 8 x 224²": _pictured("resnet18", 8),
    "ResNet-50, 8 x 224²": _pictured("resnet50", 8),
    "ResNet-50, 16 x 32²": BY_NAME["tv-resnet50"].build,
    "DenseNet-121, 4 x 224²": _pictured("densenet121", 4),
    "DenseNet-121, 16 x 32²": BY_NAME["tv-densenet121"].build,
    "ConvNeXt-tiny, 4 x 224²": _pictured("convnext_tiny", 4),
    "PoolFormer-S12, 4 x 224²": _poolformer,
    "ViT-B/16, 2 x 224²": _pictured("vit_b_16", 2),
    "ViT, 4 layers of 64, 16 x 32²": BY_NAME["tv-vit-4x64"].build,
    "LSTM, 2 x 256, 32 x 64 steps": lambda: _classified(Reader(), 32, 64, 128, classes=10),
    "MLP, 4 x 256, batch 128": _mlp,
}


def _plain(case: Case) -> None:
    case.model.zero_grad()
    case.objective().backward()


def _seconds(job: Callable[[], object]) -> float:
    begun = time.process_time()
    job()
    return time.process_time() - begun


def _measure(name: str, jobs: str) -> None:
    """Best seconds of the jobs, the peak in MiB, the operations: as JSON, what the processes below print."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    warnings.simplefilter("ignore")
    case = NETS[name]()
    work = {"plain": lambda: _plain(case), "check": lambda: own.check(case, prove=False)}
    taken = {job: [_seconds(work[job])] for job in jobs.split()}
    for _ in range(ROUNDS - 1 if len(taken) > 1 else 0):
        for job, seconds in taken.items():
            seconds.append(_seconds(work[job]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    from initlab.adapters.torch.trace import trace

    ops = len(trace(case.model, (case.x, case.y), case.loss, steps=0).first.ops)
    print(json.dumps({job: min(seconds) for job, seconds in taken.items()} | {"peak": peak, "ops": ops}))


def _asked(name: str, jobs: str) -> dict[str, float]:
    code = f"from benchmarks.initfaults.cost import _measure; _measure({name!r}, {jobs!r})"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def cost() -> None:
    """Print the table, a network a line."""
    heads = (
        "network",
        "one pass",
        "check",
        "in passes",
        "beyond 3",
        "operations",
        "peak of a pass",
        "of a check",
        "ratio",
    )
    print("| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|")
    for name in NETS:
        both, plain, check = (_asked(name, jobs) for jobs in ("plain check", "plain", "check"))
        beyond = both["check"] - 3 * both["plain"]
        print(
            f"| {name} | {1e3 * both['plain']:.0f} ms | {1e3 * both['check']:.0f} ms "
            f"| {both['check'] / both['plain']:.1f} | {1e3 * beyond:.0f} ms | {both['ops']} "
            f"| {plain['peak']:.0f} MiB | {check['peak']:.0f} MiB | {check['peak'] / plain['peak']:.2f} |",
            flush=True,
        )

"""Seconds to check 6,000 parameters, beside torch.autograd.gradcheck. Run: python -m benchmarks.gradmut.speed

A perceptron of eight blocks in torch, cross-entropy of 32 examples, float64: initlab takes the module, and checks its
inputs besides. Rivals run in turn in one process; the ratios are of processor seconds from the same round.
"""

import time
from collections.abc import Callable
from itertools import pairwise
from statistics import median

import torch
from threadpoolctl import threadpool_limits
from torch.autograd import gradcheck

import initlab
from initlab.gradients.report import GradientReport

ROUNDS = 5
WIDTHS = (20, 50, 50, 40, 10)


def module() -> tuple[torch.nn.Sequential, torch.Tensor, torch.Tensor]:
    """The network, its inputs and labels."""
    torch.manual_seed(0)
    layers: list[torch.nn.Module] = []
    for n_in, n_out in pairwise(WIDTHS):
        layers += [torch.nn.Linear(n_in, n_out), torch.nn.Tanh()]
    return torch.nn.Sequential(*layers[:-1]).double(), torch.randn(32, WIDTHS[0]).double(), torch.randint(0, 10, (32,))


def functional() -> tuple[Callable[..., torch.Tensor], tuple[torch.Tensor, ...]]:
    """The cost as a function of its parameters, as torch's checker wants it."""
    net, x, y = module()
    names = [name for name, _ in net.named_parameters()]
    values = tuple(value.detach().clone().requires_grad_() for value in net.parameters())

    def cost(*parameters: torch.Tensor) -> torch.Tensor:
        out = torch.func.functional_call(net, dict(zip(names, parameters, strict=True)), (x,))
        return torch.nn.functional.cross_entropy(out, y)

    return cost, values


def checked() -> GradientReport:
    """The module, its parameters and its inputs, as initlab takes them."""
    net, x, y = module()
    return initlab.gradcheck(net, data=(x,), loss=lambda out: torch.nn.functional.cross_entropy(out, y))


def seconds(job: Callable[[], object]) -> float:
    """Processor seconds."""
    begun = time.process_time()
    job()
    return time.process_time() - begun


def main() -> None:
    torch.set_num_threads(1)
    cost, values = functional()
    rivals: dict[str, Callable[[], object]] = {
        "initlab": checked,
        "gradcheck": lambda: gradcheck(cost, values),
        "gradcheck, fast_mode": lambda: gradcheck(cost, values, fast_mode=True),
    }
    with threadpool_limits(1):
        found = checked()
        rounds = [{name: seconds(job) for name, job in rivals.items()} for _ in range(ROUNDS)]
    (point,) = found.points
    print(f"{sum(value.numel() for value in values):,} parameters: {found.verdict}")
    print(f"{len(point.blocks)} blocks, {point.screening} forward evaluations")
    for name in rivals:
        ratio = median(each[name] / each["initlab"] for each in rounds)
        print(f"{name:22} {median(each[name] for each in rounds):8.3f} s {ratio:8.1f} x")


if __name__ == "__main__":
    main()

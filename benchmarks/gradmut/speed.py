"""Seconds to check 6,000 parameters, beside torch.autograd.gradcheck. Run: python -m benchmarks.gradmut.speed

A perceptron of eight blocks in torch, cross-entropy of 32 examples, float64; rivals run in turn in one process, and the
ratios are of processor seconds from the same round.
"""

import time
from collections.abc import Callable
from itertools import pairwise
from statistics import median

import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch.autograd import gradcheck

import initlab

ROUNDS = 3
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


def subject() -> tuple[Callable[..., float], Callable[..., dict[str, np.ndarray]], dict[str, np.ndarray]]:
    """The same as NumPy functions of a dict."""
    cost, values = functional()
    names = [f"p{k}" for k in range(len(values))]

    def forward(p: dict[str, np.ndarray]) -> float:
        with torch.no_grad():
            return float(cost(*(torch.from_numpy(np.asarray(p[name])) for name in names)))

    def backward(p: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        tensors = [torch.from_numpy(np.asarray(p[name])).requires_grad_() for name in names]
        found = torch.autograd.grad(cost(*tensors), tensors)
        return {f"d{name}": slope.numpy() for name, slope in zip(names, found, strict=True)}

    return forward, backward, {name: value.detach().numpy() for name, value in zip(names, values, strict=True)}


def seconds(job: Callable[[], object]) -> float:
    """Processor seconds."""
    begun = time.process_time()
    job()
    return time.process_time() - begun


def main() -> None:
    torch.set_num_threads(1)
    cost, values = functional()
    numpy = subject()
    rivals: dict[str, Callable[[], object]] = {
        "initlab": lambda: initlab.gradcheck(*numpy),
        "gradcheck": lambda: gradcheck(cost, values),
        "gradcheck, fast_mode": lambda: gradcheck(cost, values, fast_mode=True),
    }
    with threadpool_limits(1):
        rivals["initlab"]()
        times = {name: [seconds(job) for _ in range(ROUNDS)] for name, job in rivals.items()}
    found = initlab.gradcheck(*numpy)
    print(
        f"{sum(value.numel() for value in values):,} parameters in {len(values)} blocks: {found.verdict}, "
        f"{found.points[0].screening} forward evaluations"
    )
    for name, each in times.items():
        ratio = median(a / b for a, b in zip(each, times["initlab"], strict=True))
        print(f"{name:22} {median(each):8.3f} s {ratio:8.1f} x")


if __name__ == "__main__":
    main()

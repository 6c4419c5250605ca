"""The command line of the benchmark: see the package's docstring."""

import argparse
import warnings

import torch
from benchmarks import initfaults
from benchmarks.initfaults import oracle
from benchmarks.initfaults.faults import faults
from benchmarks.initfaults.net import Half
from benchmarks.initfaults.zoo import nets


def _healthy(half: Half | None) -> None:
    for net in nets(half):
        case = net.case(0)
        size = sum(p.numel() for p in case.model.parameters())
        print(f"{net.name:<46}{net.half:<10}{size:>12,} parameters   loss {float(case.objective()):.3f}", flush=True)


def _faults(half: Half | None) -> None:
    known = oracle.load()["faults"]
    for fault in faults(half):
        said = known.get(fault.name)
        word = "not asked" if said is None else "harmful" if said["harmful"] else "harmless"
        print(f"{fault.name:<72}{fault.half:<10}{word:<10}{'' if said is None else said['harm']}")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="initfaults", description=initfaults.__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("job", choices=("healthy", "faults", "oracle"))
    parser.add_argument("--half", choices=("dev", "held-out"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    if options.job == "oracle":
        oracle.ask(faults(options.half))
    else:
        {"healthy": _healthy, "faults": _faults}[options.job](options.half)


if __name__ == "__main__":
    main()

"""The command line of the benchmark: see the package's docstring."""

import argparse
import warnings
from pathlib import Path

import torch
from benchmarks import initfaults
from benchmarks.initfaults import ledger, oracle, own
from benchmarks.initfaults.baselines import absent, baselines
from benchmarks.initfaults.cost import cost
from benchmarks.initfaults.faults import faults
from benchmarks.initfaults.net import Half
from benchmarks.initfaults.remedied import remedied
from benchmarks.initfaults.report import text
from benchmarks.initfaults.score import OWN, run, score
from benchmarks.initfaults.steady import steady
from benchmarks.initfaults.zoo import nets
from benchmarks.initfaults.zoo.perceptrons_numpy import numpy_zoo


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


def _score(half: Half, path: Path, tools: list[str]) -> None:
    verdicts = run(half, path, tools)
    scores = [score(tool, said, half) for tool, said in verdicts.items()]
    print(f"half {half}, thresholds {own.digest()}, scored {len(ledger.entries(half))} time(s)")
    print(f"not installed: {', '.join(absent()) or 'none'}\n")
    print(text(scores))


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="initfaults", description=initfaults.__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "job", choices=("healthy", "faults", "oracle", "learns", "null", "score", "remedied", "cost", "steady", "numpy")
    )
    parser.add_argument("--half", choices=("dev", "held-out", "fresh", "late", "last"))
    parser.add_argument("--verdicts", type=Path, default=Path("initfaults-verdicts.json"), help="kept between runs")
    parser.add_argument("--tools", nargs="*", default=[OWN, *baselines()])
    parser.add_argument("--every", type=int, default=1, help="remedied: every n-th of those that can be asked")
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    if options.job == "oracle":
        oracle.ask(faults(options.half))
    elif options.job == "learns":
        oracle.verify(nets(options.half or "late"))
    elif options.job == "null":
        oracle.null(list({fault.host.name: fault.host for fault in faults("late")}.values()))
    elif options.job == "cost":
        cost()
    elif options.job == "numpy":
        numpy_zoo()
    elif options.job == "steady":
        steady(options.half or "dev")
    elif options.job == "remedied":
        remedied(options.half or "dev", options.verdicts, options.every)
    elif options.job == "score":
        _score(options.half or "dev", options.verdicts, options.tools)
    else:
        {"healthy": _healthy, "faults": _faults}[options.job](options.half)


if __name__ == "__main__":
    main()

"""Run: python -m benchmarks.gradmut [--quick] [-o FILE] [--rules initlab,course,...] [--report]"""

import argparse
import sys
from pathlib import Path

from benchmarks.gradmut import report
from benchmarks.gradmut.baselines import RULES
from benchmarks.gradmut.run import SUBJECT, read, run
from threadpoolctl import threadpool_limits


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gradmut", description=__doc__)
    parser.add_argument("--part", type=_part, default=(0, 1), metavar="K/N", help="part K of N, from 0")
    parser.add_argument("--quick", action="store_true", help="a small sample")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("gradmut.jsonl"), help="the answers; resumed if there"
    )
    parser.add_argument("--rules", default=",".join((SUBJECT, *RULES)), help="which rules to run, of all")
    parser.add_argument("--report", action="store_true", help="only report what the file has")
    options = parser.parse_args()
    if not options.report:
        with threadpool_limits(1):
            run(options.output, quick=options.quick, part=options.part, rules=tuple(options.rules.split(",")))
    sys.stdout.write(report.text(read(options.output)) + "\n")


def _part(text: str) -> tuple[int, int]:
    k, n = text.split("/")
    return int(k), int(n)


if __name__ == "__main__":
    main()

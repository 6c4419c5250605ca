"""What the reproductions share: the printed table, the rule behind its verdicts, `--quick`, and a line of progress.

A figure measured here is an interval: a mean with two standard errors to either side, or a median with the smallest and
the largest over the seeds. Beside it stands what is accepted as agreeing with the paper, and why is in each docstring.

    agrees            the interval lies within what is accepted
    does not agree    the two have nothing in common
    cannot tell       they overlap
"""

import argparse
import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

Item = TypeVar("Item")
Row = tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Measured:
    """The interval in which a figure lies, and how it is written."""

    low: float
    high: float
    text: str


def mean_of(values: Sequence[float] | np.ndarray) -> Measured:
    mean, error = float(np.mean(values)), 2 * float(np.std(values, ddof=1)) / len(values) ** 0.5
    form = f".{max(0, math.ceil(1 - math.log10(error)))}f" if error > 1e-9 else ".0e"
    return Measured(mean - error, mean + error, f"{mean:{form}} ± {error:{form}}")


def median_of(values: Sequence[float]) -> Measured:
    low, high = float(np.min(values)), float(np.max(values))  # NaN, where one of them is
    return Measured(low, high, f"{np.median(values):.3g} ({low:.3g} to {high:.3g})")


def row(claim: str, here: Measured, paper: str = "", accepted: tuple[float, float] | None = None) -> Row:
    if accepted is None:
        return claim, paper, "", here.text, ""
    low, high = accepted
    band = f"{low:.3g} to {high:.3g}" if high < math.inf else f">= {low:.3g}"
    if low <= here.low and here.high <= high:
        return claim, paper, band, here.text, "agrees"
    return claim, paper, band, here.text, "cannot tell" if here.low <= high and low <= here.high else "does not agree"


def show(title: str, rows: Sequence[Row]) -> int:
    """Print the table. The exit code: 0 all agree, 1 something does not, 3 something cannot be told."""
    lines = [("", "paper", "accepted", "here", "verdict"), *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    print(title)
    for line in lines:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())
    verdicts = {line[-1] for line in rows}
    return 1 if "does not agree" in verdicts else 3 if "cannot tell" in verdicts else 0


def quick(doc: str | None) -> bool:
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer seeds, coarser figures, a few seconds")
    return bool(parser.parse_args().quick)


def progress(what: str) -> Callable[[int, int], None]:
    """A line on stderr: told how much is done, of how much, it shows that every two seconds (every ten in a log)."""
    terminal, shown = sys.stderr.isatty(), time.monotonic()

    def report(done: int, total: int) -> None:
        nonlocal shown
        if time.monotonic() - shown > (2 if terminal else 10):
            shown = time.monotonic()
            print(f"{what}: {done} of {total}", end="   \r" if terminal else "\n", file=sys.stderr, flush=True)

    return report


def watched(items: Iterable[Item], total: int, what: str) -> Iterator[Item]:
    """The items one by one, with the progress line."""
    report = progress(what)
    for done, item in enumerate(items):
        report(done, total)
        yield item

"""A progress bar on stderr, on a terminal only, and only once the work has taken a while."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

QUIET = 1.0
"""Seconds that pass before a bar is worth showing."""

Show = Callable[[int, int], None]
"""Told how much is done, of how much."""


@contextmanager
def progress(work: str, after: str) -> Iterator[Show]:
    """A bar that says `work` until all is done, and `after` from then on."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task, begun = bar.add_task(work, total=None), time.monotonic()

    def show(done: int, total: int) -> None:
        if sys.stderr.isatty() and time.monotonic() - begun > QUIET:
            bar.start()
            bar.update(task, completed=done, total=total, description=work if done < total else after)

    try:
        yield show
    finally:
        if bar.live.is_started:
            bar.stop()

"""A progress bar on stderr, on a terminal only, gone when the work is done."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

Show = Callable[[int, int], None]
"""Told how much is done, of how much."""


@contextmanager
def progress(work: str, after: str, *, before: str = "preparing (the first run compiles)") -> Iterator[Show]:
    """A bar that says `before` until something is done, `work` until all is, and `after` from then on."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(before, total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, description=work if done < total else after)

        yield show

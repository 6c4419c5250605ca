"""A progress bar on stderr, on a terminal only, gone when the work is done."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

Show = Callable[[int, int], None]
"""Told how much is done, of how much."""


@contextmanager
def progress(work: str, after: str) -> Iterator[Show]:
    """A bar that says `work` until all is done, and `after` from then on; before, that the code is being compiled."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("preparing (the first run compiles)", total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, description=work if done < total else after)

        yield show

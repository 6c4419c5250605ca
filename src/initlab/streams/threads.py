"""Work that may be shared out: pieces taken one by one by a few threads. The result cannot depend on who took which."""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from initlab.errors import SpecError
from initlab.laws import shown, whole_number

Item = TypeVar("Item")


def available() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def checked_threads(threads: int | None) -> int:
    """The number of threads asked for, or all that are available. Raises SpecError unless it is >= 1."""
    if threads is None:
        return available()
    count = whole_number(threads)
    if count is None or count < 1:
        raise SpecError(f"The number of threads must be a whole number >= 1, got {shown(threads)}.")
    return count


def share_out(items: Iterator[Item], work: Callable[[Item], None], threads: int) -> None:
    """Do the work for every item; with several threads, each takes the next item as it becomes free."""
    if threads == 1:
        for item in items:
            work(item)
        return
    lock = threading.Lock()

    def serve() -> None:
        while True:
            with lock:
                item = next(items, None)
            if item is None:
                return
            work(item)

    with ThreadPoolExecutor(threads) as pool:
        for served in [pool.submit(serve) for _ in range(threads)]:
            served.result()

"""Networks in flight: jobs run by a few threads, never many started at once, all stopped by Ctrl-C."""

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from threadpoolctl import threadpool_limits

from initlab.streams.threads import checked_threads

Job = TypeVar("Job")
Result = TypeVar("Result")

PATIENCE = 0.1
"""Seconds between two looks at the stop flag by the thread that starts the jobs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight(Generic[Result]):
    """The results of the jobs that finished, in the order of the jobs, and whether the flight was interrupted."""

    results: tuple[Result, ...]
    interrupted: bool


def fly(
    jobs: Iterable[Job], work: Callable[[Job, threading.Event], Result | None], *, threads: int | None = None
) -> Flight[Result]:
    """Do the work for every job, `threads` at a time (one a processor, if not said), BLAS on one thread each.

    The work looks at the event it is given every few milliseconds, and returns None once that is set. Ctrl-C sets it,
    however often it is pressed, and what had finished is returned. Memory grows with the threads, and with the
    results, not with the jobs.
    """
    stop = threading.Event()
    workers = checked_threads(threads)
    started: list[Future[Result | None]] = []
    unfinished: set[Future[Result | None]] = set()
    with _interrupt_sets(stop), threadpool_limits(limits=1), ThreadPoolExecutor(workers) as pool:
        try:
            for job in jobs:
                unfinished = _settled(unfinished, 2 * workers - 1, stop)
                if stop.is_set():
                    break
                started.append(pool.submit(work, job, stop))
                unfinished.add(started[-1])
            _settled(unfinished, 0, stop)
        except BaseException:
            stop.set()
            raise
    results = (future.result() for future in started)
    return Flight(results=tuple(result for result in results if result is not None), interrupted=stop.is_set())


def _settled(unfinished: set[Future[Result | None]], most: int, stop: threading.Event) -> set[Future[Result | None]]:
    """What is unfinished once at most so many jobs are, or the flight is stopped. Raises the error of a job's work."""
    while len(unfinished) > most and not stop.is_set():
        done, unfinished = wait(unfinished, timeout=PATIENCE, return_when=FIRST_COMPLETED)
        for future in done:
            future.result()
    return unfinished


@contextmanager
def _interrupt_sets(stop: threading.Event) -> Iterator[None]:
    """In the main thread, Ctrl-C sets the event and raises nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda *_: stop.set())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)

"""Networks in flight: jobs run by a few threads, never many started at once, all stopped by Ctrl-C."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

from threadpoolctl import threadpool_limits

from initlab.streams.threads import checked_threads

Job = TypeVar("Job")
Result = TypeVar("Result")


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
    and what had finished is returned. Memory grows with the threads, and with the results, not with the jobs.
    """
    stop = threading.Event()
    workers = checked_threads(threads)
    started: list[Future[Result | None]] = []
    with threadpool_limits(limits=1), ThreadPoolExecutor(workers) as pool:
        try:
            for job in jobs:
                if len(started) >= 2 * workers:
                    started[-2 * workers].result()
                started.append(pool.submit(work, job, stop))
            wait(started)
        except KeyboardInterrupt:
            stop.set()
        except BaseException:
            stop.set()
            raise
    results = (future.result() for future in started)
    return Flight(results=tuple(result for result in results if result is not None), interrupted=stop.is_set())

"""One reader of one run: every frame in order as server-sent events, in full where the reader keeps up."""

import asyncio
from collections.abc import AsyncIterator

from initlab.lab import frames
from initlab.lab.runs import Run

HEARTBEAT = 5.0
"""Seconds of silence after which a comment is sent, so that both sides notice a connection that is gone."""

RETRY = b"retry: 700\n\n"
"""A reader whose connection breaks tries again after so many milliseconds."""


async def events(run: Run, *, after: int = -1) -> AsyncIterator[bytes]:
    """The frames that follow number `after`, then how the run ended.

    A reader who lags by several frames gets the curves of those in between, and only the latest in full: what waits is
    never more than one picture. The rest can be had one by one.
    """
    loop, news = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        loop.call_soon_threadsafe(news.set)

    run.listen(wake)
    try:
        yield RETRY
        sent = after + 1
        while True:
            news.clear()
            ended, there = run.ended, len(run.full)
            while sent < there:
                behind = len(run.full) - sent > 1 and not ended
                yield frames.event("frame", run.light[sent] if behind else run.full[sent], sent)
                sent += 1
            if ended and sent >= len(run.full):
                yield frames.event("end", frames.encode(run.ending()))
                return
            if not await _soon(news):
                yield b": still here\n\n"
    finally:
        run.leave(wake)


async def _soon(news: asyncio.Event) -> bool:
    try:
        await asyncio.wait_for(news.wait(), HEARTBEAT)
    except TimeoutError:
        return False
    return True

"""Many files at once: one function over many items, on every core, with a progress bar."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from api.console import build_progress, shows_progress

T = TypeVar("T")
R = TypeVar("R")

MOST_THREADS: Final = 8
"""Each holds a decoded picture or two, some 200 MiB at the largest that intake takes."""


def count_threads(items: int) -> int:
    """Return how many threads serve `items`: one a core that this process may use, and no more than are needed."""
    return max(1, min(items, len(os.sched_getaffinity(0)), MOST_THREADS))


def run_each(function: Callable[[T], R], items: Sequence[T], *, description: str, quiet: bool = False) -> list[R]:
    """Return ``function(item)`` of every item, in order.

    When interrupted, it waits for those that have begun and starts no more.

    Args:
        function: MUST be thread-safe; what it raises ends the batch.
        items: any number.
        description: for the progress bar.
        quiet: show none.
    """
    pool = ThreadPoolExecutor(count_threads(len(items)), thread_name_prefix="batch")
    try:
        if not shows_progress(quiet=quiet):
            return list(pool.map(function, items))
        with build_progress(counted=len(items) > 1) as bar:
            total = len(items) if len(items) > 1 else None
            task = bar.add_task(description, total=total)
            done = []
            for result in pool.map(function, items):
                done.append(result)
                bar.advance(task)
            return done
    finally:
        pool.shutdown(wait=True, cancel_futures=True)

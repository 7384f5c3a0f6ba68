"""The side of a process that takes files apart: one after another, within bounds, until the parent goes.

The other side is `provenance.media.workers`. Limits: bounds, not a sandbox. Who can run code of their own in a decoder
is another process of the same user, and sees the files that this process takes apart later; so each process ends after
a number of them.
"""

import math
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from provenance.child import Parent, bound, held_bytes
from provenance.errors import AssetError, AssetTooLargeError
from provenance.heap import give_back

MOST_OPEN: Final = 24
"""Standard streams, the socket, the memory, the file, and what libraries open while they load."""


class Bounds(NamedTuple):
    """What taking one file apart may take.

    Attributes:
        memory_bytes: beyond what the process held when it was ready.
        written_bytes: length of the longest file that it writes.
        threads: how many are at work at once, at most; each may be for the whole deadline.
    """

    memory_bytes: int
    written_bytes: int
    threads: int = 1


Request = Mapping[str, Any]
Parts = tuple[bytes, ...]


def serve_files(
    take: Callable[[Request, Parts, int], Mapping[str, Any]],
    find_bounds: Callable[[Request], Bounds],
    *,
    most_open: int = MOST_OPEN,
) -> None:
    """Be the process: take one file after another apart until the parent goes.

    Call it when every library is loaded: what is loaded later counts as the file's.

    Args:
        take: gets what it is asked, the bytes beside that, and the descriptor of the memory; returns what it found,
            JSON-able. An AssetError is a refusal, MemoryError one of its size; any other end is the process's.
        find_bounds: of one file, out of what is asked.
        most_open: descriptors.
    """
    parent, memory = Parent(int(sys.argv[1])), int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_open, most_open))
    held = held_bytes()
    parent.reply({"ready": True})
    while (request := parent.receive()) is not None:
        header, parts = request
        # Should the parent be killed meanwhile, nobody else is there to end what hangs.
        signal.alarm(math.ceil(header["deadline_s"]) + 1)
        _set_bounds(find_bounds(header), held, header["deadline_s"])
        reply = _answer(take, header, parts, memory)
        signal.alarm(0)
        parent.reply(reply)
        give_back()  # whoever waits for the next file holds what it needs to wait


def _set_bounds(bounds: Bounds, held: int, deadline_s: float) -> None:
    if held:
        bound(resource.RLIMIT_AS, held + bounds.memory_bytes)
    threads = max(1, min(bounds.threads, os.cpu_count() or 1))
    bound(resource.RLIMIT_CPU, math.ceil(time.process_time() + deadline_s * threads))
    bound(resource.RLIMIT_FSIZE, bounds.written_bytes)


def _answer(
    take: Callable[[Request, Parts, int], Mapping[str, Any]], header: Request, parts: Parts, memory: int
) -> Mapping[str, Any]:
    try:
        return take(header, parts, memory)
    except AssetError as exc:
        return {"refused": type(exc).__name__, "text": str(exc)}
    except MemoryError:
        text = f"{header['media_type']}: expected to fit in memory{_describe_size(header)}"
        return {"refused": AssetTooLargeError.__name__, "text": text, "is_full": True}


def _describe_size(header: Request) -> str:
    return f", got {header['size']}" if "size" in header else ""

"""Processes that help with many files: each opens the same site and takes one file at a time.

Threads of one process wait for each other wherever Python itself is at work, half of a release; processes do not. This
process is one of those at work; the others are handed files over a socket, and what became of each comes back over it.
Leases and turns keep two processes from one asset, as they do for any two.

Trusts: the helpers, which are this very program with the rights of this process. What decodes files is kept apart from
them as from any (`provenance.media.picture.decoders`).
Limits: a helper that dies takes the file at hand along, which is told and finished by the next that opens the site.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Final

from api.batch import count_threads, run_each
from api.console import build_progress
from api.helper import End, Helper
from api.releasing import Ended, Request, Source, end_file, end_unseen
from api.wiring import Site
from provenance.errors import GateError

FILES_A_HELPER: Final = 4
"""A helper takes about as long to start as two or three files take, so each has to have some."""
HELPER_BYTES: Final = 1 << 30
"""Room for one: its models, and a large picture or two."""

_MEMINFO: Final = Path("/proc/meminfo")


def count_helpers(files: int) -> int:
    """Return how many processes help with so many files: as cores, files and free memory allow."""
    cores = count_threads(files) - 1
    return max(0, min(cores, files // FILES_A_HELPER - 1, _find_free_bytes() // HELPER_BYTES - 1))


def end_each(
    site: Site,
    sources: Sequence[Source],
    request: Request,
    *,
    standing_by: Sequence[Helper] = (),
    quiet: bool = False,
) -> list[Ended]:
    """Release every file and say how each ended, in order; with helpers where there are many.

    Who signs is loaded first, so that a lost key is told whatever is handed in. Nothing else is warmed before a file
    comes that has to be looked at; helpers then start while this process warms.

    Args:
        site: opened.
        sources: any number.
        request: what every one of them is released with.
        standing_by: helpers that were started before the site was opened; their starter ends them.
        quiet: show no progress.
    """
    site.identity.load()
    ended: list[Ended] = []
    rest = list(sources)
    while rest:
        answer = end_unseen(site, rest[0], request)
        if isinstance(answer, Source):
            rest[0] = answer  # what was taken in is not read again
            break
        ended.append(answer)
        rest.pop(0)
    if not rest:
        return ended
    with crew(site, request, count_helpers(len(rest)), count_threads(len(rest)), standing_by) as end:
        with build_progress(quiet=quiet, counted=False) as bar:
            bar.add_task("warming up", total=None)
            site.warm()
        return ended + run_each(end, rest, description="releasing", quiet=quiet)


@contextmanager
def crew(site: Site, request: Request, helpers: int, threads: int, standing_by: Sequence[Helper] = ()) -> Iterator[End]:
    """Give what releases one file here or in a helper, whoever is free.

    Args:
        site: opened, and warm before a file comes that has to be looked at.
        request: what every file is released with.
        helpers: how many are at work; without any, threads share this process.
        threads: how many will call it at once.
        standing_by: helpers that were started already and are taken first.
    """

    def end_here(source: Source) -> Ended:
        return end_file(site, source, request)

    if helpers < 1:
        yield end_here
        return
    free: SimpleQueue[End] = SimpleQueue()
    for _ in range(max(1, threads - helpers)):
        free.put(end_here)

    def end_anywhere(source: Source) -> Ended:
        if source.file is not None or isinstance(source.place, GateError):
            return end_here(source)
        end = free.get()
        try:
            return end(source)
        finally:
            if not (isinstance(end, Helper) and end.is_gone):
                free.put(end)

    site.deployment.runner.share_cores(helpers + 1)
    with ExitStack() as stack:
        for place in range(helpers):
            helper = standing_by[place] if place < len(standing_by) else Helper()
            stack.callback(helper.close)
            helper.begin(request, site.settings.tenant, helpers + 1)
            helper.report_to(free)
        yield end_anywhere


def _find_free_bytes() -> int:
    """Return how much memory is free, as the kernel reckons; none where it does not say."""
    with suppress(OSError, ValueError, IndexError):
        for line in _MEMINFO.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) << 10
    return 0

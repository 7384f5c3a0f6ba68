"""Processes that help with many files: each opens the same site and takes one file at a time.

Threads of one process wait for each other wherever Python itself is at work, half of a release; processes do not. This
process is one of those at work; the others are handed files over a socket, and what became of each comes back over it.
Leases and turns keep two processes from one asset, as they do for any two.

Trusts: the helpers, which are this very program with the rights of this process. What decodes files is kept apart from
them as from any (`provenance.media.picture.decoders`).
Limits: a helper that dies takes the file at hand along, which is told and finished by the next that opens the site.
"""

import pickle
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import Any, ClassVar, Final

from api.batch import count_threads, run_each
from api.concealing import run_concealing
from api.console import build_progress
from api.releasing import Ended, Making, Repeats, Source, end_file, end_unseen
from api.settings import act_for, load_settings
from api.watching import DefectError
from api.wiring import Site, open_site
from provenance.asset import AssetId
from provenance.errors import GateError, ProcessDiedError
from provenance.journal import is_silent, silence
from provenance.tenant import Tenant

FILES_A_HELPER: Final = 4
"""A helper takes about as long to start as two or three files take, so each has to have some."""
HELPER_BYTES: Final = 1 << 30
"""Room for one: its models, and a large picture or two."""

_MEMINFO: Final = Path("/proc/meminfo")
_START: Final = "import sys; sys.path.insert(0, {root!r}); from api.crew import help_out; help_out({handle})"

_DIED: Final = "the process that was at work on it died: what it began goes on by itself; hand in the file again"

End = Callable[[Source], Ended]


@dataclass(frozen=True, slots=True)
class Request:
    """What every file of a batch is released with.

    Attributes:
        packs, making, repeats, asset_id, key: as `api.releasing.end_file` takes them.
    """

    packs: tuple[str, ...] = ()
    making: Making = field(default_factory=Making)
    repeats: Repeats = field(default_factory=Repeats)
    asset_id: AssetId | None = None
    key: str = ""

    def end(self, site: Site, source: Source) -> Ended:
        """Release one file, in this process."""
        return end_file(site, source, **self._said())

    def end_unseen(self, site: Site, source: Source) -> Ended | Source:
        """Say how a file ended that no detector has to look at, or give it back, taken in."""
        return end_unseen(site, source, **self._said())

    def _said(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("packs", "making", "repeats", "asset_id", "key")}


class HelperError(GateError):
    """What went wrong in a helper, where the error itself does not cross into another process.

    Attributes:
        code, retryable: of the error there.
    """

    code: ClassVar[str] = "gate"

    def __init__(self, message: str, code: str, retryable: bool) -> None:  # noqa: FBT001 - by place, from pickle
        super().__init__(message, code, retryable)
        self.code, self.retryable = code, retryable  # type: ignore[misc]  # of the error there, not of this class

    def __str__(self) -> str:
        """Return what the error there said."""
        return str(self.args[0])


def count_helpers(files: int) -> int:
    """Return how many processes help with so many files: as cores, files and free memory allow."""
    cores = count_threads(files) - 1
    return max(0, min(cores, files // FILES_A_HELPER - 1, _find_free_bytes() // HELPER_BYTES - 1))


def end_each(site: Site, sources: Sequence[Source], request: Request, *, quiet: bool = False) -> list[Ended]:
    """Release every file and say how each ended, in order; with helpers where there are many.

    Who signs is loaded first, so that a lost key is told whatever is handed in. Nothing else is warmed before a file
    comes that has to be looked at; helpers then start while this process warms.

    Args:
        site: opened.
        sources: any number.
        request: what every one of them is released with.
        quiet: show no progress.
    """
    site.identity.load()
    ended: list[Ended] = []
    rest = list(sources)
    while rest:
        answer = request.end_unseen(site, rest[0])
        if isinstance(answer, Source):
            rest[0] = answer  # what was taken in is not read again
            break
        ended.append(answer)
        rest.pop(0)
    if not rest:
        return ended
    with crew(site, request, count_helpers(len(rest)), count_threads(len(rest))) as end:
        with build_progress(quiet=quiet, counted=False) as bar:
            bar.add_task("warming up", total=None)
            site.warm()
        return ended + run_each(end, rest, description="releasing", quiet=quiet)


@contextmanager
def crew(site: Site, request: Request, helpers: int, threads: int) -> Iterator[End]:
    """Give what releases one file here or in a helper, whoever is free.

    Args:
        site: opened, and warm before a file comes that has to be looked at.
        request: what every file is released with.
        helpers: how many start; without any, threads share this process.
        threads: how many will call it at once.
    """

    def end_here(source: Source) -> Ended:
        return request.end(site, source)

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
            if not (isinstance(end, _Helper) and end.is_gone):
                free.put(end)

    with ExitStack() as stack:
        for _ in range(helpers):
            helper = _Helper(request, site.settings.tenant)
            stack.callback(helper.close)
            helper.report_to(free)
        yield end_anywhere


class _Helper:
    """One helping process, as this one sees it."""

    def __init__(self, request: Request, tenant: Tenant) -> None:
        ours, theirs = socket.socketpair()
        root = str(Path(__file__).resolve().parent.parent)
        code = _START.format(root=root, handle=theirs.fileno())
        self.is_gone = self._is_ready = False
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module; -P: not the current folder's
                [sys.executable, "-P", "-c", code],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                # A key pressed at the terminal interrupts who hands the files out, which then hands out no more.
                start_new_session=True,
            )
        self._line = Connection(ours.detach())
        with suppress(OSError):
            self._line.send((request, tenant, is_silent()))

    def report_to(self, free: "SimpleQueue[End]") -> None:
        """Have it say that it is free as soon as its site is open; one that cannot open it never is."""
        self._thread = threading.Thread(target=self._await_start, args=(free,), daemon=True)
        self._thread.start()

    def _await_start(self, free: "SimpleQueue[End]") -> None:
        with suppress(OSError, EOFError):
            self._is_ready = bool(self._line.recv())
            free.put(self)

    def __call__(self, source: Source) -> Ended:
        """Have one file released there."""
        try:
            self._line.send((source.path, source.place))
            ended: Ended = self._line.recv()
        except (OSError, EOFError):
            self.is_gone = True
            return Ended(source.path, error=ProcessDiedError(_DIED))
        return ended

    def close(self) -> None:
        """Have it end; one whose site is not open yet has nothing to finish and is not waited for."""
        if self._is_ready:
            with suppress(OSError):
                self._line.send(None)
        else:
            self._process.terminate()
        self._process.wait()
        self._thread.join()
        self._line.close()


def help_out(handle: int) -> None:
    """Release what comes over the socket, until it ends; what a helper does."""
    with Connection(handle) as line, suppress(EOFError, OSError):
        request, tenant, may_be_silent = line.recv()
        if may_be_silent:
            silence()
        act_for(tenant)
        with open_site(load_settings(), may_make=False, quiet=True, finish=False) as site:
            site.warm()
            line.send(True)
            while (asked := line.recv()) is not None:
                path, place = asked
                line.send(_end_safely(site, Source(path, place, site.deployment.media), request))


def _end_safely(site: Site, source: Source, request: Request) -> Ended:
    """Return how a file ended, in a form that crosses; a defect of ours is told, too, by kind and place."""
    ends: list[Ended] = []

    def work() -> int:
        ends.append(request.end(site, source))
        return 0

    def note(message: str) -> int:
        ends.append(Ended(source.path, error=DefectError(message)))
        return 2

    run_concealing(work, note, is_verbose=False)
    (ended,) = ends
    return ended if ended.error is None else replace(ended, error=_make_portable(ended.error))


def _make_portable(error: GateError) -> GateError:
    """Return an error that another process can read: itself where it survives the way, else what it says."""
    with suppress(Exception):
        there = pickle.loads(pickle.dumps(error))  # noqa: S301 - made on the line before
        if type(there) is type(error) and str(there) == str(error):
            return error
    return HelperError(str(error), error.code, error.retryable)


def _find_free_bytes() -> int:
    """Return how much memory is free, as the kernel reckons; none where it does not say."""
    with suppress(OSError, ValueError, IndexError):
        for line in _MEMINFO.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) << 10
    return 0

"""A process that helps with many files: it opens the same site and takes one file at a time, over a socket.

One is forked where this process has a single thread still, which spares it the second that importing takes; forked
beside threads it could wait for ever for a lock that one of them held, so that it starts from nothing there.

Trusts: the helper, which is this very program with the rights of this process.
Limits: a helper that dies takes the file at hand along, which is told and finished by the next that opens the site.
"""

import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from api.concealing import run_concealing
from api.releasing import Ended, Request, Source, end_file
from api.settings import act_for, load_settings
from api.watching import DefectError
from api.wiring import Site, open_site
from provenance.errors import GateError, ProcessDiedError
from provenance.journal import is_silent, silence
from provenance.tenant import Tenant

if TYPE_CHECKING:
    from queue import SimpleQueue

_TASKS: Final = Path("/proc/self/task")
_START: Final = "import sys; sys.path.insert(0, {root!r}); from api.helper import help_out; help_out({handle})"

_DIED: Final = "the process that was at work on it died: what it began goes on by itself; hand in the file again"

End = Callable[[Source], Ended]


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


@contextmanager
def standing_by(count: int) -> Iterator[list["Helper"]]:
    """Fork helpers, which wait to be told of a site, and end them; none where this process cannot be forked.

    Args:
        count: how many. What is open at this moment is theirs as well, so that nothing may be.
    """
    with ExitStack() as stack:
        helpers: list[Helper] = []
        for _ in range(count if has_one_thread() else 0):
            helpers.append(Helper(forked_after=helpers))
            stack.callback(helpers[-1].close)
        yield helpers


class Helper:
    """One helping process, as this one sees it.

    Attributes:
        is_gone: it died, and takes no more.
        line: over which files and what became of them go.
    """

    def __init__(self, forked_after: "Sequence[Helper] | None" = None) -> None:
        """Start it.

        Args:
            forked_after: fork it, beside these that were; by default it starts from nothing, whatever is open here.
        """
        ours, theirs = socket.socketpair()
        self.is_gone = self._is_ready = self._is_closed = False
        self._thread: threading.Thread | None = None
        self._process: _Forked | subprocess.Popen[bytes]
        with theirs:
            if forked_after is None:
                self._process = _spawn(theirs)
            else:
                self._process = _fork(theirs, [ours, *(helper.line for helper in forked_after)])
        self.line: Connection = Connection(ours.detach())

    def begin(self, request: Request, tenant: Tenant, processes: int) -> None:
        """Have it open the site and warm up.

        Args:
            request: what every file is released with.
            tenant: whom it acts for.
            processes: how many are at work in all, among which the cores are shared.
        """
        with suppress(OSError):
            self.line.send((request, tenant, processes, is_silent()))

    def report_to(self, free: "SimpleQueue[End]") -> None:
        """Have it say that it is free as soon as its site is open; one that cannot open it never is."""
        self._thread = threading.Thread(target=self._await_start, args=(free,), daemon=True)
        self._thread.start()

    def _await_start(self, free: "SimpleQueue[End]") -> None:
        with suppress(OSError, EOFError):
            self._is_ready = bool(self.line.recv())
            free.put(self)

    def __call__(self, source: Source) -> Ended:
        """Have one file released there."""
        try:
            self.line.send((source.path, source.place))
            ended: Ended = self.line.recv()
        except (OSError, EOFError):
            self.is_gone = True
            return Ended(source.path, error=ProcessDiedError(_DIED))
        return ended

    def close(self) -> None:
        """Have it end; one whose site is not open yet has nothing to finish and is not waited for."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._is_ready:
            with suppress(OSError):
                self.line.send(None)
        else:
            self._process.terminate()
        self._process.wait()
        if self._thread is not None:
            self._thread.join()
        self.line.close()


def has_one_thread(tasks: Path = _TASKS) -> bool:
    """Whether this process can be forked: the system says that it has a single thread."""
    try:
        return len(list(tasks.iterdir())) == 1
    except OSError:
        return False


class _Forked:
    """A process that was forked, with what `subprocess.Popen` has for one that was not."""

    def __init__(self, pid: int) -> None:
        self.pid: Final = pid

    def terminate(self) -> None:
        os.kill(self.pid, signal.SIGTERM)  # never another's: nobody has waited for it

    def wait(self) -> None:
        os.waitpid(self.pid, 0)


def _fork(theirs: socket.socket, ours: Sequence[socket.socket | Connection]) -> _Forked:
    """Fork a helper: it closes `ours`, or would not see us end, and runs nothing that we registered for our own end."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return _Forked(pid)
    status = 1
    try:
        os.setsid()  # as in `_spawn`
        for end in ours:
            end.close()
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)
        help_out(theirs.detach())
        status = 0
    finally:
        os._exit(status)


def _spawn(theirs: socket.socket) -> "subprocess.Popen[bytes]":
    root = str(Path(__file__).resolve().parent.parent)
    code = _START.format(root=root, handle=theirs.fileno())
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module; -P: not the current folder's
        [sys.executable, "-P", "-c", code],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=(theirs.fileno(),),
        # A key pressed at the terminal interrupts who hands the files out, which then hands out no more.
        start_new_session=True,
    )


def help_out(handle: int) -> None:
    """Release what comes over the socket, until it ends; what a helper does."""
    with Connection(handle) as line, suppress(EOFError, OSError):
        request, tenant, processes, may_be_silent = line.recv()
        if may_be_silent:
            silence()
        act_for(tenant)
        with open_site(load_settings(), may_make=False, quiet=True, finish=False) as site:
            site.deployment.runner.share_cores(processes)
            site.warm()
            line.send(True)
            while (asked := line.recv()) is not None:
                path, place = asked
                line.send(_end_safely(site, Source(path, place, site.deployment.media), request))


def _end_safely(site: Site, source: Source, request: Request) -> Ended:
    """Return how a file ended, in a form that crosses; a defect of ours is told, too, by kind and place."""
    ends: list[Ended] = []

    def work() -> int:
        ends.append(end_file(site, source, request))
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

"""A worker process: takes assets out of the line and walks them until it is told to stop.

It draws prompts that wait to be drawn, says that it lives, sees to what workers that are gone had, and does the site's
upkeep besides. Told to stop, it takes nothing more, finishes what it walks within a bound, and gives the rest back.
"""

import os
import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from api import VERSION
from api.console import EXIT_ERROR, print_error
from api.drawing import drawing
from api.telling import keep_telling
from api.upkeep import keep_up
from api.wiring import PRESENCE_FOLDER, open_site
from policies.fleet import Membership
from policies.workflow import Engine, enqueue
from provenance.errors import DatabaseUnavailableError, GateError
from provenance.journal import Journal
from provenance.storage.keyring import fingerprint_files

if TYPE_CHECKING:
    from api.settings import Settings
    from policies.line.deployment import Deployment

_BEATS: Final = 6
"""A worker says that it lives so often in the time after which it would be missed."""
GIVES_WAY: Final = 5
"""How much lower the priority is of a worker that a server starts beside itself: somebody waits for the server."""
_RESTOCK_S: Final = 15.0
_FORGET_S: Final = 300.0
_LOOK_S: Final = 0.2

_log = Journal(__name__)


def run_worker(settings: "Settings", *, number: int | None, parent: int | None, tell: Callable[[str], None]) -> int:
    """Work until SIGTERM, SIGINT, or the end of the process that started this one; return the exit code.

    Args:
        settings: of the site.
        number: of this worker on this machine; None for the first free one.
        parent: id of the process with which this one ends; None for none.
        tell: prints a line for people.

    Raises:
        WorkerIdTakenError: another process works under this id.
        ConfigurationError: settings that cannot work.
    """
    stopped = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopped.set())
    with open_site(settings) as site:
        here, line = site.deployment, settings.line
        site.warm()
        member = Membership(
            here.database,
            settings.home / PRESENCE_FOLDER,
            name=line.worker or os.uname().nodename,
            silent_s=line.silent_s,
            slots=line.slots,
            version=VERSION,
            find_keys=partial(fingerprint_files, settings.keys_dir),
        )
        worker = member.join(number)
        engine = Engine(here, worker)
        engine.start()
        engine.restock(with_stopped=True)
        tell(f"worker {worker} walks {line.slots} assets at a time; process {os.getpid()}")
        with keep_up(here), drawing(site, enqueue), keep_telling(site):
            code = _work(here, member, engine, stopped, parent)
            # Before the others are waited for: from here on nobody says that this worker lives.
            if not engine.stop(line.grace_s if code == 0 else 0):
                _leave_now(here, member, code)
        member.leave()
        tell(f"worker {worker} has stopped")
    return code


def _work(here: "Deployment", member: Membership, engine: Engine, stopped: threading.Event, parent: int | None) -> int:
    """See to the fleet until it is time to stop; return the exit code."""
    beaten = restocked = forgotten = time.monotonic()
    while not stopped.wait(_LOOK_S):
        now = time.monotonic()
        if parent is not None and os.getppid() != parent:
            return 0
        if now - beaten < member.silent_s / _BEATS:
            continue
        try:
            if not member.beat():
                print_error(f"worker {member.id} was silent for so long that others took its work over", "worker.gone")
                return EXIT_ERROR
            beaten = time.monotonic()
            member.reap(here, engine.line)
            if now - restocked >= _RESTOCK_S:
                restocked = now
                engine.restock()
            if now - forgotten >= _FORGET_S:
                forgotten = now
                # It ends in time to say again that this worker lives.
                engine.line.forget_ended(is_stopped=partial(_is_due, stopped, beaten + member.silent_s / _BEATS))
        except DatabaseUnavailableError as exc:
            _log.error("the worker cannot say that it lives", error=str(exc))
            if time.monotonic() - beaten >= member.silent_s:
                print_error(f"worker {member.id} could not reach the database for too long: {exc}", exc.code)
                return EXIT_ERROR
        except GateError as exc:
            _log.error("the fleet could not be seen to", code=exc.code, error=str(exc))
    return 0


def _is_due(stopped: threading.Event, at: float) -> bool:
    return stopped.is_set() or time.monotonic() >= at


def _leave_now(here: "Deployment", member: Membership, code: int) -> None:
    """End at once: what is still walked here was given back, and others may be at it the next moment."""
    try:
        here.leases.close()
        member.leave()
    finally:
        os._exit(code)

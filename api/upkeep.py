"""What any process does for a site besides its own work: finish what others left, sign what was added, code old works.

And forget who visited. A process that opens a site does it then and when it closes; a server, which does neither for
weeks, now and again.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

from policies.gate import resume
from policies.line.deployment import Deployment
from provenance.errors import GateError
from provenance.journal import Journal, spell_surprise
from provenance.storage.binding import renew_binding

UPKEEP_S: Final = 10.0
"""How often a server looks: what was killed on its machine is finished about so long after."""

_log = Journal(__name__)


def finish_interrupted(here: Deployment) -> None:
    """Finish what was interrupted; what cannot be finished now waits for the next time and stops nothing else.

    Without a signer nothing could be finished, only held for want of one, so all of it waits.
    """
    try:
        here.sealer.verify_signer()
        resume(here)
    except GateError as exc:
        _log.error("an interrupted asset could not be finished", code=exc.code, error=str(exc))


def sign_off(here: Deployment) -> None:
    """Sign what was added to the ledger, and have the blob stores know it; what fails is done the next time."""
    try:
        renew_binding(here.database, here.blobs, here.log.checkpoint().size)
    except GateError as exc:
        _log.error("the ledger could not be signed", code=exc.code, error=str(exc))


def code_old_works(here: Deployment, *, is_stopped: Callable[[], bool]) -> None:
    """Give works the codes that are compared now, where other weights made theirs; what fails is done the next time."""
    try:
        done = sum(1 for _ in here.works.recode(is_stopped=is_stopped))
    except GateError as exc:
        _log.error("works could not be coded again", code=exc.code, error=str(exc))
        return
    if done:
        _log.info("works were coded again", works=done)


def forget(here: Deployment) -> None:
    """Let go of what visitors who have not come for a minute are counted by; what fails is done the next time."""
    from api.allowance import forget_visits

    try:
        forget_visits(here.database)
    except GateError as exc:
        _log.error("visits could not be let go of", code=exc.code, error=str(exc))


@contextmanager
def keep_up(here: Deployment, *, every_s: float = UPKEEP_S) -> Iterator[None]:
    """Finish, code and sign now and again, in a thread of its own, for as long as the block lasts."""
    stopped = threading.Event()

    def work() -> None:
        while not stopped.wait(every_s):
            for duty in (finish_interrupted, partial(code_old_works, is_stopped=stopped.is_set), sign_off, forget):
                try:
                    duty(here)
                except Exception as exc:  # noqa: BLE001 - one duty must not end the others, nor the thread
                    _log.error("upkeep failed unforeseen", error=spell_surprise(exc))

    thread = threading.Thread(target=work, name="upkeep", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()

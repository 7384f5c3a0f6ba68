"""What a serving or working process does beside its requests: make exports, tell webhooks, drop what has expired.

Any number of processes may do so at once; each order and each delivery is taken by one of them.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

from provenance.errors import GateError
from provenance.journal import Journal, spell_surprise

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from api.wiring import Site
    from policies.audit.orders import Export

LOOK_S: Final = 1.0
"""How often each looks for something to do."""

_log = Journal(__name__)


@contextmanager
def keep_telling(site: "Site", *, every_s: float = LOOK_S) -> Iterator[None]:
    """Make what is ordered and tell what is due, in threads of their own, for as long as the block lasts."""
    stopped = threading.Event()
    threads = [
        threading.Thread(target=_repeat, args=(work, stopped, every_s), name=name, daemon=True)
        for name, work in (
            ("exports", partial(export_once, site)),
            ("webhooks", partial(tell_once, site, is_stopped=stopped.is_set)),
        )
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopped.set()
        for thread in threads:
            thread.join()


def export_once(site: "Site") -> bool:
    """Make the next export that is ordered, and drop what has expired; return whether there was one."""
    from policies.audit.orders import expire_exports, make_next

    here = site.deployment
    made = make_next(here.database, here.tenancy, announce=announce_export, kept_s=site.settings.retention.exports_s)
    if made is None:
        expire_exports(here.database, here.blobs)
    return made is not None


def tell_once(site: "Site", *, is_stopped: Callable[[], bool] = lambda: False) -> bool:
    """Tell webhooks what is due, until `is_stopped`; return whether there was anything."""
    from policies.webhooks.delivery import deliver_due
    from provenance.storage.secretbox import load_box

    webhooks = site.settings.webhooks
    tried = deliver_due(
        site.deployment.database,
        load_box(site.settings.keys_dir),
        may_be_local=webhooks.private_networks,
        disable_after_s=webhooks.disable_after_days * 86_400,
        is_stopped=is_stopped,
    )
    return tried > 0


def announce_export(connection: "Connection", export: "Export") -> None:
    """Write the event that an export can be fetched, or never will."""
    from policies.webhooks.outbox import announce

    data = {"export_id": export.id, "state": export.state, "kind": export.wanted.get("kind"), "rows": export.rows_done}
    announce(connection, tenant=export.tenant, kind="export.ready", key=export.id, data=data)


def _repeat(work: Callable[[], bool], stopped: threading.Event, every_s: float) -> None:
    while not stopped.is_set():
        try:
            was_busy = work()
        except GateError as exc:
            _log.error("work beside requests failed", code=exc.code, error=str(exc))
            was_busy = False
        except Exception as exc:  # noqa: BLE001 - the thread goes on for as long as the process does
            _log.error("work beside requests failed unforeseen", error=spell_surprise(exc))
            was_busy = False
        if not was_busy:
            stopped.wait(every_s)

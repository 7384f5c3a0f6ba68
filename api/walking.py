"""Accepted submissions on their way: handed over to the workers, or, where there are none, walked in threads here.

What is accepted is in the database first, so that nothing is lost with this process: workers find it, or the upkeep of
whoever opens the site.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from api.drawing import draw_wish
from policies.gate import walk
from policies.line.deployment import Deployment
from policies.line.wish import WishState, find_wish, waiting_wishes
from policies.workflow import Placing, enqueue
from provenance.asset import AssetId
from provenance.errors import AssetInUseError, GateError
from provenance.journal import Journal
from provenance.storage.lease import find_now_ms
from provenance.storage.line_tables import WORKERS

if TYPE_CHECKING:
    from api.wiring import Site

KNOWN_S: Final = 1.0
"""Whether there are workers is looked up so often."""

_ENDED: Final = frozenset({WishState.REFUSED.value, WishState.FAILED.value})

_log = Journal(__name__)


class Walkers:
    """Sets submissions on their way; without workers some are walked at a time, the others in their order."""

    def __init__(self, site: "Site", *, at_once: int) -> None:
        """Use up to `at_once` threads where there are no workers."""
        self._site = site
        self._pool: Final = ThreadPoolExecutor(at_once, thread_name_prefix="line")
        self._messenger: Final = ThreadPoolExecutor(1, thread_name_prefix="messenger")
        self._looked_at, self._has_workers = -KNOWN_S, False

    def start(self, here: Deployment, asset_id: AssetId) -> None:
        """Set an accepted asset, or a wish, on its way; workers find a wish by themselves.

        A wish that came to its end without an asset, and is handed in again under its key, has no way to go.

        Raises:
            DatabaseUnavailableError: its place in the line could not be kept; it is found by the upkeep.
        """
        wish = find_wish(here, asset_id)
        if wish is not None and wish["state"] in _ENDED:
            return
        if not self.has_workers():
            self._pool.submit(self._try, here, asset_id)
        elif wish is None or wish["state"] != WishState.WAITING.value:
            enqueue(here, asset_id)

    def build_placing(self, here: Deployment) -> Placing | None:
        """Build what hands a new file to the workers while it is taken in; None where there are none."""
        return Placing(here) if self.has_workers() else None

    def tell_workers(self, placing: Placing) -> None:
        """Tell the workers of a new file, without anybody waiting for that: its place is kept already."""
        self._messenger.submit(placing.tell_workers)

    def start_waiting(self) -> None:
        """Draw what an earlier process has left to be drawn, where there are no workers."""
        for wish_id, tenant in waiting_wishes(self._site.deployment):
            self.start(self._site.deployment.tenancy(tenant), wish_id)

    def has_workers(self) -> bool:
        """Return whether a worker of the site was heard of lately."""
        now = time.monotonic()
        if now - self._looked_at >= KNOWN_S:
            here, silent_ms = self._site.deployment, int(self._site.settings.line.silent_s * 1000)
            with here.database.read() as connection:
                since = find_now_ms(connection) - silent_ms
                heard = select(func.count()).where(WORKERS.c.beats_at_ms >= since)
                self._has_workers = connection.execute(heard).scalar_one() > 0
            self._looked_at = now
        return self._has_workers

    def close(self) -> None:
        """Finish what is at work; what still waits is in the database, for the next process."""
        self._pool.shutdown(cancel_futures=True)
        self._messenger.shutdown()

    def _try(self, here: Deployment, asset_id: AssetId) -> None:
        try:
            if not _is_waiting_wish(here, asset_id) or draw_wish(self._site, here, asset_id):
                walk(here, asset_id, wait=False)
        except AssetInUseError:
            _log.info("somebody else is at work on an asset", asset_id=asset_id)
        except GateError as exc:
            _log.error("an asset could not be finished now", asset_id=asset_id, code=exc.code, error=str(exc))


def _is_waiting_wish(here: Deployment, asset_id: AssetId) -> bool:
    wish = find_wish(here, asset_id)
    return wish is not None and wish["state"] == WishState.WAITING.value

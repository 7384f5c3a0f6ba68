"""Accepted submissions on their way down the line, in threads of this server, while nobody waits for them.

What is accepted is in the database first, so that nothing is lost with this process: the site's upkeep finishes it, and
draws what waits to be drawn.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from policies.gate import walk
from policies.line.deployment import Deployment
from policies.line.intake import intake
from policies.line.wish import load_wish, settle_drawn, settle_failed, settle_refused, waiting_wishes
from policies.rules.decision import Decision
from provenance.asset import AssetId
from provenance.errors import AssetInUseError, GateError
from provenance.journal import Journal

if TYPE_CHECKING:
    from api.wiring import Site

_log = Journal(__name__)


class Walkers:
    """Walks assets down the line, some at a time, the others in the order in which they came."""

    def __init__(self, site: "Site", *, at_once: int) -> None:
        """Use up to `at_once` threads."""
        self._site = site
        self._pool: Final = ThreadPoolExecutor(at_once, thread_name_prefix="line")
        self._drawing: Final = threading.Lock()

    def start(self, here: Deployment, asset_id: AssetId) -> None:
        """Walk an accepted asset."""
        self._pool.submit(self._try, here, asset_id)

    def start_waiting(self) -> None:
        """Draw what an earlier process has left to be drawn."""
        for wish_id, tenant in waiting_wishes(self._site.deployment):
            self.start(self._site.deployment.tenancy(tenant), wish_id)

    def close(self) -> None:
        """Finish what is at work; what still waits is in the database, for the next process."""
        self._pool.shutdown(cancel_futures=True)

    def _try(self, here: Deployment, asset_id: AssetId) -> None:
        try:
            if self._draw(here, asset_id):
                walk(here, asset_id, wait=False)
        except AssetInUseError:
            _log.info("somebody else is at work on an asset", asset_id=asset_id)
        except GateError as exc:
            _log.error("an asset could not be finished now", asset_id=asset_id, code=exc.code, error=str(exc))

    def _draw(self, here: Deployment, asset_id: AssetId) -> bool:
        """Draw a wish, if that is what it is, and say whether there is an asset; the backend draws one at a time."""
        with self._drawing:
            wish = load_wish(here, asset_id)
            if wish is None:
                return True
            try:
                drawn = self._site.draw(
                    wish.prompt, seed=wish.seed, size=wish.size, steps=wish.steps, packs=wish.packs, here=here
                )
                if isinstance(drawn, Decision):
                    settle_refused(here, asset_id, drawn)
                    return False
                intake(here, replace(drawn, asset_id=asset_id, submitter=wish.submitter, context=wish.context))
            except GateError as exc:
                _log.error("a prompt could not be drawn", wish_id=asset_id, code=exc.code, error=str(exc))
                if not exc.retryable:
                    settle_failed(here, asset_id, exc)
                return False
            settle_drawn(here, asset_id)
            return True

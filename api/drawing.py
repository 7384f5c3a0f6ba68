"""Prompts that wait are drawn, and clips made, one at a time in each process; what was made goes down the line.

A wish is drawn by whoever holds its lease. A process that dies while it draws leaves a wish that waits, which is drawn
again, under the same id and from the same seed.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from api.clips import RESTYLE, make_clip, restyle
from policies.line.deployment import Deployment, Submission
from policies.line.intake import intake
from policies.line.wish import (
    Wish,
    WishState,
    begin_drawing,
    find_wish,
    has_asset,
    load_wish,
    put_off_drawing,
    settle_drawn,
    settle_failed,
    settle_refused,
    waiting_wishes,
)
from policies.rules.decision import Decision
from provenance.asset import AssetId
from provenance.errors import AssetInUseError, GateError
from provenance.journal import Journal, spell_surprise

if TYPE_CHECKING:
    from api.wiring import Site

LOOK_S: Final = 0.5
"""How often one looks for wishes that came in elsewhere."""
PAUSE_S: Final = 10.0
"""After one that could not be drawn now."""

_drawing: Final = threading.Lock()

_log = Journal(__name__)


def draw_wish(site: "Site", here: Deployment, wish_id: AssetId) -> bool:
    """Draw a wish, if it still waits and nobody else is at it, and say whether there is an asset of its id now.

    Raises:
        GateError: it cannot be drawn now, but perhaps later; it waits on.
    """
    try:
        with _drawing, here.leases.hold(_name_lease(wish_id), wait=False):
            return _draw(site, here, wish_id)
    except AssetInUseError:
        return False


@contextmanager
def drawing(site: "Site", go_on: Callable[[Deployment, AssetId], None]) -> Iterator[None]:
    """Draw what waits, of every tenant and wherever it came in, in a thread of its own, for as long as the block lasts.

    Args:
        site: whose wishes.
        go_on: sets an asset on its way.
    """
    stopped = threading.Event()

    def work() -> None:
        pause_s = LOOK_S
        while not stopped.wait(pause_s):
            pause_s = LOOK_S if _draw_waiting(site, go_on, stopped) else PAUSE_S

    thread = threading.Thread(target=work, name="drawing", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def _draw_waiting(site: "Site", go_on: Callable[[Deployment, AssetId], None], stopped: threading.Event) -> bool:
    """Draw all that waits; say whether all of it went well."""
    is_well = True
    try:
        for wish_id, tenant in waiting_wishes(site.deployment):
            if stopped.is_set():
                break
            is_well &= _try(site, site.deployment.tenancy(tenant), wish_id, go_on)
    except GateError as exc:
        _log.error("wishes could not be looked for", code=exc.code, error=str(exc))
        return False
    except Exception as exc:  # noqa: BLE001 - the thread goes on for as long as the process does
        _log.error("wishes could not be looked for, unforeseen", error=spell_surprise(exc))
        return False
    return is_well


def _try(site: "Site", here: Deployment, wish_id: AssetId, go_on: Callable[[Deployment, AssetId], None]) -> bool:
    try:
        if draw_wish(site, here, wish_id):
            go_on(here, wish_id)
    except GateError as exc:
        _log.error("a prompt could not be drawn now", wish_id=wish_id, code=exc.code, error=str(exc))
        return False
    except Exception as exc:  # noqa: BLE001 - what one prompt brings about must not keep the others waiting
        _log.error("drawing a prompt failed unforeseen", wish_id=wish_id, error=spell_surprise(exc))
        return False
    return True


def _draw(site: "Site", here: Deployment, wish_id: AssetId) -> bool:
    row = find_wish(here, wish_id)
    if row is None or row["state"] != WishState.WAITING.value:
        return False
    if has_asset(here, wish_id):
        # Whoever drew it ended before that was noted: a second picture would be another one.
        settle_drawn(here, wish_id)
        return True
    try:
        begin_drawing(here, wish_id)
        wish = load_wish(here, wish_id)
        if wish is None:
            return False
        drawn = _make(site, here, wish)
        if isinstance(drawn, Decision):
            settle_refused(here, wish_id, drawn)
            return False
        intake(here, replace(drawn, asset_id=wish_id, submitter=wish.submitter, context=wish.context))
    except GateError as exc:
        if exc.retryable:
            put_off_drawing(here, wish_id)
            raise
        _log.error("a prompt could not be drawn", wish_id=wish_id, code=exc.code, error=str(exc))
        settle_failed(here, wish_id, exc)
        return False
    settle_drawn(here, wish_id)
    return True


def _make(site: "Site", here: Deployment, wish: Wish) -> Submission | Decision:
    if wish.of_file is not None and wish.of_file.kind == RESTYLE:
        return restyle(site, here, wish)
    if wish.of_file is not None:
        return make_clip(site, here, wish)
    return site.draw(wish.prompt, seed=wish.seed, size=wish.size, steps=wish.steps, packs=wish.packs, here=here)


def _name_lease(wish_id: AssetId) -> AssetId:
    """Return what is leased while a wish is drawn; its own id is leased with the asset, by intake."""
    return AssetId(f"draw{wish_id.replace('-', '')}"[:36])

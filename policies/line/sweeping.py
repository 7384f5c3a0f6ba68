"""What a killed process leaves behind: assets in the middle of the line, and blobs that no record knows.

Interrupted assets are finished by `policies.gate.resume`. Blobs without a record are never deleted for that alone: on
request they move into a bin, and from there, days later, on request, out of the store.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from policies.line.deployment import Deployment
from policies.line.place import find_placed
from policies.line.records import FINAL_STAGES, Stage, asset_row
from policies.line.wish import waiting_wishes
from policies.review.job import find_postponed
from provenance.asset import AssetId
from provenance.storage.gateway_tables import GATEWAY_JOBS, WAITING
from provenance.storage.quality_tables import QUALITY_CASES
from provenance.storage.store import BIN, Blobs
from provenance.storage.tables import ASSETS
from provenance.tenant import Tenant

ORPHAN_GRACE_S: Final = 600.0
"""A quarantined blob without a row is an orphan after this long; before, another process may be about to write it."""
BIN_DAYS: Final = 7.0
"""How long what was put into the bin stays there at least."""
_DAY_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What a sweep moves or removes.

    Attributes:
        orphans: keys in quarantine that no record knows; they go into the bin.
        emptied: keys in quarantine of assets whose release is published; they are removed.
        expired: keys in the bin that were put there long enough ago; they are removed.
        waiting: keys in the bin that stay for now.
    """

    orphans: tuple[str, ...]
    emptied: tuple[str, ...]
    expired: tuple[str, ...]
    waiting: tuple[str, ...]


def unfinished(here: Deployment) -> tuple[AssetId, ...]:
    """Return the accepted assets that are in the middle of the line, oldest first."""
    final = [stage.value for stage in FINAL_STAGES]
    with here.database.read() as connection:
        rows = connection.execute(select(ASSETS.c.id).where(ASSETS.c.stage.not_in(final)).order_by(ASSETS.c.id))
        return tuple(AssetId(row) for row in rows.scalars())


def interrupted(here: Deployment) -> tuple[AssetId, ...]:
    """Return the assets that somebody began with and nobody is at work on now, oldest first.

    An asset that is published and whose worker then died is one of them: its quarantine is not emptied yet. What has a
    place in the line is none: workers go on with it. Nor is an approval that waits for its moment, or for another try.
    """
    gone, in_use = here.leases.look()
    with here.database.read() as connection:
        left = find_placed(connection) | find_postponed(connection)
    # What was leased to draw a wish, by a process that has ended since, is no asset.
    gone &= frozenset(AssetId(one) for one in _find_stages(here, sorted(gone)))
    return tuple(sorted((gone | (frozenset(unfinished(here)) - in_use)) - left))


def find_tenancy(here: Deployment, asset_id: AssetId) -> Deployment:
    """Return the deployment as the tenant has it whose asset this is.

    Raises:
        AssetNotFoundError: there is no such asset.
        ConfigurationError: its tenant is none of this site any more.
    """
    with here.database.read() as connection:
        return here.tenancy(Tenant(asset_row(connection, asset_id)["tenant"]))


def find_leftovers(here: Deployment, *, grace_s: float = ORPHAN_GRACE_S, bin_days: float = BIN_DAYS) -> Leftovers:
    """Return what `sweep` would move and remove now."""
    now = time.time()
    old = [key for key, changed in here.blobs.quarantine.keys() if now - changed >= grace_s]
    wishes = {wish_id for wish_id, _ in waiting_wishes(here)}  # their words wait; before assets, which they become
    stages = _find_stages(here, sorted({_owner(key) for key in old}))
    published = {asset_id for asset_id, stage in stages.items() if stage == Stage.PUBLISHED.value}
    published = {asset_id for asset_id in published if any(here.blobs.public.keys(f"{asset_id}/"))}
    binned = [key for key, _ in here.blobs.quarantine.keys(BIN)]
    expired = [key for key in binned if now - _binned_at(key) >= bin_days * _DAY_S]
    return Leftovers(
        orphans=tuple(key for key in old if _owner(key) not in stages.keys() | wishes),
        emptied=tuple(key for key in old if _owner(key) in published),
        expired=tuple(expired),
        waiting=tuple(key for key in binned if key not in set(expired)),
    )


def sweep(here: Deployment, *, grace_s: float = ORPHAN_GRACE_S, bin_days: float = BIN_DAYS) -> Leftovers:
    """Put orphans into the bin, remove what published assets left behind and what was in the bin for long enough."""
    found = find_leftovers(here, grace_s=grace_s, bin_days=bin_days)
    quarantine = here.blobs.quarantine
    for key in (*found.emptied, *found.expired):
        quarantine.delete(key)
    for key in found.orphans:
        quarantine.discard(key)
    return found


def sweep_staging(*stores: Blobs) -> int:
    """Remove what killed writers left half-written under no key at all; return how many files."""
    return sum(store.sweep_staging() for store in stores)


def _find_stages(here: Deployment, ids: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    with here.database.read() as connection:
        for chunk in _chunks(ids):
            rows = connection.execute(select(ASSETS.c.id, ASSETS.c.stage).where(ASSETS.c.id.in_(chunk)))
            found.update((row.id, row.stage) for row in rows)
            kept = (QUALITY_CASES.c.id.in_(chunk), QUALITY_CASES.c.has_file)  # copies, for moderators to judge
            copies = connection.execute(select(QUALITY_CASES.c.id).where(*kept)).scalars()
            found.update((one, Stage.HELD.value) for one in copies)
            ordered = (GATEWAY_JOBS.c.id.in_(chunk), GATEWAY_JOBS.c.state.in_(WAITING))  # orders, and what came of them
            jobs = connection.execute(select(GATEWAY_JOBS.c.id).where(*ordered)).scalars()
            found.update((one, Stage.HELD.value) for one in jobs)
    return found


def _chunks(items: Sequence[str], size: int = 500) -> Iterator[Sequence[str]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _owner(key: str) -> str:
    return key.partition("/")[0]


def _binned_at(key: str) -> float:
    moment = key.split("/")[1]
    return float(moment) if moment.isascii() and moment.isdecimal() else time.time()

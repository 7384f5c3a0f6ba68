"""The blob stores held against the records: what is readable, what waits, and whether it is still what it was.

Limits: a file is compared by its digest, so each one looked at is read whole; a sample says nothing of the rest.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, select

from policies.audit.concordance import Discrepancy, choose
from policies.line.deployment import Deployment
from policies.line.intake import original_key
from policies.line.records import FINAL_STAGES, Stage, latest_decision, reading_record
from policies.line.released import public_file_key, public_manifest_key
from policies.line.request import load_prompt
from policies.line.retention import build_tombstone_key
from policies.rules.decision import Outcome
from provenance.asset import AssetId, MediaType
from provenance.errors import BlobNotFoundError, DamagedRecordError, GateError
from provenance.storage.store import Blobs
from provenance.storage.tables import ASSETS, SEALS

_ENDED: Final = {stage.value for stage in FINAL_STAGES}
_LISTED: Final = 500
"""Keys that are looked up at a time."""


def compare_blobs(here: Deployment, *, sample: int | None = None) -> Iterator[Discrepancy]:
    """Yield what the records name and the stores lack or hold otherwise, and what is readable without a record.

    Args:
        here: the deployment.
        sample: look at so many of the newest assets, and at as many others at random; None for all.
    """
    for asset_id in choose(here.database, ASSETS.c.id, sample):
        try:
            with reading_record("record of an asset"):
                found = list(_compare_asset(here, AssetId(asset_id)))
        except DamagedRecordError as exc:
            found = [str(exc)]
        yield from (Discrepancy(asset_id, text) for text in found)
    yield from _find_unrecorded(here, sample)


def _compare_asset(here: Deployment, asset_id: AssetId) -> Iterator[str]:
    with here.database.read() as connection:
        row = connection.execute(select(ASSETS).where(ASSETS.c.id == asset_id)).mappings().first()
        seal = connection.execute(select(SEALS).where(SEALS.c.asset_id == asset_id)).mappings().first()
        given_up = _is_given_up(connection, asset_id)
    if row is None or given_up or here.log.find(build_tombstone_key(asset_id)) is not None:
        return
    if row["stage"] == Stage.PUBLISHED.value:
        if seal is not None:
            yield from _compare_release(here, asset_id, seal)
        return
    what = "the asset's original" if row["stage"] in _ENDED else "the interrupted asset's original"
    yield from _compare_blob(here.blobs.quarantine, original_key(asset_id), row["sha256"], what)
    if row["has_prompt"]:
        yield from _compare_prompt(here, asset_id, row)


def _is_given_up(connection: Connection, asset_id: AssetId) -> bool:
    """Say whether a person refused an asset that no pack could decide about."""
    latest = latest_decision(connection, asset_id)
    return latest is not None and latest.outcome is Outcome.BLOCK and not latest.packs


def _compare_release(here: Deployment, asset_id: AssetId, seal: RowMapping) -> Iterator[str]:
    media = public_file_key(asset_id, MediaType(seal["media_type"]))
    yield from _compare_blob(here.blobs.public, media, seal["sha256"], "the released file")
    manifest = public_manifest_key(asset_id)
    yield from _compare_blob(here.blobs.public, manifest, seal["body"]["manifest_sha256"], "the released manifest")


def _compare_prompt(here: Deployment, asset_id: AssetId, row: RowMapping) -> Iterator[str]:
    request: Any = row["request"]
    try:
        load_prompt(here, asset_id, request)
    except BlobNotFoundError:
        yield "the asset's prompt is not in quarantine: restore it from a backup"
    except GateError as exc:
        yield str(exc)


def _compare_blob(side: Blobs, key: str, sha256: str, what: str) -> Iterator[str]:
    try:
        if side.open(key).sha256 != sha256:
            yield f"{what} {key} is not the one on record: it was damaged or exchanged; restore it from a backup"
    except BlobNotFoundError:
        yield f"{what} {key} is gone: restore it from a backup"


def _find_unrecorded(here: Deployment, sample: int | None) -> Iterator[Discrepancy]:
    """Yield what anybody can read and no release on record accounts for."""
    keys = (key for key, _ in here.blobs.public.keys())
    listed = islice(keys, None if sample is None else _LISTED + 2 * sample)
    while page := list(islice(listed, _LISTED)):
        owners = sorted({key.partition("/")[0] for key in page})
        with here.database.read() as connection:
            found = connection.execute(select(SEALS.c.asset_id, SEALS.c.media_type).where(SEALS.c.asset_id.in_(owners)))
            expected = {
                key
                for row in found
                for key in (
                    public_file_key(AssetId(row.asset_id), MediaType(row.media_type)),
                    public_manifest_key(AssetId(row.asset_id)),
                )
            }
        for key in page:
            if key not in expected:
                yield Discrepancy(key.partition("/")[0], f"{key} is readable and no release on record accounts for it")

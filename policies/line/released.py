"""What was released, for whoever wants a copy: by its id, or the last one; checked before it is handed out."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from policies.line.records import Stage, find_stage
from provenance.asset import AssetId, Digest, MediaType, sha256_hex
from provenance.errors import AssetNotFoundError, StoreError
from provenance.storage.blob import Blob
from provenance.storage.store import Blobs
from provenance.storage.tables import ASSETS, SEALS
from provenance.tenant import MAIN, Tenant


@dataclass(frozen=True, slots=True)
class Released:
    """One published file.

    Attributes:
        asset_id: the asset.
        name: as handed in, for people.
        media_type: of the file that ships.
        sha256: of the file that ships, as it was sealed.
        ledger_index: of the release entry.
        is_embedded: whether its manifest is in the file, or to be kept beside it.
        manifest_sha256: of the manifest.
    """

    asset_id: AssetId
    name: str
    media_type: MediaType
    sha256: Digest
    ledger_index: int
    is_embedded: bool
    manifest_sha256: Digest


def public_file_key(asset_id: AssetId, media_type: MediaType) -> str:
    """Return the public key of a released file."""
    return f"{asset_id}/media{media_type.extension}"


def public_manifest_key(asset_id: AssetId) -> str:
    """Return the public key of a released file's manifest store (`application/c2pa`)."""
    return f"{asset_id}/manifest.c2pa"


def find_released(connection: Connection, asset_id: str | None = None, *, tenant: Tenant = MAIN) -> Released:
    """Return a published asset of a tenant, or without an id the one that was released last.

    Raises:
        AssetNotFoundError: there is none, or it is not published.
    """
    query = select(
        SEALS.c.asset_id,
        ASSETS.c.name,
        ASSETS.c.stage,
        SEALS.c.media_type,
        SEALS.c.sha256,
        SEALS.c.ledger_index,
        SEALS.c.body,
    ).join(ASSETS, ASSETS.c.id == SEALS.c.asset_id)
    query = query.where(ASSETS.c.tenant == tenant)
    if asset_id is None:
        published = ASSETS.c.stage == Stage.PUBLISHED.value
        row = connection.execute(query.where(published).order_by(SEALS.c.ledger_index.desc()).limit(1)).first()
        if row is None:
            raise AssetNotFoundError("nothing was released yet")
    else:
        row = connection.execute(query.where(SEALS.c.asset_id == asset_id)).first()
    if row is None or row.stage != Stage.PUBLISHED.value:
        raise AssetNotFoundError(f"expected a released asset, got {_describe(connection, asset_id, tenant)}")
    return Released(
        AssetId(row.asset_id),
        row.name,
        MediaType(row.media_type),
        Digest(row.sha256),
        row.ledger_index,
        row.body.get("is_embedded", True),
        Digest(row.body["manifest_sha256"]),
    )


def is_released(connection: Connection, sha256: Digest, *, tenant: Tenant = MAIN) -> bool:
    """Say whether a file is, byte for byte, one that a tenant released."""
    query = select(SEALS.c.asset_id).join(ASSETS, ASSETS.c.id == SEALS.c.asset_id)
    published = (ASSETS.c.tenant == tenant, ASSETS.c.stage == Stage.PUBLISHED.value)
    return connection.execute(query.where(SEALS.c.sha256 == sha256, *published).limit(1)).first() is not None


def load_released(public: Blobs, released: Released) -> Blob:
    """Return the published file, exactly as it was sealed.

    Raises:
        BlobNotFoundError: it is not in the public store.
        StoreError: what lies there is not what was sealed.
    """
    file = public.open(public_file_key(released.asset_id, released.media_type))
    if file.sha256 != released.sha256:
        raise StoreError(f"the public file of {released.asset_id} is not the one that was sealed: restore it")
    return file


def load_manifest(public: Blobs, released: Released) -> bytes:
    """Return the published manifest store, exactly as it was signed.

    Raises:
        BlobNotFoundError: it is not in the public store.
        StoreError: what lies there is not what was signed.
    """
    data = public.get(public_manifest_key(released.asset_id))
    if sha256_hex(data) != released.manifest_sha256:
        raise StoreError(f"the public manifest of {released.asset_id} is not the one that was signed: restore it")
    return data


def find_beside(connection: Connection, public: Blobs, sha256: Digest, *, tenant: Tenant = MAIN) -> bytes | None:
    """Return the manifest store of a release of a tenant that is this very file, where it is not in the file itself.

    None where there is none, or what lies in the public store is not what was signed.
    """
    query = select(SEALS.c.asset_id).join(ASSETS, ASSETS.c.id == SEALS.c.asset_id)
    query = query.where(SEALS.c.sha256 == sha256, ASSETS.c.tenant == tenant).order_by(SEALS.c.ledger_index).limit(1)
    found = connection.execute(query).scalar()
    if found is None:
        return None
    try:
        released = find_released(connection, found, tenant=tenant)
        return None if released.is_embedded else load_manifest(public, released)
    except (AssetNotFoundError, StoreError):
        return None


def _describe(connection: Connection, asset_id: str | None, tenant: Tenant) -> str:
    stage = find_stage(connection, AssetId(asset_id or ""), tenant)
    return f"the unknown id {asset_id!r}" if stage is None else f"{asset_id} at stage {stage.value}"

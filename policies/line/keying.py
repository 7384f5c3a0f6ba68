"""Keys that callers choose so that a submission which is sent twice is one asset: kept with a digest of the request."""

import json
from typing import Final

from sqlalchemy import Connection, insert, select

from policies.line.deployment import Submission
from policies.line.request import encode_prompt
from provenance.asset import AssetId, sha256_hex
from provenance.errors import AssetError, KeyReusedError
from provenance.storage.database import utc_now
from provenance.storage.line_tables import SUBMISSION_KEYS
from provenance.tenant import Tenant

KEY_LIMIT: Final = 255
"""Characters; as wide as the column."""


def verify_key(key: str) -> None:
    """Check that a key can be kept.

    Raises:
        AssetError: too long, or it has characters that nobody can see.
    """
    if len(key) > KEY_LIMIT or not key.isprintable() or key != key.strip():
        raise AssetError(f"a submission's key has 1 to {KEY_LIMIT} printable characters, got {len(key)} or others")


def digest_request(submission: Submission) -> str:
    """Return the digest of all that makes a submission another one: bytes, prompt, recipe, origin, packs, context."""
    asked = {
        "sha256": submission.unverified_file.sha256,
        "prompt": None if submission.prompt is None else sha256_hex(encode_prompt(submission.prompt)),
        "recipe": dict(submission.recipe),
        "origin": submission.origin.value,
        "packs": sorted(set(submission.packs)),
        "context": dict(submission.context),
    }
    return sha256_hex(json.dumps(asked, sort_keys=True, separators=(",", ":")).encode())


def find_keyed(connection: Connection, tenant: Tenant, submission: Submission) -> AssetId | None:
    """Return the asset that a tenant's key stands for, or None where it is new.

    Raises:
        KeyReusedError: it stands for another request.
    """
    keys = SUBMISSION_KEYS
    known = connection.execute(select(keys).where(keys.c.tenant == tenant, keys.c.key == submission.key)).first()
    if known is None:
        return None
    if known.request_sha256 != digest_request(submission):
        raise KeyReusedError(
            f"this key was used for another request, which became {known.asset_id}: choose a new key for a new "
            "request, or send the same bytes, prompt, packs and context again"
        )
    return AssetId(known.asset_id)


def find_key(connection: Connection, tenant: Tenant, key: str) -> AssetId | None:
    """Return the asset that a tenant's key stands for, whatever was asked with it, or None where it is new.

    For whoever derives keys from all that is asked, and would have to make a file anew to ask `find_keyed`.
    """
    keys = SUBMISSION_KEYS
    known = connection.execute(select(keys.c.asset_id).where(keys.c.tenant == tenant, keys.c.key == key)).scalar()
    return None if known is None else AssetId(known)


def keep_key(connection: Connection, tenant: Tenant, submission: Submission, asset_id: AssetId) -> None:
    """Have a key stand for an asset, in the transaction that takes it in.

    Raises:
        IntegrityError: somebody else was quicker with the same key.
    """
    connection.execute(
        insert(SUBMISSION_KEYS).values(
            tenant=tenant,
            key=submission.key,
            request_sha256=digest_request(submission),
            asset_id=asset_id,
            created_at=utc_now(),
        )
    )

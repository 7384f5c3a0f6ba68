"""Stage (1): unverified bytes become an Asset, kept in quarantine."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from policies.consents import keep_uses
from policies.line.deployment import Deployment, Submission
from policies.line.keying import find_keyed, keep_key, verify_key
from policies.line.records import Stage, asset_row, parse_asset
from policies.line.request import encode_prompt, find_differences, find_named, fix_request, keep_packs, prompt_key
from policies.rules.context import parse_context
from provenance.asset import Asset, AssetId, MediaType, Origin, new_asset_id
from provenance.errors import AssetError
from provenance.manifests.components import FIELD, MOST, Component, describe_components, read_components
from provenance.media.medium import Claims, Content, Facts, Measured
from provenance.storage.blob import Blob
from provenance.storage.database import utc_now
from provenance.storage.tables import ASSETS

NAME_LIMIT: Final = 255


def original_key(asset_id: AssetId) -> str:
    """Return the quarantine key of the file as handed in."""
    return f"{asset_id}/original"


def component_key(asset_id: AssetId, number: int) -> str:
    """Return the quarantine key of a file that went into an asset that was made here."""
    return f"{asset_id}/component-{number}"


CHEAP_WEIGHT: Final = 1 << 18
"""Pixels or samples that are decoded at once, whoever waits: a picture of 512 x 512 takes some milliseconds."""


def measure(here: Deployment, submission: Submission) -> Measured | None:
    """Check a file by its headers alone, so that `intake` accepts it at once.

    None where it is decoded at once, whoever waits: it is small, or its headers say too little.

    Raises:
        AssetError: it is nothing that can be taken, as far as headers say.
    """
    claims = Claims(submission.name, submission.declared_type)
    measured = here.media.measure(submission.unverified_file, claims, here.limits)
    return None if measured is None or measured.weight <= CHEAP_WEIGHT else measured


def intake(
    here: Deployment,
    submission: Submission,
    *,
    measured: Measured | None = None,
    placing: Callable[[Connection, AssetId], object] | None = None,
) -> AssetId:
    """Verify what was handed in and keep it in quarantine.

    The row is written last: an id that is returned, or found in the database, has its blob.

    Args:
        here: the deployment.
        submission: what was handed in.
        measured: by `measure`, of this very file: it is kept as it is, and what decoding finds is its outcome, for
            `screen` refuses it on record. None to decode it now.
        placing: called in the transaction that takes a new asset in, to hand it to others, as
            `policies.workflow.Placing` does; None where this process walks it.

    Raises:
        AssetError: the bytes are not an asset the gate can take, or the id was used for other bytes or with another
            request; nothing is kept.
        KeyReusedError: the submission's key was used with another request.
        UnreadablePromptError: the prompt is no text; nothing is kept.
        ConfigurationError: an unknown pack is named.
        PolicyError: the context has an unknown or wrong field.
    """
    asset_id = submission.asset_id or new_asset_id()
    file = submission.unverified_file
    here.select_packs(submission.packs)
    prompt = None if submission.prompt is None else encode_prompt(submission.prompt)
    parse_context(submission.context, decided_on=datetime.now(UTC).date())
    _verify_components(submission)
    if (known := _find_known(here, submission)) is not None:
        return known
    if measured is None:
        content = here.media.take(file, Claims(submission.name, submission.declared_type), here.limits)
        here.contents.keep(file.sha256, content)
        media_type, facts = content.media_type, content.facts
    else:
        media_type, facts = measured.media_type, measured.facts
    here.blobs.quarantine.put_all(
        {
            original_key(asset_id): file,
            **{component_key(asset_id, number): one.file for number, one in enumerate(submission.components)},
            **({} if prompt is None else {prompt_key(asset_id): prompt}),
        }
    )
    described = {**_describe(here, submission, media_type, facts), "request": fix_request(here, submission)}
    try:
        with here.database.write() as connection:
            keep_packs(connection, here.select_packs(submission.packs))
            connection.execute(insert(ASSETS).values(id=asset_id, **described))
            if submission.key:
                keep_key(connection, here.tenant, submission, asset_id)
            keep_uses(connection, here.tenant, find_named(described["request"]).consents, asset_id)
            (placing or here.leases.claim)(connection, asset_id)
    except IntegrityError:  # another worker has taken in the same submission meanwhile
        return _find_taken(here, asset_id, submission)
    here.handover.notes(asset_id).row = {"id": asset_id, **described}
    return asset_id


def _verify_components(submission: Submission) -> None:
    """Check that a recipe names the files that go with it, and that nobody but us says what went into an asset."""
    described = describe_components(submission.components)
    if described != (submission.recipe.get(FIELD) or []):
        raise AssetError("expected a recipe that names the ingredients that are handed in with it, and no others")
    if described and (submission.origin is not Origin.GENERATED or len(described) > MOST):
        raise AssetError(f"expected at most {MOST} ingredients, of an asset that was made here")


def load_components(here: Deployment, asset_id: AssetId, recipe: Mapping[str, Any]) -> tuple[Component, ...]:
    """Return the files that went into an asset, from quarantine.

    Raises:
        BlobNotFoundError: one is gone.
        DamagedRecordError: they are not those that were handed in.
    """
    count = len(recipe.get(FIELD) or ())
    files = [here.blobs.quarantine.open(component_key(asset_id, number)) for number in range(count)]
    return read_components(recipe, files)


def _find_known(here: Deployment, submission: Submission) -> AssetId | None:
    """Return the asset that a submission's key or id stands for, or None where it is new."""
    if submission.key:
        verify_key(submission.key)
        with here.database.read() as connection:
            known = find_keyed(connection, here.tenant, submission)
        if known is not None:
            return known
    if submission.asset_id is not None and _verify_same(here, submission.asset_id, submission):
        return submission.asset_id
    return None


def _find_taken(here: Deployment, asset_id: AssetId, submission: Submission) -> AssetId:
    """Return the asset that another made of the same submission; what was kept under an id of our own goes."""
    known = _find_known(here, submission)
    if known is None or known == asset_id:
        return asset_id
    kept = (component_key(asset_id, number) for number in range(len(submission.components)))
    for key in (original_key(asset_id), prompt_key(asset_id), *kept):
        here.blobs.quarantine.delete(key)
    return known


def _verify_same(here: Deployment, asset_id: AssetId, submission: Submission) -> bool:
    """Return whether `asset_id` is known, for the same bytes and the same request."""
    digest = submission.unverified_file.sha256
    with here.database.read() as connection:
        query = select(ASSETS).where(ASSETS.c.id == asset_id)
        known = connection.execute(query).mappings().one_or_none()
    if known is None:
        return False
    if known["tenant"] != here.tenant:
        raise AssetError(f"the id {asset_id} cannot be used: choose another")
    if known["sha256"] != digest:
        raise AssetError(f"the id {asset_id} belongs to bytes {known['sha256'][:12]}, got {digest[:12]}")
    if different := find_differences(known, submission):
        raise AssetError(f"the id {asset_id} was handed in with another {', '.join(different)}: choose another id")
    return True


def _describe(here: Deployment, submission: Submission, media_type: MediaType, facts: Facts) -> dict[str, Any]:
    return {
        "sha256": submission.unverified_file.sha256,
        "media_type": media_type.value,
        "size_bytes": submission.unverified_file.size_bytes,
        "tenant": here.tenant,
        "medium": here.media.of(media_type).name,
        "facts": dict(facts),
        "origin": submission.origin.value,
        "stage": Stage.ACCEPTED.value,
        "recipe": json.loads(json.dumps(dict(submission.recipe))),
        "has_prompt": submission.prompt is not None,
        # Neither NUL nor half a surrogate pair can be stored everywhere.
        "name": submission.name.replace("\0", "").encode(errors="replace").decode()[:NAME_LIMIT],
        "created_at": utc_now(),
        "submitter": submission.submitter,
    }


def load_content(here: Deployment, asset: Asset) -> tuple[Content, Blob]:
    """Return what is in `asset`, and the file it came from; checks the digest.

    Raises:
        AssetError: the quarantined blob is not the one accepted.
    """
    file = here.blobs.quarantine.open(original_key(asset.id))
    if file.sha256 != asset.sha256:
        raise AssetError(f"the quarantined blob of {asset.id} is not the one accepted")
    content = here.contents.find(asset.sha256)
    if content is None:
        content = here.media.of(asset.media_type).take(file, Claims(media_type=asset.media_type), here.limits)
        here.contents.keep(asset.sha256, content)
    return content, file


def load_asset(here: Deployment, asset_id: AssetId) -> Asset:
    """Return the facts about `asset_id`.

    Raises:
        AssetNotFoundError: there is no such asset.
    """
    with here.database.read() as connection:
        return parse_asset(asset_row(connection, asset_id, here.tenant))


def find_name(here: Deployment, asset_id: AssetId) -> str:
    """Return the name under which `asset_id` was handed in, for people; "" where it had none.

    Raises:
        AssetNotFoundError: there is no such asset.
    """
    with here.database.read() as connection:
        return str(asset_row(connection, asset_id, here.tenant)["name"])

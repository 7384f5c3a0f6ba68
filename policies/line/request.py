"""What a submission asked for, the deployment's defaults included, fixed with it at intake.

Whoever finishes an interrupted asset may have other settings, or another pack under the same name. So the packs that
decide are those whose digests the asset was taken in under, kept whole in the database; so are the circumstances that
they may ask about, and the name that labels and manifests give the provider.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from policies.consents import Coverage, Named, find_coverage
from policies.line.composing import is_composed
from policies.line.deployment import Deployment, Submission
from policies.line.records import reading_record
from policies.rules.context import Context, parse_context
from policies.rules.pack import Pack
from policies.rules.parsing import parse_pack
from provenance.asset import Asset, AssetId, sha256_hex
from provenance.errors import AssetError, DamagedRecordError
from provenance.manifests.components import FIELD
from provenance.media.medium import Provider
from provenance.storage.database import insert_new, utc_now
from provenance.storage.tables import PACKS


class UnreadablePromptError(AssetError):
    """The prompt is no text: it has half of a surrogate pair, which can neither be kept nor read."""

    code = "asset.prompt"


def fix_request(here: Deployment, submission: Submission) -> dict[str, Any]:
    """Return the record of what `submission` asks for; the packs named in it are to be kept with it (`keep_packs`).

    Raises:
        ConfigurationError: an unknown pack is named.
    """
    packs = here.select_packs(submission.packs)
    provider = here.sealer.provider
    return {
        "packs": list(submission.packs),
        "decided_by": [{"name": pack.name, "sha256": pack.sha256} for pack in packs],
        "context": dict(submission.context),
        "detectors": sorted(detector.card.name for detector in here.runner.detectors),
        "timestamp": here.sealer.has_timestamp,
        "sources": find_sources(submission.recipe),
        "composed": is_composed(submission.origin, submission.recipe),
        "provider": {"name": provider.name, "code": provider.code, "label_text": provider.label_text},
        "prompt_sha256": None if submission.prompt is None else sha256_hex(encode_prompt(submission.prompt)),
    }


def find_sources(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a recipe says of the files that an asset was made from: whether any is a picture, and digests."""
    files = [one for one in recipe.get(FIELD) or () if one["relationship"] != "componentOf"]
    from_picture = bool(recipe.get("source_sha256")) or any(not one["media_type"].startswith("audio/") for one in files)
    return {"from_picture": from_picture, "sha256": [str(one["sha256"]) for one in files]}


def find_named(request: Mapping[str, Any]) -> Named:
    """Return the consents that an asset was taken in with, and for what."""
    with reading_record("request of an asset"):
        context, sources = request["context"], request.get("sources", {}).get("sha256", ())
        return Named(tuple(context.get("consents", ())), context.get("purpose", ""), frozenset(sources))


def find_differences(row: Mapping[Any, Any], submission: Submission) -> tuple[str, ...]:
    """Return what `submission` asks otherwise than the asset of `row` was taken in with; what was not kept is the same.

    Packs are compared as they were named: one that has changed since decides as it was at intake.
    """
    request = row["request"]
    now = {
        "prompt": None if submission.prompt is None else sha256_hex(encode_prompt(submission.prompt)),
        "recipe": json.loads(json.dumps(dict(submission.recipe))),
        "origin": submission.origin.value,
        "choice of packs": sorted(set(submission.packs)),
        "context": json.loads(json.dumps(dict(submission.context))),
    }
    with reading_record("request of an asset"):
        then = {
            "prompt": request.get("prompt_sha256", now["prompt"] if row["has_prompt"] else None),
            "recipe": row["recipe"],
            "origin": row["origin"],
            "choice of packs": sorted(set(request["packs"])),
            "context": request["context"],
        }
    return tuple(name for name in now if now[name] != then[name])


def prompt_key(asset_id: AssetId) -> str:
    """Return the quarantine key of the prompt."""
    return f"{asset_id}/prompt"


def encode_prompt(prompt: str) -> bytes:
    """Return the bytes that are kept of a prompt.

    Raises:
        UnreadablePromptError: it is no text: what would be kept in its place is not what was asked for.
    """
    try:
        return prompt.encode()
    except UnicodeEncodeError as exc:
        raise UnreadablePromptError(
            f"expected a prompt that is text, got half of a surrogate pair as its character {exc.start + 1}: send UTF-8"
        ) from exc


def load_prompt(here: Deployment, asset_id: AssetId, request: Mapping[str, Any]) -> str:
    """Return the prompt of an asset from quarantine.

    Raises:
        BlobNotFoundError: it is not there.
        DamagedRecordError: it is not the one that was handed in, or is no text.
    """
    data = here.blobs.quarantine.get(prompt_key(asset_id))
    with reading_record("request of an asset"):
        expected = request.get("prompt_sha256")
    if expected is not None and sha256_hex(data) != expected:
        raise DamagedRecordError(f"the quarantined prompt of {asset_id} is not the one that was handed in")
    try:
        return data.decode()
    except UnicodeDecodeError as exc:
        raise DamagedRecordError(f"the quarantined prompt of {asset_id} is damaged: it is no text") from exc


def keep_packs(connection: Connection, packs: Sequence[Pack]) -> None:
    """Keep the documents of `packs` in the caller's transaction, once for each digest."""
    now = utc_now()
    rows = [
        {"sha256": pack.sha256, "name": pack.name, "document": pack.document, "created_at": now}
        for pack in packs
        if pack.document
    ]
    insert_new(connection, PACKS, rows)


def load_request_packs(here: Deployment, connection: Connection, request: Mapping[str, Any]) -> tuple[Pack, ...]:
    """Return just the packs that an asset was taken in under.

    Raises:
        DamagedRecordError: one is not kept here any more, or not as it was.
        PackInvalidError: this version reads it otherwise.
    """
    if "decided_by" not in request:  # taken in by a version that did not fix them
        return here.select_packs(tuple(request["packs"]))
    with reading_record("request of an asset"):
        return tuple(_load_pack(here, connection, item["name"], item["sha256"]) for item in request["decided_by"])


def find_own_packs(here: Deployment, request: Mapping[str, Any]) -> tuple[Pack, ...] | None:
    """Return the packs that an asset was taken in under where this process has them all as they were, else None."""
    decided_by = request.get("decided_by")
    if not isinstance(decided_by, list):
        return None
    with reading_record("request of an asset"):
        own = [(here.packs.get(item["name"]), item["sha256"]) for item in decided_by]
    same = tuple(pack for pack, sha256 in own if pack is not None and pack.sha256 == sha256)
    return same if len(same) == len(own) else None


def _load_pack(here: Deployment, connection: Connection, name: str, sha256: str) -> Pack:
    own = here.packs.get(name)
    if own is not None and own.sha256 == sha256:
        return own
    document = connection.execute(select(PACKS.c.document).where(PACKS.c.sha256 == sha256)).scalar()
    if document is None or sha256_hex(bytes(document)) != sha256:
        state = "is not kept here" if document is None else "was changed in the database"
        raise DamagedRecordError(f"the pack {name} of digest {sha256[:12]} that an asset was taken in under {state}")
    return parse_pack(bytes(document), file=f"{name}.yaml")


def build_request_context(here: Deployment, asset: Asset, request: Mapping[str, Any], *, decided_on: date) -> Context:
    """Return the circumstances under which an asset was taken in; one that was not fixed is as it is now.

    Raises:
        PolicyError: a field of the context is unknown or wrong.
    """
    now = frozenset(detector.card.name for detector in here.runner.detectors)
    named, consent = find_named(request), Coverage.NONE
    if named.consents:
        with here.database.read() as connection:
            consent = find_coverage(connection, here.tenant, named, decided_on)
    with reading_record("request of an asset"):
        return parse_context(
            request["context"],
            decided_on=decided_on,
            from_picture=request.get("sources", {}).get("from_picture", False),
            composed=request.get("composed", False) is True,
            consent=consent.value,
            timestamp_available=request.get("timestamp", here.sealer.has_timestamp),
            enabled_detectors=frozenset(request["detectors"]) if "detectors" in request else now,
            carriers=here.media.of(asset.media_type).carriers,
        )


def request_provider(here: Deployment, request: Mapping[str, Any]) -> Provider:
    """Return who releases the asset, as it was taken in; the software's version is that of today."""
    own = here.sealer.provider
    fixed = request.get("provider")
    if fixed is None:
        return own
    with reading_record("request of an asset"):
        return Provider(fixed["name"], fixed["code"], fixed["label_text"], own.version)

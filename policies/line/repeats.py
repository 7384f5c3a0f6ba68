"""The same bytes again, with the same request: what the gate made of them before, so that no batch repeats itself.

The gate takes every submission for a new one, unless its caller names an id. Whoever runs a batch again, after an
interruption or by habit, means the same assets: these are found by content, recipe, context and packs, the packs by
digest. A pack that was changed asks anew, and so does another prompt.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, select

from policies.gate import walk
from policies.line.deployment import Deployment, Submission
from policies.line.publishing import Result, publish, withhold
from policies.line.records import Stage, latest_decision
from policies.review.job import find_postponed
from policies.rules.decision import Decision, Outcome
from provenance.asset import AssetId
from provenance.errors import AssetInUseError
from provenance.storage.tables import ASSETS

_MOST: Final = 100
"""Assets of the same bytes that are looked at, newest first."""

_RANKS: Final = {Outcome.RELEASE: 0, Outcome.HOLD: 1, Outcome.BLOCK: 2}


def find_earlier(here: Deployment, submission: Submission, *, with_blocked: bool = False) -> Result | None:
    """Return how the line ended for the same bytes and request before, or None when it has to be asked.

    A release counts before a hold, and a hold that still waits for a moderator before a block. What was interrupted
    after its decision is finished first.

    Args:
        here: the deployment.
        submission: one without an id of its own.
        with_blocked: count a block, too; else what was blocked is asked anew, for a work may have been withdrawn.

    Raises:
        AssetInUseError: it is approved, and waits for its moment.
        GateError: what was interrupted cannot be finished.
    """
    with here.database.read() as connection:
        found = sorted(_find_same(connection, here, submission), key=lambda one: _RANKS[one[1].outcome])
        postponed = {one for row, _ in found for one in find_postponed(connection, AssetId(row["id"]))}
    for row, decision in found:
        asset_id = AssetId(row["id"])
        if decision.outcome is Outcome.BLOCK and not with_blocked:
            return None
        if asset_id in postponed:
            raise AssetInUseError(f"{asset_id} is approved and may be taken back for a moment: try again later")
        if row["stage"] == Stage.PUBLISHED.value:
            return publish(here, asset_id)
        return walk(here, asset_id) if decision.outcome is Outcome.RELEASE else withhold(here, asset_id)
    return None


def _find_same(
    connection: Connection, here: Deployment, submission: Submission
) -> Iterator[tuple[RowMapping, Decision]]:
    """Yield the decided assets of the same bytes and request, newest first."""
    packs = {pack.ref for pack in here.select_packs(submission.packs)}
    same_bytes = select(ASSETS).where(ASSETS.c.sha256 == submission.unverified_file.sha256)
    same_bytes = same_bytes.where(ASSETS.c.tenant == here.tenant)
    rows = connection.execute(same_bytes.order_by(ASSETS.c.id.desc()).limit(_MOST)).mappings().all()
    for row in rows:
        if not _is_same_request(row, submission):
            continue
        decision = latest_decision(connection, AssetId(row["id"]))
        if decision is not None and set(decision.packs) == packs:
            yield row, decision


def _is_same_request(row: Mapping[Any, Any], submission: Submission) -> bool:
    """Compare all but the packs; a prompt is known by its digest in the recipe, and without one by nothing."""
    if row["origin"] != submission.origin.value or row["has_prompt"] != (submission.prompt is not None):
        return False
    if row["has_prompt"] and not row["recipe"].get("prompt_sha256"):
        return False
    if dict(row["recipe"]) != dict(submission.recipe):
        return False
    return dict(row["request"]["context"]) == dict(submission.context)

"""A held asset is screened again where a check had no answer: it failed, was late, or was never asked.

The packs that the asset was taken in under decide anew about what detectors answer now, and what they say counts: it
is released, stays held for what is left, or is blocked. The answers before are let go of, and the ledger says so, for
every decision names the digest of those that it rests on.
"""

from typing import Final

from sqlalchemy import Connection, RowMapping, delete

from detectors.base import Signal, Status
from policies.gate import walk
from policies.line.deployment import Deployment
from policies.line.publishing import Result
from policies.line.records import (
    LINE,
    Stage,
    append_decision,
    asset_row,
    build_signal,
    find_signals,
    latest_decision,
    lock_asset,
    parse_asset,
)
from policies.line.screening import ask_detectors, judge, keep_signals, put_on_ledger
from policies.refusals import NotWaitingError
from policies.review.claim import take
from policies.review.job import Reviewer, State, move_job
from policies.review.reviewers import name_reviewer
from policies.rules.decision import Decision, Outcome
from provenance.asset import AssetId, sha256_hex
from provenance.ledger.canonical import canonical_json
from provenance.storage.tables import SIGNALS

SCREENED_AGAIN: Final = "screening.repeated"
"""Kind of the ledger entry that says that answers about an asset took the place of others."""
_BY_ITSELF: Final = frozenset({"policy", LINE})


def may_screen_again(stage: str, decision: Decision | None, signals: tuple[Signal, ...]) -> bool:
    """Return whether an asset is held, by nobody but packs and the line, and a check had no answer."""
    is_held = stage == Stage.HELD.value and decision is not None and decision.decided_by in _BY_ITSELF
    return is_held and (not signals or any(one.status is Status.FAILED for one in signals))


def screen_again(here: Deployment, asset_id: AssetId, reviewer: Reviewer) -> Result:
    """Take a job, ask every detector again, have the packs decide, and walk the asset on; return how it ended.

    Raises:
        NotWaitingError: it is not held, a person has decided about it, or every check had an answer.
        JobTakenError: somebody else has the job.
        AssetInUseError: another process is at work on it.
        AssetError: the file cannot be decoded.
        BlobNotFoundError: quarantine has it no more.
    """
    with here.database.write() as connection:
        lock_asset(connection, asset_id)
        take(connection, here, asset_id, reviewer)
        row, _ = _verify_may(connection, here, asset_id)
    with here.leases.hold(asset_id, wait=False), here.handover.walking(asset_id):
        signals = ask_detectors(here, row)
        decision = judge(here, row, signals)
        with here.database.write() as connection:
            lock_asset(connection, asset_id)
            _, before = _verify_may(connection, here, asset_id)
            _replace(here, connection, decision, reviewer, before)
            keep_signals(connection, asset_id, signals)
            append_decision(connection, decision)
            put_on_ledger(here, connection, parse_asset(row), decision, signals)
            if decision.outcome is Outcome.RELEASE:
                move_job(connection, asset_id, State.CLOSED)
    return walk(here, asset_id)


def _verify_may(connection: Connection, here: Deployment, asset_id: AssetId) -> tuple[RowMapping, tuple[Signal, ...]]:
    row, signals = asset_row(connection, asset_id, here.tenant), find_signals(connection, asset_id)
    if not may_screen_again(row["stage"], latest_decision(connection, asset_id), signals):
        raise NotWaitingError(
            f"expected a held asset of which a check had no answer, got {asset_id} at stage {row['stage']}"
        )
    return row, signals


def _replace(
    here: Deployment, connection: Connection, decision: Decision, reviewer: Reviewer, before: tuple[Signal, ...]
) -> None:
    """Let go of the answers that an asset has, with an entry of the ledger that has their digest."""
    digest = sha256_hex(canonical_json([build_signal(signal) for signal in before]))
    here.log.append(
        connection,
        kind=SCREENED_AGAIN,
        subject=decision.asset_id,
        body={
            "asked_by": name_reviewer(connection, reviewer.name, here.tenant),
            "decision_id": decision.id,
            "signals_sha256": digest,
        },
        key=f"{SCREENED_AGAIN}:{decision.id}",
    )
    connection.execute(delete(SIGNALS).where(SIGNALS.c.asset_id == decision.asset_id))

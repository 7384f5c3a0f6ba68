"""What a pack would have made of the last assets: their own stored signals, decided again, nothing recorded.

Each asset is decided twice by today's software, under the packs that it was taken in with and under those with the
candidate in its place, so what differs is the candidate's doing alone.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, select, tuple_

from policies.editing.live import load_version
from policies.line.deployment import Deployment
from policies.line.records import parse_asset, parse_signal, reading_record
from policies.line.request import build_request_context
from policies.refusals import UnknownChoiceError
from policies.review.job import find_sensitive
from policies.rules.decision import Decision, Outcome, Reason
from policies.rules.explanation import what_if
from policies.rules.pack import Pack
from provenance.asset import AssetId
from provenance.errors import GateError
from provenance.storage.tables import ASSETS, SIGNALS

if TYPE_CHECKING:
    from detectors.base import Signal

MOST_ASSETS: Final = 1000
_CHUNK: Final = 100


@dataclass(frozen=True, slots=True)
class Difference:
    """One asset whose outcome would be another.

    Attributes:
        asset_id, name, created_at: of the asset.
        before, after: outcome under the packs that it was taken in with, and with the candidate.
        gone, new: reasons that only one of the two gives.
    """

    asset_id: AssetId
    name: str
    created_at: str
    before: Outcome
    after: Outcome
    gone: tuple[Reason, ...]
    new: tuple[Reason, ...]


@dataclass(slots=True)
class Trial:
    """What came of it.

    Attributes:
        looked_at: how many assets were decided again.
        counts: how many went from which outcome to which, unchanged ones among them.
        differences: the assets whose outcome changed, newest first; who may not see the sensitive queue is told of none
            that lies there.
        unreadable: assets whose records, packs or signals could not be read; they are in no count.
    """

    looked_at: int = 0
    counts: Counter[tuple[Outcome, Outcome]] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    unreadable: int = 0


def try_pack(
    here: Deployment, candidate: Pack, *, last: int = 200, replaces: str = "", sees_sensitive: bool = False
) -> Trial:
    """Decide the last assets of a tenant again, with `candidate` among their packs.

    Args:
        here: whose assets.
        candidate: takes the place of the pack of its own name, or comes beside the others where there is none.
        last: how many, 1 to 1000; prompts that were refused before anything was drawn have none.
        replaces: name of a pack that is taken out for it.
        sees_sensitive: whether what lies in the sensitive queue is named; else it is counted alone.

    Raises:
        PolicyError: `last` is out of bounds.
    """
    if not 1 <= last <= MOST_ASSETS:
        raise UnknownChoiceError(f"expected the last 1 to {MOST_ASSETS} assets, got {last}")
    trial = Trial()
    hidden: frozenset[str] = frozenset()
    known: dict[str, Pack] = {pack.sha256: pack for pack in here.packs.values()}
    after: tuple[str, str] | None = None
    while last > 0:
        with here.database.read() as connection:
            rows = _read_assets(connection, here, after, min(last, _CHUNK))
            ids = [row["id"] for row in rows]
            signals = _read_signals(connection, ids)
            hidden |= frozenset() if sees_sensitive else find_sensitive(connection, ids)
            for row in rows:
                try:
                    packs = _find_packs(connection, here, row["request"], known)
                    _decide_again(here, trial, row, signals.get(row["id"], []), packs, candidate, replaces)
                except GateError:
                    trial.unreadable += 1
        if len(rows) < min(last, _CHUNK):
            break
        last -= len(rows)
        after = rows[-1]["created_at"], rows[-1]["id"]
    trial.differences = [one for one in trial.differences if one.asset_id not in hidden]
    return trial


def _decide_again(
    here: Deployment,
    trial: Trial,
    row: Mapping[Any, Any],
    stored: Sequence[Mapping[str, Any]],
    packs: tuple[Pack, ...],
    candidate: Pack,
    replaces: str,
) -> None:
    asset = parse_asset(row)
    context = build_request_context(here, asset, row["request"], decided_on=datetime.now(UTC).date())
    signals: tuple[Signal, ...] = tuple(parse_signal(body) for body in stored)
    others = tuple(pack for pack in packs if pack.name not in {candidate.name, replaces})
    before = what_if(signals, packs, asset=asset, context=context)
    after = what_if(signals, (*others, candidate), asset=asset, context=context)
    trial.looked_at += 1
    trial.counts[before.outcome, after.outcome] += 1
    if before.outcome is not after.outcome:
        gone, new = _compare(before, after), _compare(after, before)
        difference = Difference(asset.id, row["name"], row["created_at"], before.outcome, after.outcome, gone, new)
        trial.differences.append(difference)


def _compare(one: Decision, other: Decision) -> tuple[Reason, ...]:
    """Return the reasons of one decision that the other does not give, whatever pack gives them."""
    given = {(reason.rule, reason.outcome, reason.threshold) for reason in other.reasons}
    return tuple(
        reason for reason in one.reasons
        if reason.outcome is not Outcome.RELEASE and (reason.rule, reason.outcome, reason.threshold) not in given
    )  # fmt: skip


def _read_assets(
    connection: Connection, here: Deployment, after: tuple[str, str] | None, limit: int
) -> list[Mapping[Any, Any]]:
    """Return assets that were screened, newest first."""
    screened = select(SIGNALS.c.asset_id).where(SIGNALS.c.asset_id == ASSETS.c.id).exists()
    query = select(ASSETS).where(ASSETS.c.tenant == here.tenant, screened)
    if after is not None:
        query = query.where(tuple_(ASSETS.c.created_at, ASSETS.c.id) < tuple_(*after))
    query = query.order_by(ASSETS.c.created_at.desc(), ASSETS.c.id.desc())
    return list(connection.execute(query.limit(limit)).mappings())


def _read_signals(connection: Connection, asset_ids: Sequence[str]) -> dict[str, list[Mapping[str, Any]]]:
    query = select(SIGNALS.c.asset_id, SIGNALS.c.body).where(SIGNALS.c.asset_id.in_(asset_ids))
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in connection.execute(query.order_by(SIGNALS.c.detector)):
        found.setdefault(row.asset_id, []).append(row.body)
    return found


def _find_packs(
    connection: Connection, here: Deployment, request: Mapping[str, Any], known: dict[str, Pack]
) -> tuple[Pack, ...]:
    """Return the packs that an asset was taken in under; each version is read once."""
    if "decided_by" not in request:
        return here.select_packs(tuple(request["packs"]))
    packs = []
    with reading_record("request of an asset"):
        for item in request["decided_by"]:
            if item["sha256"] not in known:
                known[item["sha256"]] = load_version(connection, item["name"], item["sha256"])
            packs.append(known[item["sha256"]])
    return tuple(packs)

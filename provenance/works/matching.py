"""From a picture's codes to the works they resemble, with everything a decision needs to know about each.

Trusts the registry's own tables. Distances are exact; which of them matter is each bank's own threshold.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection, select

from provenance.fingerprints.base import Fingerprint
from provenance.storage.database import Database
from provenance.tenant import MAIN, Tenant
from provenance.works.codes import OwnedCode, find_codes, find_owner_codes
from provenance.works.index import Hits
from provenance.works.indexes import Indexes
from provenance.works.record import Action, Bank, Match, ReleaseMatch, SecondOpinion, WorkStatus
from provenance.works.tables import WORKS

# Parameters in one statement, as in `provenance.works.codes`.
_PAGE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Found:
    """A stored code near a picture's, with the distance between them."""

    code: OwnedCode
    distance_bits: int


def nearest_of_each_owner(connection: Connection, hits: Hits) -> tuple[Found, ...]:
    """Return the nearest code of each owner, nearest first; of equally near ones, the first appended."""
    codes = find_codes(connection, hits.sequences.tolist())
    nearest: dict[str, Found] = {}
    for sequence, distance in hits:
        code = codes[sequence]
        nearest.setdefault(code.owner_id, Found(code, distance))
    return tuple(nearest.values())


def search_works(
    database: Database, indexes: Indexes, alg: str, value: bytes, banks: Mapping[str, Bank], tenant: Tenant
) -> tuple[Match, ...]:
    """Return the active works of a tenant whose codes are near `value`, each within its bank's threshold."""
    default = indexes.scheme(alg).confident_distance_bits
    radius = max((bank.thresholds.get(alg, default) for bank in banks.values()), default=default)
    hits = indexes.index("works", alg).search(value, radius)
    if not hits:
        return ()
    with database.read() as connection:
        found = nearest_of_each_owner(connection, hits)
        return build_matches(connection, found, banks=banks, alg=alg, default_bits=default, tenant=tenant)


def search_releases(
    database: Database, indexes: Indexes, alg: str, value: bytes, radius_bits: int, tenant: Tenant | None = None
) -> tuple[ReleaseMatch, ...]:
    """Search what was released, which is public: every tenant's, or one's alone."""
    hits = indexes.open("releases", alg, 8 * len(value), radius_bits).search(value, radius_bits)
    with database.read() as connection:
        found = nearest_of_each_owner(connection, hits)
    return tuple(
        ReleaseMatch(one.code.owner_id, alg, one.code.variant, one.distance_bits, radius_bits)
        for one in found
        if tenant in {None, one.code.tenant}
    )


def join_matches(*found: Sequence[ReleaseMatch]) -> tuple[ReleaseMatch, ...]:
    """Return what several searches found, in their order, each release once by each fingerprint that finds it."""
    known: dict[tuple[str, str], ReleaseMatch] = {}
    for match in (match for some in found for match in some):
        known.setdefault((match.asset_id, match.alg), match)
    return tuple(known.values())


def build_matches(
    connection: Connection,
    found: Iterable[Found],
    *,
    banks: Mapping[str, Bank],
    alg: str,
    default_bits: int,
    tenant: Tenant = MAIN,
) -> tuple[Match, ...]:
    """Return the matches among the works found: active, and near enough for their bank by the fingerprint `alg`."""
    nearest = {one.code.owner_id: one for one in found}
    matches = []
    ids = list(nearest)
    for first in range(0, len(ids), _PAGE):
        columns = (WORKS.c.id, WORKS.c.title, WORKS.c.owner, WORKS.c.bank)
        query = select(*columns).where(WORKS.c.tenant == tenant, WORKS.c.id.in_(ids[first : first + _PAGE]))
        for row in connection.execute(query.where(WORKS.c.status == WorkStatus.ACTIVE.value)):
            one, bank = nearest[row.id], banks[row.bank]
            threshold = bank.thresholds.get(alg, default_bits)
            if one.distance_bits <= threshold:
                matches.append(
                    Match(
                        work_id=row.id,
                        title=row.title,
                        owner=row.owner,
                        bank=row.bank,
                        action=bank.action,
                        alg=alg,
                        variant=one.code.variant,
                        distance_bits=one.distance_bits,
                        threshold_bits=threshold,
                        code=one.code.value.hex(),
                    )
                )
    return tuple(matches)


def add_second_opinions(
    connection: Connection, matches: Sequence[Match], *, code: Fingerprint, threshold_bits: int, tenant: Tenant = MAIN
) -> tuple[Match, ...]:
    """Return the matches with what another fingerprint says of the same variant, or else of the work's nearest."""
    stored: dict[str, dict[str, bytes]] = {}
    owner_ids = {match.work_id for match in matches}
    for one in find_owner_codes(connection, "works", owner_ids=owner_ids, alg=code.alg, tenant=tenant):
        stored.setdefault(one.owner_id, {})[one.variant] = one.value
    return tuple(_with_opinion(match, stored.get(match.work_id, {}), code, threshold_bits) for match in matches)


def _with_opinion(match: Match, stored: Mapping[str, bytes], code: Fingerprint, threshold_bits: int) -> Match:
    values = [stored[match.variant]] if match.variant in stored else list(stored.values())
    if not values:
        return match
    distance = min(distance_bits(code.value, value) for value in values)
    return replace(match, second_opinion=SecondOpinion(code.alg, distance, threshold_bits, distance <= threshold_bits))


def suppress_allowed(matches: Iterable[Match], *, confident_bits: Mapping[str, int]) -> tuple[Match, ...]:
    """Order the matches, nearest first, and mark those to which an allow-listed work is at least as near.

    Distances of different fingerprints are compared as parts of what each counts as the same.
    """

    def nearness(match: Match) -> tuple[float, str]:
        return match.distance_bits / confident_bits[match.alg], match.work_id

    ordered = sorted(matches, key=nearness)
    allowed = next((match for match in ordered if match.action is Action.ALLOW), None)
    if allowed is None:
        return tuple(ordered)
    limit = nearness(allowed)[0]
    return tuple(
        match
        if match.action is Action.ALLOW or nearness(match)[0] < limit
        else replace(match, suppressed_by=allowed.work_id)
        for match in ordered
    )


def distance_bits(first: bytes, second: bytes) -> int:
    """Return in how many bits two codes of one length differ."""
    return (int.from_bytes(first) ^ int.from_bytes(second)).bit_count()

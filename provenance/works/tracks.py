"""Works and releases that move: codes with times, looked up one by one and matched by the offset on which they agree.

The codes lie in the same exact index as those of pictures; when one is seen stands in its variant. So a still out of a
registered clip is found as a picture is, and a clip that shows a registered still, too.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import select

from provenance.fingerprints.base import Fingerprint
from provenance.fingerprints.track import Alignment, Pair, align
from provenance.storage.database import Database
from provenance.tenant import Tenant
from provenance.works.codes import Code, find_codes
from provenance.works.index import MatchIndex
from provenance.works.indexes import Indexes
from provenance.works.matching import suppress_allowed
from provenance.works.record import PLAIN, Action, Bank, Match, MatchReport, ReleaseMatch, Together, WorkStatus
from provenance.works.tables import WORKS

PDQ: Final = "pdq"
"""The fingerprint whose codes clips have, too."""

LEAST_PAIRS: Final = 3
"""Codes that have to agree on an offset: one and a half seconds of two codes each."""

_AT: Final = re.compile(r"at (\d{1,7}\.\d{2}) s")


def spell_time(at_s: float | None) -> str:
    """Return the variant under which a code is kept: plain, or when it is seen."""
    return PLAIN if at_s is None else f"at {max(0.0, at_s):.2f} s"


def parse_time(variant: str) -> float | None:
    """Return when a code is seen, None for what has no time."""
    found = _AT.fullmatch(variant)
    return None if found is None else float(found[1])


def build_track_codes(track: Sequence[Fingerprint]) -> list[Code]:
    """Return codes as they are kept, each time once."""
    return [Code(code.alg, spell_time(code.at_s), code.value) for code in track]


def align_with_owners(
    database: Database,
    index: MatchIndex,
    track: Sequence[Fingerprint],
    radius_bits: int,
    tenant: Tenant | None,
    *,
    least: int,
) -> dict[str, Alignment]:
    """Return for each owner of codes with times how the track lies in it, those that most codes agree on first.

    Args:
        database: of the codes.
        index: of the collection.
        track: codes with times.
        radius_bits: up to which two codes are near.
        tenant: whose codes, None for every tenant's.
        least: codes that have to agree.
    """
    hits = [
        (code, sequence, distance) for code in track for sequence, distance in index.search(code.value, radius_bits)
    ]
    with database.read() as connection:
        known = find_codes(connection, {sequence for _, sequence, _ in hits})
    pairs: dict[str, list[Pair]] = {}
    for code, sequence, distance in hits:
        owned = known[sequence]
        there_s = parse_time(owned.variant)
        if there_s is not None and tenant in {None, owned.tenant}:
            pairs.setdefault(owned.owner_id, []).append(Pair(code.at_s or 0.0, there_s, distance))
    found = {owner: alignment for owner, some in pairs.items() if (alignment := align(some, least=least))}
    return dict(sorted(found.items(), key=lambda item: -item[1].pairs))


def _count_least(track: Sequence[Fingerprint]) -> int:
    """Return how many codes have to agree: fewer where a clip has no more."""
    return min(LEAST_PAIRS, max(1, len(track)))


def match_works(
    database: Database, indexes: Indexes, track: Sequence[Fingerprint], banks: Mapping[str, Bank], tenant: Tenant
) -> MatchReport:
    """Return the active works of which a clip shows a part."""
    radius_bits = indexes.scheme(PDQ).confident_distance_bits
    index, least = indexes.index("works", PDQ), _count_least(track)
    alignments = align_with_owners(database, index, track, radius_bits, tenant, least=least)
    with database.viewing():
        found = build_track_matches(database, alignments, banks, radius_bits, tenant)
    return MatchReport(suppress_allowed(found, confident_bits={PDQ: radius_bits}), (), (PDQ,))


def match_releases(
    database: Database, indexes: Indexes, track: Sequence[Fingerprint], radius_bits: int
) -> tuple[ReleaseMatch, ...]:
    """Return the releases of which a clip shows a part, whoever's they are."""
    alg = track[0].alg
    index = indexes.open("releases", alg, 8 * len(track[0].value), radius_bits)
    found = align_with_owners(database, index, track, radius_bits, None, least=_count_least(track))
    return tuple(ReleaseMatch(owner, alg, one.words, one.distance_bits, radius_bits) for owner, one in found.items())


def build_track_matches(
    database: Database,
    alignments: Mapping[str, Alignment],
    banks: Mapping[str, Bank],
    radius_bits: int,
    tenant: Tenant,
    *,
    alg: str = PDQ,
) -> tuple[Match, ...]:
    """Return the active works among what a track lies in, with both spans."""
    columns = (WORKS.c.id, WORKS.c.title, WORKS.c.owner, WORKS.c.bank)
    query = select(*columns).where(WORKS.c.tenant == tenant, WORKS.c.id.in_(list(alignments)))
    matches = []
    with database.read() as connection:
        for row in connection.execute(query.where(WORKS.c.status == WorkStatus.ACTIVE.value)):
            one, action = alignments[row.id], banks[row.bank].action
            matches.append(
                Match(
                    work_id=row.id,
                    title=row.title,
                    owner=row.owner,
                    bank=row.bank,
                    action=Action(action),
                    alg=alg,
                    variant=spell_time(one.there[0]),
                    distance_bits=one.distance_bits,
                    threshold_bits=radius_bits,
                    code="",
                    together=Together(one.here, one.there, one.pairs, one.speed),
                )
            )
    return tuple(matches)

"""Works and releases that are heard: landmarks looked up one by one, and matched by the offset on which they agree.

The codes lie in an exact index of their own, each with its time, as those of clips do. A sound that is asked about is
compared at several speeds, and each work by the one at which most landmarks agree.
"""

from collections.abc import Mapping
from dataclasses import replace

from provenance.fingerprints.landmark import ALG, BITS, LEAST, RADIUS_BITS, Landmarks, played_at
from provenance.fingerprints.track import Alignment
from provenance.storage.database import Database
from provenance.tenant import Tenant
from provenance.works.index import MatchIndex
from provenance.works.indexes import Indexes
from provenance.works.matching import suppress_allowed
from provenance.works.record import Bank, MatchReport, ReleaseMatch
from provenance.works.tracks import align_with_owners, build_track_matches


def match_works(
    database: Database, indexes: Indexes, landmarks: Landmarks, banks: Mapping[str, Bank], tenant: Tenant
) -> MatchReport:
    """Return the active works of which a sound has a part."""
    found = _align(database, indexes.open("works", ALG, BITS, RADIUS_BITS), landmarks, tenant)
    with database.viewing():
        matches = build_track_matches(database, found, banks, RADIUS_BITS, tenant, alg=ALG)
    return MatchReport(suppress_allowed(matches, confident_bits={ALG: RADIUS_BITS}), (), (ALG,))


def match_releases(database: Database, indexes: Indexes, landmarks: Landmarks) -> tuple[ReleaseMatch, ...]:
    """Return the releases of which a sound has a part, whoever's they are."""
    found = _align(database, indexes.open("releases", ALG, BITS, RADIUS_BITS), landmarks, None)
    return tuple(ReleaseMatch(owner, ALG, one.words, one.distance_bits, RADIUS_BITS) for owner, one in found.items())


def _align(database: Database, index: MatchIndex, landmarks: Landmarks, tenant: Tenant | None) -> dict[str, Alignment]:
    """Return for each owner how the sound lies in it, by the speed at which most landmarks agree."""
    best: dict[str, Alignment] = {}
    for speed, codes in landmarks.played.items():
        # Seconds of the original: what was played faster is as long as it was.
        track = [replace(code, at_s=(code.at_s or 0.0) * speed) for code in codes]
        found = align_with_owners(database, index, track, RADIUS_BITS, tenant, least=LEAST)
        for owner, one in found.items():
            if owner not in best or one.pairs > best[owner].pairs:
                best[owner] = played_at(one, speed)
    return dict(sorted(best.items(), key=lambda item: -item[1].pairs))

"""Copies whose frame was changed: cropped, tilted, framed, captioned, pasted into another picture.

Two steps. A code of what the picture shows, and one of each of its parts, nominates the works that it may be a copy
of; codes of pictures of like things are near each other, too, so that proves nothing. Then the details of the picture
are held against the reference that was kept of each nominee: only what one map takes onto the work is a match, and the
match says which part of the work lies where. Nothing is asked of a registry that holds no works.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from provenance.asset import MediaType
from provenance.fingerprints.base import Fingerprint
from provenance.fingerprints.copy import Copy
from provenance.media.picture.image import Picture, encode_image
from provenance.media.picture.overlap import LEAST_SHARED, Detailed, find_overlap
from provenance.storage.database import Database
from provenance.tenant import MAIN, Tenant
from provenance.works.codes import Code
from provenance.works.index import Hits, MatchIndex
from provenance.works.matching import build_matches, nearest_of_each_owner
from provenance.works.record import PLAIN, Action, Bank, Match
from provenance.works.references import References

NOMINEES: Final = 8
"""Works whose details are compared: as many nearest to the picture as a whole, and as many more nearest to a part.

Apart, for the parts of a picture are near many works: among 12,672 codes of strangers 28 of 30 quarters of a work are
among the 8 nearest to the whole, 25 of 30 among the 16 nearest to either.
"""

CERTAIN_SHARED: Final = 20
"""Details from which on a match means what its bank says; with fewer a person decides."""

_MOST_OF_IT: Final = 0.75
"""Share of a picture that a proved work has to cover before its parts are not looked at: two works share a collage, or
stand side by side, the smaller one on a quarter of it."""

REFERENCE_SIDE: Final = 512
REFERENCE_QUALITY: Final = 80

# Codes looked up for one picture; a work has four, and several parts of a picture may be near the same one.
_MOST_HITS: Final = 16 * NOMINEES


class Likeness:
    """Finds works by what a picture shows; safe for any number of threads.

    Args:
        database: of the registry.
        index: of the works' codes.
        scheme: that makes them.
        references: of the works.
        tenant: whose works.
    """

    def __init__(
        self, database: Database, index: MatchIndex, scheme: Copy, references: References, tenant: Tenant = MAIN
    ) -> None:
        self._tenant = tenant
        self._references = references
        self._database = database
        self._index = index
        self.scheme = scheme

    def match(
        self, picture: Picture, banks: Mapping[str, Bank], *, seen: Detailed, besides: Collection[str] = ()
    ) -> tuple[Match, ...] | None:
        """Return the works of which `picture` shows a part; None for an even surface, which shows nothing.

        Args:
            picture: as it is seen, without transparency.
            banks: by name.
            seen: its details.
            besides: ids of works that were found in another way.
        """
        if not self._index.size():
            return ()
        whole = self.scheme.compute(picture)
        if not isinstance(whole, Fingerprint):
            return None
        default = self.scheme.nominating_distance_bits
        radius = max((bank.thresholds.get(self.scheme.alg, default) for bank in banks.values()), default=default)
        proved, asked = self._prove([self._index.search(whole.value, radius)], banks, seen=seen, besides=besides)
        if not any(_is_most_of(match) for match in proved):
            hits = [self._index.search(code.value, radius) for code in self.scheme.compute_parts(picture)]
            more, _ = self._prove(hits, banks, seen=seen, besides={*besides, *asked})
            proved += more
        return proved

    def _prove(
        self, hits: list[Hits], banks: Mapping[str, Bank], *, seen: Detailed, besides: Collection[str]
    ) -> tuple[tuple[Match, ...], list[str]]:
        """Return what details prove of the works nearest among `hits`, and the ids of those that were asked about."""
        with self._database.read() as connection:
            near = nearest_of_each_owner(connection, _merge(hits))
            found = [one for one in near if one.code.owner_id not in besides][:NOMINEES]
            nominated = build_matches(
                connection,
                found,
                banks=banks,
                alg=self.scheme.alg,
                default_bits=self.scheme.nominating_distance_bits,
                tenant=self._tenant,
            )
            proved = []
            for match in nominated:
                # What is known and fine is so as a whole: a part must not take back what another work's match says.
                whole = None if match.action is Action.ALLOW else self._references.details(connection, match.work_id)
                if whole is None:
                    continue
                overlap = find_overlap(seen, whole)
                if overlap.shared >= LEAST_SHARED:
                    proved.append(replace(match, overlap=overlap, action=_weigh(match.action, overlap.shared)))
        return tuple(proved), [one.code.owner_id for one in found]


def _is_most_of(match: Match) -> bool:
    """Return whether a match blocks by what covers most of the picture: nothing else in it would change that."""
    box = match.overlap.in_part if match.overlap else None
    return match.action is Action.BLOCK and box is not None and box.area >= _MOST_OF_IT


def build_codes(scheme: Copy, picture: Picture) -> list[Code]:
    """Return the codes that are kept of a work: as it is and in its quarter turns; none of an even surface."""
    plain = scheme.compute(picture)
    if not isinstance(plain, Fingerprint):
        return []
    turned = (Code(scheme.kept_as, name, one.value) for name, one in scheme.compute_variants(picture))
    return [Code(scheme.kept_as, PLAIN, plain.value), *turned]


def build_reference(picture: Picture) -> bytes:
    """Return the small JPEG that is kept of a work, to hold copies against and to show to moderators."""
    small = Picture.from_frame(picture.flattened().reduced(REFERENCE_SIDE))
    return encode_image(small, MediaType.JPEG, quality=REFERENCE_QUALITY)


def _merge(found: list[Hits]) -> Hits:
    """Return the nearest hits of several searches, each code once."""
    sequences = np.concatenate([hits.sequences for hits in found])
    distances = np.concatenate([hits.distances_bits for hits in found])
    order = np.lexsort((sequences, distances))
    sequences, distances = sequences[order], distances[order]
    _, first = np.unique(sequences, return_index=True)
    nearest = np.sort(first)[:_MOST_HITS]
    return Hits(sequences[nearest], distances[nearest])


def _weigh(action: Action, shared: int) -> Action:
    """Return what a match means: a few shared details are not enough to refuse a picture without a person."""
    return Action.HOLD if action is Action.BLOCK and shared < CERTAIN_SHARED else action

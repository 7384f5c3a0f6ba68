"""Copies whose frame was changed: cropped, tilted, framed, captioned, pasted into another picture.

Two steps. A code of what the picture shows, one of each picture that lies in it between straight edges, and one of each
of its parts nominate the works that it may be a copy of; codes of pictures of like things are near each other, too, so
that proves nothing. Then the details of the picture are held against the reference that was kept of each nominee: only
what one map takes onto the work is a match, and the match says which part of the work lies where. What was proved is
weighed by the second witness (`provenance.works.witness`). Nothing is asked of a registry that holds no works.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from provenance.asset import MediaType
from provenance.fingerprints.base import Fingerprint
from provenance.fingerprints.copy import Copy
from provenance.media.picture.image import Picture, encode_image
from provenance.media.picture.overlap import LEAST_SHARED, Box, Detailed, Kept, find_overlap
from provenance.media.picture.panels import PANELS_SIDE, find_panels
from provenance.storage.database import Database
from provenance.tenant import MAIN, Tenant
from provenance.works.codes import Code
from provenance.works.index import Hits, MatchIndex
from provenance.works.matching import build_matches, nearest_of_each_owner
from provenance.works.record import PLAIN, Action, Bank, Match
from provenance.works.references import References
from provenance.works.witness import weigh_flat

NOMINEES: Final = 8
"""Works whose details are compared: as many nearest to the picture as a whole, and as many more nearest to a part.

Apart, for the parts of a picture are near many works: among 12,672 codes of strangers 28 of 30 quarters of a work are
among the 8 nearest to the whole, 25 of 30 among the 16 nearest to either.
"""

PANEL_NOMINEES: Final = 3
"""Works whose details are compared with a picture that lies in another: its edges are known, so its code is near."""

CERTAIN_SHARED: Final = 20
"""Details from which on a match means what its bank says; with fewer a person decides."""

_MOST_OF_IT: Final = 0.75
"""Share of a picture that blocking works have to cover before its parts are not looked at: two works share a collage,
or stand side by side, the smaller one on a quarter of it."""

_MOST_OF_WORK: Final = 0.8
"""Share of a work that a picture in a picture has to show before it is weighed by itself: a strip of a template is one,
too, and what lies beside it has to speak."""

REFERENCE_SIDE: Final = 512
REFERENCE_QUALITY: Final = 80

# Codes looked up for one picture; a work has four, and several parts of a picture may be near the same one.
_MOST_HITS: Final = 16 * NOMINEES
_WHOLE: Final = Box(0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class _Shown:
    """A picture that is asked about, or one that lies in it, with its details and where it lies."""

    picture: Picture
    seen: Detailed
    box: Box = _WHOLE


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
        """Return the works of which `picture` shows a part, weighed; None for an even surface, which shows nothing.

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
        shown = _Shown(picture, seen)
        found, asked = self._prove([whole], banks, shown, besides=besides)
        proved = _best_of_each(self._weigh(shown, shown, found))
        if not _is_settled(proved):
            for panel in _cut_panels(picture):
                code = self.scheme.compute(panel.picture)
                if isinstance(code, Fingerprint):
                    known = {*besides, *(one.work_id for one in proved if one.action is Action.BLOCK)}
                    found, _ = self._prove([code], banks, panel, besides=known, most=PANEL_NOMINEES)
                    proved = _best_of_each((*proved, *self._weigh(panel, shown, found)))
        if not _is_settled(proved):
            known = {*besides, *asked, *(one.work_id for one in proved)}
            found, _ = self._prove(self.scheme.compute_parts(picture), banks, shown, besides=known)
            proved += self._weigh(shown, shown, found)
        return proved

    def _prove(
        self,
        codes: Iterable[Fingerprint],
        banks: Mapping[str, Bank],
        shown: _Shown,
        *,
        besides: Collection[str],
        most: int = NOMINEES,
    ) -> tuple[list[Match], list[str]]:
        """Return what details prove of the works nearest to `codes`, and the ids of those that were asked about."""
        default = self.scheme.nominating_distance_bits
        radius = max((bank.thresholds.get(self.scheme.alg, default) for bank in banks.values()), default=default)
        hits = _merge(self._index.search_each((code.value for code in codes), radius))
        with self._database.read() as connection:
            near = nearest_of_each_owner(connection, hits)
            found = [one for one in near if one.code.owner_id not in besides][:most]
            nominated = build_matches(
                connection, found, banks=banks, alg=self.scheme.alg, default_bits=default, tenant=self._tenant
            )
            proved = []
            for match in nominated:
                # What is known and fine is so as a whole: a part must not take back what another work's match says.
                whole = None if match.action is Action.ALLOW else self._references.details(connection, match.work_id)
                if whole is None:
                    continue
                overlap = find_overlap(shown.seen, whole)
                if overlap.shared >= LEAST_SHARED:
                    proved.append(replace(match, overlap=overlap, action=_weigh(match.action, overlap.shared)))
        return proved, [one.code.owner_id for one in found]

    def _weigh(self, shown: _Shown, whole: _Shown, matches: Iterable[Match]) -> tuple[Match, ...]:
        """Return the matches with what the second witness says, their places as of the whole picture.

        A picture that lies in another speaks for itself where it shows most of the work. Where it shows less, such as a
        strip of a template, so does what lies around it; and where nobody can say what that is, a person decides.
        """
        weighed: list[Match] = []
        for match in matches:
            placed = _place(match, shown.box)
            if shown is whole or _shows_most(match):
                weighed += (_place(one, shown.box) for one in self._ask_witness(shown, match))
            else:
                weighed += (
                    replace(one, action=Action.HOLD) if one.witness is None and one.action is Action.BLOCK else one
                    for one in self._ask_witness(whole, placed)
                )
        return tuple(weighed)

    def _ask_witness(self, shown: _Shown, match: Match) -> tuple[Match, ...]:
        def details(work_id: str) -> Kept | None:
            with self._database.read() as connection:
                return self._references.details(connection, work_id)

        return weigh_flat(shown.picture, [match], self._references.load, seen=shown.seen, details=details)


def _cut_panels(picture: Picture) -> Iterator[_Shown]:
    """Yield the pictures that lie in a picture, those with the surest edges first."""
    for box in find_panels(picture.reduced(PANELS_SIDE)):
        rows = slice(round(box.top * picture.height), round(box.bottom * picture.height))
        columns = slice(round(box.left * picture.width), round(box.right * picture.width))
        panel = Picture.from_frame(np.ascontiguousarray(picture.frame[rows, columns]))
        yield _Shown(panel, Detailed(panel.frame), box)


def _place(match: Match, box: Box) -> Match:
    """Return a match whose place in a panel is told as of the picture that the panel lies in."""
    if box == _WHOLE or match.overlap is None or match.overlap.in_part is None:
        return match
    part, width, height = match.overlap.in_part, box.right - box.left, box.bottom - box.top
    there = Box(
        box.left + part.left * width,
        box.top + part.top * height,
        box.left + part.right * width,
        box.top + part.bottom * height,
    )
    return replace(match, overlap=replace(match.overlap, in_part=there))


def _shows_most(match: Match) -> bool:
    """Return whether the picture shows most of the work."""
    box = match.overlap.in_whole if match.overlap else None
    return box is not None and box.area >= _MOST_OF_WORK


def _best_of_each(matches: Iterable[Match]) -> tuple[Match, ...]:
    """Return one match of each work: that which means more, of equals that with more details."""

    def rank(match: Match) -> tuple[bool, int]:
        return match.action is not Action.HOLD, match.overlap.shared if match.overlap else 0

    best: dict[str, Match] = {}
    for match in matches:
        known = best.get(match.work_id)
        if known is None or rank(match) > rank(known):
            best[match.work_id] = match
    return tuple(best.values())


def _is_settled(matches: Iterable[Match]) -> bool:
    """Return whether blocking works cover most of the picture: nothing else in it would change that."""
    boxes = (one.overlap.in_part for one in matches if one.action is Action.BLOCK and one.overlap)
    return sum(box.area for box in boxes if box) >= _MOST_OF_IT


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

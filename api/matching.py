"""One file before the registry of works: which work, which part of it, how near, and why; nothing of it is kept."""

from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.reading import Reader
    from policies.line.deployment import Deployment
    from provenance.media.picture.image import Picture
    from provenance.storage.blob import Blob
    from provenance.works.record import Match, MatchReport
    from provenance.works.registry import Works


@dataclass(frozen=True, slots=True)
class Matched:
    """What came of one file.

    Attributes:
        picture: as it was seen; None of a text.
        report: what the registry knows about it.
    """

    picture: "Picture | None"
    report: "MatchReport"


def match_file(here: "Deployment | Reader", unverified_file: "Blob") -> Matched:
    """Ask the registry of a tenant about a picture, a clip, a sound or a text.

    A clip is matched by all of its codes, its frames as pictures and its soundtrack as a sound; a text by its words and
    its passages.

    Raises:
        AssetError: it is nothing that intake would take, or has neither picture, sound nor words.
    """
    from provenance.errors import UnsupportedMediaError
    from provenance.media.medium import Claims, Worded
    from provenance.media.view import LANDMARKS, PICTURE, SOUND, TRACK

    content = here.media.take(unverified_file, Claims(), here.limits)
    if isinstance(content, Worded):
        return Matched(None, here.works.match_text(content.passages()))
    views = tuple(content.views())
    pictures = [view.carrier for view in views if view.kind == PICTURE]
    drawn = [*pictures, *(view.carrier.draw() for view in views if view.kind == SOUND)]
    if not drawn:
        raise UnsupportedMediaError("expected a file with a picture, sound or words")
    reports = [here.works.match_track(view.carrier) for view in views if view.kind in {TRACK, LANDMARKS}]
    reports += [here.works.match(picture.flattened()) for picture in pictures]
    return Matched(drawn[0], _merge(reports))


def _merge(reports: "Sequence[MatchReport]") -> "MatchReport":
    """Return one report of several about parts of a file: each work by its best match, spans before single frames."""
    if len(reports) == 1:
        return reports[0]
    best: dict[str, Match] = {}
    for match in (match for report in reports for match in report.matches):
        known = best.get(match.work_id)
        if known is None or (known.together is None and match.distance_bits < known.distance_bits):
            best[match.work_id] = match
    is_hashed = any(report.codes for report in reports)
    return replace(
        reports[-1],
        matches=tuple(best.values()),
        unhashable=() if is_hashed else reports[-1].unhashable,
        codes={},
    )


def draw_sheet(works: "Works", picture: "Picture", report: "MatchReport") -> "Picture | None":
    """Return the picture beside the nearest works that it matches and that have a reference, or None."""
    from provenance.works.drawing import MOST_DRAWN, draw_matches

    known = ((works.reference(match.work_id), match.overlap) for match in report.matches)
    drawn = [*islice(((reference, overlap) for reference, overlap in known if reference), MOST_DRAWN)]
    return draw_matches(picture, drawn) if drawn else None


def encode_sheet(works: "Works", found: Matched, kind: str = "image/png") -> bytes | None:
    """Return a picture beside the works that it matches as a file, or None where there is nothing to draw."""
    from provenance.asset import MediaType
    from provenance.media.picture.image import encode_image

    sheet = None if found.picture is None else draw_sheet(works, found.picture, found.report)
    return None if sheet is None else encode_image(sheet, MediaType(kind))


def build_report(report: "MatchReport") -> dict[str, Any]:
    """Return the JSON form of what the registry knows about a picture; each match says in words why."""
    return {
        "searched": list(report.searched_algs),
        "codes": dict(report.codes),
        "matches": [{**asdict(match), "why": describe_nearness(match)} for match in report.matches],
        "unhashable": [asdict(item) for item in report.unhashable],
    }


def describe_nearness(match: "Match") -> str:
    """Return in words why a work matches."""
    if match.together is not None:
        (start_s, end_s), (there_s, there_end_s) = match.together.here, match.together.there
        return (
            f"{start_s:.1f} to {end_s:.1f} s are {there_s:.1f} to {there_end_s:.1f} s of the work: "
            f"{match.together.codes} codes agree"
        )
    if match.overlap is not None:
        return describe_overlap(match.overlap)
    near = f"{match.distance_bits} of {match.threshold_bits} bits, {match.alg}"
    if match.variant != "plain":
        near += f", {match.variant.replace('_', ' ')}"
    if match.second_opinion is not None:
        near += f"; {match.second_opinion.alg} {'agrees' if match.second_opinion.agrees else 'does not agree'}"
    return near


def describe_overlap(overlap: Any) -> str:  # noqa: ANN401 - lazily known
    """Return in words which part of a work lies where."""
    mirrored = ", mirrored" if overlap.is_mirrored else ""
    text = f"shows a part of it{mirrored}: {overlap.shared} details"
    if overlap.in_part is None or overlap.in_whole is None:
        return text
    return f"{text}, {overlap.in_whole.area:.0%} of the work in {overlap.in_part.area:.0%} of the picture"

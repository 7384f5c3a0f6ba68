"""A match that was recorded, drawn again: for whoever reads the evidence long after."""

from collections.abc import Mapping
from typing import Any

from provenance.asset import MediaType
from provenance.errors import AssetError
from provenance.media.picture.image import Picture, encode_image, parse_image
from provenance.media.picture.overlap import Box, Overlap
from provenance.storage.blob import Blob
from provenance.works.drawing import draw_match


def build_sheet(unverified_file: Blob, reference: Picture, match: Mapping[str, Any]) -> bytes | None:
    """Return a PNG with the file on the left and the work on the right, as `match` was recorded; None for no picture.

    Args:
        unverified_file: what was asked about, or what was released of it.
        reference: kept of the work.
        match: its record in a signal's evidence.
    """
    try:
        picture = parse_image(unverified_file.octets())
    except AssetError:
        return None
    return encode_image(draw_match(picture, reference, _parse_overlap(match.get("overlap"))), MediaType.PNG)


def _parse_overlap(record: Mapping[str, Any] | None) -> Overlap | None:
    if not record:
        return None
    part, whole = (None if record.get(side) is None else Box(*record[side]) for side in ("in_part", "in_whole"))
    return Overlap(int(record["shared"]), part, whole, is_mirrored=bool(record.get("is_mirrored")))

"""Clips: AIGC under a key of the movie's metadata or in a Matroska tag, XMP in a box or a tag of its own.

They are written by whoever writes the clip, since a tag inside its header moves everything behind it.
Source: TC260 PG-20257A (video); Adobe XMP specification part 3, MPEG-4 and QuickTime.
"""

from typing import Final

from provenance.errors import LabelError
from provenance.labels.aigc import AigcItem, build_aigc
from provenance.labels.containers.base import MAX_FOUND, Carried, naming_damage
from provenance.media.containers.matroska import MKV, parse_segment
from provenance.media.containers.movie import MP4, find_packets, find_texts
from provenance.media.limits import OWN_LIMITS
from provenance.storage.octets import Octets

KEY: Final = "AIGC"
XMP_TAG: Final = "XMP"
"""Matroska has no place of its own for a packet; this tag is ours."""


@naming_damage
def find_in_movie(unverified_bytes: Octets) -> Carried:
    """Return what an MP4 or QuickTime file carries.

    Raises:
        LabelError: the boxes are damaged.
    """
    texts = find_texts(unverified_bytes, KEY, MP4.value)[:MAX_FOUND]
    return Carried(xmp=find_packets(unverified_bytes, MP4.value)[:MAX_FOUND], texts=texts, text_place="mdta key")


@naming_damage
def find_in_matroska(unverified_bytes: Octets) -> Carried:
    """Return what a WebM or Matroska file carries.

    Raises:
        LabelError: the elements are damaged.
    """
    tags = parse_segment(unverified_bytes, OWN_LIMITS, MKV).tags
    packets = [text.encode() for name, text in tags if name.upper() == XMP_TAG and text]
    texts = [text for name, text in tags if name.upper() == KEY and text]
    return Carried(xmp=tuple(packets[:MAX_FOUND]), texts=tuple(texts[:MAX_FOUND]), text_place="simple tag")


def build_tags(item: AigcItem | None) -> dict[str, str]:
    """Return the tags that a clip's muxer is to write.

    Raises:
        LabelError: the item cannot be written.
    """
    if item is None:
        return {}
    text = build_aigc(item)
    if "\0" in text:
        raise LabelError("an AIGC item cannot hold NUL")
    return {KEY: text}

"""A sound that a page lets somebody hear: encoded anew and bounded, never the file itself; nothing of it is kept."""

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from provenance.media.limits import IntakeLimits
    from provenance.media.media import Media
    from provenance.storage.blob import Blob

MOST_BLOCKS: Final = 600
"""Blocks of about a second that are heard: ten minutes."""


def build_listening(media: "Media", unverified_file: "Blob", limits: "IntakeLimits") -> bytes:
    """Return a sound's beginning as an MP3 of one channel; b"" where the file is none that can be heard."""
    from provenance.errors import AssetError
    from provenance.media.medium import Claims
    from provenance.media.sound.encoding import write_sound
    from provenance.media.sound.kind import MP3
    from provenance.media.view import SOUND

    try:
        content = media.take(unverified_file, Claims(), limits)
        heard = next((view.carrier for view in content.views() if view.kind == SOUND), None)
        if heard is None:
            return b""
        track = replace(heard.track, channels=1, layout="mono", bit_rate=0)
        blocks = (block.mean(0, keepdims=True) for block in islice(heard.blocks(), MOST_BLOCKS))
        return write_sound(blocks, MP3, track, {}).read()
    except AssetError:
        return b""

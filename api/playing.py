"""A clip that a page lets somebody watch: encoded anew, small and bounded, never the file itself; nothing is kept."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from provenance.media.limits import IntakeLimits
    from provenance.media.media import Media
    from provenance.storage.blob import Blob


def build_playing(media: "Media", unverified_file: "Blob", limits: "IntakeLimits") -> bytes:
    """Return a clip's beginning as a small WebM; b"" where the file is none that can be watched."""
    from provenance.errors import AssetError
    from provenance.media.medium import Claims
    from provenance.media.video.clip import Clip
    from provenance.media.video.proxy import build_proxy

    try:
        content = media.take(unverified_file, Claims(), limits)
        return build_proxy(content, unverified_file) if isinstance(content, Clip) else b""
    except AssetError:
        return b""

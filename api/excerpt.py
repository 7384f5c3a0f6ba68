"""A text that a page lets somebody read: its beginning, as detectors read it; nothing of it is kept."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from provenance.media.limits import IntakeLimits
    from provenance.media.media import Media
    from provenance.storage.blob import Blob


def build_excerpt(media: "Media", unverified_file: "Blob", limits: "IntakeLimits") -> str:
    """Return what stands in the first view of a text, some 8,000 characters; "" where the file is no text."""
    from provenance.errors import AssetError
    from provenance.media.medium import Claims
    from provenance.media.view import TEXT

    try:
        views = media.take(unverified_file, Claims(), limits).views()
        return next((str(view.carrier) for view in views if view.kind == TEXT), "")
    except AssetError:
        return ""

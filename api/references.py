"""Small pictures of registered works, so that a moderator can lay one beside what was matched.

The registry itself keeps fingerprints only. These stay in the data directory, for its owner alone, go when their work
is withdrawn, and may be deleted at any time: nothing is decided by them.
"""

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from api.settings import Settings
from provenance.asset import MediaType
from provenance.errors import GateError

if TYPE_CHECKING:
    from provenance.media.image import Picture

FOLDER: Final = "references"
LONGEST_SIDE: Final = 512
"""Pixels: enough to recognise a picture, too few to publish it."""

_log = structlog.get_logger(__name__)


def keep_reference(settings: Settings, work_id: str, picture: "Picture") -> None:
    """Keep a small copy of a work's picture; where it cannot be kept, that is logged, and the work stays registered."""
    from provenance.media.image import Picture, encode_image
    from provenance.secretfile import make_private_file, make_private_folder

    path = _path(settings, work_id)
    try:
        make_private_folder(path.parent)
        small = Picture.from_frame(picture.flattened().reduced(LONGEST_SIDE))
        make_private_file(path)
        path.write_bytes(encode_image(small, MediaType.JPEG))
    except (GateError, OSError) as exc:
        _log.warning("no small picture of a work could be kept", work_id=work_id, kind=type(exc).__name__)


def find_reference(settings: Settings, work_id: str) -> Path | None:
    """Return where the small picture of a work lies, or None when none was kept."""
    path = _path(settings, work_id)
    return path if path.is_file() else None


def drop_reference(settings: Settings, work_id: str) -> None:
    """Delete the small picture of a work, if there is one."""
    _path(settings, work_id).unlink(missing_ok=True)


def _path(settings: Settings, work_id: str) -> Path:
    """Ids may be anybody's texts, so a file is named by the digest of one."""
    return settings.home / FOLDER / f"{sha256(work_id.encode()).hexdigest()[:32]}.jpg"

"""What a clip's file is, by its first bytes, and whether its boxes and claims allow to open it."""

from pathlib import PurePath
from typing import Final

from provenance.asset import MediaType
from provenance.errors import AssetTooLargeError, MislabelledAssetError, UnsupportedMediaError
from provenance.media.containers.matroska import MKV, WEBM, parse_segment, sniff_doc_type
from provenance.media.containers.movie import MOV, MP4, Track, parse_movie
from provenance.media.limits import IntakeLimits
from provenance.media.medium import Claims
from provenance.media.sniff import check_single
from provenance.storage.blob import Blob

TYPES: Final = (MP4, MOV, WEBM, MKV)

# ISO/IEC 14496-12 and mp4ra.org: brands of files with pictures that move; those of stills and of sound are others'.
_MP4_BRANDS: Final = frozenset({
    b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"iso7", b"iso8", b"iso9", b"mp41", b"mp42", b"avc1",
    b"M4V ", b"M4VH", b"M4VP", b"f4v ", b"3gp4", b"3gp5", b"3gp6", b"3g2a", b"dash", b"MSNV", b"mmp4", b"XAVC",
    b"hvc1", b"av01", b"cmfc", b"cmf2",
})  # fmt: skip
_NO_CLAIM: Final = frozenset({"", "application/octet-stream", "binary/octet-stream", "video/*", "*/*"})
_ALIASES: Final = {
    "video/x-m4v": MP4, "video/m4v": MP4, "application/mp4": MP4, "video/x-matroska": MKV, "video/mov": MOV,
    **{media_type.value: media_type for media_type in TYPES},
}  # fmt: skip
_EXTENSIONS: Final = {
    ".mp4": MP4, ".m4v": MP4, ".mov": MOV, ".qt": MOV, ".webm": WEBM, ".mkv": MKV,
}  # fmt: skip
_NEUTRAL: Final = frozenset({"", ".bin"})
_RELATED: Final = ({MP4, MOV}, {WEBM, MKV})
"""Types that tools confuse, of one structure each: a name that says the other one is no lie."""


def sniff(head: bytes) -> MediaType | None:
    """Return the type of a clip by its first bytes, None for what is none."""
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return MOV if brand == b"qt  " else MP4 if brand in _MP4_BRANDS else None
    if head[4:8] in {b"moov", b"wide"} or (head[4:8] == b"mdat" and head[:4] == b"\0\0\0\1"):
        return MOV
    return {"webm": WEBM, "matroska": MKV}.get(sniff_doc_type(head))


def check_file(file: Blob, claims: Claims, limits: IntakeLimits) -> MediaType:
    """Return the type of a file whose structure holds, before anything in it is decoded.

    Raises:
        AssetTooLargeError: a bound is passed.
        MislabelledAssetError: claims and content disagree, or it is two types at once.
        UndecodableAssetError: truncated or damaged.
        UnsupportedMediaError: it has no picture, or what ships cannot show it as it is.
    """
    if file.size_bytes > limits.max_bytes:
        raise AssetTooLargeError(f"expected at most {limits.max_bytes} bytes, got {file.size_bytes}")
    media_type = sniff(file.read_at(0, 4096))
    if media_type is None:
        raise UnsupportedMediaError(f"expected one of {', '.join(TYPES)}, got another type")
    _check_claims(media_type, claims)
    data = file.octets()
    tracks: list[Track] | tuple[Track, ...]
    if media_type in {WEBM, MKV}:
        segment = parse_segment(data, limits, media_type)
        tracks, end = segment.tracks, segment.end
        if segment.has_alpha:
            raise UnsupportedMediaError(f"{media_type}: expected an opaque clip, got one with transparency: flatten it")
    else:
        movie = parse_movie(data, limits, media_type)
        tracks, end = movie.tracks, movie.end
    check_single(data, media_type, end=end, max_tail_bytes=limits.max_tail_bytes)
    if not any(track.kind == "video" for track in tracks):
        raise UnsupportedMediaError(f"{media_type}: expected a track of pictures, got none")
    return media_type


def _check_claims(media_type: MediaType, claims: Claims) -> None:
    stated = claims.media_type.partition(";")[0].strip().lower()
    if stated not in _NO_CLAIM and not _are_related(_ALIASES.get(stated), media_type):
        raise MislabelledAssetError(f"declared type: expected {media_type} by content, got another")
    suffix = PurePath(claims.name.replace("\\", "/").replace("\0", "")).suffix.lower()
    if suffix in _NEUTRAL or (suffix not in _EXTENSIONS and not _is_known(suffix)):
        return
    if not _are_related(_EXTENSIONS.get(suffix), media_type):
        raise MislabelledAssetError(f"file name: expected {media_type} by content, got the extension of another type")


def _is_known(suffix: str) -> bool:
    """Say whether an extension is another type's, by the built-in table alone."""
    import mimetypes

    return suffix in mimetypes.MimeTypes(filenames=()).types_map[True]


def _are_related(claimed: MediaType | None, media_type: MediaType) -> bool:
    return claimed == media_type or any({claimed, media_type} <= pair for pair in _RELATED)

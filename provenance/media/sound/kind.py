"""Which files are sound, by their first bytes, and what their names and declared types may claim."""

from pathlib import PurePath
from typing import Final

from provenance.asset import MediaType
from provenance.errors import MislabelledAssetError

WAV: Final = MediaType.add("audio/wav", extension=".wav")
FLAC: Final = MediaType.add("audio/flac", extension=".flac")
MP3: Final = MediaType.add("audio/mpeg", extension=".mp3")
M4A: Final = MediaType.add("audio/mp4", extension=".m4a")
OGG: Final = MediaType.add("audio/ogg", extension=".ogg")
TYPES: Final = (WAV, FLAC, MP3, M4A, OGG)

EMBEDDING: Final = frozenset({WAV, FLAC, MP3, M4A})
"""Types that c2pa writes manifests into; for OGG the manifest lies beside the file."""

_NO_CLAIM: Final = frozenset({"", "application/octet-stream", "binary/octet-stream"})
_ALIASES: Final = {
    **{str(kind): kind for kind in TYPES},
    "audio/wave": WAV,
    "audio/x-wav": WAV,
    "audio/vnd.wave": WAV,
    "audio/x-flac": FLAC,
    "audio/mp3": MP3,
    "audio/x-mp3": MP3,
    "audio/mpeg3": MP3,
    "audio/x-m4a": M4A,
    "audio/m4a": M4A,
    "audio/opus": OGG,
    "audio/vorbis": OGG,
    "application/ogg": OGG,
}
_EXTENSIONS: Final = {
    ".wav": WAV,
    ".wave": WAV,
    ".flac": FLAC,
    ".mp3": MP3,
    ".m4a": M4A,
    ".m4b": M4A,
    ".ogg": OGG,
    ".oga": OGG,
    ".opus": OGG,
}
_NEUTRAL: Final = frozenset({"", ".bin", ".tmp", ".part", ".dat"})
# ISO/IEC 14496-12 brands of files that hold sound alone: Apple's, and Flash's.
_BRANDS: Final = frozenset({b"M4A ", b"M4B ", b"F4A "})
_OGG_CODECS: Final = (b"OpusHead", b"\x01vorbis", b"\x7fFLAC", b"Speex   ")
_ID3_BYTES: Final = 10


def sniff_sound(head: bytes) -> MediaType | None:
    """Return the type of a file by its first bytes.

    What begins with a long ID3 tag is called MP3 here; `find_type` looks behind the tag.
    """
    if head[:4] in {b"RIFF", b"RF64"} and head[8:12] == b"WAVE":
        return WAV
    if head[:4] == b"OggS":
        return OGG if any(codec in head[:256] for codec in _OGG_CODECS) else None
    if head[4:8] == b"ftyp":
        return M4A if head[8:12] in _BRANDS else None
    if head[:3] == b"ID3" and len(head) > _ID3_BYTES:
        return FLAC if head[measure_id3(head) :][:4] == b"fLaC" else MP3
    if head[:4] == b"fLaC":
        return FLAC
    return MP3 if _is_frame(head) else None


def measure_id3(head: bytes) -> int:
    """Return how many bytes the ID3v2 tags at the start take, 0 where there is none; the size is four times 7 bits."""
    if head[:3] != b"ID3" or len(head) < _ID3_BYTES or any(byte & 0x80 for byte in head[6:10]):
        return 0
    size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    return _ID3_BYTES + size + (_ID3_BYTES if head[5] & 0x10 else 0)


def _is_frame(head: bytes) -> bool:
    """Tell whether MPEG audio of layer III begins here: a frame header whose fields are all allowed."""
    return (
        len(head) >= 4
        and head[0] == 0xFF
        and head[1] & 0xE6 == 0xE2
        and head[1] & 0x18 != 0x08
        and head[2] >> 4 not in {0, 15}
        and head[2] >> 2 & 3 != 3
    )


def check_claims(media_type: MediaType, *, declared_name: str, declared_type: str) -> None:
    """Compare what the file is with what its name and its declared type say.

    Raises:
        MislabelledAssetError: they differ.
    """
    stated = declared_type.partition(";")[0].strip().lower()
    if stated not in _NO_CLAIM and _ALIASES.get(stated) != media_type:
        other = _ALIASES.get(stated, "a type that is no sound taken here")
        raise MislabelledAssetError(f"declared type: expected {other} as declared, got {media_type.value} by content")
    suffix = PurePath(declared_name.replace("\\", "/").replace("\0", "")).suffix.lower()
    claimed = _EXTENSIONS.get(suffix)
    if claimed is not None and claimed != media_type:
        raise MislabelledAssetError(f"file name: expected {claimed} by its extension, got {media_type} by content")

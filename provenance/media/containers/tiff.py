"""TIFF: directories of TIFF 6.0 and BigTIFF, without decoding.

The decoder gets the file with one new directory at its end that lists the first picture's essential tags alone; the
original directories are then unreachable, so nothing parses EXIF, XMP, maker notes or sub-images.
"""

import struct
from dataclasses import dataclass, field
from typing import Final

from provenance.asset import MediaType
from provenance.errors import UndecodableAssetError, UnsupportedMediaError
from provenance.media.containers.base import (
    UPRIGHT,
    Edit,
    Essence,
    Layout,
    Tally,
    check_orientation,
    check_span,
)
from provenance.media.containers.ifd import Entry, Form, find_first, read_directory, read_form
from provenance.media.limits import IntakeLimits
from provenance.storage.octets import Octets

NAME: Final = MediaType.TIFF.value

_UNSIGNED: Final = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}

_SUBFILE, _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 254, 256, 257, 258, 259, 262
_STRIP_OFFSETS, _ORIENTATION, _SAMPLES, _STRIP_BYTES = 273, 274, 277, 279
_TILE_WIDTH, _TILE_HEIGHT, _TILE_OFFSETS, _TILE_BYTES = 322, 323, 324, 325
_SAMPLE_FORMAT, _ICC, _DNG_VERSION = 339, 34675, 50706
# TIFF 6.0 s19 (SampleFormat) and the values of PhotometricInterpretation that are met, for messages.
_SAMPLE_FORMS: Final = {1: "integer", 2: "signed integer", 3: "float", 5: "complex integer", 6: "complex float"}
_COLOURS: Final = {
    0: "in grey", 1: "in grey", 2: "in RGB", 3: "with a palette", 4: "of a mask", 5: "in CMYK", 6: "in YCbCr",
    8: "in CIELab", 9: "in ICCLab", 10: "in ITULab", 32803: "of a colour filter array", 32844: "in LogL",
    32845: "in LogLuv",
}  # fmt: skip
_POINTERS: Final = frozenset({330, 34665, 34853, 40965})  # SubIFDs, EXIF, GPS, interoperability
# What describes pixels: TIFF 6.0 baseline and s14-23. Orientation and profile are applied here, not by the decoder.
_ESSENTIAL: Final = frozenset({
    _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, 266, _STRIP_OFFSETS, _SAMPLES, 278, _STRIP_BYTES, 284, 292, 293,
    317, 320, _TILE_WIDTH, _TILE_HEIGHT, _TILE_OFFSETS, _TILE_BYTES, 332, 338, 339, 347, 529, 530, 531, 532,
})  # fmt: skip
_SINGLE: Final = frozenset({
    _WIDTH, _HEIGHT, _COMPRESSION, _PHOTOMETRIC, 266, _SAMPLES, 278, 284, 317, _TILE_WIDTH, _TILE_HEIGHT,
})  # fmt: skip

# None, CCITT (2-4), LZW, JPEG, Deflate twice, PackBits, Zstandard. LZMA may ask for gigabytes of dictionary.
_COMPRESSIONS: Final = frozenset({1, 2, 3, 4, 5, 7, 8, 32946, 32773, 50000})

_JPEG, _JPEG_BITS = 7, 8
# Names of what is met and not taken, for messages.
_OTHER_COMPRESSIONS: Final = {
    6: "old-style JPEG", 34661: "JBIG", 34712: "JPEG 2000", 34887: "LERC", 34892: "lossy JPEG", 34925: "LZMA",
    50001: "WebP", 50002: "JPEG XL", 52546: "JPEG XL",
}  # fmt: skip

# Five samples are CMYK with alpha; 64 bits a sample is a double.
_MAX_SAMPLES: Final = 5
_MAX_BITS: Final = 64
# One strip a row of the largest picture, and then some.
_MAX_PARTS: Final = 65_536
_MAX_DIRECTORIES: Final = 64


@dataclass(slots=True)
class _Walk:
    """What the directories say, collected."""

    data: Octets
    form: Form
    tally: Tally
    end: int = 0
    visited: set[int] = field(default_factory=set)

    def values(self, entry: Entry) -> tuple[int, ...]:
        """Return an entry's unsigned values."""
        code = _UNSIGNED.get(entry.kind)
        if code is None or entry.count > _MAX_PARTS:
            raise UndecodableAssetError(
                f"{NAME}: tag {entry.tag}: expected at most {_MAX_PARTS} unsigned values, "
                f"got {entry.count} of type {entry.kind}"
            )
        order = "<" if self.form.order == "little" else ">"
        return struct.unpack(f"{order}{entry.count}{code}", self.data[entry.start : entry.start + entry.size])

    def single(self, entries: dict[int, Entry], tag: int, default: int) -> int:
        """Return the first value of a tag, or `default` where it is absent."""
        if tag not in entries:
            return default
        return next(iter(self.values(entries[tag])), default)

    def read_directory(self, start: int) -> tuple[dict[int, Entry], int]:
        """Return the entries at `start` by tag, and the offset of the next directory."""
        if start in self.visited or len(self.visited) >= _MAX_DIRECTORIES:
            raise UndecodableAssetError(f"{NAME}: expected at most {_MAX_DIRECTORIES} directories, got more or a loop")
        self.visited.add(start)
        found = read_directory(self.data, self.form, start, most=self.tally.limits.max_metadata_items)
        self.end = max(self.end, found.end)
        entries: dict[int, Entry] = {}
        for entry in found.entries:
            check_span(self.data, entry.start, entry.size, f"{NAME}: tag {entry.tag}")
            self.end = max(self.end, entry.start + entry.size)
            entries.setdefault(entry.tag, entry)
        return entries, found.following

    def visit(self, start: int, *, is_main: bool) -> tuple[dict[int, Entry], int]:
        """Read a directory and those it points to, counting what is not pixels."""
        entries, following = self.read_directory(start)
        for entry in entries.values():
            if not (is_main and entry.tag in _ESSENTIAL):
                self.tally.add(entry.size)
            if entry.tag in _POINTERS:
                for child in self.values(entry):
                    self.visit(child, is_main=False)
        self._count_pixels(entries)
        return entries, following

    def _count_pixels(self, entries: dict[int, Entry]) -> None:
        """Check that strips or tiles lie inside the file."""
        for offsets, sizes in ((_STRIP_OFFSETS, _STRIP_BYTES), (_TILE_OFFSETS, _TILE_BYTES)):
            if offsets in entries and sizes in entries:
                parts = zip(self.values(entries[offsets]), self.values(entries[sizes]), strict=False)
                last = max((start + size for start, size in parts), default=0)
                check_span(self.data, 0, last, NAME)
                self.end = max(self.end, last)


def parse_layout(data: Octets, limits: IntakeLimits) -> Layout:
    """Walk the directories of a TIFF file.

    Raises:
        UndecodableAssetError: truncated, or directories that loop or contradict themselves.
        UnsupportedMediaError: camera raw, or a compression that is not taken.
        AssetTooLargeError: a bound is passed; several pages by default.
    """
    form = read_form(data, NAME)
    walk = _Walk(data, form, Tally(MediaType.TIFF, limits))
    if data[8:10] == b"CR":
        raise UnsupportedMediaError(f"{NAME}: expected a picture, got camera raw (CR2)")
    main, following = walk.visit(find_first(data, form), is_main=True)
    width, height = _check_picture(walk, main)
    frames, asides = 1, 0
    while following:
        page, following = walk.visit(following, is_main=False)
        # TIFF 6.0 s8, NewSubfileType: bit 0 is a smaller version, bit 2 a mask; neither is a page.
        is_aside = walk.single(page, _SUBFILE, 0) & 0b101
        frames, asides = frames + (not is_aside), asides + bool(is_aside)
        walk.tally.check_frames(frames)
    icc = main.get(_ICC)
    return Layout(
        media_type=MediaType.TIFF,
        width=width,
        height=height,
        frames=frames,
        end=walk.end,
        content=_build_essence(data, form, main),
        orientation=check_orientation(walk.single(main, _ORIENTATION, UPRIGHT)),
        icc=b"" if icc is None else data[icc.start : icc.start + icc.size],
        is_inverted=walk.single(main, _PHOTOMETRIC, 1) == 0,
        kind=_describe_kind(walk, main),
        left_out=_count_asides(asides),
    ).check_content(
        pictures=frames + asides, bytes_a_pixel=_count_pixel_bytes(walk, main), beside=limits.max_metadata_bytes
    )


def _check_picture(walk: _Walk, main: dict[int, Entry]) -> tuple[int, int]:
    """Return (width, height) of the first picture once everything that costs memory is within bounds."""
    if _DNG_VERSION in main:
        raise UnsupportedMediaError(f"{NAME}: expected a picture, got camera raw (DNG)")
    for tag in _SINGLE & main.keys():
        if main[tag].count != 1:
            raise UndecodableAssetError(f"{NAME}: tag {tag}: expected one value, got {main[tag].count}")
    width, height = walk.single(main, _WIDTH, 0), walk.single(main, _HEIGHT, 0)
    walk.tally.check_size(width, height)
    compression = walk.single(main, _COMPRESSION, 1)
    if compression not in _COMPRESSIONS:
        got = _OTHER_COMPRESSIONS.get(compression, "unknown")
        raise UnsupportedMediaError(
            f"not taken: {NAME} with compression {compression} ({got}); expected one of {sorted(_COMPRESSIONS)}"
        )
    samples = walk.single(main, _SAMPLES, 1)
    bits = max(walk.values(main[_BITS]), default=1) if _BITS in main else 1
    if not 1 <= samples <= _MAX_SAMPLES or not 1 <= bits <= _MAX_BITS:
        raise UnsupportedMediaError(
            f"{NAME}: expected at most {_MAX_SAMPLES} samples of {_MAX_BITS} bits, got {samples} of {bits}"
        )
    if compression == _JPEG and bits != _JPEG_BITS:
        raise UnsupportedMediaError(f"not taken: {bits}-bit JPEG inside {NAME}; expected {_JPEG_BITS} bits a sample")
    if _TILE_WIDTH in main or _TILE_HEIGHT in main:
        walk.tally.check_size(walk.single(main, _TILE_WIDTH, 0), walk.single(main, _TILE_HEIGHT, 0))
    return width, height


def _count_asides(asides: int) -> tuple[str, ...]:
    plural = "" if asides == 1 else "s"
    return (f"{asides} smaller version{plural} or mask{plural}",) if asides else ()


def _describe_kind(walk: _Walk, main: dict[int, Entry]) -> str:
    """Say what pixels these are, for people whose kind no decoder here takes."""
    samples = walk.single(main, _SAMPLES, 1)
    bits = max(walk.values(main[_BITS]), default=1) if _BITS in main else 1
    form = _SAMPLE_FORMS.get(walk.single(main, _SAMPLE_FORMAT, 1), "undefined")
    colour = _COLOURS.get(walk.single(main, _PHOTOMETRIC, 1), "of an unknown colour space")
    return f"{bits}-bit {form} TIFF {colour}, {samples} sample{'' if samples == 1 else 's'} a pixel"


def _count_pixel_bytes(walk: _Walk, main: dict[int, Entry]) -> int:
    """Return how many bytes one pixel has at most, compressed badly."""
    bits = max(walk.values(main[_BITS]), default=1) if _BITS in main else 1
    return 2 + walk.single(main, _SAMPLES, 1) * bits // 7


def _build_essence(data: Octets, form: Form, main: dict[int, Entry]) -> Essence:
    """Return the file with a directory of essential tags at its end, and the header pointing there."""
    entries = [main[tag].raw for tag in sorted(main.keys() & _ESSENTIAL)]
    # TIFF 6.0 s2: directories begin on a word boundary.
    end = len(data)
    start = end + end % 2
    at = form.pointer_at
    directory = b"".join([
        b"\0" * (start - end),
        form.pack(len(entries), form.count_bytes),
        *entries,
        form.pack(0, form.offset_bytes),
    ])  # fmt: skip
    header = Edit(at, at + form.offset_bytes, form.pack(start, form.offset_bytes))
    return Essence(data, (header, Edit(end, end, directory)), end)

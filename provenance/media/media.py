"""The media of one deployment: whose a file is, and what is said of a file that is nobody's."""

from collections.abc import Iterator, Sequence
from typing import Final

from provenance.asset import MediaType
from provenance.errors import (
    AssetError,
    AssetTooLargeError,
    ConfigurationError,
    MislabelledAssetError,
    UnsupportedMediaError,
)
from provenance.media.limits import IntakeLimits
from provenance.media.medium import Claims, Content, Look, Measured, Measuring, Medium
from provenance.media.sniff import HEAD_BYTES, describe_content
from provenance.storage.blob import Blob

PARTLY_ANSWERED: Final = (AssetTooLargeError, MislabelledAssetError, UnsupportedMediaError)
"""Why a sound file may hold something that cannot be looked at; one that is damaged is an error of its own."""

SVG: Final = "image/svg+xml"
"""The one type that c2pa-rs 0.91 reads but does not find by itself."""


class Media:
    """The media of one deployment, asked in their order."""

    def __init__(self, media: Sequence[Medium]) -> None:
        """Take them over.

        Raises:
            ConfigurationError: there is none, or two of them claim one name or type.
        """
        self._media = {medium.name: medium for medium in media}
        self._by_type = {media_type: medium for medium in media for media_type in medium.types}
        if not media or len(self._by_type) != sum(len(medium.types) for medium in media):
            raise ConfigurationError("media: expected at least one, each with types of its own")

    def __iter__(self) -> Iterator[Medium]:
        """Return each medium."""
        return iter(self._media.values())

    def of(self, media_type: MediaType) -> Medium:
        """Return the medium of a type.

        Raises:
            UnsupportedMediaError: this deployment takes none such.
        """
        medium = self._by_type.get(media_type)
        if medium is None:
            raise UnsupportedMediaError(f"expected one of {self._list_types()}; got {media_type}")
        return medium

    def find(self, head: bytes) -> tuple[Medium, MediaType] | None:
        """Return whose file begins with `head`, and its type; None where it is nobody's."""
        for medium in self:
            media_type = medium.sniff(head)
            if media_type is not None:
                return medium, media_type
        return None

    def take(self, file: Blob, claims: Claims, limits: IntakeLimits) -> Content:
        """Take a file apart by the medium whose it is.

        Raises:
            AssetError: as `Medium.take`, or no medium takes its type.
        """
        return self._find_taker(file, limits).take(file, claims, limits)

    def measure(self, file: Blob, claims: Claims, limits: IntakeLimits) -> Measured | None:
        """Check a file by its headers; None where its medium, or its type, has to be decoded for that.

        Raises:
            AssetError: as `take`, of what can be known by then.
        """
        medium = self._find_taker(file, limits)
        return medium.measure(file, claims, limits) if isinstance(medium, Measuring) else None

    def _find_taker(self, file: Blob, limits: IntakeLimits) -> Medium:
        if file.size_bytes > limits.max_bytes:
            raise AssetTooLargeError(f"expected at most {limits.max_bytes} bytes, got {file.size_bytes}")
        found = self.find(file.read_at(0, HEAD_BYTES))
        if found is None:
            raise self._refuse(file)
        return found[0]

    def look(self, file: Blob, limits: IntakeLimits) -> tuple[Medium | None, Look]:
        """Look at a stranger's file, and say whose it is; raises nothing for a bad file."""
        found = self.find(file.read_at(0, HEAD_BYTES))
        if found is not None:
            return found[0], found[0].look(file, limits)
        problem: AssetError = self._refuse(file)
        if file.size_bytes > limits.max_bytes:
            problem = AssetTooLargeError(f"expected at most {limits.max_bytes} bytes, got {file.size_bytes}")
        head = file.read_at(0, HEAD_BYTES)
        return None, Look(SVG if _is_drawing(head) else "", problem=problem, kind=self._describe(file))

    def weigh(self, file: Blob, limits: IntakeLimits) -> int:
        """Return about how many pixels or samples `look` would hold; 0 where it would none."""
        found = self.find(file.read_at(0, HEAD_BYTES))
        return 0 if found is None else found[0].weigh(file, limits)

    def _refuse(self, file: Blob) -> UnsupportedMediaError:
        return UnsupportedMediaError(f"expected one of {self._list_types()}; got {self._describe(file)}")

    def _describe(self, file: Blob) -> str:
        return describe_content(file.octets())

    def _list_types(self) -> str:
        return ", ".join(media_type.value for media_type in self._by_type)


def _is_drawing(start: bytes) -> bool:
    """Say whether the first element of a document is an SVG's, whatever declarations and comments come before."""
    rest = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    while rest.startswith((b"<?", b"<!")):
        rest = rest.partition(b"-->" if rest.startswith(b"<!--") else b">")[2].lstrip()
    return rest.startswith((b"<svg>", b"<svg ", b"<svg\n", b"<svg\r", b"<svg\t"))

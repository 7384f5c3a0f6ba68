"""Decoded pictures by the digest of their file, so that stages do not decode twice.

Content-addressed: what a digest finds is a function of the bytes it names, so the cache changes how long an answer
takes and never what it is. Losing it loses nothing.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable

from provenance.asset import Digest
from provenance.errors import ConfigurationError
from provenance.media.picture.raster import Picture


class PictureCache:
    """Keeps the pictures used last, up to a bound on their memory. Safe to share between threads.

    Attributes:
        max_bytes: most memory to hold, smaller copies that pictures keep included; 0 keeps nothing.
    """

    def __init__(self, max_bytes: int) -> None:
        """Raise ConfigurationError for a negative bound."""
        if max_bytes < 0:
            raise ConfigurationError(f"picture cache: expected at least 0 bytes, got {max_bytes}")
        self.max_bytes = max_bytes
        self._lock = threading.Lock()
        self._pictures: OrderedDict[Digest, Picture] = OrderedDict()

    def find(self, sha256: Digest) -> Picture | None:
        """Return the picture of the file with this digest, or None if it is not held."""
        with self._lock:
            picture = self._pictures.get(sha256)
            if picture is not None:
                self._pictures.move_to_end(sha256)
            return picture

    def keep(self, sha256: Digest, picture: Picture) -> None:
        """Hold `picture`, letting go of those used longest ago; one that is too large by itself is not held."""
        if picture.size_bytes > self.max_bytes:
            return
        with self._lock:
            self._pictures[sha256] = picture
            self._pictures.move_to_end(sha256)
            held = {digest: kept.size_bytes for digest, kept in self._pictures.items()}
            total = sum(held.values())
            while self._pictures and total > self.max_bytes:
                digest, _ = self._pictures.popitem(last=False)
                total -= held[digest]

    def find_or_build(self, sha256: Digest, build: Callable[[], Picture]) -> Picture:
        """Return the held picture, or call `build`, hold its result and return it.

        Two threads that miss at once both build; the results are equal.
        """
        picture = self.find(sha256)
        if picture is None:
            picture = build()
            self.keep(sha256, picture)
        return picture

    def __len__(self) -> int:
        """Count the pictures held."""
        with self._lock:
            return len(self._pictures)

"""Decoded files by the digest of their file, so that stages do not decode twice.

Content-addressed: what a digest finds is a function of the bytes it names, so the cache changes how long an answer
takes and never what it is. Losing it loses nothing.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable

from provenance.asset import Digest
from provenance.errors import ConfigurationError
from provenance.media.medium import Content


class ContentCache:
    """Keeps the contents used last, up to a bound on their memory. Safe to share between threads.

    Attributes:
        max_bytes: most memory to hold, what contents derive from themselves included; 0 keeps nothing.
    """

    def __init__(self, max_bytes: int) -> None:
        """Raise ConfigurationError for a negative bound."""
        if max_bytes < 0:
            raise ConfigurationError(f"content cache: expected at least 0 bytes, got {max_bytes}")
        self.max_bytes = max_bytes
        self._lock = threading.Lock()
        self._contents: OrderedDict[Digest, Content] = OrderedDict()

    def find(self, sha256: Digest) -> Content | None:
        """Return the content of the file with this digest, or None if it is not held."""
        with self._lock:
            content = self._contents.get(sha256)
            if content is not None:
                self._contents.move_to_end(sha256)
            return content

    def keep(self, sha256: Digest, content: Content) -> None:
        """Hold `content`, letting go of those used longest ago; one that is too large by itself is not held."""
        if content.size_bytes > self.max_bytes:
            return
        with self._lock:
            self._contents[sha256] = content
            self._contents.move_to_end(sha256)
            held = {digest: kept.size_bytes for digest, kept in self._contents.items()}
            total = sum(held.values())
            while self._contents and total > self.max_bytes:
                digest, _ = self._contents.popitem(last=False)
                total -= held[digest]

    def find_or_build(self, sha256: Digest, build: Callable[[], Content]) -> Content:
        """Return the held content, or call `build`, hold its result and return it.

        Two threads that miss at once both build; the results are equal.
        """
        content = self.find(sha256)
        if content is None:
            content = build()
            self.keep(sha256, content)
        return content

    def __len__(self) -> int:
        """Count the contents held."""
        with self._lock:
            return len(self._contents)

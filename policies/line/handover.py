"""What the stages of one walk tell each other, so that none reads again what the one before it has just made.

Nothing rests on it. A process that is killed takes it along, and whoever takes the asset up finds all that counts in
the database and the blob store, or makes it anew: detectors are asked again where there is no decision yet, and a file
is sealed again where none is recorded.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from detectors.base import Signal
from provenance.asset import AssetId
from provenance.grant import Grant
from provenance.seal.sealed import Sealed

MOST_ASSETS: Final = 64
"""Assets in the middle of the line of one process; of more the oldest is forgotten, and read again."""


@dataclass(slots=True)
class Notes:
    """What is known of one asset.

    Attributes:
        signals: what detectors answered, until the decision is written down with them.
        grant: the newest licence.
        sealed: what was sealed, with its bytes.
        is_walking: whether the asset's lease is held for a walk; grant and seal are noted only then.
    """

    signals: tuple[Signal, ...] = ()
    grant: Grant | None = None
    sealed: Sealed | None = None
    is_walking: bool = False

    def note_grant(self, grant: Grant) -> None:
        """Keep the licence for the rest of the walk."""
        self.grant = grant if self.is_walking else None

    def note_sealed(self, sealed: Sealed) -> None:
        """Keep what was sealed for the rest of the walk."""
        self.sealed = sealed if self.is_walking else None


class Handover:
    """The notes of one process, by asset; any number of threads may use it."""

    def __init__(self) -> None:
        self._notes: dict[AssetId, Notes] = {}
        self._lock = threading.Lock()

    def notes(self, asset_id: AssetId) -> Notes:
        """Return the notes on `asset_id`, empty ones the first time."""
        with self._lock:
            found = self._notes.pop(asset_id, None) or Notes()
            self._notes[asset_id] = found
            while len(self._notes) > MOST_ASSETS:
                self._notes.pop(next(iter(self._notes)))
            return found

    @contextmanager
    def walking(self, asset_id: AssetId) -> Iterator[None]:
        """Walk one asset; its notes end with the walk."""
        self.notes(asset_id).is_walking = True
        try:
            yield
        finally:
            with self._lock:
                self._notes.pop(asset_id, None)

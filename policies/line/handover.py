"""What the stages of one walk tell each other, so that none reads again what the one before it has just made.

Nothing rests on it. A process that is killed takes it along, and whoever takes the asset up finds all that counts in
the database and the blob store, or makes it anew: detectors are asked again where there is no decision yet, and a file
is sealed again where none is recorded.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from detectors.base import Signal
from policies.rules.decision import Decision
from policies.rules.pack import Pack
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
        row: what intake wrote of the asset, for as long as nobody else can have written anything about it.
        packs: those that it was taken in under.
        decision: that this walk has made, to release it.
        ledger_index: of the entry under which this walk has recorded the release.
        is_walking: whether the asset's lease is held for a walk; all but signals is noted and believed only then.
    """

    signals: tuple[Signal, ...] = ()
    row: Mapping[Any, Any] | None = None
    packs: tuple[Pack, ...] = ()
    decision: Decision | None = None
    grant: Grant | None = None
    sealed: Sealed | None = None
    ledger_index: int | None = None
    is_walking: bool = False

    @property
    def own_row(self) -> Mapping[Any, Any] | None:
        """What intake wrote, in the walk that follows it without a break; else the database has to be asked."""
        return self.row if self.is_walking else None

    def note_packs(self, packs: tuple[Pack, ...]) -> None:
        """Keep the packs for the rest of the walk."""
        self.packs = packs if self.is_walking else ()

    def note_decision(self, decision: Decision) -> None:
        """Keep the decision for the rest of the walk."""
        self.decision = decision if self.is_walking else None

    def note_grant(self, grant: Grant) -> None:
        """Keep the licence for the rest of the walk."""
        self.grant = grant if self.is_walking else None

    def note_sealed(self, sealed: Sealed) -> None:
        """Keep what was sealed for the rest of the walk."""
        self.sealed = sealed if self.is_walking else None

    def note_recorded(self, ledger_index: int) -> None:
        """Keep under which entry the release was recorded for the rest of the walk."""
        self.ledger_index = ledger_index if self.is_walking else None


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
    def walking(self, asset_id: AssetId, *, is_new: bool = False) -> Iterator[None]:
        """Walk one asset; its notes end with the walk.

        Args:
            asset_id: whose lease is held.
            is_new: nobody but this process was ever at work on it.
        """
        notes = self.notes(asset_id)
        notes.is_walking = True
        if not is_new:
            notes.row = None
        try:
            yield
        finally:
            with self._lock:
                self._notes.pop(asset_id, None)

"""The last checkpoint signed here, in a file apart from the database: what a set-back database is held against."""

from pathlib import Path

from provenance.errors import InconsistentLedgerError, VerificationError
from provenance.ledger.checkpoint import Checkpoint, parse_checkpoint
from provenance.ledger.tiles import write_resource


class Memory:
    """The remembered checkpoint of one log.

    Args:
        path: of the file.
        origin: of the log.
        is_complete: every checkpoint of this log is remembered here, so that a file that lacks one was lost or set
            back. False where other hosts sign, too.
    """

    def __init__(self, path: Path, origin: str, *, is_complete: bool = False) -> None:
        self._path = path
        self._origin = origin
        self._is_complete = is_complete

    def load(self) -> Checkpoint | None:
        """Return what is remembered, if anything. Its form is checked here, its signature by an audit.

        Raises:
            InconsistentLedgerError: the file holds no checkpoint of this log.
        """
        if not self._path.exists():
            return None
        try:
            note = self._path.read_text(encoding="utf-8")
            return parse_checkpoint(note.partition("\n\n")[0] + "\n", self._origin, note)
        except (OSError, UnicodeDecodeError, VerificationError) as exc:
            raise InconsistentLedgerError(
                f"the remembered checkpoint {self._path} cannot be read ({exc}): restore it from a backup, or, where "
                "a new ledger is to begin under a new origin, move it away"
            ) from exc

    def keep(self, checkpoint: Checkpoint) -> None:
        """Remember `checkpoint`, on disk before this returns, unless a newer one is known."""
        known = self.load()
        if known is None or known.size <= checkpoint.size:
            write_resource(self._path.parent, self._path.name, checkpoint.note.encode(), is_private=True)

    def verify_complete(self, latest: Checkpoint | None) -> None:
        """Check that nothing later than what is remembered was signed.

        Args:
            latest: the newest checkpoint that the database holds.

        Raises:
            InconsistentLedgerError: it was.
        """
        if not self._is_complete or latest is None:
            return
        known = self.load()
        if known is None or known.size < latest.size:
            state = "is missing" if known is None else f"has {known.size}, so it was set back"
            raise InconsistentLedgerError(
                f"the ledger signed {latest.size} entries, its remembered checkpoint {self._path.name} {state}; "
                "restore database and checkpoint from one backup, or, if only that file was lost, chopmark adopt --yes"
            )

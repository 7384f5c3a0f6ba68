"""The match indexes of one registry: one for each collection and each fingerprint, opened when it is first asked.

Codes of `copy` are kept under the name of the weights that made them (`provenance.fingerprints.copy`), so each version
has an index of its own and none is compared with another's.
"""

import threading
from pathlib import Path

from provenance.fingerprints.base import FingerprintScheme, make_scheme
from provenance.fingerprints.copy import Copy
from provenance.storage.database import Database
from provenance.tenant import Tenant
from provenance.works.index import MatchIndex


class Indexes:
    """Opens each index once; safe for any number of threads.

    Args:
        database: where the codes are.
        folder: for all of them; everything in it can be rebuilt.
        tenant: whose works; what was released is public, and every tenant's.
        fold_at: codes that an index takes before it writes them to a new file.
    """

    def __init__(self, database: Database, folder: Path, *, tenant: Tenant, fold_at: int) -> None:
        self._database = database
        self._folder = folder
        self._tenant = tenant
        self._fold_at = fold_at
        self._lock = threading.Lock()
        self._schemes: dict[str, FingerprintScheme] = {}
        self._opened: dict[tuple[str, str], MatchIndex] = {}

    def scheme(self, alg: str) -> FingerprintScheme:
        """Return the fingerprint of this name."""
        with self._lock:
            if alg not in self._schemes:
                self._schemes[alg] = make_scheme(alg)
            return self._schemes[alg]

    def index(self, collection: str, alg: str) -> MatchIndex:
        """Return the index of a collection's codes of one fingerprint."""
        scheme = self.scheme(alg)
        return self.open(collection, alg, scheme.bits, scheme.confident_distance_bits)

    def open(self, collection: str, alg: str, bits: int, radius_bits: int) -> MatchIndex:
        """Return the index of a collection's codes of so many bits, of whatever medium."""
        kept_as = Copy.kept_as if alg == Copy.alg else alg
        with self._lock:
            key = (collection, kept_as)
            if key not in self._opened:
                self._opened[key] = MatchIndex(
                    self._database,
                    self._folder / f"{collection}-{kept_as}",
                    collection=collection,
                    tenant=self._tenant if collection == "works" else None,
                    alg=kept_as,
                    bits=bits,
                    radius_bits=radius_bits,
                    fold_at=self._fold_at,
                )
            return self._opened[key]

    def close(self) -> None:
        """Finish background work and let go of the database."""
        with self._lock:
            opened = list(self._opened.values())
        for index in opened:
            index.close()

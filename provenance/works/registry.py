"""The copyright registry: register works, ask what a picture resembles, withdraw works.

One answer carries work, distance, bank, action and evidence. Every change is a ledger entry in the same transaction,
with digests and ids only: titles, owners and claims stay in the database. A work matches, in every process, from the
first query after its transaction has committed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, exists, select, update

from provenance.errors import WorksError
from provenance.fingerprints.base import Fingerprint, Unhashable
from provenance.fingerprints.copy import Copy
from provenance.fingerprints.landmark import Landmarks, split_codes
from provenance.fingerprints.shingles import Passages
from provenance.ledger.canonical import Json
from provenance.ledger.log import Log
from provenance.media.picture.image import Picture
from provenance.media.picture.overlap import Detailed, Kept
from provenance.storage.database import Database, utc_now
from provenance.tenant import MAIN, Tenant
from provenance.works import sounds
from provenance.works.banks import define_bank, load_banks
from provenance.works.catalogue import find_same, find_work, read_works
from provenance.works.codes import Code, append_codes, find_owner_codes, remove_codes
from provenance.works.index import FOLD_AT
from provenance.works.indexes import Indexes
from provenance.works.intake import Entry, hash_original, insert_work, parse_reason, settle
from provenance.works.likeness import Likeness
from provenance.works.matching import add_second_opinions, join_matches, search_releases, search_works, suppress_allowed
from provenance.works.passages import TextIndex
from provenance.works.preparing import prepare
from provenance.works.recoding import Uncoded, count_uncoded, recode
from provenance.works.record import (
    Action,
    Bank,
    Match,
    MatchReport,
    Registration,
    ReleaseMatch,
    SecondOpinion,
    Work,
    WorkStatus,
)
from provenance.works.references import References
from provenance.works.tables import CODES, WORKS
from provenance.works.tracks import PDQ, match_releases, match_works, spell_time
from provenance.works.witness import weigh_flat

__all__ = ["Action", "Bank", "Match", "MatchReport", "Registration", "ReleaseMatch", "SecondOpinion", "Work", "Works"]
__all__ += ["WorkStatus"]

_BATCH: Final = 64
"""Works registered in one transaction: few enough to hold their pictures, many enough to share the commit."""


class Works:
    """The registry of one deployment; safe for any number of threads and processes.

    Args:
        database: migrated.
        index_dir: for the match indexes; everything in it can be rebuilt from the database.
        log: the ledger, in the same database.
        tenant: whose works and banks these are; nothing of another's is found.
        algs: fingerprints whose nearness alone is a match; each has its own index.
        second_opinion: a fingerprint that is kept with each work and compared after a match.
        finds_parts: look for works of which a picture shows a part, too, and prove each by shared details.
        fold_at: codes that an index takes before it writes them to a new file.
    """

    def __init__(
        self,
        database: Database,
        index_dir: Path,
        log: Log,
        *,
        tenant: Tenant = MAIN,
        algs: Sequence[str] = ("pdq",),
        second_opinion: str | None = "phash",
        finds_parts: bool = True,
        fold_at: int = FOLD_AT,
    ) -> None:
        self._database = database
        self._log = log
        self._tenant = tenant
        self._algs = tuple(algs)
        self._second_opinion = second_opinion
        self._finds_parts = finds_parts
        self._indexes = Indexes(database, index_dir, tenant=tenant, fold_at=fold_at)
        self._references = References(database, tenant)

    def register(
        self,
        picture: Picture,
        *,
        title: str,
        owner: str,
        bank: str = "works",
        claim: Mapping[str, Json] | None = None,
        work_id: str | None = None,
    ) -> Work:
        """Register an original; doing so again with the same facts changes nothing and returns the same work.

        Args:
            picture: the original; its turned, mirrored and cropped forms are kept too.
            title: at most 500 characters.
            owner: who holds the rights, at most 255 characters.
            bank: an existing one; "works" (block) makes itself.
            claim: whatever the owner states, as JSON of at most 16 KiB.
            work_id: 1 to 128 of letters, digits and ``. _ : -``; made from the facts by default.

        Raises:
            WorksError: the id stands for other facts or for a withdrawn work, there is no such bank, a text is too
                long, or the picture has too little structure to be found again.
        """
        (made,) = self.register_many([Registration(picture, title, owner, bank, claim or {}, work_id)])
        if isinstance(made, Unhashable):
            raise WorksError(f"this picture cannot be found again by {made.alg}: {made.reason}")
        return made

    def register_many(self, registrations: Iterable[Registration], *, threads: int = 1) -> Iterator[Work | Unhashable]:
        """Register works in batches, yielding in order what became of each.

        Each batch of 64 is one transaction. If one registration is refused, its batch leaves nothing behind and those
        before it stay; the whole call can be repeated.

        Args:
            registrations: any number; only a batch of pictures is held at a time.
            threads: how many fingerprint at once.

        Raises:
            WorksError: as for `register`; that a picture is unhashable is a result instead.
        """
        for made in self._register_batches(registrations, threads=threads, is_strict=True):
            assert not isinstance(made, WorksError)
            yield made

    def register_each(
        self, registrations: Iterable[Registration], *, threads: int = 1
    ) -> Iterator[Work | Unhashable | WorksError]:
        """Register works as `register_many` does, but have one that is refused stop no other.

        Yields, in order, the work, why the picture cannot be found again, or why the registration is refused.
        """
        return self._register_batches(registrations, threads=threads, is_strict=False)

    def _register_batches(
        self, registrations: Iterable[Registration], *, threads: int, is_strict: bool
    ) -> Iterator[Work | Unhashable | WorksError]:
        waiting = iter(registrations)
        with ThreadPoolExecutor(threads) as pool:
            while batch := list(islice(waiting, _BATCH)):
                entries = list(pool.map(lambda one: settle(self._prepare, one, is_strict=is_strict), batch))
                with self._database.write() as connection:
                    insert = partial(insert_work, connection, self._log, tenant=self._tenant)
                    made = [
                        settle(insert, entry, is_strict=is_strict) if isinstance(entry, Entry) else entry
                        for entry in entries
                    ]
                yield from made

    def withdraw(self, work_id: str, reason: str) -> Work:
        """Let a work match no more; it stays on the record. A second time changes nothing.

        Raises:
            WorksError: there is no such work, or `reason` is empty or longer than 2,000 characters.
        """
        reason = parse_reason(reason)
        with self._database.write() as connection:
            work = find_work(connection, work_id, self._tenant)
            if work.status is WorkStatus.WITHDRAWN:
                return work
            self._log.append(
                connection,
                kind="work.withdrawn",
                subject=self._log.scope(work_id),
                body={"work_id": work_id, "bank": work.bank, "registered_at": work.ledger_index},
                key=f"work.withdrawn:{self._log.scope(work_id)}",
            )
            changes = {"status": WorkStatus.WITHDRAWN.value, "withdrawn_at": utc_now(), "withdrawn_reason": reason}
            this = (WORKS.c.tenant == self._tenant, WORKS.c.id == work_id, WORKS.c.withdrawn_at.is_(None))
            connection.execute(update(WORKS).where(*this).values(changes))
            remove_codes(connection, "works", owner_id=work_id, tenant=self._tenant)
            return find_work(connection, work_id, self._tenant)

    def match(self, picture: Picture) -> MatchReport:
        """Return every registered work that `picture` resembles: the whole frame exactly within each bank's threshold.

        What is cropped, tilted, framed, captioned or pasted into another picture is found by what it shows, and proved
        by details (`provenance.works.likeness`; docs/works.md has the figures).
        """
        codes, unhashable = self._fingerprint(picture)
        matches: list[Match] = []
        with self._database.viewing():
            banks = {bank.name: bank for bank in self.banks()}
            for alg, code in codes.items():
                matches += search_works(self._database, self._indexes, alg, code.value, banks, self._tenant)
            seen = Detailed(picture.flattened().frame)
            parts = self._match_parts(picture, seen, banks, matches)
        searched = (*codes, *(() if parts is None else (Copy.alg,)))
        weighed = self._weigh(picture.flattened(), self._with_second_opinions(picture, matches), seen)
        ordered = suppress_allowed(
            (*weighed, *(parts or ())),
            confident_bits={alg: self._indexes.scheme(alg).confident_distance_bits for alg in searched},
        )
        return MatchReport(ordered, unhashable, searched, {alg: code.value.hex() for alg, code in codes.items()})

    def match_code(self, alg: str, value: bytes) -> tuple[Match, ...]:
        """Return the works near a code that somebody else computed; WorksError where it is none that works have."""
        if alg not in self._algs or 8 * len(value) != self._indexes.scheme(alg).bits:
            raise WorksError(f"expected a code of {' or '.join(self._algs)} in its length, got {8 * len(value)} bits")
        banks = {bank.name: bank for bank in self.banks()}
        found = search_works(self._database, self._indexes, alg, value, banks, self._tenant)
        return suppress_allowed(found, confident_bits={alg: self._indexes.scheme(alg).confident_distance_bits})

    def match_track(self, track: Sequence[Fingerprint] | Landmarks) -> MatchReport:
        """Return every registered work of which a clip or a sound has a part; single frames are for `match`."""
        banks = {bank.name: bank for bank in self.banks()}
        if isinstance(track, Landmarks):
            return sounds.match_works(self._database, self._indexes, track, banks, self._tenant)
        if PDQ not in self._algs:
            return MatchReport((), (), ())
        return match_works(self._database, self._indexes, track, banks, self._tenant)

    def match_text(self, passages: Passages) -> MatchReport:
        """Return every registered text of which a text has the words, or a passage; its nearest passage counts."""
        banks = {bank.name: bank for bank in self.banks()}
        return TextIndex(self._database, self._indexes, self._tenant).match(passages, banks)

    def find_same(
        self, picture: Picture | None, track: Sequence[Fingerprint] = (), passages: Passages | None = None
    ) -> tuple[Work, ...]:
        """Return the active works that have exactly this picture, this clip's codes or this text, oldest first."""
        with self._database.read() as connection:
            return find_same(connection, hash_original(picture, track, passages), self._tenant)

    def find(self, work_id: str) -> Work:
        """Return a work, withdrawn or not.

        Raises:
            WorksError: there is no such work.
        """
        with self._database.read() as connection:
            return find_work(connection, work_id, self._tenant)

    def reference(self, work_id: str) -> Picture | None:
        """Return the small picture that was kept of a work, or None: works of older versions have none."""
        return self._references.load(work_id)

    def count_uncoded(self) -> Uncoded:
        """Count the active works that are not found by their parts: coded by other weights, or without a reference."""
        with self._database.read() as connection:
            return count_uncoded(connection, self._tenant)

    def recode(self, *, is_stopped: Callable[[], bool] = lambda: False) -> Iterator[str]:
        """Code the works that wait for it from their references, yielding each id; several processes may do so."""
        return recode(self._database, self._log, self._tenant, is_stopped=is_stopped)

    def works(self, bank: str | None = None, *, after: str = "") -> Iterator[Work]:
        """Return every work, or those of one bank, that come after an id, in order of id, reading a page at a time."""
        return read_works(self._database, bank, tenant=self._tenant, after=after)

    def banks(self) -> tuple[Bank, ...]:
        """Return every bank, by name."""
        with self._database.read() as connection:
            return load_banks(connection, self._tenant)

    def define_bank(
        self,
        name: str,
        *,
        action: Action | str,
        thresholds: Mapping[str, int] | None = None,
        description: str = "",
    ) -> Bank:
        """Define a bank or change what a match in it means, from the next query on; no change makes no entry.

        Args:
            name: 1 to 64 of letters, digits and ``_ -``.
            action: block, hold, attribute or allow.
            thresholds: fingerprint name to the largest distance in bits that matches, at most a quarter of the code.
            description: at most 500 characters.

        Raises:
            WorksError: one of these is not allowed.
        """
        limits = {alg: self._indexes.scheme(alg).bits // 4 for alg in self._algs} | {
            Copy.alg: Copy.nominating_distance_bits
        }
        bank = Bank(name, Action.BLOCK, thresholds or {}, description)
        with self._database.write() as connection:
            return define_bank(connection, self._log, bank, tenant=self._tenant, action=action, limits=limits)

    def record_release(self, connection: Connection, asset_id: str, fingerprints: Iterable[Fingerprint]) -> None:
        """Keep the codes of a released file in the caller's transaction, once for each asset.

        Limits: append to the ledger before this, as every other transaction does, so that none waits in a circle.
        """
        known = select(exists().where(CODES.c.collection == "releases", CODES.c.owner_id == asset_id))
        if not connection.execute(known).scalar():
            codes = [Code(one.alg, spell_time(one.at_s), one.value) for one in fingerprints]
            append_codes(connection, "releases", owner_id=asset_id, codes=codes, tenant=self._tenant)

    def match_releases(self, codes: Sequence[Fingerprint], *, radius_bits: int) -> tuple[ReleaseMatch, ...]:
        """Return the releases that have codes like these, nearest first: what leads back to a lost manifest.

        What was released is public, so this is of every tenant, and of any medium's fingerprint: by the first code two
        assets count as the same up to `radius_bits`. Further codes count where works are searched by them, too. Codes
        with times count together: as far as they agree on an offset.
        """
        heard, rest = split_codes(codes)
        found: tuple[ReleaseMatch, ...] = ()
        if rest and rest[0].at_s is not None:
            found = match_releases(self._database, self._indexes, rest, radius_bits)
        for code in (one for one in rest if one.at_s is None and (one is rest[0] or one.alg in self._algs)):
            radius = radius_bits if code is rest[0] else self._indexes.scheme(code.alg).confident_distance_bits
            found += search_releases(self._database, self._indexes, code.alg, code.value, radius)
        return join_matches(found, sounds.match_releases(self._database, self._indexes, heard))

    def match_work_to_releases(self, work_id: str) -> tuple[ReleaseMatch, ...]:
        """Return what was released that resembles a work, in any of its forms: for works registered too late.

        Raises:
            WorksError: there is no such work.
        """
        nearest: dict[str, ReleaseMatch] = {}
        for alg in self._algs:
            with self._database.read() as connection:
                find_work(connection, work_id, self._tenant)
                stored = find_owner_codes(connection, "works", owner_ids=[work_id], alg=alg, tenant=self._tenant)
            radius_bits = self._indexes.scheme(alg).confident_distance_bits
            for code in stored:
                for match in search_releases(self._database, self._indexes, alg, code.value, radius_bits, self._tenant):
                    known = nearest.get(match.asset_id)
                    if known is None or match.distance_bits < known.distance_bits:
                        nearest[match.asset_id] = match
        return tuple(sorted(nearest.values(), key=lambda match: (match.distance_bits, match.asset_id)))

    def size(self) -> int:
        """Return how many codes of works can match, over all fingerprints."""
        return sum(self._indexes.index("works", alg).size() for alg in self._algs)

    def fold(self) -> None:
        """Write what the indexes gathered in memory to new files now, instead of in the background."""
        for alg in self._algs:
            for collection in ("works", "releases"):
                self._indexes.index(collection, alg).fold()

    def close(self) -> None:
        """Finish background work and let go of the database."""
        self._indexes.close()

    def _prepare(self, registration: Registration) -> Entry | Unhashable:
        others = (self._second_opinion,) if self._second_opinion else ()
        return prepare(registration, self._indexes, self._algs, others, finds_parts=self._finds_parts)

    def _match_parts(
        self, picture: Picture, seen: Detailed, banks: Mapping[str, Bank], matches: Sequence[Match]
    ) -> tuple[Match, ...] | None:
        if not self._finds_parts:
            return None
        likeness = Likeness(
            self._database, self._indexes.index("works", Copy.alg), Copy(), self._references, self._tenant
        )
        return likeness.match(picture.flattened(), banks, seen=seen, besides={match.work_id for match in matches})

    def _weigh(self, picture: Picture, matches: Sequence[Match], seen: Detailed) -> tuple[Match, ...]:
        def details(work_id: str) -> Kept | None:
            with self._database.read() as connection:
                return self._references.details(connection, work_id)

        return weigh_flat(picture, matches, self.reference, seen=seen, details=details)

    def _fingerprint(self, picture: Picture) -> tuple[dict[str, Fingerprint], tuple[Unhashable, ...]]:
        flat = picture.flattened()
        made = [self._indexes.scheme(alg).compute(flat) for alg in self._algs]
        codes = {one.alg: one for one in made if isinstance(one, Fingerprint)}
        return codes, tuple(one for one in made if isinstance(one, Unhashable))

    def _with_second_opinions(self, picture: Picture, matches: Sequence[Match]) -> Sequence[Match]:
        if not matches or self._second_opinion is None:
            return matches
        scheme = self._indexes.scheme(self._second_opinion)
        code = scheme.compute(picture.flattened())
        if isinstance(code, Unhashable):
            return matches
        bits = scheme.confident_distance_bits
        with self._database.read() as connection:
            return add_second_opinions(connection, matches, code=code, threshold_bits=bits, tenant=self._tenant)

"""Many originals into the works registry: one that cannot be registered stops no other, and none is registered twice.

What is registered for the same owner stays as it is. What is registered for another owner, as the same picture or saved
anew, is a question: only a person knows whether both are right.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from api.batch import count_threads
from api.console import take_input
from api.originals import Original
from api.wiring import Site
from provenance.errors import GateError, UnsupportedMediaError, WorkClaimedError, WorksError
from provenance.fingerprints.base import Fingerprint, Unhashable
from provenance.fingerprints.shingles import Passages
from provenance.media.medium import Claims, Worded
from provenance.media.picture.image import Picture
from provenance.media.view import LANDMARKS, PICTURE, SOUND, TRACK
from provenance.works.intake import hash_original
from provenance.works.naming import is_same_name
from provenance.works.record import PLAIN
from provenance.works.registry import Registration, Work

BATCH: Final = 64
"""Decoded pictures that are held at a time, as many as the registry puts into one transaction."""

SAME_PICTURE_BITS: Final = 8
"""A picture within so many of PDQ's 256 bits of another owner's work is that work, saved anew.

Measured on twelve photographs of scikit-image: saving them as JPEG of quality 50 to 95 changes 6 at most, of quality 30
10; halving them changes 2 to 62, so a smaller copy is not always asked about.
"""

Track = tuple[Fingerprint, ...]
"""Codes with times of a clip or a sound; () of a picture."""


class Shown(NamedTuple):
    """What an original is known by."""

    picture: Picture | None
    track: Track
    passages: Passages | None


Ask = Callable[[str], bool]
"""Puts a question to a person; whether the answer is yes."""


@dataclass(frozen=True, slots=True)
class Made:
    """What became of one original: a work, which may have been there before, or an error."""

    path: str
    work: Work | GateError
    is_repeat: bool = False


@dataclass(slots=True)
class Registrar:
    """Registers originals one batch at a time.

    Attributes:
        site: where.
        ask: whether a picture that is registered for somebody else is registered for a second owner.
        advance: called after each original that was looked at.
    """

    site: Site
    ask: Ask
    advance: Callable[[], None] = lambda: None
    _made: dict[int, Made] = field(default_factory=dict)
    _pending: dict[int, tuple[Original, Registration, str]] = field(default_factory=dict)

    def register(self, originals: Iterable[Original]) -> list[Made]:
        """Return what became of each, in order."""
        for number, original in enumerate(originals):
            try:
                self._look_at(number, original)
            except GateError as exc:
                self._made[number] = Made(original.path, exc)
            if len(self._pending) >= BATCH:
                self._flush()
            self.advance()
        self._flush()
        return [self._made[number] for number in sorted(self._made)]

    def _look_at(self, number: int, original: Original) -> None:
        """Plan one original, or settle at once what needs no registration."""
        if original.error is not None:
            raise original.error
        if not original.owner:
            raise WorksError("expected an owner, got none: --owner NAME, or a column owner")
        shown = self._read(original.path)
        digest = hash_original(*shown)
        if any(digest == other for _, _, other in self._pending.values()):
            self._flush()  # the same picture came before: now it is registered, and found
        known = self._find_own(original, shown)
        if known is not None:
            self._complete(known, shown)
            self._made[number] = Made(original.path, known, is_repeat=True)
            return
        self._verify_owner(original, shown)
        registration = Registration(
            shown.picture, original.title, original.owner, original.bank, original.claim, original.work_id or None,
            shown.track, shown.passages,
        )  # fmt: skip
        self._pending[number] = (original, registration, digest)

    def _read(self, path: str) -> Shown:
        """Return an original's picture, one drawn of a sound, and of clips and sound all codes; of a text its passages.

        Raises:
            AssetError: it is nothing that can be taken, or shows neither a picture nor words.
        """
        here = self.site.deployment
        file = take_input(path, most_bytes=self.site.settings.max_bytes)
        content = here.media.take(file, Claims("" if path == "-" else path), here.limits)
        if isinstance(content, Worded):
            return Shown(None, (), content.passages())
        views = tuple(content.views())
        pictures = [view.carrier for view in views if view.kind == PICTURE]
        pictures += [view.carrier.draw() for view in views if view.kind == SOUND]
        if not pictures:
            raise UnsupportedMediaError("expected an original with a picture, sound or words")
        track = [code for view in views if view.kind == TRACK for code in view.carrier]
        track += [code for view in views if view.kind == LANDMARKS for code in view.carrier.codes]
        if not track and any(view.kind == SOUND for view in views):
            raise WorksError("this sound cannot be found again: it is too short, or holds nothing that stands out")
        return Shown(pictures[0], tuple(track), None)

    def _find_own(self, original: Original, shown: Shown) -> Work | None:
        """Return the work that this owner has registered already, in this bank and under no other id."""
        for work in self.site.deployment.works.find_same(*shown):
            if work.bank != original.bank or original.work_id not in {"", work.id}:
                continue
            if is_same_name(work.owner, original.owner):
                return work
        return None

    def _complete(self, known: Work, shown: Shown) -> None:
        """Make up for what an older version did not keep of a work."""
        works = self.site.deployment.works
        if shown.picture is not None and not shown.track and works.reference(known.id) is None:
            works.register(
                shown.picture,
                title=known.title,
                owner=known.owner,
                bank=known.bank,
                claim=known.claim,
                work_id=known.id,
            )

    def _verify_owner(self, original: Original, shown: Shown) -> None:
        """Ask about an original that is registered for somebody else.

        Raises:
            WorkClaimedError: nobody said that both are right.
        """
        other = self._find_other(original, shown)
        if other is None:
            return
        question = f"{original.path} is registered for {other[1]} already, as {other[0]}"
        if not self.ask(f"{question}: register it for {original.owner} as well?"):
            raise WorkClaimedError(f"{question}: --second-owner registers it for {original.owner} as well")

    def _find_other(self, original: Original, shown: Shown) -> tuple[str, str] | None:
        works = self.site.deployment.works
        for work in works.find_same(*shown):
            if not is_same_name(work.owner, original.owner):
                return work.id, work.owner
        for match in () if shown.picture is None or shown.track else works.match(shown.picture).matches:
            is_near = (match.alg, match.variant) == ("pdq", PLAIN) and match.distance_bits <= SAME_PICTURE_BITS
            if is_near and not is_same_name(match.owner, original.owner):
                return match.work_id, match.owner
        return None

    def _flush(self) -> None:
        """Register what is planned; where the database fails, all of it has failed, and nothing else."""
        pending = list(self._pending.items())
        self._pending.clear()
        if not pending:
            return
        registrations = [registration for _, (_, registration, _) in pending]
        answers: list[Work | GateError | Unhashable]
        try:
            works = self.site.deployment.works
            answers = list(works.register_each(registrations, threads=count_threads(len(registrations))))
        except GateError as exc:
            answers = [exc] * len(pending)
        for (number, (original, _, _)), answer in zip(pending, answers, strict=True):
            if isinstance(answer, Unhashable):
                reason = f"this original cannot be found again by {answer.alg}: {answer.reason}"
                self._made[number] = Made(original.path, WorksError(reason))
            else:
                self._made[number] = Made(original.path, answer)

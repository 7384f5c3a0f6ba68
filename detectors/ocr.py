"""What is written in the picture: words that a policy may forbid, personal data, an identity document?

Two networks read (`detectors.writing`). What they read meets the term banks as a prompt does, but has categories of its
own, ``written.<category>``: words that are shown are no wish. Personal data is looked for by its check digits
(`detectors.personal_data`). A document is told by its machine-readable zone, or by the words that such cards have.
Nothing that was read leaves this module: evidence is kinds, counts and boxes. Source: `cards/ocr.toml`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from detectors.base import Signal, Status, Subject, Toolbox
from detectors.cards import Card, load_card
from detectors.document_words import Papers, find_papers
from detectors.personal_data import Kind, find_personal
from detectors.pixels import list_views, relative_box, within_area
from detectors.prompt import PromptDetector
from detectors.writing.lines import Corners, Placed, join_lines, measure
from detectors.writing.reader import Line, Reader, load_reader, strip_width
from provenance.asset import Frame
from provenance.errors import ConfigurationError
from provenance.media.picture.raster import Picture

_PREFIX: Final = "written."
_PERSONAL: Final = "personal."
_ASKED: Final = "prompt."
_UNREAD: Final = "written.unread"
_DOCUMENTS: Final = "documents"

# The first look takes two fifths of a picture's pixels, within these bounds: a line of 8 pixels there is found.
_FIRST_SHARE: Final = 0.4
_FIRST_LEAST: Final = 640 * 640
_FIRST_MOST: Final = 1280 * 1280
# Lines are read from this; where some made sense, or may in a closer look, it is looked at, too.
_SECOND_PIXELS: Final = 1792 * 1792
# What reading costs grows with the width of lines at 48 pixels of height; this is some two seconds of one core.
_MOST_WIDTH: Final = 30_000
_MOST_LINES: Final = 200
# A page is written from edge to edge: 50 lines of 95 letters are some 120,000 wide, which take some eight seconds.
_PAGE_WIDTH: Final = 200_000
_PAGE_LINES: Final = 600
# A box of this much of a picture that says nothing may be lines too close to part in a coarse look.
_LARGE_SHARE: Final = 0.01
# A single sign is what textures look like, and says nothing.
_LEAST_SIGNS: Final = 2
# The plus of a phone number with an edge around it.
_MISREAD: Final = str.maketrans({"±": "+"})
# The banks take a prompt's length.
_MOST_CHARACTERS: Final = 10_000
_MOST_EVIDENCE: Final = 50


@dataclass(frozen=True, slots=True)
class _Reading:
    """What was read of one view: lines that make sense, put together, and how much nobody read."""

    placed: Placed
    boxes: tuple[Corners, ...]
    frame: Frame
    unread: float

    def box(self, start: int, end: int) -> list[float]:
        """Return where [start, end) of the text stands in the picture, in shares of it."""
        lines = self.placed.lines_of(start, end) or range(len(self.boxes))
        points = np.concatenate([self.boxes[line] for line in lines])
        return relative_box([(float(x), float(y)) for x, y in points], self.frame)


@dataclass(slots=True)
class OcrDetector:
    """Reads what is written in pictures.

    Options: ``terms``, a folder of further term files, as for the detector ``prompt``.
    """

    toolbox: Toolbox
    card: Card = field(init=False)
    _reader: Reader | None = field(init=False, default=None)
    _words: PromptDetector = field(init=False)

    def __post_init__(self) -> None:
        unknown = set(self.toolbox.options) - {"terms"}
        if unknown:
            raise ConfigurationError(f"detector 'ocr' has no option {min(unknown)!r}; known: terms")
        self.card = load_card("ocr")
        self._words = PromptDetector(replace(self.toolbox, options={**self.toolbox.options, "semantics": False}))

    def warm(self) -> None:
        """Load both networks and the term banks, and read once.

        Raises:
            MissingExtraError: the extra ``ocr`` is not installed.
            DetectorUnavailableError: weights are missing, or not those of the card.
        """
        reader = load_reader(self.card.weights)
        reader.find(np.zeros((64, 64, 3), np.uint8))
        reader.read(np.zeros((64, 64, 3), np.uint8), np.array([[0, 0], [64, 0], [64, 32], [0, 32]], np.float32))
        self._words.warm()
        self._reader = reader

    def detect(self, subject: Subject) -> Signal:
        """Answer about the pixels of `subject`, in each way that people may see them.

        Raises:
            MissingExtraError: as `warm`, which the first call makes if nobody did.
            DetectorUnavailableError: likewise.
        """
        if self._reader is None:
            self.warm()
        scores = dict.fromkeys(self.card.categories, 0.0)
        records: list[dict[str, Any]] = []
        count = 0
        for view in list_views(subject.picture):
            reading = self._read(view.picture, is_page=subject.view.is_page)
            count = max(count, len(reading.boxes))
            scores[_UNREAD] = max(scores[_UNREAD], reading.unread)
            records += ({**record, "view": view.name} for record in self._judge(reading))
        for record in records:
            scores[record["category"]] = max(scores[record["category"]], record["score"])
        records.sort(key=lambda record: -record["score"])
        summary = {"lines": count, "unread": scores[_UNREAD]}
        evidence = (summary, *records[:_MOST_EVIDENCE])
        return Signal("ocr", self.card.version, Status.OK, scores, evidence, self._reason(count, scores))

    def _read(self, picture: Picture, *, is_page: bool) -> _Reading:
        """Read an opaque picture: what a coarse look finds, and where that may be writing, what a finer one does."""
        assert self._reader is not None
        first = round(min(max(_FIRST_SHARE * picture.width * picture.height, _FIRST_LEAST), _FIRST_MOST))
        coarse, frame = within_area(picture, first), within_area(picture, _SECOND_PIXELS)
        scale = np.array([frame.shape[1] / coarse.shape[1], frame.shape[0] / coarse.shape[0]], np.float32)
        room = _Room(width=_PAGE_WIDTH, lines=_PAGE_LINES) if is_page else _Room()
        found = [box * scale for box in self._reader.find(coarse)]
        lines = self._read_lines(frame, found, room)
        large = any(_area(box) >= _LARGE_SHARE * frame.shape[0] * frame.shape[1] for box in found)
        if (lines or large) and frame.shape[0] > coarse.shape[0]:
            known = [box for _, box in lines]
            finer = [box for box in self._reader.find(frame) if not any(_lies_in(box, other) for other in known)]
            lines += self._read_lines(frame, finer, room)
        placed = join_lines([line.text for line, _ in lines], [box for _, box in lines])
        return _Reading(placed, tuple(box for _, box in lines), frame, room.unread)

    def _read_lines(self, frame: Frame, boxes: Sequence[Corners], room: "_Room") -> list[tuple[Line, Corners]]:
        """Return the lines that make sense, the largest first, as many as there is room for."""
        assert self._reader is not None
        least = self.card.thresholds["least_surety"]
        read = [
            (self._reader.read(frame, box), box) for box in sorted(boxes, key=_area, reverse=True) if room.take(box)
        ]
        return [(line, box) for line, box in read if line.surety >= least and len(line.text.strip()) >= _LEAST_SIGNS]

    def _judge(self, reading: _Reading) -> Iterator[dict[str, Any]]:
        text = reading.placed.text
        if not text:
            return
        zone = False
        for one in find_personal(text.translate(_MISREAD)):
            score = self.card.thresholds["checked" if one.is_checked else "shape"]
            box = reading.box(one.start, one.end)
            yield {"category": f"{_PERSONAL}{one.kind}", "personal": one.form, "score": score, "box": box}
            if one.kind is Kind.PASSPORT:
                zone = True
                yield {"category": _DOCUMENTS, "document": "machine-readable zone", "score": score, "box": box}
        papers = find_papers(text)
        if papers and not zone:
            yield self._record_papers(papers, reading)
        yield from self._match(text, reading)

    def _record_papers(self, papers: Papers, reading: _Reading) -> dict[str, Any]:
        score = self.card.thresholds["titled" if papers.has_title else "labelled"]
        box = reading.box(papers.start, papers.end)
        return {"category": _DOCUMENTS, "document": f"{papers.labels} labels", "score": score, "box": box}

    def _match(self, text: str, reading: _Reading) -> Iterator[dict[str, Any]]:
        """Yield the terms that the banks find in what was read, in the evidence's opaque form."""
        answer = self._words.detect_prompt(text[:_MOST_CHARACTERS])
        for found in answer.evidence:
            category = f"{_PREFIX}{found.get('category', '')}"
            if "term" not in found or category not in self.card.categories:
                continue
            score = answer.scores.get(f"{_ASKED}{found['category']}", 0.0)
            score = min(score, self._words.card.thresholds.get(str(found.get("grade")), score))
            box = reading.box(int(found["start"]), int(found["end"]))
            yield {"category": category, "written": found["term"], "score": score, "box": box}

    def _reason(self, count: int, scores: Mapping[str, float]) -> str:
        if not count:
            return "nothing legible is written in it"
        parts = [f"{count} line{'' if count == 1 else 's'} read"]
        for prefix, told in ((_PERSONAL, "personal data"), (_PREFIX, "terms of")):
            found = {name for name, score in scores.items() if name.startswith(prefix) and score >= 0.5} - {_UNREAD}
            names = sorted(name.removeprefix(prefix).replace("_", " ") for name in found)
            parts += [f"{told} {', '.join(names)}"] if names else []
        parts += ["looks like an identity document"] if scores[_DOCUMENTS] >= 0.5 else []
        parts += [f"{scores[_UNREAD]:.0%} was too much to read"] if scores[_UNREAD] else []
        return "; ".join(parts)


@dataclass(slots=True)
class _Room:
    """How much of one picture may still be read, and how much of what is written in it was not."""

    width: int = _MOST_WIDTH
    lines: int = _MOST_LINES
    read: float = 0.0
    left_out: float = 0.0

    def take(self, box: Corners) -> bool:
        """Say whether there is room for a line; once there is none, there is none for what follows."""
        sides = measure(box)
        self.width -= strip_width(max(sides), min(sides))
        self.lines -= 1
        if self.width < 0 or self.lines < 0:
            self.left_out += _area(box)
            return False
        self.read += _area(box)
        return True

    @property
    def unread(self) -> float:
        """The share of the area of writing that was left out, 0..1."""
        return round(self.left_out / max(self.read + self.left_out, 1.0), 4)


def _area(box: Corners) -> float:
    width, height = measure(box)
    return width * height


def _lies_in(box: Corners, other: Corners) -> bool:
    """Say whether the middle of one line lies within the upright bounds of another."""
    middle = box.mean(axis=0)
    return bool((other.min(axis=0) <= middle).all() and (middle <= other.max(axis=0)).all())

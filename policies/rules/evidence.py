"""What detectors found, in words: what the prompt says and where, the nearest concept, the matched work, the model.

Evidence is kept as numbers and opaque ids, so that no record repeats a prompt. Here, where a moderator looks, ids are
what they stand for: a term of the term bank, a text of the concept bank, and the words of a prompt while it is in
quarantine. Evidence that is not understood is shown as it is.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from detectors.base import Signal
from detectors.cards import CARDS_DIR, load_card
from detectors.concept_bank import load_concept_bank
from detectors.term_bank import load_term_bank
from policies.rules.decision import Decision, Outcome
from provenance.errors import GateError
from provenance.fingerprints.landmark import ALG as LANDMARK
from provenance.media.picture.overlap import Box
from provenance.media.view import PROMPT

Record = Mapping[str, Any]
_PLACE: Final = "characters {0} to {1}"
_SHOWN_CHARS: Final = 200


@dataclass(frozen=True, slots=True)
class Finding:
    """One piece of evidence.

    Attributes:
        detector: who found it.
        category: of the score that rests on it, or "".
        text: one line for a person.
        words: what the prompt says there; "" when the prompt is not kept, or for a picture.
        start, end: where in the prompt, in characters from 0; None for a picture.
        nearest: the bank's text that it comes nearest to, or "".
        work_id: the registered work that was matched, or "".
        model: what scored it: weights or bank, with a version, or "".
        score: between 0 and 1, or None.
        limit: from where on it counts in this decision, or None.
        counts: this decision rests on it.
    """

    detector: str
    category: str
    text: str
    words: str = ""
    start: int | None = None
    end: int | None = None
    nearest: str = ""
    work_id: str = ""
    model: str = ""
    score: float | None = None
    limit: float | None = None
    counts: bool = False


def find_evidence(signals: Sequence[Signal], decision: Decision, prompt: str | None = None) -> tuple[Finding, ...]:
    """Return what the signals rest on; what counts in `decision` comes first.

    Args:
        signals: as recorded.
        decision: made from them.
        prompt: as handed in, while quarantine has it.
    """
    found = [item for signal in signals for item in _read(signal, _Asked(signal, decision, prompt))]
    return tuple(sorted(found, key=lambda item: not item.counts))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What turns one signal's records into findings."""

    signal: Signal
    decision: Decision
    prompt: str | None

    def build(self, category: str, text: str, **facts: Any) -> Finding:  # noqa: ANN401 - fields of Finding
        """Return a finding with the score and limit that its category has in the decision."""
        reasons = [one for one in self.decision.reasons if one.detector == self.signal.detector]
        against = [one for one in reasons if one.category == category and one.outcome is not Outcome.RELEASE]
        limits = [one.threshold for one in against if one.threshold is not None]
        usual = {"score": self.signal.scores.get(category), "limit": min(limits, default=None), "counts": bool(against)}
        return Finding(self.signal.detector, category, text, **{**usual, **facts})

    def words(self, start: int, end: int, record: Record) -> str:
        """Return what the prompt says at [start, end), cut to fit a line; "" where the record is about another text."""
        said = "" if record.get("about", PROMPT) != PROMPT else (self.prompt or "")[start:end]
        return said if len(said) <= _SHOWN_CHARS else f"{said[:_SHOWN_CHARS]}…"


def _read(signal: Signal, asked: _Asked) -> Iterator[Finding]:
    for record in signal.evidence:
        known = [read for key, read in _READERS.items() if key in record]
        try:
            found = list(known[0](record, asked)) if known else [_read_other(record, asked)]
        except (KeyError, TypeError, ValueError, IndexError):  # of another version, or made up
            found = [_read_other(record, asked)]
        yield from found


def _read_term(record: Record, asked: _Asked) -> Iterator[Finding]:
    start, end = int(record["start"]), int(record["end"])
    category = f"prompt.{record['category']}"
    identity = str(record["term"])
    listed = _find_term(identity)
    how = f", {record['how']}" if record.get("how") else ""
    grade = f"{record['category']}, grade {record['grade']}{how}"
    if identity.startswith("combination/"):
        text = f"terms that are harmless apart: {identity.partition('/')[2].replace('-', ' ')} ({grade})"
        yield asked.build(category, text, start=start, end=end, model=_name_model("prompt", asked.signal))
        return
    words = asked.words(start, end, record)
    said = f'"{words}"' if words else f'"{listed}"' if listed else f"term {identity}"
    text = f"{said} at {_PLACE.format(start, end)}, listed as "
    text += f'"{listed}" under {grade}' if listed and words and listed.casefold() != words.casefold() else grade
    yield asked.build(
        category, text, words=words, start=start, end=end, nearest=listed, model=_name_model("prompt", asked.signal)
    )


def _read_likeness(record: Record, asked: _Asked) -> Iterator[Finding]:
    start, end = int(record["start"]), int(record["end"])
    short = str(record["category"])
    names = (f"prompt.meaning.{short}", f"prompt.{short}")
    category = next((name for name in names if name in asked.signal.scores), names[1])
    nearest = str(record.get("concept", "")) or _find_concept(
        str(record.get("bank", "prompts")), short, int(record["likeness"])
    )
    # A whole prompt is shown to who asks for it, and to nobody else.
    is_whole = record.get("about", PROMPT) == PROMPT and end - start >= len((asked.prompt or "").strip())
    words = "" if is_whole else asked.words(start, end, record)
    said = f'"{words}"' if words else "all that stands" if is_whole else "what stands"
    text = f"{said} at {_PLACE.format(start, end)} means something like "
    text += f'"{nearest}" ({short})' if nearest else short
    facts: dict[str, Any] = {"words": words, "start": start, "end": end, "nearest": nearest}
    facts |= {"score": record["score"]} if "score" in record else {}
    reader = "sentence encoder" if record.get("bank") == "meaning" else "text tower"
    model = f"{record.get('bank', 'prompts')} bank" + (f", {reader} {record['model']}" if record.get("model") else "")
    yield asked.build(category, text, **facts, model=model)


def _read_match(record: Record, asked: _Asked) -> Iterator[Finding]:
    match = record["match"]
    near = _tell_nearness(match)
    second = match.get("second_opinion")
    if second:
        agrees = "agrees" if second["agrees"] else "does not agree"
        near += f"; {second['alg']} {second['distance_bits']} bits, {agrees}"
    witness = match.get("witness")
    if witness and not witness["agrees"]:
        near += f"; {_tell_doubt(witness)}"
    if match.get("suppressed_by"):
        near += f"; taken back by allow-listed work {match['suppressed_by']}"
    variant = "" if match["variant"] == "plain" else f", {match['variant'].replace('_', ' ')}"
    text = (
        f'like work {match["work_id"]}, "{match["title"]}" of {match["owner"]} in bank {match["bank"]}{variant}: {near}'
    )
    yield asked.build(f"copyright_{match['action']}", text, work_id=match["work_id"], model=str(match["alg"]))


def _tell_nearness(match: Record) -> str:
    together = match.get("together")
    if together:
        here, there = (f"{start_s:.1f} to {end_s:.1f} s" for start_s, end_s in (together["here"], together["there"]))
        what = "by sound" if match["alg"] == LANDMARK else "by picture"
        return f"{here} are {there} of it, {what}, {together['codes']} codes agree"
    overlap = match.get("overlap")
    if not overlap:
        return f"{match['alg']} {match['distance_bits']} of at most {match['threshold_bits']} bits"
    text = f"shows a part of it, {overlap['shared']} details"
    here, there = overlap.get("in_part"), overlap.get("in_whole")
    if here and there:
        of_work, of_picture = (f"{Box(*box).area:.0%}" for box in (there, here))
        text += f", {of_work} of the work in {of_picture} of the picture"
    return f"{text}{', mirrored' if overlap.get('is_mirrored') else ''}"


def _tell_doubt(witness: Record) -> str:
    """Say what a second look at the reference of a work found, for which a match does not block."""
    told = (
        ("other_lettering", "lettering_limit", "of the work's lettering"),
        ("other_surface", "surface_limit", "of what both could show"),
        ("other_structure", "structure_limit", "of what has structure"),
        ("other_colour", "colour_limit", "of the picture, by colour,"),
    )
    over = [
        f"{witness[share]:.1%} {what} is another, limit {witness[limit]:.1%}"
        for share, limit, what in told
        if witness.get(share) is not None and witness[share] > witness[limit]
    ]
    return f"a second look doubts it: {', '.join(over) or 'no reference was kept'}"


def _read_looks(record: Record, asked: _Asked) -> Iterator[Finding]:
    """Read what a classifier of pictures says: a concept of its bank, or a head of its own."""
    category = str(record["category"])
    nearest = ""
    if "nearest" in record:
        nearest = _find_concept(str(record.get("by", "")), category, record["nearest"])
    text = f'looks like "{nearest}" ({category})' if nearest else f"looks like {category}"
    if record.get("is_evidence_only"):
        text += ", which is evidence and no score"
    yield asked.build(category, text, nearest=nearest, score=record["score"], model=_name_model("clip", asked.signal))


def _read_model(record: Record, asked: _Asked) -> Iterator[Finding]:
    category = next(iter(asked.signal.scores), "")
    views = f" in {record['views']} views" if record.get("views", 1) != 1 else ""
    yield asked.build(category, f"{asked.signal.detector} says {record['raw']:.3f}{views}", model=str(record["model"]))


def _read_names(record: Record, asked: _Asked) -> Iterator[Finding]:
    """Read the likeliest names of what a photograph shows; they count where any score of the same detector does."""
    names = ", ".join(f"{one['name']} ({one['share']:.0%})" for one in record["names"])
    found = asked.build("", f"looks like {names}", model=_name_model(asked.signal.detector, asked.signal))
    counts = any(
        one.detector == found.detector and one.outcome is not Outcome.RELEASE for one in asked.decision.reasons
    )
    yield replace(found, counts=counts)


def _read_code(record: Record, asked: _Asked) -> Iterator[Finding]:
    kind, sort, worries = str(record["code"]), str(record["sort"]), [str(worry) for worry in record["worries"]]
    says = f" to {record['says']}" if record["says"] else ""
    text = f"{kind} {_tell_place(record['box'])}: {sort}{says}"
    text += f" ({', '.join(worries)})" if worries else ""
    model = _name_model("codes", asked.signal)
    yield asked.build("codes_hazard", text, score=float(record["score"]), model=model)


def _read_faces(record: Record, asked: _Asked) -> Iterator[Finding]:
    count, largest = int(record["faces"]), float(record["largest"])
    text = f"{count} face{'' if count == 1 else 's'}"
    text += f", the largest {largest:.1%} of the picture" if count else ""
    yield asked.build("faces_large", text, model=_name_model("faces", asked.signal))


def _read_face(record: Record, asked: _Asked) -> Iterator[Finding]:
    text = f"a face {_tell_place(record['box'])}, {float(record['share']):.1%} of the picture"
    yield asked.build("faces", text, score=float(record["face"]), model=_name_model("faces", asked.signal))


def _read_personal(record: Record, asked: _Asked) -> Iterator[Finding]:
    category = str(record["category"])
    kind = category.partition(".")[2].replace("_", " ")
    score = float(record["score"])
    if "box" in record:
        text = f"{kind} ({record['personal']}) {_tell_place(record['box'])}"
        yield asked.build(category, text, score=score, model=_name_model("ocr", asked.signal))
        return
    start, end = int(record["start"]), int(record["end"])
    text = f"{kind} ({record['personal']}) at {_PLACE.format(start, end)}"
    model = f"check digits, version {asked.signal.version}"
    yield asked.build(category, text, score=score, start=start, end=end, model=model)


def _read_document(record: Record, asked: _Asked) -> Iterator[Finding]:
    text = f"an identity document {_tell_place(record['box'])}: {record['document']}"
    yield asked.build("documents", text, score=float(record["score"]), model=_name_model("ocr", asked.signal))


def _read_written(record: Record, asked: _Asked) -> Iterator[Finding]:
    yield _tell_term(record, "written", f"is written {_tell_place(record['box'])}", asked, "ocr")


def _read_spoken(record: Record, asked: _Asked) -> Iterator[Finding]:
    span = f"is said at {float(record['from_s']):.1f} to {float(record['to_s']):.1f} s"
    yield _tell_term(record, "spoken", span, asked, "speech")


def _tell_term(record: Record, how: str, where: str, asked: _Asked, detector: str) -> Finding:
    """Return the finding of a listed term that was read in a picture or heard in sound."""
    listed = _find_term(str(record[how]))
    said = f'"{listed}"' if listed else f"term {record[how]}"
    facts = {"nearest": listed, "score": float(record["score"])}
    return asked.build(str(record["category"]), f"{said} {where}", **facts, model=_name_model(detector, asked.signal))


def _read_heard(record: Record, asked: _Asked) -> Iterator[Finding]:
    count, seconds = int(record["words"]), float(record["heard_s"])
    text = f"{record['by']} heard {count} word{'' if count == 1 else 's'} in {seconds:.0f} s of sound"
    yield asked.build("spoken.unheard", text, model=str(record["by"]))


def _read_lines(record: Record, asked: _Asked) -> Iterator[Finding]:
    count, unread = int(record["lines"]), float(record["unread"])
    text = f"{count} line{'' if count == 1 else 's'} of writing"
    text += f", and {unread:.0%} more that was too much to read" if unread else ""
    yield asked.build("written.unread", text, model=_name_model("ocr", asked.signal))


def _tell_place(box: Sequence[float]) -> str:
    """Say where a box of shares lies: left, top, right, bottom."""
    left, top, right, bottom = (f"{float(edge):.0%}" for edge in box)
    return f"at {left} to {right} across and {top} to {bottom} down"


def _read_kind(record: Record, asked: _Asked) -> Iterator[Finding]:
    share = float(record.get("kinds", {}).get(record["kind"], 1.0))
    others = [f"a {kind}" for kind in record.get("asked_as", ()) if kind != record["kind"]]
    also = f", asked as {' and '.join(others)}, too" if others else ""
    yield asked.build("", f"a {record['kind']} ({share:.0%}){also}")


def _read_other(record: Record, asked: _Asked) -> Finding:
    text = json.dumps(dict(record), ensure_ascii=False, default=str)
    category = str(record.get("category", ""))
    return asked.build(category, text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…")


_READERS: Final[Mapping[str, Callable[[Record, _Asked], Iterator[Finding]]]] = {
    "spoken": _read_spoken,
    "heard_s": _read_heard,
    "term": _read_term,
    "likeness": _read_likeness,
    "match": _read_match,
    "by": _read_looks,
    "code": _read_code,
    "faces": _read_faces,
    "face": _read_face,
    "personal": _read_personal,
    "document": _read_document,
    "written": _read_written,
    "lines": _read_lines,
    "names": _read_names,
    "kind": _read_kind,
    "model": _read_model,
}
"""By a field that only such records have; the first that fits reads a record."""


@cache
def _find_term(identity: str) -> str:
    known = _builtin_terms().get(identity)
    return known if known is not None else ""


@cache
def _builtin_terms() -> Mapping[str, str]:
    return {term.id: term.text for term in load_term_bank().terms.values()}


@cache
def _find_concept(bank: str, category: str, index: int) -> str:
    """Return a text of a concept bank, or "" where the bank is not here, or is not the one that was asked."""
    try:
        concepts = load_concept_bank(bank).concepts
    except GateError:
        return ""
    texts = next((one.positive for one in concepts if one.category == category), ())
    return texts[index] if 0 <= index < len(texts) else ""


def _name_model(detector: str, signal: Signal) -> str:
    if not (CARDS_DIR / f"{detector}.toml").is_file():
        return f"version {signal.version}"
    weights = ", ".join(load_card(detector).weights) or "term banks"
    return f"{weights}, version {signal.version}" if signal.version else weights

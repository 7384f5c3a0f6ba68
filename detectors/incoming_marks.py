"""Does the file already say where it comes from?

Records every mark that came with it: a C2PA manifest, an AIGC label, an IPTC source type, a known watermark, a
generator's own metadata. Nothing is removed, and a broken mark is evidence, not an error. A declaration is taken at its
word only towards caution: "made by AI" is believed of anyone, "not made by AI" of nobody. Source:
`cards/incoming_marks.toml`.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, Final

import numpy as np

from detectors.base import Signal, Status, Subject, Toolbox
from detectors.cards import Card, load_card
from detectors.incoming_text import read_text_manifest, read_text_marks
from detectors.mirage import measure_mirage
from provenance.errors import ConfigurationError, WatermarkError
from provenance.labels.implicit import FoundLabels, read_labels
from provenance.labels.vendor import read_vendor_marks
from provenance.manifests.report import HUMAN_SOURCE_TYPES, IPTC_PREFIX, Integrity, ManifestReport, clean_text
from provenance.manifests.trust import TrustAnchors
from provenance.manifests.validation import read_manifest
from provenance.media.picture.hidden import find_hidden
from provenance.media.picture.image import Picture
from provenance.media.sound.kind import TYPES
from provenance.media.sound.metadata import read_sound_labels
from provenance.media.view import SOUND, TEXT

# GB 45438-2025: Label 1 is AI, 2 possibly, 3 suspected; anything else under that key is a claim gone wrong.
_LABEL_SCORES: Final = {"1": "label_is", "2": "label_possibly", "3": "label_suspected"}
_MOST_ITEMS: Final = 10
# Every scheme looks at a picture of this size.
# Too small to be searched: what a scheme needs is asked for, and no search is paid that the first file makes anyway.
_WARM_SIDE: Final = 24

# Records that say nothing of where a picture comes from.
_NO_MARKS: Final = frozenset({"labels", "transparency", "search"})

Record = dict[str, Any]
Answer = tuple[dict[str, float], list[Record]]


@dataclass(slots=True)
class IncomingMarksDetector:
    """Reads the marks in the file and in its pixels; takes no options."""

    toolbox: Toolbox
    card: Card = field(init=False)
    _last: tuple[tuple[str, str], tuple[Answer, ...]] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if self.toolbox.options:
            raise ConfigurationError(f"detector 'incoming_marks' has no option {min(self.toolbox.options)!r}")
        self.card = load_card("incoming_marks")

    def warm(self) -> None:
        """Ask every scheme about a scrap of noise, so that one that lacks something says so now."""
        noise = np.random.default_rng(0).integers(0, 256, (_WARM_SIDE, _WARM_SIDE, 3), dtype=np.uint8)
        for scheme in self.toolbox.marks.values():
            scheme.extract(noise)

    def detect(self, subject: Subject) -> Signal:
        """Answer about the file and the pixels of `subject`, or about a file that has none.

        Raises:
            DetectorError: it is no picture, and nobody here knows such files.
        """
        if subject.view.kind == TEXT:
            return self._detect_text(subject)
        scores = dict.fromkeys(self.card.categories, 0.0)
        evidence: list[Record] = []
        is_heard = subject.view.kind == SOUND
        seen = () if is_heard else (self._watermarks(subject), _beside(subject.picture))
        for found, records in (*self._read_file(subject), *seen):
            evidence += records
            for category, score in found.items():
                scores[category] = max(scores[category], score)
        return Signal("incoming_marks", self.card.version, Status.OK, scores, tuple(evidence), _reason(evidence))

    def _read_file(self, subject: Subject) -> tuple[Answer, ...]:
        """Return what the file says beside its pixels; it is read once, however many views of it are asked about."""
        known = self._last
        if known is not None and known[0] == (subject.asset.id, subject.asset.sha256):
            return known[1]
        found = self._manifest(subject), self._labels(subject), self._vendors(subject)
        self._last = (subject.asset.id, subject.asset.sha256), found
        return found

    def _detect_text(self, subject: Subject) -> Signal:
        """Answer about all of a text, once, however many views of it are asked about."""
        known = self._last
        if known is None or known[0] != (subject.asset.id, subject.asset.sha256):
            scores, records, labels = read_text_marks(self.toolbox.media, subject.unverified_file)
            carried = read_text_manifest(subject.unverified_file, subject.asset.media_type)
            answers = (scores, records), self._judge_manifest(carried), self._judge_labels(labels)
            known = self._last = (subject.asset.id, subject.asset.sha256), answers
        scores = dict.fromkeys(self.card.categories, 0.0)
        for found, _ in known[1]:
            scores.update({name: max(scores[name], score) for name, score in found.items()})
        evidence = [record for _, records in known[1] for record in records]
        return Signal("incoming_marks", self.card.version, Status.OK, scores, tuple(evidence), _reason(evidence))

    def _manifest(self, subject: Subject) -> tuple[dict[str, float], list[Record]]:
        # No anchors: whether a stranger is trusted is the verifier's question, whether the manifest holds is ours.
        return self._judge_manifest(read_manifest(subject.unverified_file, subject.asset.media_type, TrustAnchors()))

    def _judge_manifest(self, report: ManifestReport | None) -> tuple[dict[str, float], list[Record]]:
        if report is None:
            return {}, []
        scores = {"incoming_invalid_manifest": 1.0} if report.integrity is Integrity.FAILED else {}
        if report.has_broken_ingredient:
            scores["incoming_broken_ingredient"] = 1.0
        if report.is_ai:
            scores["incoming_ai"] = 1.0
        if report.claims_human_capture:
            scores["incoming_human_claim"] = 1.0
        return scores, [_manifest_record(report)]

    def _labels(self, subject: Subject) -> tuple[dict[str, float], list[Record]]:
        file, media_type = subject.unverified_file, subject.asset.media_type
        is_sound = media_type in TYPES
        return self._judge_labels(
            read_sound_labels(file, media_type) if is_sound else read_labels(file.octets(), media_type)
        )

    def _judge_labels(self, found: FoundLabels) -> tuple[dict[str, float], list[Record]]:
        score = max((self._label_score(one.item.label if one.item else "") for one in found.aigc), default=0.0)
        if found.says_ai and not found.aigc:
            score = 1.0
        claims_human = not score and f"{IPTC_PREFIX}{found.digital_source_type}" in HUMAN_SOURCE_TYPES
        return {"incoming_ai": score, "incoming_human_claim": float(claims_human)}, _label_records(found)

    def _label_score(self, label: str) -> float:
        return self.card.thresholds[_LABEL_SCORES.get(label, "label_is")]

    def _vendors(self, subject: Subject) -> tuple[dict[str, float], list[Record]]:
        marks = read_vendor_marks(subject.unverified_file.octets(), subject.asset.media_type)
        records = [{"mark": "vendor metadata", **asdict(mark)} for mark in marks[:_MOST_ITEMS]]
        return ({"incoming_ai": 1.0} if marks else {}), records

    def _watermarks(self, subject: Subject) -> tuple[dict[str, float], list[Record]]:
        if subject.unsearched:
            return {}, [{"mark": "search", "not_made": subject.unsearched}]
        scores: dict[str, float] = {}
        records: list[Record] = []
        for name, scheme in self.toolbox.marks.items():
            try:
                reading = scheme.extract(subject.picture.frame)
            except WatermarkError as exc:
                records.append({"mark": "watermark", "scheme": name, "problem": str(exc)})
                continue
            if reading is not None:
                # What a clip was gone on with from is named in its manifest: its mark hides nothing.
                is_source = reading.payload in subject.sources
                scores["incoming_ai"] = 1.0
                scores["incoming_own_mark"] = max(scores.get("incoming_own_mark", 0.0), float(not is_source))
                # As text: a JSON reader that keeps numbers as doubles would change 64 bits.
                record = {"mark": "watermark", **asdict(reading), "payload": f"{reading.payload:016x}"}
                records.append({**record, "of": "what it was made from"} if is_source else record)
        return scores, records


def _beside(picture: Picture) -> tuple[dict[str, float], list[Record]]:
    """Say what came with the pixels that people see: what is hidden, what changes with the background, other parts."""
    hidden, mirage = find_hidden(picture).words, measure_mirage(picture)
    records: list[Record] = []
    if hidden:
        records.append({"mark": "hidden content", "found": list(hidden)})
    if mirage:
        records.append({"mark": "transparency", "differs_with_background": mirage})
    if picture.left_out:
        records.append({"mark": "parts that do not ship", "parts": list(picture.left_out)})
    return {"incoming_hidden": float(bool(hidden)), "incoming_mirage": mirage}, records


def _manifest_record(report: ManifestReport) -> Record:
    return {
        "mark": "c2pa manifest",
        "validation_state": str(report.validation_state),
        "integrity": str(report.integrity),
        "is_signature_intact": report.is_signature_intact,
        "failure_codes": list(report.failure_codes[:_MOST_ITEMS]),
        "ingredient_failure_codes": list(report.ingredient_codes[:_MOST_ITEMS]),
        "manifest_id": report.manifest_id,
        "signer": report.signer,
        "issuer": report.issuer,
        "claim_generator": report.claim_generator,
        "digital_source_types": list(report.digital_source_types[:_MOST_ITEMS]),
        "is_ai": report.is_ai,
        "claims_human_capture": report.claims_human_capture,
        "actions": list(report.actions[:_MOST_ITEMS]),
        "remote_host": report.remote_host,
        "note": report.note,
    }


def _label_records(found: FoundLabels) -> list[Record]:
    """Return what the labels say; of texts only those that a standard defines, since others may hold a prompt."""
    records: list[Record] = [
        {
            "mark": "aigc label",
            "place": one.place,
            "item": {key: clean_text(text) for key, text in asdict(one.item).items()} if one.item else None,
            "problem": clean_text(one.problem),
        }
        for one in found.aigc[:_MOST_ITEMS]
    ]
    if found.iptc:
        source, fields = clean_text(found.digital_source_type), sorted(found.iptc)
        records.append({"mark": "iptc", "digital_source_type": source, "fields": fields})
    if found.problems:
        records.append(
            {"mark": "labels", "problems": [clean_text(problem) for problem in found.problems[:_MOST_ITEMS]]}
        )
    return records


def _reason(evidence: list[Record]) -> str:
    marks = dict.fromkeys(str(record["mark"]) for record in evidence if record["mark"] not in _NO_MARKS)
    unsearched = next((f", pixels not searched: {one['not_made']}" for one in evidence if one["mark"] == "search"), "")
    return (f"came with: {', '.join(marks)}" if marks else "no mark came with it") + unsearched

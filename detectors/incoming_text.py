"""What a text, or another file that is no picture, already carries: labels, our own mark, and what nobody sees in it.

Its medium reads it; this module only says what was found in the words of `incoming_marks`. A C2PA text manifest (C2PA
2.4 A.8) is read and judged like one in a file; it is told apart from other hidden bytes by how it begins.
"""

from dataclasses import asdict
from typing import Any, Final

from provenance.errors import DetectorError
from provenance.labels.implicit import FoundLabels
from provenance.manifests.report import ManifestReport
from provenance.manifests.text_wrapper import judge_text
from provenance.manifests.trust import TrustAnchors
from provenance.manifests.validation import read_bound_manifest, read_manifest
from provenance.media.limits import IntakeLimits
from provenance.media.media import Media
from provenance.media.text.hidden import Hidden
from provenance.storage.blob import Blob

Records = list[dict[str, Any]]
_LIMITS: Final = IntakeLimits()


def read_text_marks(media: Media | None, file: Blob) -> tuple[dict[str, float], Records, FoundLabels]:
    """Return what a file that is no picture carries: scores, records, and its labels.

    Raises:
        DetectorError: nobody here knows such files, or it cannot be read.
    """
    medium, seen = media.look(file, _LIMITS) if media is not None else (None, None)
    if medium is None or seen is None or seen.content is None:
        raise DetectorError("expected a file of a medium that is taken here, got one that cannot be read")
    found, scores = medium.read_mark(seen.content), dict[str, float]()
    records: Records = []
    if found.reading is not None:
        scores = {"incoming_own_mark": 1.0, "incoming_ai": 1.0}
        records.append({"mark": "watermark", **asdict(found.reading), "payload": f"{found.reading.payload:016x}"})
    records += [{"mark": "watermark", "problem": problem} for problem in found.problems]
    hidden = getattr(seen.content, "hidden", None)
    if isinstance(hidden, Hidden):  # whatever has words says so: a text, the pages of a PDF
        is_foreign = bool(hidden.words) and found.reading is None
        scores["incoming_hidden"] = float(is_foreign)
        records += _describe(hidden)
    return scores, records, medium.read_labels(file)


def read_text_manifest(file: Blob, media_type: str) -> ManifestReport | None:
    """Return what a C2PA manifest says that a file with words carries, and whether it is of this very file.

    It lies in variation selectors of a text, or where c2pa finds it.
    """
    store, binding = judge_text(file.read().decode(errors="replace").removeprefix("\ufeff"))
    if store is None:
        return read_manifest(file, media_type, TrustAnchors())
    return read_bound_manifest(file, media_type, TrustAnchors(), store, binding.value)


def _describe(hidden: Hidden) -> Records:
    record = {"mark": "hidden content", "found": list(hidden.words), "is_normal_form": hidden.is_normal}
    return [record] if hidden.words or not hidden.is_normal else []

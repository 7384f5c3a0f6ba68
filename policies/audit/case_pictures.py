"""What belongs to a case's evidence as pictures: the asset beside each registered work that it matched."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from policies.audit.case_file import CaseFile
from policies.audit.source import Holder
from policies.line.intake import original_key
from policies.line.released import public_file_key
from provenance.asset import MediaType
from provenance.errors import BlobNotFoundError
from provenance.storage.blob import Blob
from provenance.works.sheet import build_sheet

MOST_DRAWN: Final = 8


def draw_matches_of(here: Holder, case: CaseFile) -> dict[str, bytes]:
    """Return a PNG for each recorded match of a work whose picture is kept, by file name.

    Nothing is drawn of a file that is gone, or of a work that has no reference any more.
    """
    matches = list(list_matches(case))[:MOST_DRAWN]
    file = _find_file(here, case) if matches else None
    drawn: dict[str, bytes] = {}
    for number, match in enumerate(matches if file is not None else (), start=1):
        reference = here.works.reference(str(match["work_id"]))
        sheet = build_sheet(file, reference, match) if file is not None and reference is not None else None
        if sheet is not None:
            drawn[f"match-{number}.png"] = sheet
    return drawn


def list_matches(case: CaseFile) -> Iterator[Mapping[str, Any]]:
    """Yield the records of works that the asset matched."""
    for signal in case.signals:
        for record in signal.evidence:
            if isinstance(record.get("match"), Mapping) and record["match"].get("work_id"):
                yield record["match"]


def _find_file(here: Holder, case: CaseFile) -> Blob | None:
    """Return the asset's file: the original while it is kept, else what was released."""
    try:
        return here.blobs.quarantine.open(original_key(case.asset.id))
    except BlobNotFoundError:
        pass
    if not case.seal:
        return None
    try:
        return here.blobs.public.open(public_file_key(case.asset.id, MediaType(case.seal["media_type"])))
    except BlobNotFoundError:
        return None

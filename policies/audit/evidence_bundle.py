"""The evidence of one case: what was decided, on what grounds, what was marked, and the proofs that it stands so.

Files that an export of the asset's ledger entries takes along (`provenance.ledger.attachments`): the log proves the
entries, and signs the rest.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from policies.audit.case_file import CaseFile
from policies.audit.lineage import build_lineage
from policies.line.records import build_decision, build_signal
from policies.rules.evidence import Finding, find_evidence

CASE_FORMAT: Final = "chopmark.case/1"
CASE_FILE: Final = "case.json"
LINEAGE_FILE: Final = "lineage.prov.json"
PACK_FOLDER: Final = "packs"
MATCH_FOLDER: Final = "matches"


def build_case_document(case: CaseFile, *, with_prompt: str | None = None) -> dict[str, Any]:
    """Return the case as one JSON document.

    Args:
        case: as read.
        with_prompt: the prompt, where whoever asks may and wants to see it.
    """
    return {
        "format": CASE_FORMAT,
        "asset": {
            **asdict(case.asset),
            "media_type": case.asset.media_type.value,
            "origin": case.asset.origin.value,
            "name": case.name,
            "stage": case.stage,
            "handed_in_at": case.created_at,
        },
        "request": dict(case.request),
        "recipe": dict(case.recipe),
        **({} if with_prompt is None else {"prompt": with_prompt}),
        "signals": [build_signal(signal) for signal in case.signals],
        "evidence": [asdict(finding) for finding in list_findings(case, with_prompt)],
        "decisions": [
            {
                **build_decision(ruling.decision),
                "made_at": ruling.made_at,
                "ledger_index": None if ruling.entry is None else ruling.entry.index,
            }
            for ruling in case.rulings
        ],
        "reviews": [asdict(opinion) for opinion in case.opinions],
        "seal": dict(case.seal),
        "packs": [
            {"name": name, "sha256": digest, "file": build_pack_name(name, digest)} for name, digest in case.packs
        ],
        "ledger": [entry.index for entry in case.entries],
    }


def list_findings(case: CaseFile, prompt: str | None = None) -> Sequence[Finding]:
    """Return what the signals rest on, in words; what counts in the decision first."""
    return () if case.decision is None else find_evidence(case.signals, case.decision, prompt)


def build_pack_name(name: str, digest: str) -> str:
    """Return where the text of a pack lies."""
    return f"{PACK_FOLDER}/{name}-{digest[:12]}.yaml"


def write_evidence(
    folder: Path, case: CaseFile, *, with_prompt: str | None = None, matches: Mapping[str, bytes] | None = None
) -> None:
    """Write the case's files into `folder`.

    Args:
        folder: there.
        case: as read.
        with_prompt: the prompt, if it is to be in it.
        matches: pictures of matched works and others that belong to the evidence, as PNG or JPEG, by file name.
    """
    _write_json(folder / CASE_FILE, build_case_document(case, with_prompt=with_prompt))
    _write_json(folder / LINEAGE_FILE, build_lineage(case))
    for (name, digest), document in case.packs.items():
        _write(folder / build_pack_name(name, digest), document)
    for name, picture in (matches or {}).items():
        _write(folder / MATCH_FOLDER / name, picture)


def _write_json(path: Path, document: Mapping[str, Any]) -> None:
    _write(path, json.dumps(document, ensure_ascii=False, indent=2, default=str).encode() + b"\n")


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)

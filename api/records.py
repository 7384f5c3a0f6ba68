"""What the gate recorded about one asset, as moderators see it: facts, evidence in words, where the pictures lie."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.text import Text

from api.console import build_table, plain
from api.home import verify_site
from api.reading import open_blobs, open_database
from api.references import write_reference
from api.settings import Settings
from detectors.base import Signal
from policies.line.intake import original_key
from policies.line.records import asset_row, find_signals, latest_decision, parse_asset
from policies.line.request import prompt_key
from policies.refusals import NotWaitingError
from policies.rules.decision import Decision, spell_score
from policies.rules.evidence import Finding, find_evidence
from provenance.asset import Asset, AssetId
from provenance.errors import BlobNotFoundError
from provenance.storage.store import Blobs

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(frozen=True, slots=True)
class Record:
    """One asset.

    Attributes:
        asset: its facts.
        name, stage, created_at: as recorded.
        signals: what detectors answered.
        decision: the one that counts.
        prompt: while quarantine has it, else None.
        original: where the file as handed in lies, or "" when it is gone.
    """

    asset: Asset
    name: str
    stage: str
    created_at: str
    signals: tuple[Signal, ...]
    decision: Decision
    prompt: str | None
    original: str


def find_record(settings: Settings, asset_id: AssetId) -> Record:
    """Return what the gate recorded about an asset.

    Raises:
        AssetNotFoundError: there is no such asset.
        PolicyError: it was not decided about yet.
    """
    verify_site(settings)
    database = open_database(settings, is_reading=True)
    try:
        with database.read() as connection:
            row = asset_row(connection, asset_id, settings.tenant)
            signals, decision = find_signals(connection, asset_id), latest_decision(connection, asset_id)
    finally:
        database.close()
    if decision is None:
        raise NotWaitingError(
            f"asset {asset_id} was accepted, but not decided about yet: chopmark review list finishes it"
        )
    quarantine = open_blobs(settings, may_make=False).quarantine
    return Record(
        parse_asset(row),
        row["name"],
        row["stage"],
        row["created_at"],
        signals,
        decision,
        _read_prompt(quarantine, asset_id),
        _locate(quarantine, original_key(asset_id)),
    )


def find_findings(settings: Settings, record: Record, decision: Decision) -> list[dict[str, Any]]:
    """Return the evidence behind `decision` in its stable JSON form, each matched work with the path of its picture."""
    documents = build_findings(find_evidence(record.signals, decision, record.prompt))
    database = open_database(settings, is_reading=True)
    try:
        for document in documents:
            if document["work_id"]:
                document["work_picture"] = str(
                    write_reference(settings, database, document["work_id"], settings.tenant) or ""
                )
    finally:
        database.close()
    return documents


def build_findings(found: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return evidence in its stable JSON form."""
    return [{**asdict(finding), **({"work_picture": ""} if finding.work_id else {})} for finding in found]


def view_findings(findings: Sequence[Mapping[str, Any]], *, every: bool) -> Group:
    """Return a table of what a decision rests on; without `every`, only of what counts in it."""
    shown = [one for one in findings if every or one["counts"]]
    parts: list[Table | Text] = []
    if shown:
        table = build_table("asked", "what was found", "score", "limit", "by", title="What it rests on")
        for one in shown:
            table.add_row(
                one["detector"], _tell(one), spell_score(one["score"]), spell_score(one["limit"]), one["model"]
            )
        parts += [table, Text()]
    return Group(*parts)


def _tell(finding: Mapping[str, Any]) -> Text:
    lines = [plain(finding["text"])]
    if finding["work_id"]:
        kept = finding["work_picture"] or "not kept here, or withdrawn"
        lines.append(plain(f"its picture: {kept}", "dim"))
    return Text("\n").join(lines)


def _read_prompt(quarantine: Blobs, asset_id: AssetId) -> str | None:
    try:
        return quarantine.get(prompt_key(asset_id)).decode(errors="replace")
    except BlobNotFoundError:
        return None


def _locate(quarantine: Blobs, key: str) -> str:
    """Return the path of a blob, or its key where the store is no folder; "" when there is none."""
    if not quarantine.has(key):
        return ""
    return str(quarantine.root / key) if quarantine.root is not None else f"quarantine: {key}"

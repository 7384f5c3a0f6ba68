"""One door for every export: the command line, the API and the desk order the same things and get the same files.

Whatever is ordered is an export of ledger entries with proofs (`provenance.ledger.export`); statements of reasons, a
lineage or a case file lie beside the rows, signed. Of a tenant's log nobody gets another tenant's entries; the whole
site's are the main tenant's, who keeps the ledger, and only where they are asked for by name.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

from sqlalchemy import Connection, select

from policies.audit.case_file import load_case
from policies.audit.case_pages import write_pages
from policies.audit.case_pictures import draw_matches_of
from policies.audit.concordance import DECISION_KINDS
from policies.audit.evidence_bundle import LINEAGE_FILE, write_evidence
from policies.audit.lineage import build_lineage
from policies.audit.source import Holder
from policies.audit.statement_schema import SCHEMA
from policies.audit.statements import Case, build_batches
from policies.line.records import asset_row, parse_asset, parse_decision
from policies.line.request import prompt_key
from policies.refusals import UnknownChoiceError
from policies.review.reviewers import REVIEW_KINDS, find_names
from policies.rules.decision import Outcome
from provenance.asset import AssetId
from provenance.errors import BlobNotFoundError
from provenance.ledger.entry import LedgerEntry
from provenance.ledger.export import ExportManifest, FormatName, export_ledger
from provenance.ledger.rows import FORMATS
from provenance.ledger.selection import Selection
from provenance.storage.tables import ASSETS, DECISIONS, TENANTS
from provenance.tenant import MAIN

NAMES_FILE: Final = "reviewers.json"
"""In an export that was asked for it: pseudonym to name."""
STATEMENT_FOLDER: Final = "statements"
MOST_STATEMENTS: Final = 1_000_000


class Kind(StrEnum):
    """What is ordered."""

    ENTRIES = "entries"
    """Ledger entries, as JSON lines, CSV or Parquet."""
    STATEMENTS = "dsa"
    """EU DSA statements of reasons, with the entries of the decisions that they are about."""
    LINEAGE = "prov"
    """W3C PROV-JSON of one asset, with its entries."""
    CASE = "case"
    """The evidence of one asset: files, and the same as a PDF."""


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody wants exported.

    Attributes:
        kind: of export.
        form: of the rows: jsonl, csv or parquet.
        since, until, kinds, outcomes, packs, first, stop: filters, see `Selection`; of an asset's export none apply.
        whole_site: entries of every tenant, where the main tenant asks.
        asset_id: of a lineage or a case.
        with_names: reviewers by name, too.
        with_prompt: of a case, the prompt, while it is kept.
        with_pictures: of a case, what it matches, drawn.
    """

    kind: Kind = Kind.ENTRIES
    form: str = "jsonl"
    since: datetime | None = None
    until: datetime | None = None
    kinds: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    packs: tuple[str, ...] = ()
    first: int = 0
    stop: int | None = None
    whole_site: bool = False
    asset_id: str = ""
    with_names: bool = False
    with_prompt: bool = False
    with_pictures: bool = True


def verify_order(here: Holder, order: Order) -> None:
    """Check that an order can be carried out for the tenant, before anybody waits for it.

    Raises:
        PolicyError: a format or outcome that there is not, or a whole site asked for by a tenant of it.
        AssetNotFoundError: the tenant has no such asset.
    """
    if order.form not in FORMATS:
        raise UnknownChoiceError(f"expected the rows as {', '.join(FORMATS)}, got {order.form!r}")
    unknown = set(order.outcomes) - {outcome.value for outcome in Outcome}
    if unknown:
        raise UnknownChoiceError(f"expected outcomes out of release, hold, block, got {', '.join(sorted(unknown))}")
    if order.whole_site and here.tenant != MAIN:
        raise UnknownChoiceError("the ledger of the whole site is for its main tenant: a tenant gets its own entries")
    if (order.kind in {Kind.LINEAGE, Kind.CASE}) != bool(order.asset_id):
        raise UnknownChoiceError(f"expected the id of an asset with a lineage or a case alone, got {order.kind.value}")
    build_selection(here, order)
    if order.asset_id:
        with here.database.read() as connection:
            asset_row(connection, AssetId(order.asset_id), here.tenant)


def write_export(
    here: Holder, order: Order, folder: Path, *, tell: Callable[[int], None] | None = None
) -> ExportManifest:
    """Carry out an order into `folder`, which appears whole or not at all.

    Args:
        here: as the tenant has it who ordered.
        order: what is wanted.
        folder: must not exist, or be empty.
        tell: is told now and again how many rows there are; what it raises ends the export.

    Raises:
        PolicyError: see `verify_order`.
        MissingExtraError: Parquet or PDF was asked for, and the extra is not installed.
    """
    verify_order(here, order)
    attach = {
        Kind.ENTRIES: _attach_names,
        Kind.STATEMENTS: _attach_statements,
        Kind.LINEAGE: _attach_lineage,
        Kind.CASE: _attach_case,
    }[order.kind]
    return export_ledger(
        here.log,
        folder,
        cast("FormatName", order.form),
        selection=build_selection(here, order),
        attach=partial(attach, here, order),
        tell=tell,
    )


def build_selection(here: Holder, order: Order) -> Selection:
    """Return which entries an order is about.

    Where nobody else ever was, the main tenant's own entries are all that there are, and are shown to be.
    """
    tenant = None if order.whole_site or (here.tenant == MAIN and not has_others(here)) else here.log.tenant
    if order.asset_id:
        return Selection(subject=order.asset_id, tenant=tenant)
    asked = Selection(
        since=order.since,
        until=order.until,
        kinds=order.kinds or None,
        outcomes=order.outcomes,
        packs=order.packs,
        first=order.first,
        stop=order.stop,
        tenant=tenant,
    )
    if order.kind is Kind.STATEMENTS:
        return replace(asked, kinds=DECISION_KINDS, outcomes=order.outcomes or (Outcome.BLOCK.value,))
    return asked


def has_others(here: Holder) -> bool:
    """Say whether the ledger has, or may have, entries of other tenants than the main one."""
    with here.database.read() as connection:
        return connection.execute(select(TENANTS.c.name).limit(1)).first() is not None


def _attach_names(here: Holder, order: Order, folder: Path) -> None:
    if order.with_names:
        entries = here.log.entries(since=order.since, until=order.until, kinds=REVIEW_KINDS)
        with here.database.read() as connection:
            _write_json(folder / NAMES_FILE, find_names(connection, entries, here.tenant))


def _attach_lineage(here: Holder, order: Order, folder: Path) -> None:
    _write_json(folder / LINEAGE_FILE, build_lineage(load_case(here, AssetId(order.asset_id))))


def _attach_case(here: Holder, order: Order, folder: Path) -> None:
    asset_id = AssetId(order.asset_id)
    case = load_case(here, asset_id, with_names=order.with_names)
    prompt = _read_prompt(here, asset_id) if order.with_prompt else None
    pictures = draw_matches_of(here, case) if order.with_pictures else {}
    write_evidence(folder, case, with_prompt=prompt, matches=pictures)
    write_pages(
        folder, case, prompt=prompt, pictures=pictures, checkpoint=here.log.checkpoint(), vkey=here.log.signer.vkey
    )


def _read_prompt(here: Holder, asset_id: AssetId) -> str | None:
    try:
        return here.blobs.quarantine.get(prompt_key(asset_id)).decode(errors="replace")
    except BlobNotFoundError:
        return None


def _attach_statements(here: Holder, order: Order, folder: Path) -> None:
    rows = FORMATS[order.form].read(folder / f"entries.{order.form}")
    with here.database.read() as connection:
        cases = [case for entry in rows if (case := _find_case(connection, entry, here)) is not None]
    made = folder / STATEMENT_FOLDER
    made.mkdir()
    for number, body in enumerate(build_batches(cases), start=1):
        _write_json(made / f"{number:05}.json", body)
    index = [{"puid": case.decision.id, "ledger_index": case.ledger_index, "asset_id": case.asset.id} for case in cases]
    _write_json(made / "index.json", {"schema": SCHEMA, "statements": index})


def _find_case(connection: Connection, entry: LedgerEntry, here: Holder) -> Case | None:
    """Return what an entry's statement is made of; None where a decision withheld nothing, or no asset is left."""
    decision_id = str(entry.fields().get("decision_id", ""))
    query = select(DECISIONS, ASSETS).join(ASSETS, ASSETS.c.id == DECISIONS.c.asset_id)
    row = connection.execute(query.where(DECISIONS.c.id == decision_id)).mappings().first()
    if row is None or (row[ASSETS.c.tenant] != here.tenant and here.tenant != MAIN):
        return None
    decision = parse_decision(row[DECISIONS.c.body])
    if decision.outcome is Outcome.RELEASE:
        return None
    asset = parse_asset({column.name: row[column] for column in ASSETS.c})
    return Case(asset, decision, row[ASSETS.c.created_at], entry.created_at, entry.index)


def _write_json(path: Path, document: Any) -> None:  # noqa: ANN401 - JSON
    path.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")

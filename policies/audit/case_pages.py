"""The evidence of one case as a PDF, for people: the same facts as in the files beside it, and how to check them."""

import io
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from policies.audit.case_file import CaseFile, Opinion, Ruling
from policies.audit.evidence_bundle import build_pack_name, list_findings
from policies.audit.page_font import BOLD, PLAIN, PageFont
from policies.rules.decision import spell_score
from provenance.errors import MissingExtraError
from provenance.ledger.checkpoint import Checkpoint

CASE_PAGES: Final = "case.pdf"

MOST_CHARS: Final = 1_500
"""Of one text; a longer one is whole in case.json."""
_MARGIN: Final = 48.0
_PICTURE_WIDTH: Final = 480.0
_PICTURE_HEIGHT: Final = 260.0

_HOLDS: Final = (
    "each entry above is in the signed log; this page, case.json and the packs are what the operator signed beside "
    "them; that no other entry is about this asset is not proven"
)

Table = tuple[str, tuple[str, ...], list[tuple[str, ...]]]


def write_pages(
    folder: Path,
    case: CaseFile,
    *,
    prompt: str | None,
    pictures: Mapping[str, bytes],
    checkpoint: Checkpoint,
    vkey: str,
) -> None:
    """Write the PDF into `folder`.

    Args:
        folder: there.
        case: as read.
        prompt: to be shown, if at all.
        pictures: PNG or JPEG by name.
        checkpoint: that the proofs lead to.
        vkey: the ledger's public key.

    Raises:
        MissingExtraError: reportlab or fontTools is not installed.
    """
    (folder / CASE_PAGES).write_bytes(build_pages(list_tables(case, prompt, checkpoint, vkey), pictures, case.asset.id))


def list_tables(case: CaseFile, prompt: str | None, checkpoint: Checkpoint, vkey: str) -> list[Table]:
    """Return what the pages say, as tables with a title and heads; those without rows are left out."""
    tables: list[Table] = [
        ("Asset", ("", ""), list(_list_facts(case, prompt))),
        ("Decisions", ("when", "outcome", "by", "ledger entry"), [_tell_ruling(one) for one in case.rulings]),
        ("Why", ("rule", "clause", "what it says", "score", "limit"), list(_list_reasons(case))),
        *_list_screening(case, prompt),
        ("Reviews", ("when", "reviewer", "outcome", "reason"), [_tell_opinion(one) for one in case.opinions]),
        ("Marks of the released file", ("mark", "technique", "made", "required"), list(_list_marks(case))),
        (
            "Policies that decided",
            ("pack", "sha256", "text in"),
            [(name, digest, build_pack_name(name, digest)) for name, digest in case.packs],
        ),
        (
            "Entries of the ledger",
            ("index", "when", "kind", "leaf hash"),
            [(str(one.index), one.created_at, one.kind, one.leaf_hash.hex()) for one in case.entries],
        ),
        ("Proof", ("", ""), list(_list_proof(checkpoint, vkey))),
    ]
    return [table for table in tables if table[2]]


def _list_screening(case: CaseFile, prompt: str | None) -> Iterator[Table]:
    yield (
        "What detectors answered",
        ("detector", "version", "status", "worst score", "in words"),
        [
            (one.detector, one.version[:12], one.status.value, _tell_worst(one.scores), one.reason)
            for one in case.signals
        ],
    )
    yield (
        "What that rests on",
        ("detector", "found", "score", "counted"),
        [
            (one.detector, one.text, spell_score(one.score), "yes" if one.counts else "no")
            for one in list_findings(case, prompt)
        ],
    )


def _list_reasons(case: CaseFile) -> Iterator[tuple[str, ...]]:
    for one in case.decision.reasons if case.decision else ():
        yield f"{one.pack}/{one.rule}", one.clause, one.text, spell_score(one.score), spell_score(one.threshold)


def _tell_opinion(opinion: Opinion) -> tuple[str, ...]:
    return opinion.made_at, opinion.reviewer, opinion.outcome, opinion.reason


def _list_facts(case: CaseFile, prompt: str | None) -> Iterator[tuple[str, str]]:
    asset = case.asset
    yield "id", asset.id
    yield "name", case.name or "(none)"
    yield "file as it came", f"{asset.media_type.value}, {asset.size_bytes} bytes, sha256 {asset.sha256}"
    yield "came", f"{case.created_at}, {asset.origin.value}"
    yield "stands at", case.stage
    if case.seal:
        yield "released", f"{case.sealed_at}, sha256 {case.seal['sha256']}"
        yield "manifest", f"{case.seal['manifest_id']}, sha256 {case.seal['manifest_sha256']}"
    if prompt is not None:
        yield "prompt", prompt


def _tell_ruling(ruling: Ruling) -> tuple[str, ...]:
    index = "none" if ruling.entry is None else str(ruling.entry.index)
    return ruling.made_at, ruling.decision.outcome.value, ruling.decision.decided_by, index


def _tell_worst(scores: Mapping[str, float]) -> str:
    if not scores:
        return ""
    name, score = max(scores.items(), key=lambda item: item[1])
    return f"{name} {spell_score(score)}"


def _list_marks(case: CaseFile) -> Iterator[tuple[str, ...]]:
    for mark in case.seal.get("marks", ()):
        yield mark["kind"], mark["technique"], "yes" if mark["made"] else "no", "yes" if mark["required"] else "no"


def _list_proof(checkpoint: Checkpoint, vkey: str) -> Iterator[tuple[str, str]]:
    yield "ledger", f"{checkpoint.origin}, {checkpoint.size} entries, root {checkpoint.root.hex()}"
    yield "public key", f"{vkey} (compare it with the one that you have from another source)"
    yield "to check", "chopmark audit verify FOLDER --vkey KEY, offline; proofs/ has one proof for each entry"
    yield "what holds", _HOLDS


_PRESS: Final = threading.Lock()
"""reportlab knows fonts by name in the whole process, and each document embeds letters of its own."""


def build_pages(tables: Sequence[Table], pictures: Mapping[str, bytes], title: str) -> bytes:
    """Return the PDF; the same facts give the same bytes.

    Raises:
        MissingExtraError: reportlab or fontTools is not installed.
    """
    try:
        from reportlab.lib.pagesizes import A4
        from reportlab.platypus import Paragraph, SimpleDocTemplate
    except ImportError as exc:
        raise MissingExtraError("PDF needs the extra: pip install 'chopmark[export]'") from exc
    styles = _build_styles()
    content = io.BytesIO()
    margins = dict.fromkeys(("leftMargin", "rightMargin", "topMargin", "bottomMargin"), _MARGIN)
    document = SimpleDocTemplate(content, pagesize=A4, title=f"Case {title}", author="Chopmark", invariant=1, **margins)
    with _PRESS:
        font = PageFont(_cut(cell) for _, heads, rows in tables for row in (heads, *rows) for cell in row)
        story: list[Any] = [Paragraph("Evidence of one case", styles["title"])]
        for name, heads, rows in tables:
            story += [Paragraph(font.mark_up(name), styles["head"]), _build_table(font, styles, heads, rows, A4[0])]
        for name, picture in pictures.items():
            caption = f"{name}: the asset on the left, the registered work on the right"
            story += _build_picture(font.mark_up(caption), picture, styles)
        document.build(story, onFirstPage=_number_page, onLaterPages=_number_page)
    return content.getvalue()


def _build_styles() -> dict[str, Any]:
    from reportlab.lib.styles import ParagraphStyle

    cell = ParagraphStyle("cell", fontName=PLAIN, fontSize=8, leading=10.5, splitLongWords=1, wordWrap="CJK")
    return {
        "title": ParagraphStyle("title", fontName=BOLD, fontSize=18, leading=24),
        "head": ParagraphStyle(
            "head", fontName=BOLD, fontSize=11, leading=15, spaceBefore=12, spaceAfter=4, keepWithNext=1
        ),
        "cell": cell,
        "top": ParagraphStyle("top", parent=cell, textColor="#555555"),
    }


def _build_table(
    font: PageFont, styles: Mapping[str, Any], heads: Sequence[str], rows: Sequence[Sequence[str]], width: float
) -> Any:  # noqa: ANN401 - of reportlab
    from reportlab.platypus import LongTable, Paragraph, TableStyle

    shown = [[Paragraph(font.mark_up(_cut(cell)), styles["cell"]) for cell in row] for row in rows]
    has_heads = any(heads)
    if has_heads:
        shown.insert(0, [Paragraph(font.mark_up(head), styles["top"]) for head in heads])
    weights = [_weigh(column) for column in zip(heads, *rows, strict=True)]
    available = width - 2 * _MARGIN
    table = LongTable(
        shown,
        colWidths=[available * weight / sum(weights) for weight in weights],
        repeatRows=1 if has_heads else 0,
        splitInRow=1,
        hAlign="LEFT",
    )
    line = ("LINEBELOW", (0, 0), (-1, -1), 0.25, "#cccccc")
    table.setStyle(TableStyle([line, ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 2)]))
    return table


def _weigh(cells: Sequence[str]) -> float:
    """Return how much of a row's width a column gets: by its longest text, within bounds."""
    return float(min(max(16, *(len(cell) for cell in cells)), 60))


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARS else f"{text[:MOST_CHARS]} ... ({len(text)} characters, whole in case.json)"


def _build_picture(caption: str, picture: bytes, styles: Mapping[str, Any]) -> list[Any]:
    from reportlab.lib.utils import ImageReader
    from reportlab.platypus import Image, KeepTogether, Paragraph

    width, height = ImageReader(io.BytesIO(picture)).getSize()
    scale = min(_PICTURE_WIDTH / width, _PICTURE_HEIGHT / height)
    shown = Image(io.BytesIO(picture), width * scale, height * scale, hAlign="LEFT")
    return [KeepTogether([Paragraph(caption, styles["head"]), shown])]


def _number_page(canvas: Any, document: Any) -> None:  # noqa: ANN401 - of reportlab
    canvas.saveState()
    canvas.setFont(PLAIN, 7)
    canvas.drawRightString(document.pagesize[0] - _MARGIN, _MARGIN / 2, f"{document.title}, page {document.page}")
    canvas.restoreState()

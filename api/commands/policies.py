"""`chopmark policies`: list, show, check and explain policy packs and decisions; what changes some is `own_packs`."""

import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Group
from rich.text import Text

from api.commands import own_packs
from api.commands.policies_law import conflicts, evidence
from api.console import EXIT_ERROR, OUT, Json, build_table, plain, print_json, read_input, teaching_errors
from api.escape import quote_file
from api.packs import build_pack, build_summary
from api.records import build_findings, find_findings, find_record, view_findings
from api.settings import load_settings
from policies.rules.decision import Decision, Outcome
from policies.rules.evidence import find_evidence
from policies.rules.explanation import CASE_SIZE_LIMIT, Explanation, explain, parse_case, what_if
from policies.rules.loader import find_pack_files, load_named, load_new_packs, load_pack
from policies.rules.pack import Pack
from provenance.asset import AssetId
from provenance.errors import PackInvalidError

if TYPE_CHECKING:
    from rich.table import Table

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="List, check, explain and try policy packs; save and choose your own.",
)
app.add_typer(own_packs.app)

STYLES: Final = {Outcome.RELEASE: "green", Outcome.HOLD: "yellow", Outcome.BLOCK: "bold red"}

# RFC 9562: 8-4-4-4-12 hexadecimal digits
_ASSET_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Folders = Annotated[
    list[Path] | None, typer.Option("--folder", help="One more folder of packs, besides those in the settings.")
]


@app.command("list")
@teaching_errors
def list_packs(folder: Folders = None, as_json: Json = False) -> None:
    """List every pack found; exits 2 when one of them does not validate."""
    documents: list[dict[str, Any]] = []
    table = build_table("pack", "version", "title", "in force from", "digest")
    table.columns[0].no_wrap = True
    broken = 0
    for name, path in find_pack_files(_folders(folder)).items():
        try:
            pack = load_pack(path)
        except PackInvalidError as exc:
            broken += 1
            documents.append({"name": name, "file": str(path), "ok": False, "problems": list(exc.problems)})
            check_it = f"{len(exc.problems)} problems: chopmark policies check {quote_file(str(path))}"
            table.add_row(plain(name, "red"), "", plain(check_it))
            continue
        counts = {"thresholds": len(pack.thresholds), "rules": len(pack.rules), "obligations": len(pack.obligations)}
        documents.append({**build_summary(pack), "file": str(path), "ok": True, **counts})
        cells = (pack.name, pack.version, pack.title, str(pack.effective_from), pack.sha256[:12])
        table.add_row(*map(plain, cells))
    if as_json:
        print_json({"packs": documents})
    else:
        OUT.print(table)
    if broken:
        raise typer.Exit(EXIT_ERROR)


@app.command()
@teaching_errors
def show(
    name: Annotated[str, typer.Argument(help="Name of a pack, or a pack file.")],
    folder: Folders = None,
    as_json: Json = False,
) -> None:
    """Show everything that one pack says."""
    path = Path(name)
    pack = load_pack(path) if path.suffix == ".yaml" else load_named([name], _folders(folder))[0]
    if as_json:
        print_json(build_pack(pack))
    else:
        OUT.print(_view(pack))


@app.command()
@teaching_errors
def check(
    files: Annotated[list[Path], typer.Argument(help="Pack files.")],
    as_json: Json = False,
) -> None:
    """Validate pack files whole and print every problem as file:line:column; exits 2 when there is one."""
    documents: list[dict[str, Any]] = []
    for path, pack in zip(files, load_new_packs(files), strict=True):
        if isinstance(pack, Pack):
            documents.append({"file": str(path), "ok": True, **build_summary(pack), "problems": []})
        else:
            problems = list(pack.problems) if isinstance(pack, PackInvalidError) else [str(pack)]
            documents.append({"file": str(path), "ok": False, "problems": problems})
    if as_json:
        print_json({"ok": all(item["ok"] for item in documents), "files": documents})
    else:
        _print_check(documents)
    if not all(item["ok"] for item in documents):
        raise typer.Exit(EXIT_ERROR)


@app.command("explain")
@teaching_errors
def explain_case(
    case: Annotated[
        str,
        typer.Argument(
            metavar="ASSET_ID|CASE",
            help="Id of an asset; or a JSON file with signals, and optionally asset and context; - for a pipe.",
        ),
    ],
    pack: Annotated[list[str] | None, typer.Option("--pack", help="Pack that decides; once for each.")] = None,
    folder: Folders = None,
    as_json: Json = False,
) -> None:
    """Say why an asset was released, held or blocked; or what packs would decide about given signals.

    With --pack, an asset's own signals are put before those packs instead. Nothing is recorded.
    """
    settings = load_settings()
    if not is_asset_id(case):
        packs = load_named(pack or settings.packs, _folders(folder))
        unverified_json = read_input(case, most_bytes=CASE_SIZE_LIMIT)
        found = parse_case(unverified_json, today=datetime.now(UTC).date(), file="case" if case == "-" else case)
        decision = what_if(found.signals, packs, asset=found.asset, context=found.context)
        signals, findings = found.signals, build_findings(find_evidence(found.signals, decision))
    else:
        record = find_record(settings, AssetId(case))
        decision = record.decision
        if pack:
            decision = what_if(record.signals, load_named(pack, _folders(folder)), asset=record.asset)
        signals, findings = record.signals, find_findings(settings, record, decision)
    explanation = explain(decision, signals)
    if as_json:
        print_json({"decision": asdict(decision), "explanation": asdict(explanation), "evidence": findings})
    else:
        OUT.print(view_explanation(decision, explanation, view_findings(findings, every=False)))


app.command("evidence")(evidence)
app.command("conflicts")(conflicts)


def is_asset_id(text: str) -> bool:
    """Say whether `text` is the id of an asset rather than a file or a pipe."""
    return bool(_ASSET_ID.fullmatch(text)) and not Path(text).exists()


def _folders(more: list[Path] | None) -> list[Path]:
    return [*load_settings().pack_folders, *(more or ())]


def _view(pack: Pack) -> Group:
    until = f" until {pack.effective_until}" if pack.effective_until else ""
    force = f"from {pack.effective_from}{until}, jurisdiction {pack.jurisdiction}"
    head = Text.assemble((f"{pack.name} {pack.version}", "bold"), f"  {pack.title}\n{pack.description}")
    facts = build_table("", "")
    facts.add_row("in force", force)
    facts.add_row("sha256", pack.sha256)
    parts: list[Table | Text] = [head, facts, Text()]
    tables = (
        ("Must have answered", ("detector", "may be not applicable", "why", "clause"), [
            (item.detector, "yes" if item.not_applicable else "no", item.text, item.clause) for item in pack.requires
        ]),
        ("Thresholds", ("category", "hold from", "block from", "why", "clause"), [
            (item.category, _number(item.hold), _number(item.block), item.text, item.clause) for item in pack.thresholds
        ]),
        ("Rules", ("rule", "outcome", "when", "why", "clause"), [
            (item.id, item.outcome, item.when.text, item.text, item.clause) for item in pack.rules
        ]),
        ("Marks due", ("mark", "required", "when", "parameters", "why", "clause"), [
            (item.mark, "yes" if item.required else "no", item.when.text if item.when else "always",
             _spell(item.parameters), item.text, item.clause) for item in pack.obligations
        ]),
        ("Besides, for people or as figures", ("duty", "figures of the gate", "from", "what", "clause"), [
            (item.id, item.measure or "none: no software does it", str(item.since or pack.effective_from), item.text,
             item.clause)
            for item in pack.duties
        ]),
        ("Sources", ("cited as", "title", "where"), [(item.key, item.title, item.url) for item in pack.sources]),
    )  # fmt: skip
    for title, columns, rows in tables:
        if rows:
            table = build_table(*columns, title=title)
            for row in rows:
                table.add_row(*map(plain, row))
            parts += [table, Text()]
    return Group(*parts)


def view_explanation(decision: Decision, explanation: Explanation, evidence: Group) -> Group:
    """Return a decision in words: the summary, every reason, what it rests on, and the marks due."""
    parts: list[Table | Text | Group] = [plain(explanation.summary, STYLES[decision.outcome])]
    parts += [plain(f"kind of picture, by {line}") for line in explanation.kinds]
    parts.append(Text())
    if explanation.reasons:
        table = build_table("outcome", "rule", "why", "clause")
        for row in explanation.reasons:
            why = plain_lines((row.text, row.measured) if row.measured else (row.text,))
            table.add_row(plain(row.outcome, STYLES[row.outcome]), plain(row.rule), why, plain(row.clause))
        parts += [table, Text()]
    parts.append(evidence)
    marks = build_table("mark", "required", "parameters", "asked for by", title="Marks due on release")
    for mark in explanation.marks:
        marks.add_row(
            *map(plain, (mark.mark, "yes" if mark.required else "where possible", mark.parameters)),
            plain_lines(mark.sources),
        )
    parts.append(marks)
    return Group(*parts)


def plain_lines(lines: tuple[str, ...]) -> Text:
    """Return lines of a stranger's text, one below the other."""
    return Text("\n").join(plain(line) for line in lines)


def _print_check(documents: list[dict[str, Any]]) -> None:
    for item in documents:
        if item["ok"]:
            OUT.print(plain(f"{item['file']}: ok, pack {item['name']} {item['version']}", "green"), soft_wrap=True)
        for problem in item["problems"]:
            OUT.print(plain(problem), soft_wrap=True)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _spell(parameters: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(parameters.items()))

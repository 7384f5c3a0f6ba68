"""`chopmark verify`: ask every layer where a file comes from."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

import typer
from rich.text import Text

from api.batch import run_each
from api.console import (
    OUT,
    Json,
    build_table,
    describe_error,
    plain,
    print_json,
    read_input,
    teaching_errors,
)
from api.settings import load_settings
from api.wiring import open_site
from provenance.errors import GateError
from provenance.verification import JointState, LayerStatus, Verification

app = typer.Typer(add_completion=False)

STYLES: Final = {
    LayerStatus.FOUND: "green",
    LayerStatus.ABSENT: "dim",
    LayerStatus.FAILED: "bold red",
    LayerStatus.NOT_CHECKED: "yellow",
}
CODE_STYLES: Final = {0: "bold green", 1: "bold", 3: "bold red"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one file: a verification, or the error that kept it from one."""

    name: str
    verification: Verification | None = None
    error: GateError | None = None


@app.command()
@teaching_errors
def command(
    files: Annotated[list[str], typer.Argument(help="Pictures; - reads one from a pipe.")],
    as_json: Json = False,
) -> None:
    """Ask manifest, watermark, fingerprint, implicit label and ledger, each apart, then say how they fit together.

    Exits 0 for consistent provenance, 1 when none was found, 3 on conflict or tampering, 2 on an error; with several
    files the gravest counts.
    """
    with open_site(load_settings()) as site:

        def one(path: str) -> Answer:
            try:
                return Answer(path, site.verifier.verify(read_input(path, most_bytes=site.settings.max_bytes)))
            except GateError as exc:
                return Answer(path, error=exc)

        answers = run_each(one, files, description="verifying", quiet=as_json)
    if as_json:
        print_json({"results": [_build_answer(answer) for answer in answers]})
    else:
        for answer in answers:
            show(answer)
    raise typer.Exit(_gravest([2 if one.verification is None else exit_code(one.verification) for one in answers]))


def exit_code(verification: Verification) -> int:
    """Return 3 for a conflict, 1 for nothing found, else 0."""
    if verification.is_conflict:
        return 3
    return 1 if verification.state is JointState.NONE_FOUND else 0


def build_document(verification: Verification) -> dict[str, Any]:
    """Return the stable JSON form of a verification."""
    return {
        "state": verification.state.value,
        "conflict": verification.is_conflict,
        "summary": verification.summary,
        "asset_id": verification.asset_id,
        "manifest_id": verification.manifest_id,
        "layers": [
            {
                "name": layer.name,
                "technique": layer.technique,
                "status": layer.status.value,
                "text": layer.text,
                "detail": dict(layer.detail),
            }
            for layer in verification.layers
        ],
    }


def show(answer: Answer) -> None:
    """Print the table that people read."""
    if answer.verification is None:
        assert answer.error is not None
        OUT.print(plain(answer.name, "bold"), plain("error", "bold red"))
        OUT.print(plain(f"{answer.error} [{answer.error.code}]"))
        return
    verification = answer.verification
    state = plain(spell(verification.state.value), CODE_STYLES[exit_code(verification)])
    OUT.print(plain(answer.name, "bold"), state)
    OUT.print(plain(verification.summary))
    table = build_table("layer and technique", "answer", "what it says")
    for layer in verification.layers:
        table.add_row(
            Text("\n").join((plain(spell(layer.name)), plain(layer.technique, "dim"))),
            plain(spell(layer.status.value), STYLES[layer.status]),
            plain(layer.text),
        )
    OUT.print(table)


def spell(name: str) -> str:
    """Return an identifier as words."""
    return name.replace("_", " ")


def _build_answer(answer: Answer) -> dict[str, Any]:
    if answer.verification is None:
        assert answer.error is not None
        return {"name": answer.name, "state": "error", **describe_error(answer.error)}
    return {"name": answer.name, **build_document(answer.verification)}


def _gravest(codes: list[int]) -> int:
    return max(codes, key=(0, 1, 3, 2).index)

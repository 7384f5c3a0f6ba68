"""`chopmark verify`: ask every layer where a file comes from."""

from typing import Annotated, Any, Final

import typer

from api.console import OUT, build_table, describe_error, plain, print_json, read_input, teaching_errors
from api.settings import load_settings
from api.wiring import open_site
from provenance.errors import GateError
from provenance.verification import JointState, LayerStatus, Verification

app = typer.Typer()

STYLES: Final = {
    LayerStatus.FOUND: "green",
    LayerStatus.ABSENT: "dim",
    LayerStatus.FAILED: "bold red",
    LayerStatus.NOT_CHECKED: "yellow",
}


@app.command()
@teaching_errors
def command(
    files: Annotated[list[str], typer.Argument(help="Pictures; - reads one from a pipe.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Ask manifest, watermark, fingerprint, implicit label and ledger, each apart, then say how they fit together.

    Exits 0 for consistent provenance, 1 when none was found, 3 on conflict or tampering, 2 on an error; with several
    files the gravest counts.
    """
    documents: list[dict[str, Any]] = []
    codes = [0]
    with open_site(load_settings()) as site:
        for path in files:
            try:
                verification = site.verifier.verify(read_input(path))
            except GateError as exc:
                documents.append({"name": path, **describe_error(exc)})
                codes.append(2)
                if not as_json:
                    OUT.print(plain(f"{path}: {exc} [{exc.code}]", "bold red"))
                continue
            codes.append(exit_code(verification))
            documents.append({"name": path, **build_document(verification)})
            if not as_json:
                show(path, verification)
    if as_json:
        print_json({"results": documents})
    raise typer.Exit(_gravest(codes))


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


def show(name: str, verification: Verification) -> None:
    """Print the table that people read."""
    style = {0: "bold green", 1: "bold", 3: "bold red"}[exit_code(verification)]
    OUT.print(plain(name, "bold"), plain(verification.state.value.replace("_", " "), style))
    OUT.print(plain(verification.summary))
    table = build_table("layer", "answer", "what it says", "technique")
    for layer in verification.layers:
        table.add_row(
            layer.name.replace("_", " "),
            plain(layer.status.value.replace("_", " "), STYLES[layer.status]),
            plain(layer.text),
            plain(layer.technique, "dim"),
        )
    OUT.print(table)


def _gravest(codes: list[int]) -> int:
    return max(codes, key=(0, 1, 3, 2).index)

"""`chopmark verify`: ask every layer where a file comes from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from api.batch import run_each
from api.commands.verify_words import show_verification, spell
from api.console import (
    OUT,
    CommandUsageError,
    Json,
    describe_error,
    plain,
    print_json,
    print_summary,
    read_input,
    take_input,
    teaching_errors,
)
from api.settings import load_settings
from api.visiting import Visit, open_verifier
from provenance.errors import GateError
from provenance.verify.state import JointState, Verification

app = typer.Typer(add_completion=False)

CODE_STYLES: Final = {0: "bold green", 1: "bold", 3: "bold red"}
NOT_FOUND: Final = frozenset({JointState.NONE_FOUND, JointState.MANIFEST_ELSEWHERE})
"""States in which nothing was found that says where a file comes from."""

SIDECAR: Final = ".c2pa"
MAX_SIDECAR_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one file: a verification, or the error that kept it from one."""

    name: str
    verification: Verification | None = None
    error: GateError | None = None


@app.command()
@teaching_errors
def command(
    files: Annotated[list[str], typer.Argument(help="Pictures, or any file with a manifest; - reads one from a pipe.")],
    manifest: Annotated[
        str | None,
        typer.Option("--manifest", metavar="FILE", help="Read this manifest instead of one inside the file."),
    ] = None,
    fetch: Annotated[
        bool, typer.Option("--fetch", help="Fetch a manifest that the file says is kept elsewhere; uses the network.")
    ] = False,
    detailed: Annotated[bool, typer.Option("--detailed", help="Add techniques, codes and ingredients.")] = False,
    as_json: Json = False,
) -> None:
    """Ask manifest, watermark, fingerprint, implicit label and ledger, each apart, then say how they fit together.

    A manifest beside the file, of its name and .c2pa, is found by itself. Exits 0 for consistent provenance, 1 when
    none was found, 3 on conflict or where something does not hold, 2 on an error; with several files the gravest
    counts.
    """
    if manifest is not None and len(files) != 1:
        raise CommandUsageError(f"--manifest goes with one file, got {len(files)}")
    with open_verifier(load_settings()) as site:

        def one(path: str) -> Answer:
            try:
                return Answer(path, verify_file(site, path, manifest=manifest, fetch=fetch))
            except GateError as exc:
                return Answer(path, error=exc)

        answers = run_each(one, files, description="verifying", quiet=as_json)
    if as_json:
        print_json({"results": [_build_answer(answer) for answer in answers]})
    else:
        for answer in answers:
            show(answer, is_detailed=detailed)
        print_summary(spell(one.verification.state.value) if one.verification else "error" for one in answers)
    raise typer.Exit(_gravest([2 if one.verification is None else exit_code(one.verification) for one in answers]))


def verify_file(site: Visit, path: str, *, manifest: str | None = None, fetch: bool = False) -> Verification:
    """Verify one file with the manifest that is named, inside it, beside it or, if asked for, elsewhere.

    Raises:
        GateError: it cannot be read, or is nothing that can be looked at.
    """
    from provenance.manifests.fetching import fetch_manifest

    file = take_input(path, most_bytes=site.settings.verify_max_bytes)
    given = None if manifest is None else read_input(manifest, most_bytes=MAX_SIDECAR_BYTES)
    return site.verifier.verify(
        file, manifest_bytes=given, beside=find_sidecar(path), fetch=fetch_manifest if fetch else None
    )


def find_sidecar(path: str) -> bytes | None:
    """Return the manifest that lies beside a file under its name, if there is one."""
    if path == "-" or path.endswith(SIDECAR):
        return None
    for place in (Path(f"{path}{SIDECAR}"), Path(path).with_suffix(SIDECAR)):
        try:
            is_there = place.is_file()
        except OSError:
            continue  # such as a name that is too long
        if is_there:
            return read_input(str(place), most_bytes=MAX_SIDECAR_BYTES)
    return None


def exit_code(verification: Verification) -> int:
    """Return 3 for a conflict or for what does not hold, 1 for nothing found, else 0."""
    if verification.is_conflict:
        return 3
    return 1 if verification.state in NOT_FOUND else 0


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
        **({"remarks": list(verification.remarks)} if verification.remarks else {}),
        **({"grade": verification.grade.value} if verification.grade else {}),
    }


def show(answer: Answer, *, is_detailed: bool = False) -> None:
    """Print what people read."""
    if answer.verification is None:
        assert answer.error is not None
        OUT.print(plain(answer.name, "bold"), plain("error", "bold red"))
        OUT.print(plain(f"{answer.error} [{answer.error.code}]"))
        return
    style = CODE_STYLES[exit_code(answer.verification)]
    show_verification(answer.name, answer.verification, style, is_detailed=is_detailed)


def _build_answer(answer: Answer) -> dict[str, Any]:
    if answer.verification is None:
        assert answer.error is not None
        return {"name": answer.name, "state": "error", **describe_error(answer.error)}
    return {"name": answer.name, **build_document(answer.verification)}


def _gravest(codes: list[int]) -> int:
    return max(codes, key=(0, 1, 3, 2).index)

"""`chopmark models`: which weights are here, and how to get more. `pull` is the only verb that uses a network."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from api.console import (
    OUT,
    CommandUsageError,
    Json,
    build_progress,
    build_table,
    plain,
    print_json,
    print_line,
    teaching_errors,
)
from api.settings import load_settings
from api.wiring import open_home
from detectors.cards import CARDS_DIR, load_card
from detectors.weights import pull_weights

app = typer.Typer(no_args_is_help=True, add_completion=False)

KINDS: Final = ("clip", "diffusers")


@dataclass(frozen=True, slots=True)
class Known:
    """One set of weights on this machine."""

    kind: str
    name: str
    size_bytes: int
    path: str


@app.command("list")
@teaching_errors
def list_models(as_json: Json = False) -> None:
    """List detectors with their licences, and the weights that were pulled."""
    cards = [load_card(path.stem) for path in sorted(CARDS_DIR.glob("*.toml"))]
    pulled = find_pulled(load_settings().models_dir)
    if as_json:
        print_json(
            {
                "detectors": [
                    {"name": card.name, "version": card.version, "licence": card.licence, "weights": dict(card.weights)}
                    for card in cards
                ],
                "pulled": [
                    {"kind": item.kind, "name": item.name, "size_bytes": item.size_bytes, "path": item.path}
                    for item in pulled
                ],
            }
        )
        return
    table = build_table("detector", "asks", "licence", "weights")
    for card in cards:
        table.add_row(card.name, plain(card.question), plain(card.licence), plain(", ".join(card.weights) or "none"))
    OUT.print(table)
    weights = build_table("pulled", "name", "size")
    for item in pulled:
        weights.add_row(item.kind, plain(item.name), f"{item.size_bytes / 2**20:.0f} MiB")
    OUT.print(weights if pulled else "no weights were pulled; chopmark models pull clip ViT-B-32 laion2b_s34b_b79k")


@app.command()
@teaching_errors
def pull(
    kind: Annotated[str, typer.Argument(help="clip or diffusers.")],
    name: Annotated[str, typer.Argument(help="open_clip architecture, or hub id of a diffusers pipeline.")],
    revision: Annotated[str, typer.Argument(help="open_clip tag, or 40-character commit of the pipeline.")],
    sha256: Annotated[str, typer.Option(help="Digest to insist on (clip).")] = "",
    as_json: Json = False,
) -> None:
    """Download weights into the data directory. Uses the network, and says so by being asked for."""
    if kind not in KINDS:
        raise CommandUsageError(f"expected one of {', '.join(KINDS)}, got {kind!r}")
    settings = load_settings()
    open_home(settings).close()
    settings.models_dir.mkdir(parents=True, exist_ok=True)
    with build_progress(quiet=as_json, counted=False) as bar:
        bar.add_task(f"pulling {name}", total=None)
        if kind == "clip":
            path = pull_weights(settings.models_dir, name, revision, expected=sha256)
        else:
            from generation.pull import pull_pipeline

            path = pull_pipeline(settings.models_dir, name, revision)
    if as_json:
        print_json({"kind": kind, "name": name, "revision": revision, "path": str(path)})
        return
    page = "detectors" if kind == "clip" else "generation"
    print_line(f"pulled into {path}; docs/{page}.md says how to enable it")


def find_pulled(models_dir: Path) -> list[Known]:
    """Return what lies in the models folder."""
    found = []
    for kind in KINDS:
        for folder in sorted((models_dir / kind).glob("*")):
            size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
            found.append(Known(kind, folder.name, size, str(folder)))
    return found

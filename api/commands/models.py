"""`chopmark models`: which weights are here, and how to get more. `pull` is the only verb that uses a network."""

import json
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final

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
from api.home import make_home
from api.settings import load_settings
from detectors.cards import CARDS_DIR, load_card
from detectors.published import PUBLISHED as CLIPS
from detectors.published import find_published as find_clip
from detectors.weights import pull_weights
from generation.published import PUBLISHED as PIPELINES
from generation.published import find_published as find_pipeline
from generation.weights import read_class, read_config

app = typer.Typer(no_args_is_help=True, add_completion=False)

KINDS: Final = ("clip", "diffusers", "transformers")


_SPEAK: Final = ("vits",)
_FILM: Final = (
    "Allegro", "AnimateDiff", "CogVideoX", "Cosmos", "HunyuanVideo", "LTX", "Mochi", "SkyReels", "StableVideo", "Wan",
)  # fmt: skip
"""How names of pipelines begin that make clips."""


@dataclass(frozen=True, slots=True)
class Known:
    """One set of weights on this machine."""

    kind: str
    name: str
    size_bytes: int
    path: str


@dataclass(frozen=True, slots=True)
class Pullable:
    """One set of weights that `pull` knows by name, with its commit.

    `sha256` has the digests that are known beforehand, by file; of what is not there, the first pull notes them.
    """

    kind: str
    name: str
    revision: str
    licence: str
    sha256: dict[str, str]


@app.command("list")
@teaching_errors
def list_models(as_json: Json = False) -> None:
    """List detectors with their licences, the weights that were pulled, and those that `pull` knows."""
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
                "can_be_pulled": [asdict(item) for item in find_pullable()],
            }
        )
        return
    table = build_table("detector", "asks", "licence", "weights")
    for card in cards:
        table.add_row(card.name, plain(card.question), plain(card.licence), plain(", ".join(card.weights) or "none"))
    OUT.print(table)
    OUT.print()
    weights = build_table("pulled", "name", "size")
    for item in pulled:
        weights.add_row(item.kind, plain(item.name), f"{item.size_bytes / 2**20:.0f} MiB")
    OUT.print(weights if pulled else "no weights were pulled; what came along is enough to begin with")
    OUT.print()
    pullable = build_table("can be pulled", "name", "licence", "digest")
    for one in find_pullable():
        digest = "known" if one.sha256 else "noted at the first pull"
        pullable.add_row(one.kind, plain(one.name), plain(one.licence), digest)
    OUT.print(pullable)


@app.command()
@teaching_errors
def pull(
    kind: Annotated[str, typer.Argument(help="clip, diffusers or transformers.")],
    name: Annotated[str, typer.Argument(help="open_clip architecture, or hub id of a pipeline or model.")],
    revision: Annotated[
        str, typer.Argument(help="open_clip tag, or commit of the pipeline; not needed for what `models list` knows.")
    ] = "",
    sha256: Annotated[str, typer.Option(help="Digest to insist on (clip).")] = "",
    as_json: Json = False,
) -> None:
    """Download weights into the data directory. Uses the network, and says so by being asked for."""
    if kind not in KINDS:
        raise CommandUsageError(f"expected one of {', '.join(KINDS)}, got {kind!r}")
    settings = load_settings()
    make_home(settings)
    settings.models_dir.mkdir(parents=True, exist_ok=True)
    fetch = _pull_clip if kind == "clip" else partial(_pull_pipeline, kind)
    with build_progress(quiet=as_json, counted=False) as bar:
        bar.add_task(f"pulling {name}", total=None)
        path, revision, options = fetch(settings.models_dir, name, revision, sha256)
    if as_json:
        print_json({"kind": kind, "name": name, "revision": revision, "path": str(path), "options": options})
        return
    print_line(f"pulled into {path}")
    setting = "CHOPMARK_DETECTOR_OPTIONS" if kind == "clip" else "CHOPMARK_BACKEND_OPTIONS"
    plugin, maker = ("clip", "") if kind == "clip" else _find_use(path, kind)
    print_line(f"to use it: export {setting}='{json.dumps({plugin: options})}'{maker}")


def _find_use(folder: Path, kind: str) -> tuple[str, str]:
    """Return which backend runs a pulled folder, and what else has to be set for it."""
    if kind == "transformers":
        speaks = read_config(folder)["model_type"] in _SPEAK
        backend, maker = ("transformers_speech", "VOICES") if speaks else ("transformers_music", "MUSIC")
    elif read_class(folder).startswith(_FILM):
        backend, maker = "diffusers_video", "CLIPS"
    else:
        return "diffusers_local", ""
    return backend, f" CHOPMARK_MAKERS__{maker}={backend}"


def _pull_clip(models_dir: Path, name: str, tag: str, sha256: str) -> tuple[Path, str, dict[str, Any]]:
    known = find_clip(name, tag)
    tag = tag or (known.tag if known else "")
    if not tag:
        raise CommandUsageError(f"which weights of {name}? Its open_clip tag is needed, such as openai")
    path = pull_weights(models_dir, name, tag, expected=sha256, published=known)
    return path, tag, {"model": name, "pretrained": tag}


def _pull_pipeline(kind: str, models_dir: Path, name: str, revision: str, _: str) -> tuple[Path, str, dict[str, Any]]:
    from generation.pull import pull_pipeline

    known = find_pipeline(name, revision) if kind == "diffusers" else None
    revision = revision or (known.revision if known else "")
    path = pull_pipeline(models_dir, name, revision, kind=kind, published=known)
    return path, revision, {"model": str(path), **(known.options if known else {})}


def find_pullable() -> list[Pullable]:
    """Return what `pull` knows by name."""
    clips = [
        Pullable("clip", one.architecture, one.revision, one.licence, {one.filename: one.sha256} if one.sha256 else {})
        for one in CLIPS
    ]
    pipelines = [Pullable("diffusers", one.hub_id, one.revision, one.licence, dict(one.digests)) for one in PIPELINES]
    return clips + pipelines


def find_pulled(models_dir: Path) -> list[Known]:
    """Return what lies in the models folder."""
    found = []
    for kind in KINDS:
        for folder in sorted((models_dir / kind).glob("*")):
            size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
            found.append(Known(kind, folder.name, size, str(folder)))
    return found

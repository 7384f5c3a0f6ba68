"""`chopmark watermark`: lay, read and locate marks without the gate; nothing is recorded or signed.

Marks made here have ids of their own, so verification finds no release for them.
"""

import math
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Protocol, TypeVar, runtime_checkable

import typer
from rich.console import Console

from api.batch import run_each
from api.commands.release import open_output
from api.console import (
    ERR,
    EXIT_ERROR,
    OUT,
    CommandUsageError,
    Json,
    build_table,
    describe_error,
    plain,
    print_json,
    print_summary,
    read_input,
    take_input,
    teaching_errors,
)
from api.output import OUT_HELP, Force
from api.reading import load_media, load_site_keys
from api.releasing import Source, plan_sources
from api.settings import Settings, load_settings
from provenance.asset import Frame
from provenance.errors import GateError, UnmarkableError
from provenance.manifests.keys import SECRET_BYTES
from provenance.media.limits import OWN_LIMITS, IntakeLimits
from provenance.media.picture.image import Picture, encode_image, parse_image, shipping_type
from provenance.seal.sealed import build_payload, payload_bytes
from provenance.storage.blob import Blob
from provenance.watermarks.base import WATERMARKS, Reading, Watermark, WatermarkKey
from provenance.watermarks.tile.pose import build_pose

if TYPE_CHECKING:
    from provenance.watermarks.tile.detection import Detection

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, add_completion=False)

_PAYLOAD_DIGITS: Final = 16
_ID_BITS: Final = 56
# What a soft binding names a key by.
_KEY_ID_LENGTH: Final = 16
# Largest key file that is read: hexadecimal digits and a line end.
_MOST_KEY_BYTES: Final = 2 * SECRET_BYTES + 2

Files = Annotated[list[str], typer.Argument(help="Pictures; - reads one from a pipe.")]
KeyFile = Annotated[
    Path | None,
    typer.Option("--key", help="File with a secret of 32 bytes or 64 hexadecimal digits; else the site's keys."),
]
Scheme = Annotated[str, typer.Option("--scheme", help="Scheme by its name; else as the settings say.")]


@runtime_checkable
class Locates(Protocol):
    """A scheme that tells where its mark lies."""

    def inspect(self, frame: Frame) -> "Detection | None":
        """Return what was found and where it lies, or None."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one file.

    Attributes:
        name: as given.
        facts: for JSON; empty where nothing was found.
        error: what kept it from an answer.
    """

    name: str
    facts: dict[str, Any] = field(default_factory=dict)
    error: GateError | None = None


@app.command()
@teaching_errors
def embed(
    files: Files,
    out: Annotated[str, typer.Option("-o", "--out", help=OUT_HELP)],
    payload: Annotated[str, typer.Option(help="16 hexadecimal digits; else version 01 and a random id.")] = "",
    key: KeyFile = None,
    scheme: Scheme = "",
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Write marked copies in the files' own formats, without their metadata; GIF becomes PNG, HEIC becomes JPEG.

    Each copy is read back from the file that was written. PSNR compares pixels before the file format's own loss.
    Exits 0, or 2 when a file could not be marked.
    """
    settings = load_settings()
    value = _parse_payload(payload) if payload else None
    marker = WATERMARKS.load(scheme or settings.watermark)(load_keys(settings, key, may_make=True))
    paths = tuple(dict.fromkeys(files))  # a file named twice is marked once
    target = open_output(out, paths, str(key or ""), force=force, as_json=as_json)
    sources = plan_sources(paths, target, load_media(settings), most_bytes=settings.max_bytes)
    if len(sources) == 1 and isinstance(sources[0].place, GateError):
        raise sources[0].place

    def one(source: Source) -> dict[str, Any]:
        file, place = source.open(settings.max_bytes)
        place.verify(file.size_bytes)
        picture = _parse_picture(settings, file)
        given = build_payload(secrets.randbits(_ID_BITS)) if value is None else value
        marked, facts = _embed(marker, picture, given)
        return {"state": "marked", "output": place.write(marked), **facts}

    answers = _answer_each(one, sources, "marking", quiet=as_json)
    _tell(answers, as_json=as_json, show=_show_marked, console=ERR if target.is_stream else OUT)
    raise typer.Exit(EXIT_ERROR if any(answer.error for answer in answers) else 0)


@app.command()
@teaching_errors
def extract(files: Files, key: KeyFile = None, scheme: Scheme = "", as_json: Json = False) -> None:
    """Read marks: payload, key, score, and the chance of such a reading in an unmarked picture.

    A mark is evidence and no proof: it can be copied. Exits 0 when every file has one, 1 when one has none, 2 on an
    error.
    """
    settings = load_settings()
    keys = load_keys(settings, key)
    schemes = [WATERMARKS.load(name)(keys) for name in ((scheme,) if scheme else settings.read_watermarks)]

    def one(path: str) -> dict[str, Any]:
        reading = _read(schemes, _load_picture(settings, path))
        return {} if reading is None else {**asdict(reading), "payload": _spell(reading.payload)}

    answers = _answer_each(one, files, "reading", quiet=as_json)
    _tell(answers, as_json=as_json, show=_show_readings)
    raise typer.Exit(_code_of(answers))


@app.command()
@teaching_errors
def inspect(files: Files, key: KeyFile = None, scheme: Scheme = "", as_json: Json = False) -> None:
    """Tell where a mark lies: how it was turned, scaled, stretched, mirrored, and which search found it.

    Exits 0 when every file has a mark, 1 when one has none, 2 on an error.
    """
    settings = load_settings()
    name = scheme or settings.watermark
    locator = WATERMARKS.load(name)(load_keys(settings, key))
    if not isinstance(locator, Locates):
        raise CommandUsageError(
            f"scheme {name!r} does not tell where its mark lies; chopmark watermark extract reads it"
        )

    def one(path: str) -> dict[str, Any]:
        found = locator.inspect(_load_picture(settings, path).frame)
        return {} if found is None else {"scheme": name, **_describe(found)}

    answers = _answer_each(one, files, "looking", quiet=as_json)
    _tell(answers, as_json=as_json, show=_show_places)
    raise typer.Exit(_code_of(answers))


def load_keys(settings: Settings, path: Path | None, *, may_make: bool = False) -> tuple[WatermarkKey, ...]:
    """Return the key in a file, named after it, or else the site's keys; with `may_make`, those of a new site.

    Raises:
        CommandUsageError: the file holds something else than a secret.
        ConfigurationError: the site's keys are damaged, or others can read them.
    """
    if path is None:
        return load_site_keys(settings, may_make=may_make).marks
    data = read_input(str(path), most_bytes=_MOST_KEY_BYTES)
    name = "".join(char for char in path.stem if char.isascii() and char.isprintable())[:_KEY_ID_LENGTH] or "key"
    if len(data) == SECRET_BYTES:
        return (WatermarkKey(name, data),)
    try:
        secret = bytes.fromhex(data.decode("ascii").strip())
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise CommandUsageError(
            f"expected {SECRET_BYTES} bytes or {2 * SECRET_BYTES} hexadecimal digits in {path}, got {len(data)} bytes "
            f"of something else: head -c {SECRET_BYTES} /dev/urandom > my.key makes a key"
        )
    return (WatermarkKey(name, secret),)


def _parse_payload(text: str) -> int:
    if len(text) != _PAYLOAD_DIGITS or not all(char in "0123456789abcdefABCDEF" for char in text):
        raise CommandUsageError(f"expected a payload of {_PAYLOAD_DIGITS} hexadecimal digits, got {text!r}")
    return int(text, 16)


def _load_picture(settings: Settings, path: str) -> Picture:
    return _parse_picture(settings, take_input(path, most_bytes=settings.max_bytes))


def _parse_picture(settings: Settings, file: Blob) -> Picture:
    limits = IntakeLimits(max_bytes=settings.max_bytes, max_pixels=settings.max_pixels)
    return parse_image(file.octets(), limits=limits)


def _embed(marker: Watermark, picture: Picture, payload: int) -> tuple[bytes, dict[str, Any]]:
    """Return the marked file and the facts about it, read back from it.

    Raises:
        UnmarkableError: the picture cannot carry the mark, or the file format takes it away.
    """
    frame = marker.embed(picture.frame, payload)
    copy = Picture.from_frame(frame, alpha=picture.alpha, media_type=picture.media_type)
    data = encode_image(copy, shipping_type(picture.media_type))
    reading = marker.extract(parse_image(data, limits=OWN_LIMITS).frame)
    if reading is None or reading.payload != payload:
        raise UnmarkableError("the mark does not read back from the file that was written")
    facts = {
        "payload": _spell(payload),
        "psnr_db": round(measure_psnr_db(picture.frame, frame), 2),
        "key_id": reading.key_id,
        "scheme": reading.scheme,
        "alg": reading.alg,
    }
    return data, facts


def measure_psnr_db(one: Frame, other: Frame) -> float:
    """Return the peak signal-to-noise ratio of two frames; infinite where they are equal."""
    error = float(((one.astype("float32") - other.astype("float32")) ** 2).mean())
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


def _read(schemes: Iterable[Watermark], picture: Picture) -> Reading | None:
    readings = (scheme.extract(picture.frame) for scheme in schemes)
    return next((reading for reading in readings if reading is not None), None)


def _describe(found: "Detection") -> dict[str, Any]:
    return {
        "payload": _spell(found.match.payload),
        "key_id": found.key_id,
        "score": found.match.score,
        "sync": found.sync,
        "corrected_bits": found.match.corrected_bits,
        "search": found.stage,
        "pose": asdict(build_pose(found.geometry)),
        "geometry": found.geometry.tolist(),
    }


def _spell(payload: int) -> str:
    # As text: a JSON reader that keeps numbers as doubles would change 64 bits.
    return payload_bytes(payload).hex()


def _answer_each(
    one: Callable[[T], dict[str, Any]], files: Sequence[T], description: str, *, quiet: bool
) -> list[Answer]:
    def answer(item: T) -> Answer:
        path = item.path if isinstance(item, Source) else str(item)
        try:
            return Answer(path, one(item))
        except GateError as exc:
            return Answer(path, error=exc)

    return run_each(answer, files, description=description, quiet=quiet)


def _code_of(answers: Sequence[Answer]) -> int:
    if any(answer.error for answer in answers):
        return EXIT_ERROR
    return 0 if all(answer.facts for answer in answers) else 1


def _tell(
    answers: Sequence[Answer],
    *,
    as_json: bool,
    show: Callable[[Sequence[Answer], Console], None],
    console: Console = OUT,
) -> None:
    if as_json:
        print_json({"results": [_build_document(answer) for answer in answers]})
        return
    show(answers, console)
    for answer in answers:
        if answer.error:
            console.print(plain(f"{answer.name}: {answer.error} [{answer.error.code}]", "red"), soft_wrap=True)
    print_summary(map(_word, answers), console=console)


def _word(answer: Answer) -> str:
    if answer.error is not None:
        return "error"
    return str(answer.facts.get("state", "with a mark")) if answer.facts else "without a mark"


def _build_document(answer: Answer) -> dict[str, Any]:
    if answer.error is not None:
        return {"name": answer.name, "state": "error", **describe_error(answer.error)}
    return {"name": answer.name, "state": "found" if answer.facts else "none_found", **answer.facts}


def _show_marked(answers: Sequence[Answer], console: Console) -> None:
    _show_table(answers, console, {"payload": "payload", "PSNR": "psnr_db", "key": "key_id", "written": "output"})


def _show_readings(answers: Sequence[Answer], console: Console) -> None:
    columns = {"payload": "payload", "key": "key_id", "scheme": "scheme", "score": "score"}
    _show_table(answers, console, {**columns, "chance in an unmarked picture": "false_positive_bound"})


def _show_places(answers: Sequence[Answer], console: Console) -> None:
    columns = {"payload": "payload", "key": "key_id", "search": "search", "how it lies": "pose", "score": "score"}
    _show_table(answers, console, {**columns, "sync": "sync", "corrected": "corrected_bits"})


def _show_table(answers: Sequence[Answer], console: Console, columns: dict[str, str]) -> None:
    shown = [answer for answer in answers if answer.error is None]
    if not shown:
        return
    table = build_table("file", *columns)
    for answer in shown:
        cells = [plain(_cell(name, answer.facts[name])) for name in columns.values()] if answer.facts else []
        table.add_row(plain(answer.name), *(cells or [plain("none found", "dim")]))
    console.print(table)


def _cell(name: str, value: Any) -> str:  # noqa: ANN401 - a JSON value
    if value is None:
        return ""
    if name == "pose":
        stretch = f", stretched {value['stretch']:.3f}" if value["stretch"] > 1.005 else ""
        mirrored = ", mirrored" if value["is_mirrored"] else ""
        return f"turned {value['turn_deg']:.1f}\N{DEGREE SIGN}, scale {value['scale']:.3f}{stretch}{mirrored}"
    if name == "psnr_db":
        return f"{value:.1f} dB"
    if name == "false_positive_bound":
        return f"at most {value:.0e}"
    return f"{value:.1f}" if isinstance(value, float) else str(value)

"""`chopmark demo`: the main job on the embedded defaults, and proof of what it did. Needs no network and no weights."""

import io
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from PIL import Image, ImageEnhance
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from api.commands.release import Ended, build_document, end_one, show
from api.commands.verify import build_document as build_verification
from api.commands.verify import exit_code
from api.console import ERR, OUT, build_table, plain, print_json, teaching_errors
from api.settings import load_settings
from api.wiring import Site, open_site
from policies.decision import Outcome
from policies.deployment import Submission
from provenance.errors import GateError, MissingExtraError
from provenance.media.image import parse_image
from provenance.verification import LayerStatus, Verification

app = typer.Typer()

PROMPTS: Final = (
    ("a red lighthouse above a calm sea at dusk", ("baseline",)),
    ("夜晚的山谷与星空", ("baseline", "cn-labeling-2025")),
    ("a loaded pistol on a kitchen table", ("baseline",)),
)
PHOTOGRAPHS: Final = (
    ("coffee.png", ("baseline",)),
    ("chelsea.png", ("baseline", "eu-ai-act-50")),
    ("rocket.jpg", ("baseline",)),
    ("hubble_deep_field.jpg", ("baseline", "cn-labeling-2025")),
)
WORK: Final = "motorcycle_left.png"
"""Registered as somebody's work before the run."""


@dataclass(frozen=True, slots=True)
class Proof:
    """One thing that was done to a released file, and what verification said."""

    done: str
    verification: Verification


@app.command()
@teaching_errors
def command(
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the sealed files.")] = Path("out"),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Walk prompts and photographs through the gate, then prove what it did. Takes less than a minute."""
    began = time.monotonic()
    photographs = find_photographs()
    out.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(out / "site", ignore_errors=True)
    with open_site(load_settings(home=out / "site")) as site, build_bar(quiet=as_json) as bar:
        task = bar.add_task("warming up", total=None)
        site.warm()
        register_work(site, photographs)
        submissions = list(build_submissions(site, photographs, lambda text: bar.update(task, description=text)))
        bar.update(task, description="through the gate", total=len(submissions), completed=0)
        ended = []
        with ThreadPoolExecutor(2) as pool:
            for item in pool.map(lambda one: end_one(site, one, out, several=True), submissions):
                ended.append(item)
                bar.advance(task)
        bar.update(task, description="proving it", total=None)
        proofs = prove(site, ended)
    if as_json:
        print_json(
            {
                "results": [build_document(item) for item in ended],
                "proofs": [{"done": proof.done, **build_verification(proof.verification)} for proof in proofs],
            }
        )
        return
    show(ended)
    show_proofs(proofs)
    released = sum(1 for item in ended if item.result and item.result.outcome is Outcome.RELEASE)
    OUT.print(plain(f"{released} sealed files in {out}/, {time.monotonic() - began:.0f} s. Next: chopmark verify {out}/*.png"))


def find_photographs() -> Path:
    """Return the folder of photographs that scikit-image brings along.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import skimage
    except ImportError as exc:
        raise MissingExtraError("the demo needs its photographs: pip install 'chopmark[demo]'") from exc
    return Path(skimage.__file__).parent / "data"


def build_bar(*, quiet: bool) -> Progress:
    """Return the demo's progress display, on standard error."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=ERR, disable=quiet or not ERR.is_terminal, transient=True)


def register_work(site: Site, photographs: Path) -> None:
    """Register one photograph as somebody's work."""
    picture = parse_image((photographs / WORK).read_bytes(), limits=site.deployment.limits)
    site.deployment.works.register(picture, title="Motorcycle, left view", owner="A. Rights-Holder")


def build_submissions(site: Site, photographs: Path, say: Callable[[str], None]) -> Iterator[Submission]:
    """Yield what the demo hands in: drawn pictures, photographs, a near-copy of the work, and a blank picture."""
    for prompt, packs in PROMPTS:
        say("drawing")
        yield site.draw(prompt, seed=7, packs=packs)
    for name, packs in PHOTOGRAPHS:
        yield Submission((photographs / name).read_bytes(), name=name, packs=packs)
    with Image.open(photographs / WORK) as work:
        small = work.convert("RGB").resize((work.width * 3 // 4, work.height * 3 // 4))
        yield Submission(encode_jpeg(ImageEnhance.Brightness(small).enhance(1.1), 60), name="near-copy-of-the-work.jpg")
    yield Submission(encode_jpeg(Image.new("RGB", (640, 480), (120, 130, 140)), 90), name="blank.jpg")


def prove(site: Site, ended: list[Ended]) -> list[Proof]:
    """Verify what was released, then strip, wear down and tamper with it, and ask again."""
    files = [Path(item.written) for item in ended if item.written]
    photographs = [path for path in files if not path.name.startswith("drawn")]
    proofs = [Proof(f"verify {path.name}", site.verifier.verify(path.read_bytes())) for path in files]
    stripped = strip(photographs[0].read_bytes())
    proofs.append(Proof(f"strip all metadata from {photographs[0].name}", site.verifier.verify(stripped)))
    proofs.append(wear_down(site, photographs[1]))
    tampered = tamper(next(path for path in files if path.suffix == ".jpg").read_bytes())
    proofs.append(Proof("change one byte of a released JPEG", site.verifier.verify(tampered)))
    return proofs


def strip(data: bytes) -> bytes:
    """Return the same pixels in a new PNG without any metadata, as a platform would."""
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(data)) as picture:
        Image.frombytes("RGB", picture.size, picture.convert("RGB").tobytes()).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def wear_down(site: Site, path: Path) -> Proof:
    """Recompress and brighten until the watermark is gone; the fingerprint still finds the release."""
    with Image.open(path) as picture:
        plain_picture = picture.convert("RGB")
    for quality, gain in ((70, 1.05), (50, 1.1), (35, 1.2), (25, 1.3), (15, 1.3)):
        worn = encode_jpeg(ImageEnhance.Brightness(plain_picture).enhance(gain), quality)
        verification = site.verifier.verify(worn)
        if verification.layer("watermark").status is LayerStatus.ABSENT:
            done = f"recompress {path.name} at quality {quality} and brighten by {gain - 1:.0%}"
            return Proof(done, verification)
    raise GateError(f"the watermark of {path.name} outlived every recompression tried")


def tamper(data: bytes) -> bytes:
    """Return a JPEG with one bit changed in the middle of its picture data."""
    changed = bytearray(data)
    start = changed.rindex(b"\xff\xda")
    place = (start + len(changed)) // 2
    while changed[place] in {0x00, 0xFF} or changed[place - 1] == 0xFF or changed[place] ^ 1 in {0x00, 0xFF}:
        place += 1
    changed[place] ^= 1
    return bytes(changed)


def encode_jpeg(picture: Image.Image, quality: int) -> bytes:
    """Return `picture` as a JPEG without metadata."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def show_proofs(proofs: list[Proof]) -> None:
    """Print what was done and what verification said of it."""
    table = build_table("what was done", "joint state", "found", "says")
    styles = {0: "bold green", 1: "bold", 3: "bold red"}
    for proof in proofs:
        found = [layer.name for layer in proof.verification.layers if layer.status is LayerStatus.FOUND]
        row: list[Any] = [
            plain(proof.done),
            plain(proof.verification.state.value.replace("_", " "), styles[exit_code(proof.verification)]),
            plain(", ".join(name.replace("_", " ") for name in found)),
            plain(proof.verification.summary),
        ]
        table.add_row(*row)
    OUT.print(table)

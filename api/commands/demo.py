"""`chopmark demo`: the main job on the embedded defaults, and proof of what it did. Needs no network."""

import shutil
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from hashlib import file_digest
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from PIL import Image
from rich.progress import Progress, TaskID

from api.batch import count_threads
from api.commands.demo_clips import LONGER, SKIPPED, make_clips, makes_clips, take_clips, tell_chain
from api.commands.demo_edits import cut, encode_jpeg, make_poster, strip, tamper, wear_steps
from api.commands.demo_wishes import SILENT, WISHES, draw_wishes, find_wish, judge_wish
from api.commands.release import WORDS, build_document, show
from api.commands.verify import CODE_STYLES, exit_code
from api.commands.verify import build_document as build_verification
from api.commands.verify_words import spell
from api.console import (
    EXIT_ERROR,
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
from api.durable import write_whole
from api.escape import quote_file, quote_word
from api.output import Output, parse_output, telling_os_errors
from api.releasing import HEAD_BYTES, Ended, end_one, find_shipping_type
from api.settings import build_default_settings
from api.wiring import Site, open_site
from policies.line.deployment import Submission
from provenance.asset import MediaType
from provenance.errors import GateError, MissingExtraError
from provenance.media.picture.image import encode_image, parse_image
from provenance.storage.blob import Blob
from provenance.verify.state import JointState, LayerStatus, Verification
from provenance.works.drawing import draw_match

app = typer.Typer(add_completion=False)

PHOTOGRAPHS: Final = (
    ("coffee.png", ("baseline",)),
    ("chelsea.png", ("baseline", "eu-ai-act-50")),
    ("rocket.jpg", ("baseline",)),
    ("hubble_deep_field.jpg", ("baseline", "cn-labeling-2025")),
)
"""Real pictures; here they stand for what a generator hands in, so they are marked as generated."""
WORK: Final = "motorcycle_left.png"
"""Registered as somebody's work before the run."""
MADE_BY: Final = "made-by-demo"
"""A file in every site that a demo made; no other is ever removed."""
ARMS: Final = "cannon.jpg"
"""A photograph of a weapon, by the name that it has in the demo; `_ARMS_FILE` of the package `_ARMS_PACKAGE`."""
_ARMS_PACKAGE: Final = "foolbox"
_ARMS_FILE: Final = "data/imagenet_13_471.jpg"
COPY: Final = "near-copy.jpg"
POSTER: Final = "poster.jpg"
SHEET: Final = "poster-beside-the-work.png"
"""In the demo's site: the part of the work that the poster shows, framed in both."""


@dataclass(frozen=True, slots=True)
class Proof:
    """One thing that was done to a picture, what should come of it and what did.

    Attributes:
        done: for people.
        expected, got: joint states of a verification, or outcomes of a release.
        says: one line for a person.
        is_conflict: whether what came of it speaks against the picture.
        verification: in full, where there was one.
    """

    done: str
    expected: str
    got: str
    says: str
    is_conflict: bool = False
    verification: Verification | None = None

    @property
    def holds(self) -> bool:
        """Whether what came of it is what should."""
        return self.got == self.expected


@app.command()
@teaching_errors
def command(
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the sealed files.")] = Path("out"),
    as_json: Json = False,
) -> None:
    """Walk prompts and photographs through the gate, then prove what it did. Takes a minute or two.

    It has a site of its own in OUT/site, made anew each time, and reads no settings. Exits 0 when every proof holds.
    """
    began = time.monotonic()
    photographs = find_photographs()
    remove_earlier(out)
    target = parse_output(f"{out}/", several=True)
    mark_as_ours(out / "site")
    settings = build_default_settings(out / "site")
    settings = take_clips(settings) if makes_clips() else settings
    with open_site(settings, quiet=True) as site, build_progress(quiet=as_json) as bar:
        task = bar.add_task("warming up", total=None)
        site.warm()
        register_work(site, photographs)
        submissions = build_submissions(site, photographs, bar, task)
        ended = release_all(site, submissions, target, bar, task)
        if makes_clips():
            bar.update(task, description="animating a cat", total=None)
            ended += make_clips(site, submissions, ended, target)
        proofs = prove(site, ended, bar, task)
        draw_sheet(site, photographs)
    if as_json:
        results = [build_document(item) for item in ended]
        print_json({"results": results, "proofs": [build_proof(proof) for proof in proofs], "site": str(out / "site")})
    else:
        print_line("What went through the gate", "bold")
        show(ended)
        OUT.print()
        print_line("What should become of it, and what did", "bold")
        show_proofs(proofs)
        _show_end(ended, proofs, out, time.monotonic() - began)
    if not all(proof.holds for proof in proofs):
        raise typer.Exit(EXIT_ERROR)


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


def find_arms() -> Path:
    """Return the photograph of a cannon that Foolbox brings along; nothing of that package is imported.

    Raises:
        MissingExtraError: it is not installed.
    """
    found = find_spec(_ARMS_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise MissingExtraError("the demo needs its photographs: pip install 'chopmark[demo]'")
    return Path(found.submodule_search_locations[0]) / _ARMS_FILE


def remove_earlier(out: Path) -> None:
    """Remove the site of an earlier demo and the files that it released into `out`, and nothing else that lies there.

    Raises:
        CommandUsageError: there is such a folder, but no demo made it.
    """
    site = out / "site"
    if site.exists() and not (site / MADE_BY).exists():
        raise CommandUsageError(
            f"{site} was not made by a demo of this version: name another folder with --out, or move that one away"
        )
    made = {hash_file(path) for path in (site / "public").rglob("media.*")}
    if made:
        for path in out.iterdir():
            if path.is_file() and not path.is_symlink() and hash_file(path) in made:
                path.unlink()
    shutil.rmtree(site, ignore_errors=True)


def mark_as_ours(site: Path) -> None:
    """Make the folder of a demo's site, marked so that the next demo may remove it, however this one ends.

    Raises:
        FileAccessError: it cannot be made.
    """
    with telling_os_errors(site):
        site.mkdir(mode=0o700, parents=True)
        (site / MADE_BY).touch(mode=0o600)


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file, as hexadecimal."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def register_work(site: Site, photographs: Path) -> None:
    """Register one photograph as somebody's work."""
    picture = parse_image((photographs / WORK).read_bytes(), limits=site.deployment.limits)
    site.deployment.works.register(picture, title="Motorcycle, left view", owner="A. Rights-Holder")


def build_submissions(site: Site, photographs: Path, bar: Progress, task: TaskID) -> list[Submission]:
    """Return what the demo hands in: drawn pictures, photographs, two copies of the work, and a blank picture."""
    made: list[Submission] = []
    bar.update(task, description="drawing", total=len(WISHES), completed=0)
    made += draw_wishes(site, WISHES, lambda: bar.advance(task))
    for name, packs in PHOTOGRAPHS:
        made.append(Submission(Blob.from_path(photographs / name), name=name, packs=packs))
    made.append(Submission(Blob.from_path(find_arms()), name=ARMS))
    with Image.open(photographs / WORK) as work:
        small = work.convert("RGB").resize((work.width * 3 // 4, work.height * 3 // 4))
        poster = make_poster(work.convert("RGB"))
    made.append(Submission(Blob.from_bytes(encode_jpeg(small, quality=60, gain=1.1)), name=COPY))
    made.append(Submission(Blob.from_bytes(poster), name=POSTER))
    blank = encode_jpeg(Image.new("RGB", (640, 480), (120, 130, 140)), quality=90)
    made.append(Submission(Blob.from_bytes(blank), name="blank.jpg"))
    return made


def release_all(
    site: Site, submissions: Sequence[Submission], target: Output, bar: Progress, task: TaskID
) -> list[Ended]:
    """Walk all of them through the gate, on every core; sealed files land in the target."""
    media = site.deployment.media
    heads = [one.unverified_file.read_at(0, HEAD_BYTES) for one in submissions]
    places = [
        target.choose(one.name, find_shipping_type(media, head)) for one, head in zip(submissions, heads, strict=True)
    ]
    bar.update(task, description="through the gate", total=len(submissions), completed=0)
    ended = []
    with ThreadPoolExecutor(count_threads(len(submissions))) as pool:
        for item in pool.map(lambda one: end_one(site, *one), zip(submissions, places, strict=True)):
            ended.append(item)
            bar.advance(task)
    return ended


def prove(site: Site, ended: Sequence[Ended], bar: Progress, task: TaskID) -> list[Proof]:
    """Verify what was released; then strip, wear down and tamper with it, and ask again.

    Raises:
        GateError: the gate did not release what the proofs need.
    """
    files = [Path(item.written) for item in ended if item.written]
    photographs = [path for path in files if not path.name.startswith("drawn")]
    jpegs = [path for path in files if path.suffix == ".jpg"]
    if len(photographs) < 2 or not jpegs:
        raise GateError("the demo expected the gate to release its photographs, see what held them")
    bar.update(task, description="proving it", total=len(files) + 4, completed=0)
    proofs = [_judge(item) for item in ended if find_wish(item.name)]
    proofs.append(_prove_end(find(ended, ARMS), "a photograph of a cannon handed in", "held", "weapons"))
    for path in files:
        proof = _ask(site, f"nothing was done to {path.name}", path.read_bytes(), JointState.CONSISTENT)
        proofs.append(_ask_chain(proof) if path.name == LONGER else proof)
        bar.advance(task)
    stripped = strip(photographs[0].read_bytes())
    done = f"all metadata stripped from {photographs[0].name}"
    proofs.append(_ask(site, done, stripped, JointState.STRIPPED_RECOVERED_BY_WATERMARK))
    bar.advance(task)
    done = f"a quarter cut out of {photographs[0].name}, turned by 5 degrees, saved at JPEG quality 60"
    part = cut(photographs[0].read_bytes())
    proofs.append(_ask(site, done, part, JointState.STRIPPED_RECOVERED_BY_WATERMARK))
    bar.advance(task)
    proofs.append(wear_down(site, photographs[1]))
    bar.advance(task)
    done = f"one bit of one byte of {jpegs[0].name} changed"
    proofs.append(_ask(site, done, tamper(jpegs[0].read_bytes()), JointState.TAMPERED))
    copied = "a smaller, brighter copy of a registered work handed in"
    proofs.append(_prove_end(find(ended, COPY), copied, "blocked", "copyright_block"))
    made_over = "a corner of a registered work handed in, tilted and captioned"
    proofs.append(_prove_end(find(ended, POSTER), made_over, "blocked", "copyright_block"))
    return proofs


def wear_down(site: Site, path: Path) -> Proof:
    """Shrink and recompress until the watermark is gone; the fingerprint still finds the release.

    Raises:
        GateError: the watermark outlived all that was tried.
    """
    for worn, how in wear_steps(path.read_bytes()):
        proof = _ask(site, f"{path.name} {how}", worn, JointState.LOOKS_LIKE_RELEASE)
        assert proof.verification is not None
        if proof.verification.layer("watermark").status is LayerStatus.ABSENT:
            return proof
    raise GateError(f"the watermark of {path.name} outlived all that was tried")


def build_proof(proof: Proof) -> dict[str, Any]:
    """Return the stable JSON form of one proof."""
    document = {"done": proof.done, "expected": proof.expected, "got": proof.got, "holds": proof.holds}
    verification = None if proof.verification is None else build_verification(proof.verification)
    return {**document, "says": proof.says, "verification": verification}


def show_proofs(proofs: Sequence[Proof]) -> None:
    """Print what was done and what came of it."""
    table = build_table("what was done", "answer", "what it rests on")
    for proof in proofs:
        code = exit_code(proof.verification) if proof.verification else 3 if proof.is_conflict else 0
        answer = spell(proof.got) + ("" if proof.holds else f" (expected {spell(proof.expected)})")
        table.add_row(plain(proof.done), plain(answer, CODE_STYLES[code]), plain(proof.says))
    OUT.print(table)


def _ask(site: Site, done: str, data: bytes, expected: JointState) -> Proof:
    verification = site.verifier.verify(data)
    found = [layer for layer in verification.layers if layer.status is LayerStatus.FOUND]
    says = verification.summary
    if verification.state is JointState.CONSISTENT:
        says = f"{len(found)} of {len(verification.layers)} layers found, none speaks against another"
    return Proof(done, expected.value, verification.state.value, says, verification.is_conflict, verification)


def _ask_chain(proof: Proof) -> Proof:
    """Ask of an extended clip what it was made from as well."""
    assert proof.verification is not None
    ingredients = proof.verification.layer("manifest_integrity").detail.get("ingredients", ())
    says = tell_chain(ingredients)
    if not says:
        return replace(proof, got="a chain that is not whole")
    return replace(proof, done="a clip of the drawn cat with music, and that clip extended", says=says)


def _judge(ended: Ended) -> Proof:
    wish = find_wish(ended.name)
    assert wish is not None
    expected, got, says = judge_wish(wish, ended)
    how = "its picture handed in without the prompt" if SILENT in ended.name else "drawn"
    return Proof(f"{wish.prompt} asked for, {how}", expected, got, says, is_conflict=expected != "released")


def find(ended: Sequence[Ended], name: str) -> Ended:
    """Return what became of the file of this name."""
    return next(item for item in ended if item.name == name)


def _prove_end(ended: Ended, done: str, expected: str, category: str) -> Proof:
    """Judge what was withheld; to be withheld for another reason is something else."""
    if ended.result is None:
        return Proof(done, expected, "error", f"{ended.error}", is_conflict=True)
    reasons = ended.result.decision.reasons
    got = WORDS[ended.result.outcome]
    if got == expected and category not in {reason.category for reason in reasons}:
        got = f"{got} for something else"
    return Proof(done, expected, got, "; ".join(reason.text for reason in reasons[:1]), is_conflict=True)


def draw_sheet(site: Site, photographs: Path) -> None:
    """Draw the poster beside the work that it was made from, into the demo's site."""
    with Image.open(photographs / WORK) as work:
        poster = parse_image(make_poster(work.convert("RGB")))
    works = site.deployment.works
    match = next(one for one in works.match(poster).matches if one.overlap is not None)
    reference = works.reference(match.work_id)
    assert reference is not None
    sheet = encode_image(draw_match(poster, reference, match.overlap), MediaType.PNG)
    write_whole(site.settings.home / SHEET, sheet, replace=True)


def _show_end(ended: Sequence[Ended], proofs: Sequence[Proof], out: Path, took_s: float) -> None:
    released = sum(1 for item in ended if item.written)
    held = sum(proof.holds for proof in proofs)
    print_line(f"{released} sealed files in {out}/, {held} of {len(proofs)} proofs hold, {took_s:.0f} s", "bold")
    where = quote_file(str(out / "coffee.png"))
    if not makes_clips():
        print_line(SKIPPED)
    print_line(f"what the poster shows of the work: {plain(str(out / 'site' / SHEET))}")
    print_line(f"ask for yourself: CHOPMARK_HOME={quote_word(str(out / 'site'))} chopmark verify {where}")

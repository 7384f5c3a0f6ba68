"""`chopmark animate`: make a clip of a picture, or of a prompt that is drawn first, and walk it through the gate."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import Progress, TaskID

from api.animating import (
    Begun,
    animate_picture,
    begin_with,
    choose_encoder,
    film_prompt,
    films_words,
    name_clip,
    release_drawn,
    verify_takes_clips,
)
from api.commands.release import Again, PromptFile, exit_code, open_output, tell
from api.console import CommandUsageError, Json, build_progress, take_input, teaching_errors
from api.output import OUT_HELP, Force, Output
from api.releasing import Ended, Repeats, end_drawn, end_one, read_prompt
from api.settings import Settings, load_settings
from api.wiring import Site, build_name, open_site
from generation.animation.animator import Motion
from policies.line.deployment import Submission
from policies.line.prompting import build_refusal, judge_prompt
from policies.line.released import find_released, load_released
from policies.rules.decision import Outcome
from provenance.asset import MediaType
from provenance.errors import GateError
from provenance.media.containers.movie import MP4

if TYPE_CHECKING:
    from generation.clip import Wish

app = typer.Typer(add_completion=False)

Seed = Annotated[int, typer.Option(help="Same seed, same clip.")]
Music = Annotated[bool, typer.Option("--music", help="Compose music for it, by its colours and words.")]
Say = Annotated[
    list[str] | None,
    typer.Option(
        "--say", help="A line that is spoken: 'words' or 'deep: words' or 'deep@2.5: words'; may be repeated."
    ),
]
Ambience = Annotated[str, typer.Option(help="What is heard around: rain, sea, wind or room.")]
Packs = Annotated[list[str] | None, typer.Option("--pack", help="Policy pack that decides; may be repeated.")]
Strength = Annotated[float, typer.Option(min=0.0, max=2.0, help="How far the camera goes; 0 stands still.")]
Particles = Annotated[int, typer.Option(min=0, max=400, help="Specks of light in the air.")]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for."""

    source: str
    prompt: str | None
    wish: "Wish"
    packs: tuple[str, ...]
    repeats: Repeats


@app.command()
@teaching_errors
def command(
    picture: Annotated[str, typer.Argument(help="Picture to begin with; - reads one from a pipe.")] = "",
    prompt: Annotated[
        str | None,
        typer.Option(help="Draw the picture from this first, or have a model film it; - reads a pipe."),
    ] = None,
    prompt_file: PromptFile = None,
    out: Annotated[str, typer.Option("-o", "--out", help=OUT_HELP)] = "out/",
    seconds: Annotated[float, typer.Option(min=1.0, max=180.0, help="How long.")] = 5.0,
    move: Annotated[str, typer.Option(help="Of the camera: auto, push, pull, pan, orbit, rise or drift.")] = "auto",
    strength: Strength = 1.0,
    particles: Particles = 60,
    music: Music = False,
    say: Say = None,
    ambience: Ambience = "",
    seed: Seed = 0,
    side: Annotated[int, typer.Option(min=180, max=1080, help="Pixels of the shorter side.")] = 720,
    rate: Annotated[int, typer.Option(min=12, max=60, help="Frames a second.")] = 30,
    pack: Packs = None,
    force: Force = False,
    again: Again = False,
    as_json: Json = False,
) -> None:
    """Make a clip of a still picture and walk it through the gate: no model, no download, the same seed the same clip.

    The picture becomes an ingredient of the clip's manifest, and so does the music. With --prompt the picture is drawn
    first and walks the gate as well; where it is not released there is no clip. Needs media = ["picture", "video"].
    Where the setting makers.clips names a backend, its model makes the clip, of --prompt, of a picture, or of both;
    --move, --strength, --particles and --rate are the animator's, and not asked then.
    Exits 0 when all were released, 3 when one was held, 4 when one was blocked, 2 on an error.
    """
    words = read_prompt(prompt, file=prompt_file)
    settings = load_settings()
    if not picture and words is None:
        raise CommandUsageError("expected a picture, or --prompt to draw one: chopmark animate cat.jpg -o out/")
    if picture and words is not None and not settings.makers.clips:
        raise CommandUsageError("a picture and --prompt go together where a model reads both: set makers.clips")
    from generation.clip import Wish
    from generation.voices.speech import read_line

    named = (words or Path(picture).stem,)
    wish = Wish(
        seconds, side, rate, seed, Motion(move, strength, particles), music, named, choose_encoder(settings),
        tuple(read_line(one) for one in say or ()), ambience,
    )  # fmt: skip
    asked = Asked(picture, words, wish, tuple(pack or ()), Repeats(again=again))
    read = [name for name in (picture, prompt_file, "-" if prompt == "-" else None) if name]
    target = open_output(out, (), *read, force=force, as_json=as_json, several=words is not None and not picture)
    with open_site(settings) as site, build_progress(quiet=as_json, counted=False) as bar:
        verify_takes_clips(site.deployment)
        site.deployment.select_packs(asked.packs)
        task = bar.add_task("warming up", total=None)
        site.warm()
        ended = end_clips(site, asked, target, bar, task)
    tell(ended, target, as_json=as_json)
    raise typer.Exit(exit_code(ended))


def build_wish(settings: Settings, seconds: float, seed: int, words: str) -> "Wish":
    """Return an animated clip with music, as presets want it."""
    from generation.clip import Wish

    return Wish(seconds, seed=seed, has_music=True, words=(words,), encoder=choose_encoder(settings))


def end_clips(site: Site, asked: Asked, target: Output, bar: Progress, task: TaskID) -> list[Ended]:
    """Make a clip of a picture, of a prompt, or of both, and release it; a picture that is drawn for it ends first."""
    ended: list[Ended] = []
    has_name = asked.source not in {"", "-"}
    named = Path(asked.source).stem if has_name else build_name(asked.prompt or "", asked.wish.seed)
    refusal = None
    if asked.prompt is not None and site.settings.makers.clips:
        refusal = judge_prompt(site.deployment, asked.prompt, packs=asked.packs)
    if refusal is not None:
        return [Ended(name_clip(named), result=build_refusal(name_clip(named), refusal))]
    if not asked.source and films_words(site.makers):
        return [_end(site, asked, target, bar, task, name_clip(named), None)]
    if asked.source:
        file = take_input(asked.source, most_bytes=site.settings.max_bytes)
        name = "picture.png" if asked.source == "-" else Path(asked.source).name
        begun = replace(begin_with(site.deployment, file, "" if asked.source == "-" else name), prompt=asked.prompt)
    else:
        name = build_name(asked.prompt or "", asked.wish.seed)
        ended, found = draw_first(site, asked.prompt or "", name, target, asked, bar, task)
        if found is None:
            return ended
        begun = found
    return [*ended, _end(site, asked, target, bar, task, name_clip(name), begun)]


def _end(
    site: Site, asked: Asked, target: Output, bar: Progress, task: TaskID, name: str, begun: Begun | None
) -> Ended:
    """Make the clip, of a picture or of the prompt alone, and release it."""
    place = target.choose(name, MP4)
    bar.update(task, description="animating", completed=0, total=None)
    given: dict[str, Any] = {"name": name, "packs": asked.packs, "progress": _follow(bar, task)}
    try:
        if begun is None:
            submission = film_prompt(asked.prompt or "", asked.wish, site.makers, **given)
        else:
            submission = animate_picture(site.deployment, begun, asked.wish, makers=site.makers, **given)
    except GateError as exc:
        return Ended(name, error=exc)
    bar.update(task, description="releasing", completed=0, total=None)
    return end_one(site, submission, place, repeats=asked.repeats)


def draw_first(
    site: Site, prompt: str, name: str, target: Output, asked: Asked, bar: Progress, task: TaskID
) -> tuple[list[Ended], Begun | None]:
    """Draw and release the picture; what it comes to be as a clip's beginning is None where it is not released."""
    bar.update(task, description="drawing", completed=0, total=None)
    drawn = site.draw(prompt, seed=asked.wish.seed, packs=asked.packs)
    ended = end_drawn(site, drawn, name, target.choose(name, MediaType.PNG), asked.repeats)
    if ended.result is None or ended.result.outcome is not Outcome.RELEASE or not isinstance(drawn, Submission):
        return [ended], None
    with site.deployment.database.read() as connection:
        released = find_released(connection, ended.result.asset_id, tenant=site.deployment.tenant)
    sealed = load_released(site.deployment.blobs.public, released)
    return [ended], release_drawn(drawn, sealed, released.media_type)


def _follow(bar: Progress, task: TaskID) -> Any:  # noqa: ANN401 - what is told of progress
    return lambda done, total: bar.update(task, completed=done, total=total)

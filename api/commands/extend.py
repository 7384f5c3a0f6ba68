"""`chopmark extend`: go on from where a clip ends, and walk the longer clip through the gate."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress, TaskID

from api.animating import choose_encoder, extend_clip, name_clip, verify_takes_clips
from api.commands.animate import Music, Packs, Particles, Seed, Strength
from api.commands.release import Again, exit_code, open_output, tell
from api.console import CommandUsageError, Json, build_progress, take_input, teaching_errors
from api.output import OUT_HELP, Force, Output
from api.releasing import Ended, Repeats, end_one
from api.settings import load_settings
from api.wiring import Site, open_site
from generation.animation.animator import Motion
from policies.line.prompting import build_refusal, judge_prompt
from provenance.errors import GateError
from provenance.media.containers.movie import MP4

if TYPE_CHECKING:
    from generation.clip import Wish

app = typer.Typer(add_completion=False)


@app.command()
@teaching_errors
def command(
    clip: Annotated[str, typer.Argument(help="Clip to go on from; - reads one from a pipe.", show_default=False)],
    out: Annotated[str, typer.Option("-o", "--out", help=OUT_HELP)] = "out/",
    seconds: Annotated[float, typer.Option(min=1.0, max=180.0, help="How much longer.")] = 5.0,
    strength: Strength = 1.0,
    particles: Particles = 60,
    prompt: Annotated[
        str | None, typer.Option(help="What is to be seen, where makers.clips names a model that reads it.")
    ] = None,
    music: Music = False,
    seed: Seed = 0,
    pack: Packs = None,
    force: Force = False,
    again: Again = False,
    as_json: Json = False,
) -> None:
    """Go on from where a clip ends, up to three minutes in all, and walk the longer clip through the gate.

    Its camera goes on as it was moving; what moves by itself in the clip comes to rest. Where the setting makers.clips
    names a backend, its model goes on from the last frames. The clip is the parent of the
    new manifest, so that verify shows every step. Exits 0 when it was released, 3 when held, 4 when blocked, 2 on an
    error.
    """
    from generation.clip import Wish

    settings = load_settings()
    if prompt is not None and not settings.makers.clips:
        raise CommandUsageError("the animator reads no words: --prompt needs a backend of clips, makers.clips")
    name = "" if clip == "-" else Path(clip).name
    made = name_clip(name or "clip", is_longer=True)
    wish = Wish(
        seconds, seed=seed, motion=Motion("auto", strength, particles), has_music=music, words=(Path(name).stem,),
        encoder=choose_encoder(settings),
    )  # fmt: skip
    target = open_output(out, (), clip, force=force, as_json=as_json)
    with open_site(settings) as site, build_progress(quiet=as_json, counted=False) as bar:
        verify_takes_clips(site.deployment)
        packs = tuple(pack or ())
        site.deployment.select_packs(packs)
        task = bar.add_task("warming up", total=None)
        site.warm()
        refusal = None
        if prompt is not None:
            refusal = judge_prompt(site.deployment, prompt, packs=packs)
        if refusal is not None:
            ended = Ended(made, result=build_refusal(made, refusal))
        else:
            ended = _extend(site, clip, wish, target, Asked(made, prompt, packs, Repeats(again=again)), bar, task)
    tell([ended], target, as_json=as_json)
    raise typer.Exit(exit_code([ended]))


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of one clip, beside how it is to move."""

    name: str
    prompt: str | None
    packs: tuple[str, ...]
    repeats: Repeats


def _extend(site: Site, clip: str, wish: "Wish", target: Output, asked: Asked, bar: Progress, task: TaskID) -> Ended:
    file = take_input(clip, most_bytes=site.settings.max_bytes)
    place = target.choose(asked.name, MP4)
    bar.update(task, description="going on")
    try:
        submission = extend_clip(
            site.deployment, file, wish, name=asked.name, prompt=asked.prompt, packs=asked.packs, makers=site.makers,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )  # fmt: skip
        bar.update(task, description="releasing", completed=0, total=None)
        return end_one(site, submission, place, repeats=asked.repeats)
    except GateError as exc:
        return Ended("clip" if clip == "-" else Path(clip).name, error=exc)

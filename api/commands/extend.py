"""`chopmark extend`: go on from where a clip ends, and walk the longer clip through the gate."""

from pathlib import Path
from typing import Annotated

import typer

from api.animating import choose_encoder, extend_clip, name_clip, verify_takes_clips
from api.commands.animate import Music, Packs, Particles, Seed, Strength
from api.commands.release import Again, exit_code, open_output, tell
from api.console import Json, build_progress, take_input, teaching_errors
from api.output import OUT_HELP, Force
from api.releasing import Ended, Repeats, end_one
from api.settings import load_settings
from api.wiring import open_site
from generation.animation.animator import Motion
from provenance.errors import GateError
from provenance.media.containers.movie import MP4

app = typer.Typer(add_completion=False)


@app.command()
@teaching_errors
def command(
    clip: Annotated[str, typer.Argument(help="Clip to go on from; - reads one from a pipe.", show_default=False)],
    out: Annotated[str, typer.Option("-o", "--out", help=OUT_HELP)] = "out/",
    seconds: Annotated[float, typer.Option(min=1.0, max=180.0, help="How much longer.")] = 5.0,
    strength: Strength = 1.0,
    particles: Particles = 60,
    music: Music = False,
    seed: Seed = 0,
    pack: Packs = None,
    force: Force = False,
    again: Again = False,
    as_json: Json = False,
) -> None:
    """Go on from where a clip ends, up to three minutes in all, and walk the longer clip through the gate.

    Its camera goes on as it was moving; what moves by itself in the clip comes to rest. The clip is the parent of the
    new manifest, so that verify shows every step. Exits 0 when it was released, 3 when held, 4 when blocked, 2 on an
    error.
    """
    from generation.clip import Wish

    settings = load_settings()
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
        file = take_input(clip, most_bytes=site.settings.max_bytes)
        place = target.choose(made, MP4)
        bar.update(task, description="going on")
        try:
            submission = extend_clip(
                site.deployment, file, wish, name=made, packs=packs,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )  # fmt: skip
            bar.update(task, description="releasing", completed=0, total=None)
            ended = end_one(site, submission, place, repeats=Repeats(again=again))
        except GateError as exc:
            ended = Ended(name or "clip", error=exc)
    tell([ended], target, as_json=as_json)
    raise typer.Exit(exit_code([ended]))

"""`chopmark generate`: draw from a prompt, then walk the picture through the gate."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.progress import Progress

from api.commands.release import Again, PromptFile, Resume, exit_code, open_output, tell
from api.console import CommandUsageError, Json, build_progress, read_input, teaching_errors
from api.output import OUT_HELP, Force, Output
from api.releasing import Ended, Repeats, end_drawn, read_prompt
from api.settings import load_settings
from api.wiring import Site, build_name, open_site
from policies.rules.decision import Decision
from provenance.asset import MediaType
from provenance.errors import GateError

app = typer.Typer(add_completion=False)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be drawn, `count` times from `seed` upward."""

    prompt: str
    count: int
    seed: int
    size: tuple[int, int]
    steps: int | None
    source: bytes | None
    strength: float
    packs: tuple[str, ...]


@app.command()
@teaching_errors
def command(
    prompt: Annotated[
        str | None, typer.Argument(help="What to draw; - reads it from a pipe.", show_default=False)
    ] = None,
    prompt_file: PromptFile = None,
    out: Annotated[str, typer.Option("-o", "--out", help=OUT_HELP)] = "out/",
    count: Annotated[int, typer.Option("-n", "--count", min=1, max=1000, help="How many, from one seed upward.")] = 1,
    seed: Annotated[int, typer.Option(help="Same seed, same picture.")] = 0,
    width: Annotated[int, typer.Option(min=64, max=4096, help="In pixels.")] = 512,
    height: Annotated[int, typer.Option(min=64, max=4096, help="In pixels.")] = 512,
    steps: Annotated[int | None, typer.Option(min=1, help="The backend's own number unless given.")] = None,
    source: Annotated[str, typer.Option(help="Start from this picture.")] = "",
    strength: Annotated[float, typer.Option(min=0.0, max=1.0, help="How far to depart from --source.")] = 0.6,
    backend: Annotated[str, typer.Option(help="Backend to use instead of the configured one.")] = "",
    pack: Annotated[list[str] | None, typer.Option(help="Policy pack that decides; may be repeated.")] = None,
    force: Force = False,
    resume: Resume = False,
    again: Again = False,
    as_json: Json = False,
) -> None:
    """Draw a picture from a prompt and walk it through the gate; only what is released is written.

    A prompt that is blocked is not drawn. Exits 0 when all were released, 3 when one was held, 4 when one was blocked,
    2 on an error.
    """
    words = read_prompt(prompt, file=prompt_file)
    if words is None:
        raise CommandUsageError("expected a prompt, got none: chopmark generate 'a red boat', or --prompt-file FILE")
    settings = load_settings(**({"backend": backend} if backend else {}))
    start = read_input(source, most_bytes=settings.max_bytes) if source else None
    wanted = Wanted(words, count, seed, (width, height), steps, start, strength, tuple(pack or ()))
    read = [name for name in (source, prompt_file, "-" if prompt == "-" else None) if name]
    target = open_output(out, (), *read, force=force, as_json=as_json, several=count > 1)
    with open_site(settings) as site, build_progress(quiet=as_json, counted=False) as bar:
        site.deployment.select_packs(wanted.packs)
        ended = list(_generate(site, wanted, target, bar, Repeats(again=again, resume=resume)))
    tell(ended, target, as_json=as_json)
    raise typer.Exit(exit_code(ended))


def _generate(site: Site, wanted: Wanted, target: Output, bar: Progress, repeats: Repeats) -> Iterator[Ended]:
    """Draw one after another; one that cannot be drawn or released stops no other, a refused prompt stops all."""
    seeds = range(wanted.seed, wanted.seed + wanted.count)
    names = [build_name(wanted.prompt, seed) for seed in seeds]
    places = [target.choose(name, MediaType.PNG) for name in names]
    task = bar.add_task("warming up", total=None)
    site.warm()
    site.backend()
    for number, (seed, name, place) in enumerate(zip(seeds, names, places, strict=True), 1):
        bar.update(task, description=f"drawing {number} of {wanted.count}", completed=0, total=None)
        try:
            drawn = site.draw(
                wanted.prompt,
                seed=seed,
                size=wanted.size,
                steps=wanted.steps,
                source=wanted.source,
                strength=wanted.strength,
                packs=wanted.packs,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
        except GateError as exc:
            yield Ended(name, error=exc)
            continue
        bar.update(task, description=f"releasing {number} of {wanted.count}", completed=0, total=None)
        yield end_drawn(site, drawn, name, place, repeats)
        if isinstance(drawn, Decision):
            return

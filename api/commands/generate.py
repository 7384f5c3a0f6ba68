"""`chopmark generate`: draw from a prompt, then walk the picture through the gate."""

from pathlib import Path
from typing import Annotated

import typer

from api.commands.release import (
    Ended,
    Target,
    build_document,
    end_one,
    exit_code,
    read_prompt,
    show,
    show_hints,
)
from api.console import Json, build_progress, print_json, read_input, teaching_errors
from api.settings import load_settings
from api.wiring import open_site

app = typer.Typer(add_completion=False)


@app.command()
@teaching_errors
def command(
    prompt: Annotated[str, typer.Argument(help="What to draw; - reads it from a pipe.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="File, or folder, for what was released.")] = Path("out"),
    count: Annotated[int, typer.Option("-n", "--count", min=1, max=1000, help="How many, from one seed upward.")] = 1,
    seed: Annotated[int, typer.Option(help="Same seed, same picture.")] = 0,
    width: Annotated[int, typer.Option(min=64, max=4096, help="In pixels.")] = 512,
    height: Annotated[int, typer.Option(min=64, max=4096, help="In pixels.")] = 512,
    steps: Annotated[int | None, typer.Option(min=1, help="The backend's own number unless given.")] = None,
    source: Annotated[str, typer.Option(help="Start from this picture.")] = "",
    strength: Annotated[float, typer.Option(min=0.0, max=1.0, help="How far to depart from --source.")] = 0.6,
    backend: Annotated[str, typer.Option(help="Backend to use instead of the configured one.")] = "",
    pack: Annotated[list[str] | None, typer.Option(help="Policy pack that decides; may be repeated.")] = None,
    as_json: Json = False,
) -> None:
    """Draw a picture from a prompt and walk it through the gate; only what is released is written.

    Exits 0 when all were released, 3 when one was held, 4 when one was blocked, 2 on an error.
    """
    words = read_prompt(prompt)
    settings = load_settings(**({"backend": backend} if backend else {}))
    start = read_input(source, most_bytes=settings.max_bytes) if source else None
    target, ended = Target(out, several=count > 1), list[Ended]()
    with open_site(settings) as site, build_progress(quiet=as_json, counted=False) as bar:
        site.deployment.select_packs(tuple(pack or ()))
        task = bar.add_task("warming up", total=None)
        site.warm()

        def advance(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        for number in range(count):
            bar.update(task, description=f"drawing {number + 1} of {count}", completed=0, total=None)
            submission = site.draw(
                words,
                seed=seed + number,
                size=(width, height),
                steps=steps,
                source=start,
                strength=strength,
                packs=tuple(pack or ()),
                progress=advance,
            )
            bar.update(task, description=f"releasing {number + 1} of {count}", completed=0, total=None)
            ended.append(end_one(site, submission, target))
    if as_json:
        print_json({"results": [build_document(item) for item in ended]})
    else:
        show(ended)
        show_hints(ended, out)
    raise typer.Exit(exit_code(ended))

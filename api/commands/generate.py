"""`chopmark generate`: draw from a prompt, then walk the picture through the gate."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from api.commands.release import build_document, end_one, exit_code, show
from api.console import ERR, print_json, read_input, teaching_errors
from api.settings import load_settings
from api.wiring import open_site

app = typer.Typer()


@app.command()
@teaching_errors
def command(
    prompt: Annotated[str, typer.Argument(help="What to draw.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="File or folder for what was released.")] = Path("out"),
    count: Annotated[int, typer.Option("-n", "--count", min=1, max=1000, help="How many, from one seed upward.")] = 1,
    seed: Annotated[int, typer.Option(help="Same seed, same picture.")] = 0,
    width: Annotated[int, typer.Option(min=64, max=4096)] = 512,
    height: Annotated[int, typer.Option(min=64, max=4096)] = 512,
    steps: Annotated[int | None, typer.Option(min=1, help="The backend's own number unless given.")] = None,
    source: Annotated[str, typer.Option(help="Start from this picture.")] = "",
    strength: Annotated[float, typer.Option(min=0.0, max=1.0, help="How far to depart from --source.")] = 0.6,
    backend: Annotated[str, typer.Option(help="Backend to use instead of the configured one.")] = "",
    pack: Annotated[list[str] | None, typer.Option(help="Policy pack; may be repeated.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Draw a picture from a prompt and walk it through the gate; only what is released is written.

    Exits 0 when all were released, 3 when one was held, 4 when one was blocked, 2 on an error.
    """
    with open_site(load_settings(**({"backend": backend} if backend else {}))) as site:
        site.warm()
        bar = Progress(
            TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(),
            console=ERR, disable=as_json or not ERR.is_terminal, transient=True,
        )  # fmt: skip
        ended = []
        with bar:
            for number in range(count):
                task = bar.add_task(f"drawing {number + 1} of {count}", total=None)
                submission = site.draw(
                    prompt,
                    seed=seed + number,
                    size=(width, height),
                    steps=steps,
                    source=read_input(source) if source else None,
                    strength=strength,
                    packs=tuple(pack or ()),
                    progress=lambda done, total, task=task: bar.update(task, completed=done, total=total),
                )
                bar.update(task, description=f"releasing {number + 1} of {count}")
                ended.append(end_one(site, submission, out, several=count > 1))
                bar.remove_task(task)
        if as_json:
            print_json({"results": [build_document(item) for item in ended]})
        else:
            show(ended)
    raise typer.Exit(exit_code(ended))

"""`chopmark create`: from one sentence to a released picture, by presets; and bundles of presets to hand on."""

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from api.animating import begin_with, compose, verify_takes_clips
from api.commands.animate import Asked, build_wish, end_clips
from api.commands.release import exit_code, open_output, tell
from api.console import (
    ERR,
    OUT,
    CommandUsageError,
    Json,
    build_progress,
    build_table,
    plain,
    print_hint,
    print_json,
    print_line,
    read_input,
    take_input,
    teaching_errors,
)
from api.foretelling import Foretold, add_packs, foretell
from api.making import WAV, name_made, verify_makes
from api.output import OUT_HELP, Force, Output, parse_output
from api.releasing import Ended, Repeats, end_drawn
from api.settings import load_settings
from api.wiring import Site, build_name, open_site
from generation.presets.preset import FOLDER, GROUPS, Preset, find_preset, load_presets, of_group
from policies.line.prompting import judge_prompt
from provenance.asset import MediaType

app = typer.Typer(add_completion=False)

_PAGE: Final = """\
# Presets for {group}

A preset turns one sentence into a picture that was checked, marked and signed before anybody sees it:

{lines}

`chopmark create PRESET "what you want to see" -o pictures/` makes one; `chopmark create` lists them all. A picture that
is held waits for a person; one that is released carries its marks, and `chopmark verify` reads them. To keep presets of
your own, put files like these into a folder, and name it with `--presets`.
"""


@app.command()
@teaching_errors
def command(
    preset: Annotated[str | None, typer.Argument(help="One of the list; none lists.", show_default=False)] = None,
    words: Annotated[str | None, typer.Argument(help="One sentence: what it asks for.", show_default=False)] = None,
    out: Annotated[str, typer.Option("-o", "--out", help=OUT_HELP)] = "out/",
    seed: Annotated[int, typer.Option(help="Same seed, same picture.")] = 0,
    photo: Annotated[
        str, typer.Option(metavar="FILE", help="Picture that an avatar, a clip or music begins with; - reads a pipe.")
    ] = "",
    consent: Annotated[
        list[str] | None, typer.Option(help="Id of a consent of who is in it, see `consents add`; may be repeated.")
    ] = None,
    group: Annotated[str, typer.Option("--for", help="Only what is for them: " + ", ".join(GROUPS) + ".")] = "",
    bundle: Annotated[str, typer.Option("--bundle", help="Write the presets of --for as a ZIP file to hand on.")] = "",
    presets: Annotated[
        Path | None, typer.Option("--presets", help="Folder of presets, instead of ours.", exists=True, file_okay=False)
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Make a picture, a clip or music from one sentence, and walk it through the gate.

    Says first what will be checked and marked. Exits as generate does: 0 released, 3 held, 4 blocked, 2 on an error.
    """
    known = load_presets(FOLDER if presets is None else presets)
    if group and group not in GROUPS:
        raise CommandUsageError(f"--for has to be out of {', '.join(GROUPS)}")
    shown = of_group(group, known.values()) if group else tuple(known.values())
    if bundle:
        _write_bundle(shown, FOLDER if presets is None else presets, group, bundle, force=force, as_json=as_json)
        return
    if preset is None:
        _list(shown, as_json=as_json)
        return
    chosen = find_preset(preset, known)
    if words is None:
        raise CommandUsageError(f"{chosen.asks['en']} Such as: chopmark create {chosen.name} '{chosen.example['en']}'")
    if chosen.makes != "picture":
        _make_other(chosen, words, out, photo, seed=seed, force=force, as_json=as_json)
    if chosen.needs_photo != bool(photo):
        wanted = f"chopmark create {chosen.name} '{chosen.example['en']}' --photo me.jpg --consent ID"
        raise CommandUsageError(
            f"{chosen.name} begins with a photograph: {wanted}"
            if chosen.needs_photo
            else f"{chosen.name} takes no photo"
        )
    _make(chosen, words, out, Photo(photo, tuple(consent or ())), seed=seed, force=force, as_json=as_json)


def _make_other(chosen: Preset, words: str, out: str, picture: str, *, seed: int, force: bool, as_json: bool) -> None:
    """Make a clip or music, by words, or by a picture that is one's own, and end the command."""
    prompt, settings = chosen.build_prompt(words), load_settings()
    several = chosen.makes == "clip" and not picture  # the picture that it begins with is released, too
    target = open_output(out, (), *filter(None, (picture,)), force=force, as_json=as_json, several=several)
    with open_site(settings) as site, build_progress(quiet=as_json, counted=False) as bar:
        here = site.deployment
        packs = add_packs(here, chosen.packs)
        if not as_json:
            _foretell(foretell(here, chosen.packs))
        task = bar.add_task("warming up", total=None)
        if chosen.makes == "clip":
            verify_takes_clips(site.deployment)
            site.warm()
            # A model reads words beside a picture; the animator has no use for them.
            told = None if picture and not settings.makers.clips else prompt
            wish = build_wish(settings, chosen.seconds, seed, prompt)
            ended = end_clips(site, Asked(picture, told, wish, packs, Repeats()), target, bar, task)
        else:
            verify_makes(site, "music")
            site.warm()
            ended = [_end_music(site, chosen, prompt, picture, target, packs, seed)]
    tell(ended, target, as_json=as_json)
    raise typer.Exit(exit_code(ended))


def _end_music(
    site: Site, chosen: Preset, prompt: str, picture: str, target: Output, packs: tuple[str, ...], seed: int
) -> Ended:
    name = name_made("music", prompt, seed)
    begun = None
    if picture:
        file = take_input(picture, most_bytes=site.settings.max_bytes)
        begun = begin_with(site.deployment, file, "" if picture == "-" else Path(picture).name)
    place = target.choose(name, WAV)
    refusal = judge_prompt(site.deployment, prompt, packs=packs)
    made = refusal or compose(
        site.deployment, site.makers, prompt, chosen.seconds, seed, name=name, packs=packs, begun=begun
    )
    return end_drawn(site, made, name, place, Repeats())


@dataclass(frozen=True, slots=True)
class Photo:
    """A photograph of somebody, and their consents; "" for presets that draw."""

    path: str
    consents: tuple[str, ...]


def _make(chosen: Preset, words: str, out: str, photo: Photo, *, seed: int, force: bool, as_json: bool) -> None:
    request = chosen.build_request(words, seed=seed)
    settings = load_settings()
    start = read_input(photo.path, most_bytes=settings.max_bytes) if photo.path else None
    target = open_output(out, (), *filter(None, (photo.path,)), force=force, as_json=as_json, several=False)
    with open_site(settings) as site:
        here = site.deployment
        packs = add_packs(here, chosen.packs)
        if not as_json:
            _foretell(foretell(here, chosen.packs))
        name = build_name(request.prompt, seed)
        place = target.choose(name, MediaType.PNG)
        with build_progress(quiet=as_json, counted=False) as bar:
            task = bar.add_task("warming up", total=None)
            site.warm()
            bar.update(task, description="drawing")
            drawn = site.draw(
                request.prompt,
                seed=seed,
                size=chosen.size,
                source=start,
                style=chosen.style,
                packs=packs,
                context=build_context(chosen, photo.consents),
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
            bar.update(task, description="checking and sealing", completed=0, total=None)
            ended = [end_drawn(site, drawn, name, place, Repeats())]
    tell(ended, target, as_json=as_json)
    raise typer.Exit(exit_code(ended))


def build_context(chosen: Preset, consents: tuple[str, ...]) -> dict[str, Any]:
    """Return what packs may ask of a picture that is made from somebody's photograph; nothing for one that is drawn."""
    if not chosen.needs_photo:
        return {"consents": list(consents)} if consents else {}
    return {"portrayed": True, "purpose": chosen.purpose, "consents": list(consents)}


def _foretell(told: Foretold) -> None:
    checks = ", ".join(told.detectors) or "nothing"
    marks = ", ".join(name.replace("_", " ") for name in told.marks) or "none"
    ERR.print(
        plain(f"checked by {checks}; decided by {', '.join(pack.name for pack in told.packs)}; marked with {marks}")
    )


def _list(shown: tuple[Preset, ...], *, as_json: bool) -> None:
    if as_json:
        rows = [
            {"preset": one.name, "makes": one.makes, "for": one.groups, "title": one.title, "about": one.about}
            for one in shown
        ]
        print_json({"presets": rows})
        return
    table = build_table("preset", "for", "makes")
    for one in shown:
        table.add_row(one.name, ", ".join(one.groups).replace("_", " "), plain(one.about["en"]))
    OUT.print(table)
    first = next((one for one in shown if not one.needs_photo and one.makes == "picture"), shown[0])
    print_hint(f"chopmark create {first.name} '{first.example['en']}'")


def _write_bundle(
    shown: tuple[Preset, ...], folder: Path, group: str, bundle: str, *, force: bool, as_json: bool
) -> None:
    """Write the files of presets with a page about them, the same bytes for the same presets."""
    if not group:
        raise CommandUsageError("--bundle needs --for: whose presets?")
    place = parse_output(bundle, force=force, any_ending=True).choose(f"chopmark-{group}", suffix=".zip")
    place.verify(0)
    lines = "\n".join(f"- **{one.name}**: {one.about['en']} {one.about['zh']}" for one in shown)
    files = {f"{one.name}.yaml": (folder / f"{one.name}.yaml").read_bytes() for one in shown}
    files["README.md"] = _PAGE.format(group=group.replace("_", " "), lines=lines).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(f"chopmark-{group}/{name}"), data)
    place.write(packed.getvalue())
    if as_json:
        print_json({"bundle": str(place.path), "presets": [one.name for one in shown]})
        return
    print_line(f"{len(shown)} presets in {place.path}")

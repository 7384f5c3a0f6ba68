"""Measure watermarks: python -m bench.watermark run|falsepositives|timing|hardening|crops|report --help."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2

from bench.watermark import pictures as sets
from bench.watermark import schemes as table


def _schemes(names: str) -> list[table.Scheme]:
    return [scheme for name in names.split(",") if (scheme := table.load(name)) is not None]


def _pictures(options: argparse.Namespace) -> list[sets.Picture]:
    root = sets.pictures_root(options.pictures)
    return [one for name in options.set.split(",") for one in sets.load_set(root, name, options.limit, options.skip)]


def _run(options: argparse.Namespace) -> None:
    from bench.watermark.attacks import choose
    from bench.watermark.run import run

    chosen = choose(options.attacks)
    run(_schemes(options.schemes), _pictures(options), chosen, options.results, perceptual=not options.no_perceptual)


def _falsepositives(options: argparse.Namespace) -> None:
    from bench.watermark.attacks import choose
    from bench.watermark.falsepositives import run

    for scheme in _schemes(options.schemes):
        run(scheme, _pictures(options), choose(options.attacks), options.results, keys=options.keys)


def _timing(options: argparse.Namespace) -> None:
    from bench.watermark.timing import run

    run(_schemes(options.schemes), _pictures(options), options.results, repeats=options.repeats)


def _hardening(options: argparse.Namespace) -> None:
    from bench.watermark.hardening import Work, run

    root = sets.pictures_root(options.pictures)
    work = Work(
        training=tuple(one for name in options.training.split(",") for one in sets.load_set(root, name)),
        victims=sets.load_set(root, options.set, options.limit, options.skip),
        models=options.models,
        diffusion=options.diffusion,
    )
    for scheme in _schemes(options.schemes):
        run(scheme, work, options.attempts.split(","), options.results)


def _crops(options: argparse.Namespace) -> None:
    from bench.watermark.crops import write

    root = sets.pictures_root(options.pictures)
    for scheme in _schemes(options.schemes):
        write(scheme, root, options.into)


def _report(options: argparse.Namespace) -> None:
    from bench.watermark.report import write

    write(options.results, options.page, options.plots)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.watermark", description=__doc__)
    verbs = parser.add_subparsers(required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--results", type=Path, required=True, help="a folder for JSON lines; a run goes on where it was"
    )
    common.add_argument("--pictures", help=f"the folder with the sets; else {sets.ENVIRONMENT}")
    common.add_argument("--schemes", default="tile,dwt_dct_svd", help=", ".join(table.SCHEMES))
    common.add_argument("--limit", type=int, help="the first pictures of each set only")
    common.add_argument("--skip", type=int, default=0, help="leave out so many first: those looked at before a claim")

    verb = verbs.add_parser("run", parents=[common], help="embed, attack, extract")
    verb.add_argument("--set", required=True, help="such as heldout/1024; several with commas")
    verb.add_argument("--attacks", default="study", help="suites, families or names; several with commas or semicolons")
    verb.add_argument("--no-perceptual", action="store_true", help="leave out SSIMULACRA 2 and FLIP (4 s a picture)")
    verb.set_defaults(do=_run)

    verb = verbs.add_parser("falsepositives", parents=[common], help="extract from unmarked pictures")
    verb.add_argument("--set", required=True)
    verb.add_argument("--attacks", default="study,target")
    verb.add_argument("--keys", type=int, default=4, help="keys tried on each attacked picture")
    verb.set_defaults(do=_falsepositives)

    verb = verbs.add_parser("timing", parents=[common], help="medians at 1024x1024 on one thread")
    verb.add_argument("--set", default="heldout/2048", help="pictures of which the middle is taken")
    verb.add_argument("--repeats", type=int, default=3)
    verb.set_defaults(do=_timing)

    verb = verbs.add_parser("hardening", parents=[common], help="what whoever sets out to remove or copy a mark gets")
    verb.add_argument("--set", default="heldout/1024", help="the pictures that are attacked")
    verb.add_argument("--training", default="tuning/1024,tuning/768", help="the pictures that an attacker learns from")
    verb.add_argument(
        "--attempts", default="average,fold,notch,subtract,learn,copy,resynthesis,generator,diffusion,jpeg-ai"
    )
    verb.add_argument("--models", type=Path, help="where trained autoencoders are kept; else in the results")
    verb.add_argument("--diffusion", type=Path, help="a local diffusers folder for image-to-image")
    verb.set_defaults(do=_hardening)

    verb = verbs.add_parser("crops", help="before and after, side by side, for looking at")
    verb.add_argument("--pictures", help=f"the folder with the sets; else {sets.ENVIRONMENT}")
    verb.add_argument("--schemes", default="tile", help=", ".join(table.SCHEMES))
    verb.add_argument("--into", type=Path, required=True, help="a folder for PNG files, such as docs/images")
    verb.set_defaults(do=_crops)

    verb = verbs.add_parser("report", help="write tables and plots between the markers of a page")
    verb.add_argument("--results", type=Path, required=True)
    verb.add_argument("--page", type=Path, required=True, help="such as docs/watermark.md")
    verb.add_argument("--plots", type=Path, help="a folder for SVG files; else images/ beside the page")
    verb.set_defaults(do=_report)
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Do one of them, on one thread."""
    cv2.setNumThreads(1)
    options = _parser().parse_args(arguments)
    options.do(options)


if __name__ == "__main__":
    main()

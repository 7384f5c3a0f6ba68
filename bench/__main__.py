"""Run every benchmark side by side, print the tables, and write docs/benchmarks.md when asked."""

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from bench import desk, http_api, line, lookup, registry, upload
from bench.page import build_table, machine

NOTES = {
    "The line against a naive script": (
        "Both sides do the same work: screen (open_nsfw, fingerprints, registry, incoming manifest), mark, sign, read back, "
        "record. The naive script (`bench/naive.py`) calls each library the way its README does: it decodes the file for each, "
        "takes full-size arrays, uses invisible-watermark's dwtDctSvd and c2pa's default thumbnail. Pictures: six photographs "
        "brought to 1024x1024. CLIP is off on both sides. The gate's times include its fsyncs."
    ),
    "The works registry": (
        "One thread, radius 31 of 256 bits, every answer compared with that of a flat search. Rows count codes. The registry "
        "keeps up to 16 codes of a work (flips, turns, common crops), so 1,000,000 works are the last rows. `families` are "
        "clusters of near-duplicates. `faiss 16x16` is IndexBinaryMultiHash as the best-known open service ships it."
    ),
    "Over HTTP": (
        "A server with the default detectors on the same machine, asked by one client, everything in turns: a signed JPEG "
        "verified over HTTP and by the same function in process; a PNG handed in until the 202, which is sent once the file "
        "was decoded and is kept; the same PNG to a bare FastAPI route that reads and hashes it. Eight at once take about ten times "
        "as long as one: what the server computes for each is the same (32 to 36 ms of CPU on a machine that was busy, 24 each, "
        "reading the form, hashing, looking at headers, keeping, recording), one interpreter does it, and one worker and the "
        "client share its two cores."
    ),
}

NOTES |= {
    "The desk with many jobs": (
        "`python -m bench.desk`: 100,000 jobs of which 80,000 are open, on SQLite; one client, one request at a time. CPU is that of "
        "server and client together: on a machine that does other work the wall time is longer."
    ),
    "Lookup by API": (
        "`python -m bench.lookup`: `GET /v1/matches` by a code among 1,000,000 works, one request at a time, beside `/healthz` of the "
        "same server."
    ),
    "A large upload": (
        "`python -m bench.upload`: the server's own memory (anonymous, not files) at its highest while the body comes, above what it "
        "had before; the file is noise that begins as a PNG, so it is refused once it is there."
    ),
}

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"


def main() -> None:
    """Run, print, and with --write keep the page."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--quick", action="store_true", help="skip the 10,000,000-work registry")
    parser.add_argument("--write", action="store_true", help=f"rewrite {PAGE.name}")
    parser.add_argument("--only", choices=("line", "registry", "http", "desk", "lookup", "upload"))
    options = parser.parse_args()
    console = Console()
    if not console.is_terminal:
        console = Console(width=160)
    console.print(machine())
    sections: dict[str, list[dict[str, Any]]] = {}
    for only, title, measure in (
        ("line", "The line against a naive script", line.run),
        ("http", "Over HTTP", http_api.run),
        ("desk", "The desk with many jobs", partial(desk.run, 100_000, "")),
        ("lookup", "Lookup by API", lookup.run),
        ("upload", "A large upload", upload.run),
        ("registry", "The works registry", partial(registry.run, quick=options.quick)),
    ):
        if options.only in {None, only}:
            sections[title] = measure()
            console.print(build_table(title, sections[title]))
    if options.write:
        PAGE.write_text(build_page(sections, PAGE.read_text()))


def build_page(sections: dict[str, list[dict[str, Any]]], before: str = "") -> str:
    """Return the page that keeps the figures; sections of the page `before` that were not measured now stay."""
    parts = [
        "# Benchmarks\n",
        "`make bench` makes this page's tables: everything side by side in one run, medians.",
        f"Machine: {machine()}.\n",
    ]
    for title, rows in sections.items():
        parts += [f"## {title}\n", f"{NOTES[title]}\n", "| " + " | ".join(rows[0]) + " |", "|" + "---|" * len(rows[0])]
        parts += ["| " + " | ".join(str(cell) for cell in row.values()) + " |" for row in rows]
        parts.append("")
    kept = [part for part in before.split("\n## ")[1:] if part.partition("\n")[0] not in sections]
    return "\n".join(parts) + "".join(f"\n## {part.rstrip()}\n" for part in kept)


if __name__ == "__main__":
    main()

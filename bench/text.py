"""The mark in texts: what it survives, how often it says something wrong, and when two texts count as the same.

English is what Python's own `pydoc` says of its language, Chinese the concept sentences of the meaning bank in random
order; neither was looked at while the scheme was made. ``python -m bench.text`` prints tables in Markdown.
"""

import argparse
import email
import email.policy
import random
import re
import textwrap
import time
import unicodedata
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from pydoc_data import topics
from typing import Final

from markdown_it import MarkdownIt

from provenance.fingerprints.shingles import RADIUS_BITS, compute_code, distance_bits, hash_letters
from provenance.media.text.kind import HTML
from provenance.media.text.text import parse_document
from provenance.watermarks.base import WatermarkKey
from provenance.watermarks.thread.gaps import SYMBOLS, find_gaps
from provenance.watermarks.thread.scheme import Thread, place

KEY: Final = WatermarkKey("bench", bytes(range(32)))
OTHER: Final = WatermarkKey("other", bytes(range(1, 33)))
_PROSE: Final = re.compile(r"[A-Z][a-z][\w ,;()'-]{40,400}\.")
_HAN: Final = re.compile("[\u4e00-\u9fff]{8,}")
_ONE_HAN: Final = re.compile("[\u4e00-\u9fff]")
# Words and endings that Persian joins without a blank: such a text has hundreds of the mark's own characters.
_PERSIAN: Final = (
    "\u0645\u06cc", "\u0646\u0645\u06cc", "\u0631\u0648\u062f", "\u06a9\u062a\u0627\u0628", "\u0647\u0627",
    "\u062e\u0627\u0646\u0647", "\u0647\u0627\u06cc", "\u0634\u0648\u062f", "\u06af\u0641\u062a",
    "\u062f\u0627\u0646\u0634", "\u0622\u0645\u0648\u0632", "\u062f\u0631\u06cc\u0627", "\u0628\u0632\u0631\u06af",
    "\u062a\u0631", "\u062a\u0631\u06cc\u0646", "\u06a9\u0648\u0686\u06a9", "\u0632\u06cc\u0628\u0627",
    "\u0634\u0647\u0631", "\u0628\u0627\u063a", "\u0622\u0628",
)  # fmt: skip
_ROOT: Final = Path(__file__).parent.parent

Edit = Callable[[str, random.Random], str]


def list_english() -> list[str]:
    """Return sentences."""
    return [" ".join(one.split()) for text in topics.topics.values() for one in _PROSE.findall(" ".join(text.split()))]


def list_chinese() -> list[str]:
    """Return sentences."""
    text = (_ROOT / "training" / "meaning.txt").read_text(encoding="utf-8")
    return [f"{one}\u3002" for one in dict.fromkeys(_HAN.findall(text))]


def draw_text(sentences: list[str], size: int, rng: random.Random, *, joiner: str) -> str:
    """Return a text of random sentences with at least `size` words, or characters where there are no spaces."""
    parts: list[str] = []
    while sum(len(one.split()) if joiner.strip(" ") != joiner else len(one) for one in parts) < size:
        parts.append(rng.choice(sentences))
    lines = [joiner.join(parts[at : at + 4]) for at in range(0, len(parts), 4)]
    return "\n\n".join(lines)


def lose(share: float) -> Edit:
    """Delete a share of the invisible characters."""
    return lambda text, rng: "".join(char for char in text if char not in SYMBOLS or rng.random() >= share)


def replace_words(share: float) -> Edit:
    """Put other words, or characters, in the place of some."""

    def edit(text: str, rng: random.Random) -> str:
        if " " not in text:
            return _ONE_HAN.sub(lambda found: "\u9fa5" if rng.random() < share else found[0], text)
        return re.sub(r"[A-Za-z]+", lambda found: "zeppelin" if rng.random() < share else found[0], text)

    return edit


def cut(share: float) -> Edit:
    """Keep a part out of the middle."""
    return lambda text, _: text[int(len(text) * (1 - share) / 2) :][: int(len(text) * share)]


def send(text: str, _: random.Random) -> str:
    """Send it as an e-mail, quoted-printable, and read it back."""
    message = EmailMessage(policy=email.policy.SMTP)
    message.set_content(text, cte="quoted-printable")
    got = email.message_from_bytes(bytes(message), policy=email.policy.default)
    assert isinstance(got, EmailMessage)
    return str(got.get_content())


def quote(text: str, _: random.Random) -> str:
    """Answer it: lines of 72 characters with a sign before each, as mail programs do."""
    lines = [line for one in text.split("\n") for line in (textwrap.wrap(one, 72) or [""])]
    return "\n".join(f"> {line}" for line in lines)


def render(text: str, _: random.Random) -> str:
    """Make HTML of it by a Markdown library, and text of the HTML."""
    return parse_document(MarkdownIt().render(text), HTML).words


EDITS: Final[dict[str, Edit]] = {
    "none": lambda text, _: text,
    "30 % of the invisible characters lost": lose(0.3),
    "50 % lost": lose(0.5),
    "half of the text": cut(0.5),
    "5 % of the words replaced": replace_words(0.05),
    "10 % replaced, 30 % lost": lambda text, rng: lose(0.3)(replace_words(0.1)(text, rng), rng),
    "e-mail, quoted-printable": send,
    "quoted in an answer, 72 columns": quote,
    "Markdown to HTML to text": render,
    "one line, lower case": lambda text, _: " ".join(text.split()).lower(),
    "NFKC": lambda text, _: unicodedata.normalize("NFKC", text),
    "every invisible character deleted": lambda text, _: "".join(
        one for one in text if unicodedata.category(one) != "Cf"
    ),
}


def measure_survival(count: int) -> Iterator[str]:
    """Yield rows: of how many texts the whole id was read, and of how many the fingerprint still holds."""
    scheme = Thread((KEY,))
    sizes = (("80 words", 80, list_english(), " "), ("300 words", 300, list_english(), " "))
    sizes += (("150 characters", 150, list_chinese(), ""), ("600 characters", 600, list_chinese(), ""))
    yield "| edit | " + " | ".join(name for name, *_ in sizes) + " | same by fingerprint, 300 words |"
    yield "|---" * (len(sizes) + 2) + "|"
    for name, edit in EDITS.items():
        rng, cells, same = random.Random(7), [], 0
        for label, size, sentences, joiner in sizes:
            good = 0
            for _ in range(count):
                text, payload = draw_text(sentences, size, rng, joiner=joiner), rng.getrandbits(64)
                edited = edit(scheme.embed(text, payload), rng)
                found = scheme.extract(edited)
                good += found is not None and found.payload == payload
                if label == "300 words":
                    codes = [compute_code("".join(c for c in one if c not in SYMBOLS)) for one in (text, edited)]
                    same += all(codes) and distance_bits(codes[0].value, codes[1].value) <= RADIUS_BITS  # type: ignore[union-attr]
            cells.append(f"{good}/{count}")
        yield f"| {name} | {' | '.join(cells)} | {same}/{count} |"


def measure_paragraphs(count: int) -> Iterator[str]:
    """Yield rows: how often one paragraph out of a text says whose it is, under a key drawn for each text."""
    yield "| one paragraph of | out of | read |\n|---|---|---|"
    kinds = ((list_english(), " ", "words", 200, (50, 60, 70)), (list_chinese(), "", "characters", 300, (60, 80, 100)))
    for sentences, joiner, unit, whole, sizes in kinds:
        rng = random.Random(17)
        for size in sizes:
            good = 0
            for _ in range(count):
                text = draw_text(sentences, whole, rng, joiner=joiner).replace("\n\n", joiner)
                pieces = text.split(" ")[:whole] if joiner else list(text[:whole])
                shown = [joiner.join(pieces[:size]), joiner.join(pieces[size:])]
                scheme, payload = Thread((WatermarkKey("drawn", rng.randbytes(32)),)), rng.getrandbits(64)
                found = scheme.extract(scheme.embed("\n\n".join(shown), payload).split("\n\n")[0])
                good += found is not None and found.payload == payload
            yield f"| {size} {unit} | {whole} | {good}/{count} |"


def measure_wrong(count: int, seed: int = 11) -> Iterator[str]:
    """Yield rows: readings that gave an id which is not the text's; of another seed, of other texts."""
    own, other, english = Thread((KEY,)), Thread((OTHER,)), list_english()
    rng = random.Random(seed)

    def scatter(text: str) -> str:
        return place(text, ((gap.at, rng.choice(SYMBOLS) + rng.choice(SYMBOLS)) for gap in find_gaps(text)))

    def carry(text: str) -> str:
        marked = own.embed(draw_text(english, 120, rng, joiner=" "), 5)
        symbols = [char for char in marked if char in SYMBOLS]
        return place(text, ((gap.at, "".join(symbols[4 * at : 4 * at + 4])) for at, gap in enumerate(find_gaps(text))))

    def join(_: str) -> str:
        return " ".join("\u200c".join(rng.sample(_PERSIAN, 2)) + rng.choice(_PERSIAN) for _ in range(400))

    damage = lambda text: lose(0.4)(replace_words(0.3)(text, rng), rng)  # noqa: E731 - one of five alike
    kinds: dict[str, tuple[Callable[[str], str], int | None]] = {
        "invisible characters at random": (scatter, None),
        "no mark, joiners of its own (Persian)": (join, None),
        "marked under another key": (lambda text: other.embed(text, 5), None),
        "a mark carried to another text": (carry, None),
        "marked, then damaged": (lambda text: damage(own.embed(text, 5)), 5),
    }
    for name, (make, right) in kinds.items():
        wrong = read = 0
        for _ in range(count // len(kinds)):
            found = own.extract(make(draw_text(english, 120, rng, joiner=" ")))
            read += found is not None
            wrong += found is not None and found.payload != right
        yield f"| {name} | {wrong} of {count // len(kinds):,} | {read} |"


def measure_likeness(count: int) -> Iterator[str]:
    """Yield rows: distances between codes of texts that have nothing to do with each other, and digests of letters."""
    rng, english = random.Random(13), list_english()
    texts = [draw_text(english, 150, rng, joiner=" ") for _ in range(count)]
    codes = [code.value for one in texts if (code := compute_code(one))]
    distances = [distance_bits(a, b) for at, a in enumerate(codes) for b in codes[at + 1 :]]
    yield f"{len(distances):,} pairs: nearest {min(distances)} bits, {sum(d <= RADIUS_BITS for d in distances)} within"
    yield f"{len({hash_letters(one) for one in texts})} digests of {len(set(texts))} texts"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.text")
    parser.add_argument("--count", type=int, default=100, help="texts of each kind")
    parser.add_argument("--readings", type=int, default=100_000)
    options = parser.parse_args()
    started = time.process_time()
    for rows in (
        measure_survival(options.count),
        measure_paragraphs(5 * options.count),
        measure_likeness(options.count),
        measure_wrong(options.readings),
    ):
        print(*rows, sep="\n", end="\n\n")
    print(f"{time.process_time() - started:.0f} s of processor time")


if __name__ == "__main__":
    main()

"""Texts that want to do harm, or were damaged on their way: what each is, and what has to become of it."""

import unicodedata
from dataclasses import dataclass

from tests.letters import letter, sentences

REFUSED, SHIPS, HELD, EITHER = "refused", "ships", "held", "either"
PROSE = " ".join(sentences(20))


@dataclass(frozen=True)
class BadText:
    """A file.

    Attributes:
        name: that it is handed in under.
        data: its bytes.
        ends: what becomes of it: an error of ours, a release without what nobody sees, a hold, or one of the last two.
        gone: what must not be in anything that ships of it.
    """

    name: str
    data: bytes
    ends: str
    gone: tuple[str, ...] = ()


def _spread(mark, count=40):
    words = PROSE.split(" ")
    return " ".join(word + mark if at < count else word for at, word in enumerate(words)).encode()


BAD_TEXTS = {
    "10 MB": BadText("a.txt", b"a word " * 1_500_000, REFUSED),
    "a word without an end": BadText("a.txt", b"a" * 40_000, EITHER),
    "many lines": BadText("a.md", b"- a\n" * 9_000, EITHER),
    "no UTF-8": BadText("a.txt", PROSE.encode() + b"\xff\xfe" * 9, REFUSED),
    "cut within a character": BadText("a.txt", (PROSE + "\u6d77").encode()[:-1], REFUSED),
    "half a surrogate pair": BadText("a.txt", PROSE.encode() + "\ud83d".encode(errors="surrogatepass"), REFUSED),
    "overlong": BadText("a.txt", PROSE.encode() + b"\xc0\xaf", REFUSED),
    "beyond Unicode": BadText("a.txt", PROSE.encode() + b"\xf4\x90\x80\x80", REFUSED),
    "UTF-16": BadText("a.txt", PROSE.encode("utf-16"), REFUSED),
    "GBK": BadText("a.txt", ("\u6d77\u8fb9\u7684\u5c0f\u9547" * 40).encode("gbk"), REFUSED),
    "NUL inside": BadText("a.txt", PROSE.encode() + b"\0", REFUSED),
    "escape codes of terminals": BadText("a.txt", PROSE.encode() + b"\x1b]0;gone\x07", REFUSED),
    "nothing but invisible": BadText("a.txt", "\u200b\u2060\u200d".encode() * 4000, REFUSED),
    "nothing but directions": BadText("a.txt", "\u202e\u2066".encode() * 4000, REFUSED),
    "nothing but selectors": BadText("a.txt", "\ufe00\U000e0100".encode() * 4000, REFUSED),
    "nothing but tags": BadText("a.txt", "\U000e0041".encode() * 4000, REFUSED),
    "empty": BadText("a.txt", b"", REFUSED),
    "invisible between words": BadText("a.txt", _spread("\ufeff"), EITHER, ("\ufeff",)),
    "turned directions": BadText("a.txt", _spread("\u202e"), EITHER, ("\u202e",)),
    "a sentence in tags": BadText("a.txt", (PROSE + "".join(chr(0xE0000 + ord(one)) for one in "obey me")).encode(), EITHER, ("\U000e006f",)),
    "bytes in selectors": BadText("a.txt", (PROSE + "\u263a" + "\ufe05" * 5000).encode(), EITHER, ("\ufe05" * 4,)),
    "forms mixed": BadText("a.txt", (PROSE + unicodedata.normalize("NFD", " caf\u00e9 ") + "caf\u00e9").encode(), SHIPS, ("e\u0301",)),
    "a mountain of accents": BadText("a.txt", (PROSE + " a" + "\u0301" * 50_000).encode(), EITHER),
    "look-alike letters": BadText("a.txt", PROSE.replace("a", "\u0430").encode(), EITHER),
    "markdown that nests": BadText("a.md", b"> " * 4_000 + b"a word\n\n" + b"[" * 9_000 + b"]" * 9_000, EITHER),
    "markdown fences": BadText("a.md", letter() + b"\n```\n" * 6_000, EITHER),
    "markdown comments without an end": BadText("a.md", letter() + b"<!--" * 9_000, EITHER),
    "markdown with a script": BadText("a.md", letter() + b"\n<script>alert(1)</script>\n", EITHER),
    "html that nests": BadText("a.html", b"<div>" * 60_000 + PROSE.encode(), REFUSED),
    "html tags without an end": BadText("a.html", b"<p>" + PROSE.encode() + b"</p>" + b"<a b=" * 40_000, REFUSED),
    "html comments without an end": BadText("a.html", b"<p>" + PROSE.encode() + b"</p>" + b"<!--" * 40_000, REFUSED),
    "html of a kind that is none": BadText("a.html", b"<p>" + PROSE.encode() + b"</p><![<![ ", REFUSED),
    "html of attributes": BadText("a.html", b"<p " + b"a=b " * 300_000 + b">" + PROSE.encode(), EITHER, ("a=b",)),
    "html with a script": BadText("a.html", f"<p>{PROSE}</p><script>alert(1)</script>".encode(), SHIPS, ("alert",)),
    "html that closes what it never opened": BadText("a.html", b"<p>" + b"</b></i></div>" * 60_000 + PROSE.encode(), EITHER),
    "html in a comment without an end": BadText("a.html", b"<p>" + PROSE.encode() + b"</p><!--" + b"-" * 500_000, EITHER),
    "subtitles with tags": BadText("a.srt", f"1\n00:00:01,000 --> 00:00:02,000\n<b><i>{PROSE}\n".encode(), EITHER),
    "subtitles without an end": BadText("a.vtt", b"WEBVTT\n\n" + b"00:01.000 --> 00:02.000\na\n\n" * 2_000, EITHER),
    "front matter without an end": BadText("a.md", b"---\n" + b"a: b\n" * 9_000, EITHER),
}  # fmt: skip

"""The scheme `thread`: 64 bits in invisible characters between words, read back from what is left of them.

    place     `gaps`: known by the last eight letters before it, so a reader needs no count and no order
    symbol    slot s of a place holds one of two characters: which of 1,024 code bits it carries, and whether it is
              turned round, is told by BLAKE2b(context, s) under the key
    code      message, 40-bit keyed check and polar code of 1,024 bits are the tile's (`tile.code`)
    reading   each symbol is a vote for its bit; what is missing is an erasure; the whole text is tried, then windows

A symbol that is lost is an erasure, one whose letters were changed is wrong as often as right, and one that was copied
to other letters, or out of another text, says nothing of the mark. So a mark cannot be carried to another text.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from provenance.errors import UnmarkableError, WatermarkError
from provenance.watermarks.base import Reading, WatermarkKey
from provenance.watermarks.thread.gaps import SYMBOLS, Gap, find_gaps, read_symbols
from provenance.watermarks.tile.code import CHANCE_PER_TEST, MESSAGE_BITS, build_messages, decode, encode
from provenance.watermarks.tile.layout import DATA_LINES, Layout, build_layout

WANTED: Final = 768
"""Symbols that a short text gets, as far as it has places: a third of 200 words was read under 9,000 of 9,000 keys,
with 700 under 8,997, with 512 under five in six (letters of the tests)."""

LEAST: Final = 150
"""Symbols below which a text is not marked, and nothing is looked for: fewer do not carry the message."""

# With so many that differ, each text of the tests was read; of fewer it is tried.
_ENOUGH: Final = 1500
PATHS: Final = 32
# Of a long text: symbols in a window, and windows that are tried.
_WINDOW: Final = 600
_MOST_WINDOWS: Final = 16
# A vote is right with this probability, or it is one of a changed place.
_TRUST: Final = 0.95
# Symbols a place: in scripts without spaces there is one for every third character.
_LEAST_DENSITY: Final = {False: 1.0, True: 1 / 3}
_DIGEST_BYTES: Final = 4


class Thread:
    """Hides 64 bits in a text under one or more keys.

    Limits: some 50 words, or 60 characters of a script without spaces, are the least. Whoever deletes every invisible
        character deletes the mark, and so does typing the text anew: the fingerprint is what remains. A reading is
        evidence, its absence is not.
    """

    name: Final = "thread"
    alg: Final = "org.chopmark.thread.1"

    def __init__(self, keys: tuple[WatermarkKey, ...]) -> None:
        if not keys:
            raise WatermarkError("expected at least one key, got none")
        self._keys = tuple((build_layout(key, self.alg), _derive(key, self.alg)) for key in keys)
        self.false_positive_bound = min(1.0, (1 + _MOST_WINDOWS) * PATHS * len(keys) * CHANCE_PER_TEST)
        """Probability that a text which was not marked under a key held reads as marked, by arithmetic."""

    def weave(self, gaps: Sequence[Gap], payload: int) -> list[tuple[int, str]]:
        """Return what stands where: (number of the gap, symbols) for each that holds some.

        Raises:
            PayloadTooLargeError: more than 64 bits.
            UnmarkableError: the text has too few places, or too few that differ: a refrain says nothing new.
        """
        layout, secret = self._keys[0]
        code = encode(build_messages(layout, payload, range(1)))[0]
        room = sum(gap.slots for gap in gaps)
        if room < LEAST:
            raise UnmarkableError(f"expected a text with room for {LEAST} invisible characters, got room for {room}")
        density = WANTED / len(gaps)
        woven = []
        for number, gap in enumerate(gaps):
            wanted = max(density, _LEAST_DENSITY[gap.is_narrow])
            held = "".join(
                SYMBOLS[2 * slot + (int(code[place]) ^ turn)]
                for slot in range(min(gap.slots, int(wanted) + 1))
                for place, turn, chance in (_hash(secret, gap.context, slot),)
                if chance < wanted - slot
            )
            if held:
                woven.append((number, held))
        self._require_readable([(gaps[number].context, one) for number, held in woven for one in held], payload)
        return woven

    def _require_readable(self, symbols: Sequence[tuple[str, str]], payload: int) -> None:
        """Refuse what could not be read back: the same words in the same order are one place, however often said."""
        if len(apart := frozenset(symbols)) >= _ENOUGH:
            return
        reading = self.read(symbols)
        if reading is None or reading.payload != payload:
            raise UnmarkableError(
                f"expected a text whose words differ, got {len(apart)} different places for invisible characters"
            )

    def embed(self, text: str, payload: int) -> str:
        """Return a marked copy of plain text that has no invisible characters; see `weave`."""
        gaps = tuple(find_gaps(text))
        return place(text, ((gaps[number].at, held) for number, held in self.weave(gaps, payload)))

    def extract(self, text: str) -> Reading | None:
        """Look for a mark in plain text under every key held; None when none is found."""
        return self.read(tuple(read_symbols(text)))

    def read(self, symbols: Sequence[tuple[str, str]]) -> Reading | None:
        """Look for a mark in symbols with their contexts, under every key held; None when none is found."""
        for layout, secret in self._keys:
            votes = [_vote(secret, context, symbol) for context, symbol in symbols]
            for window in _list_windows(len(votes)):
                reading = self._read(layout, votes[window])
                if reading is not None:
                    return reading
        return None

    def _read(self, layout: Layout, votes: Sequence[tuple[int, int]]) -> Reading | None:
        counts = np.zeros(DATA_LINES, np.float32)
        for line, sign in votes:
            counts[line] += sign
        if np.count_nonzero(counts) <= MESSAGE_BITS:
            return None
        found = decode(layout, counts * np.float32(np.log(_TRUST / (1 - _TRUST))), paths=PATHS)
        if found is None:
            return None
        payload, code = found
        wrong = sum(1 for line, sign in votes if (sign < 0) != bool(code[line]))
        return Reading(self.name, self.alg, payload, layout.key_id, self.false_positive_bound, wrong)


def place(text: str, held: Iterable[tuple[int, str]]) -> str:
    """Return a text with characters put in at places, in order."""
    parts, last = [], 0
    for at, symbols in held:
        parts += [text[last:at], symbols]
        last = at
    return "".join([*parts, text[last:]])


def _derive(key: WatermarkKey, alg: str) -> bytes:
    info = b"chopmark watermark places " + alg.encode("ascii")
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(key.secret)


def _hash(secret: bytes, context: str, slot: int) -> tuple[int, int, float]:
    """Return which code bit a slot carries, whether it is turned round, and a chance of 0..1."""
    digest = hashlib.blake2b(context.encode(), digest_size=_DIGEST_BYTES, key=secret, salt=bytes((slot,))).digest()
    return int.from_bytes(digest[:2]) % DATA_LINES, digest[2] & 1, digest[3] / 256


def _vote(secret: bytes, context: str, symbol: str) -> tuple[int, int]:
    """Return a code bit and for what a symbol speaks: 1 for 0, -1 for 1."""
    slot, value = divmod(SYMBOLS.index(symbol), 2)
    line, turn, _ = _hash(secret, context, slot)
    return line, -1 if value ^ turn else 1


def _list_windows(count: int) -> Iterator[slice]:
    """Yield the whole, then windows that overlap by half, evenly spread where there are too many."""
    yield slice(None)
    if count <= _WINDOW:
        return
    starts = np.linspace(0, count - _WINDOW, min(_MOST_WINDOWS, 2 * count // _WINDOW))
    yield from (slice(int(start), int(start) + _WINDOW) for start in starts)

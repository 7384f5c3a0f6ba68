"""A programme: the pieces of a gala in their order, as a YAML file that people write.

Each piece says what is shown, and from what it is made: a `picture` file or a `prompt` or a `preset` with `words`; with
`animate` it becomes a clip; `music` alone is a piece of music. A piece is known by what it says, so that whoever
corrects one of fifty makes one anew.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import yaml

from generation.animation.animator import Motion
from generation.clip import Wish
from generation.presets.preset import find_preset
from generation.voices.speech import Line, read_line
from provenance.asset import sha256_hex
from provenance.errors import GenerationError
from provenance.text import show

MOST_PIECES: Final = 100
MOST_BYTES: Final = 1 << 20
_TITLE: Final = 120
_FIELDS: Final = frozenset({"title", "pieces", "seed", "packs"})
_PIECE: Final = frozenset({"title", "prompt", "picture", "preset", "words", "animate", "music", "seed"})
_ANIMATE: Final = frozenset({"seconds", "side", "rate", "move", "strength", "particles", "music", "say", "ambience"})
_MUSIC: Final = frozenset({"seconds", "words"})
_MOST_MUSIC_S: Final = 600.0


class ProgrammeError(GenerationError):
    """A programme says what cannot be meant."""

    code = "programme"


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a gala.

    Attributes:
        number: from 1.
        title: for people.
        kind: picture, clip or music.
        seed: same seed, same piece.
        prompt: what its picture is drawn from, or "".
        size: (width, height) of a drawn picture.
        picture: file that it begins with, or None.
        packs: that decide besides those of the site.
        wish: of a clip, else None.
        seconds: of a clip or music, else 0.
        words: that music is chosen by.
        key: names what it says, whatever its number; the same for the same piece of another programme.
    """

    number: int
    title: str
    kind: str
    seed: int
    prompt: str = ""
    size: tuple[int, int] = (512, 512)
    picture: Path | None = None
    packs: tuple[str, ...] = ()
    wish: Wish | None = None
    seconds: float = 0.0
    words: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Programme:
    """Pieces in their order.

    Attributes:
        title: of the whole.
        pieces: at least one.
        packs: that decide besides those of the site, about all of them and the poster.
    """

    title: str
    pieces: tuple[Piece, ...]
    packs: tuple[str, ...] = field(default=())


def load_programme(path: Path) -> Programme:
    """Return the programme of a file; pictures are looked for from its folder.

    Raises:
        ProgrammeError: it cannot be read, or is none; the message names the piece and the field.
    """
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise ProgrammeError(f"the programme {path.name} cannot be read: {exc.strerror}") from exc
    if len(data) > MOST_BYTES:
        raise ProgrammeError(f"expected a programme of at most {MOST_BYTES >> 10} KiB, got {len(data) >> 10}")
    try:
        return parse_programme(data.decode("utf-8-sig"), path.parent)
    except UnicodeDecodeError as exc:
        raise ProgrammeError("expected a programme as UTF-8 text, got other bytes") from exc


def parse_programme(text: str, folder: Path) -> Programme:
    """Return the programme that a text spells.

    Raises:
        ProgrammeError: it spells none.
    """
    try:
        said = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as exc:
        raise ProgrammeError(f"the programme cannot be read as YAML{_find_line(exc, text)}") from exc
    said = _check_fields("the programme", said, _FIELDS)
    pieces = said.get("pieces")
    if not isinstance(pieces, list) or not 1 <= len(pieces) <= MOST_PIECES:
        raise ProgrammeError(f"the programme: pieces has to be a list of 1 to {MOST_PIECES}")
    title, seed = _read_title("the programme", said), _read_seed("the programme", said, 0)
    packs = said.get("packs", [])
    if not isinstance(packs, list) or not all(isinstance(one, str) for one in packs):
        raise ProgrammeError("the programme: packs has to be a list of names")
    made, known = [], dict[str, int]()
    for number, one in enumerate(pieces, 1):
        piece = _parse_piece(number, one, folder, seed)
        known[piece.key] = known.get(piece.key, 0) + 1
        # The same piece twice is two: on with the show.
        made.append(piece if known[piece.key] == 1 else _again(piece, known[piece.key]))
    return Programme(title, tuple(made), tuple(packs))


def _find_line(exc: Exception, text: str) -> str:
    """Say where YAML stops making sense, as far as it knows."""
    if isinstance(exc, yaml.reader.ReaderError):  # a character that no YAML may hold
        line = text.count("\n", 0, int(exc.position)) + 1
        return f": line {line} holds a control character, which YAML takes in quotes and escaped alone"
    mark = getattr(exc, "problem_mark", None)
    return f": look at line {mark.line + 1}" if mark is not None else ""


def _again(piece: Piece, turn: int) -> Piece:
    from dataclasses import replace

    return replace(piece, key=f"{piece.key}.{turn}")


def _parse_piece(number: int, value: object, folder: Path, seed: int) -> Piece:
    where = f"piece {number}"
    said = _check_fields(where, value, _PIECE)
    title = _read_title(where, said)
    facts: dict[str, Any] = {"seed": _read_seed(where, said, seed + number - 1)}
    sources = [name for name in ("prompt", "picture", "preset") if name in said]
    if "music" in said and not sources and "animate" not in said:
        facts |= _read_music(where, said["music"])
    elif len(sources) != 1 or "music" in said:
        raise ProgrammeError(f"{where}: expected one of prompt, picture, preset, or music alone")
    else:
        facts |= _read_source(where, said, folder)
        if "animate" in said:
            wish = _read_wish(where, said["animate"], facts["seed"], facts.get("prompt") or title)
            facts |= {"kind": "clip", "wish": wish, "seconds": wish.seconds}
    picture: Path | None = facts.get("picture")
    try:
        digest = "" if picture is None else sha256_hex(picture.read_bytes())
    except OSError as exc:
        assert picture is not None
        raise ProgrammeError(f"{where}: the picture {picture.name} cannot be read: {exc.strerror}") from exc
    spelled = json.dumps([said.get("title"), digest, facts | {"picture": ""}], default=str, sort_keys=True)
    return Piece(number, title, **facts, key=sha256_hex(spelled.encode())[:40])


def _read_source(where: str, said: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    if "picture" in said:
        return {"kind": "picture", "picture": folder / _read_text(where, said, "picture", required=True)}
    if "prompt" in said:
        return {"kind": "picture", "prompt": _read_text(where, said, "prompt", required=True, most=2000)}
    try:
        preset = find_preset(_read_text(where, said, "preset", required=True))
        prompt = preset.build_prompt(_read_text(where, said, "words", required=True, most=2000))
    except GenerationError as exc:
        raise ProgrammeError(f"{where}: {exc}") from exc
    return {"kind": "picture", "prompt": prompt, "size": preset.size, "packs": preset.packs}


def _read_wish(where: str, value: object, seed: int, words: str) -> Wish:
    said = _check_fields(f"{where}: animate", {} if value in (None, True) else value, _ANIMATE)
    music = said.get("music", False)
    if not isinstance(music, bool):
        raise ProgrammeError(f"{where}: animate: music has to be true or false")
    numbers = {
        name: _read_number(where, said, name)
        for name in _ANIMATE - {"music", "move", "say", "ambience"}
        if name in said
    }
    try:
        motion = Motion(
            str(said.get("move", "auto")), numbers.get("strength", 1.0), round(numbers.get("particles", 60))
        )
        return Wish(
            numbers.get("seconds", 5.0),
            round(numbers.get("side", 720)),
            round(numbers.get("rate", 30)),
            seed,
            motion,
            music,
            (words,),
            lines=_read_lines(where, said.get("say", [])),
            ambience=_read_text(f"{where}: animate", said, "ambience"),
        )
    except (ValueError, OverflowError) as exc:  # rounding what is no number, or endless
        raise ProgrammeError(f"{where}: animate: expected numbers that a clip can have") from exc
    except GenerationError as exc:
        raise ProgrammeError(f"{where}: animate: {exc}") from exc


def _read_lines(where: str, value: object) -> tuple[Line, ...]:
    lines = [value] if isinstance(value, str) else value
    if not isinstance(lines, list) or not all(isinstance(one, str) for one in lines):
        raise ProgrammeError(f"{where}: animate: say has to be a list of lines")
    return tuple(read_line(one) for one in lines)


def _read_music(where: str, value: object) -> dict[str, Any]:
    said = _check_fields(f"{where}: music", {} if value in (None, True) else value, _MUSIC)
    seconds = _read_number(where, said, "seconds") if "seconds" in said else 20.0
    if not 1 <= seconds <= _MOST_MUSIC_S:
        raise ProgrammeError(f"{where}: music: expected 1 to {_MOST_MUSIC_S:.0f} seconds, got {seconds:g}")
    return {"kind": "music", "seconds": seconds, "words": _read_text(where, said, "words", most=2000)}


def _check_fields(where: str, value: object, known: frozenset[str]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise ProgrammeError(f"{where}: expected the fields {', '.join(sorted(known))}")
    if unknown := sorted(set(value) - known):
        raise ProgrammeError(f"{where}: no field is called {show(unknown[0])[:40]}: {', '.join(sorted(known))}")
    return value


def _read_text(where: str, said: Mapping[str, Any], name: str, *, required: bool = False, most: int = _TITLE) -> str:
    value = said.get(name, "")
    if isinstance(value, bool | int | float | date):  # YAML reads No, 1984 and 2001-09-11 so
        raise ProgrammeError(f'{where}: {name} is read as no text by YAML: put it in quotes, such as {name}: "No"')
    if not isinstance(value, str) or len(value) > most or (required and not value.strip()):
        raise ProgrammeError(f"{where}: {name} has to be a text of {int(required)} to {most} signs")
    return " ".join(value.split())


def _read_title(where: str, said: Mapping[str, Any]) -> str:
    """Return a title as people may be shown it: in tables, on the poster, and printed."""
    return show(_read_text(where, said, "title", required=True))


def _read_number(where: str, said: Mapping[str, Any], name: str) -> float:
    value = said[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ProgrammeError(f"{where}: {name} has to be a number")
    return float(value)


def _read_seed(where: str, said: Mapping[str, Any], usual: int) -> int:
    value = said.get("seed", usual)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 31:
        raise ProgrammeError(f"{where}: seed has to be a whole number of 0 to {(1 << 31) - 1}")
    return value

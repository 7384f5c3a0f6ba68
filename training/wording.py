"""How people may ask chop-draw for a thing: many beginnings and endings around its names, and the ground's colour."""

import random
from pathlib import Path
from typing import Any, Final

from training.captions import COLOURS, WHITE

_WAYS: Final = (
    "{}", "a {}", "the {}", "some {}", "a picture of a {}", "an image of a {}", "a drawing of a {}", "an icon of a {}",
    "an emoji of a {}", "clip art of a {}", "a cartoon of a {}", "{} icon", "{} emoji", "{} clip art", "draw a {}",
    "draw me a {}", "please draw a {}", "i want a {}", "make a {}", "a single {}", "just a {}", "my {}", "we see a {}",
    "a {} in the middle", "a {} and nothing else", "{}, centred", "illustration, {}",
)  # fmt: skip
# Sentences of parts, so that no frame is learned by heart: the thing is to be found wherever it stands.
_OPENINGS: Final = (
    "", "", "", "", "please draw", "could you draw", "i would like", "i need", "give me", "show me", "show us",
    "make me", "create", "generate", "paint", "sketch", "design", "imagine", "this is", "that is", "there is", "it is",
    "look at", "we see", "you see", "let me see", "a picture of", "a big picture of", "a tiny drawing of",
    "an image with", "a photo with", "an illustration that shows", "a sticker with", "a sign that has", "artwork of",
    "icon of", "look, there is", "can you make", "let us have", "everybody likes", "i really want", "what about",
    "how about", "think of", "we want to see", "try", "do", "a render of", "a depiction of", "a graphic that has",
    "a doodle of", "a representation of", "the best possible", "nothing but", "simply", "the image contains",
    "the drawing shows", "in this picture there is", "someone drew", "an artist made",
)  # fmt: skip
_ARTICLES: Final = ("a", "a", "a", "the", "my", "some", "our", "another", "")
_ADJECTIVES: Final = (
    "", "", "", "cute", "simple", "pretty", "lovely", "little", "big", "beautiful", "good", "funny", "sweet", "plain",
    "colourful", "great", "typical", "perfect", "fine", "happy", "well drawn", "very simple", "pretty little",
)  # fmt: skip
_ENDINGS: Final = (
    "", "", "", "", "please", "alone", "only", "in the middle", "and nothing else", "for my website", "as a sticker",
    "in colour", "for children", "with no text", "seen from the front", "as an emoji", "all on its own",
)  # fmt: skip
# Words that name nothing, for what stands around a thing is to change nothing; none of those that are measured with.
_FILLERS: Final = tuple(Path(__file__).with_name("fillers.txt").read_text(encoding="utf-8").split())
_STYLED: Final = {
    "fluent-3d": ("a 3d icon of a {}", "a shiny 3d {}", "a rendered {}"),
    "noto": ("a shaded icon of a {}", "a soft cartoon of a {}"),
    "noto-v1": ("an old emoji of a {}", "a flat cartoon of a {}"),
    "fluent-flat": ("a flat icon of a {}", "a flat {}", "a vector drawing of a {}"),
}
_GROUNDS: Final = ("on a {} background", "on {}", "with a {} background", "in front of a {} wall")
_PLAIN_SHARE: Final = 0.2
_SENTENCE_SHARE: Final = 0.45
_STRAY_SHARE: Final = 0.25
_MOST_STRAYS: Final = 4
_GROUND_SHARE: Final = 0.25


def word(record: dict[str, Any], rng: random.Random) -> tuple[str, int]:
    """Return a caption for a picture, and the number of the ground's colour: white where the caption names none."""
    names, chance = record["names"], rng.random()
    if chance < 0.05 and record["chinese"]:
        return rng.choice(record["chinese"]), WHITE
    if chance < 0.12 and record["keywords"]:
        name = rng.choice(record["keywords"])
    else:
        name = names[0] if rng.random() < 0.6 else rng.choice(names)
    chance = rng.random()
    if chance < _SENTENCE_SHARE:
        before = [rng.choice(kind) for kind in (_OPENINGS, _ARTICLES, _ADJECTIVES)]
        caption = _join([*before, name, rng.choice(_ENDINGS)])
    elif chance < _SENTENCE_SHARE + _STRAY_SHARE:
        caption = _join([*_strays(rng, _MOST_STRAYS), rng.choice(_ARTICLES), name, *_strays(rng, 2)])
    else:
        ways = _STYLED[record["family"]] if chance < 1 - _PLAIN_SHARE else _WAYS
        caption = rng.choice(ways).format(name)
    if rng.random() >= _GROUND_SHARE:
        return caption, WHITE
    colour = rng.randrange(len(COLOURS))
    return f"{caption} {rng.choice(_GROUNDS).format(list(COLOURS)[colour])}", colour


def _strays(rng: random.Random, most: int) -> list[str]:
    return rng.choices(_FILLERS, k=rng.randint(0, most))


def _join(parts: list[str]) -> str:
    return " ".join(part for part in parts if part)

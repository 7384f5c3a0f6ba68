"""What a reason calls that which was read: packs speak of a picture and its prompt, as most of what comes is pictures.

name_reasons(reasons, signals, carriers)    # the clip shows weapons
find_names("the clip shows weapons", "the picture shows weapons")    # {"the picture": "the clip"}
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from detectors.base import Signal
from policies.rules.decision import Reason
from provenance.media.view import PICTURE, PROMPT, SOUND, TEXT, TRACK

SHOWN: Final = "the picture"
ASKED: Final = "the prompt"
BOTH: Final = f"{SHOWN} or its prompt"
"""Words of packs for what was read."""

_READ: Final = ("the text", "the document", "the clip", "the sound")


def name_reasons(reasons: set[Reason], signals: Sequence[Signal], carriers: frozenset[str]) -> set[Reason]:
    """Return the reasons as they are said of an asset of another kind; of a picture as they are."""
    has_text, has_pictures = TEXT in carriers, PICTURE in carriers
    if has_text:
        name = "the document" if has_pictures else "the text"
    elif TRACK in carriers:
        name = "the clip"
    elif SOUND in carriers:
        name = "the sound"
    else:
        return reasons
    names = _build(name, is_text=has_text, has_prompt=any(PROMPT in signal.looked_at for signal in signals))
    return {one if one.rule.startswith("requires.") else replace(one, text=put(one.text, names)) for one in reasons}


def find_names(said: str, text: str) -> Mapping[str, str] | None:
    """Return by which names `said` is what a pack's `text` says of an asset, or None where it says something else.

    Args:
        said: of a reason that is on record.
        text: as the pack has it.
    """
    if said == text:
        return {}
    return next((names for names in _list_names() if put(text, names) == said), None)


def put(text: str, names: Mapping[str, str]) -> str:
    """Return a text with the first of the names that it has said anew, once."""
    words = next((words for words in names if words in text), None)
    return text.replace(words, names[words], 1) if words else text


def _build(name: str, *, is_text: bool, has_prompt: bool) -> dict[str, str]:
    both = f"{name} or its prompt" if has_prompt or not is_text else name
    # The longest first: one of them is said anew.
    return {BOTH: both, ASKED: both if is_text else ASKED, SHOWN: name}


def _list_names() -> Iterator[dict[str, str]]:
    for name in _READ:
        for is_text in (False, True):
            for has_prompt in (False, True):
                yield _build(name, is_text=is_text, has_prompt=has_prompt)

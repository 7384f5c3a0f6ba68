"""Clips that are ordered over HTTP and at the desk: a picture that is to move, or a clip that is to go on.

What can be told from an order alone is told at once. The clip is made later, by whoever draws what waits, and walks the
gate as what `chopmark animate` and `chopmark extend` make does.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from api.animating import (
    animate_picture,
    begin_with,
    choose_encoder,
    extend_clip,
    join_words,
    name_clip,
    verify_takes_clips,
)
from api.refusals import InvalidRequestError
from api.schemas.release import Animation
from generation.sounding import OWN, Makers
from policies.line.prompting import judge_prompt
from policies.line.wish import ClipWish
from provenance.errors import ConfigurationError, GenerationError

if TYPE_CHECKING:
    from api.schemas.release import Order
    from api.settings import Settings
    from generation.clip import Wish as Wanted
    from policies.line.deployment import Deployment, Submission
    from policies.line.wish import Wish
    from policies.rules.decision import Decision
    from provenance.storage.blob import Blob

ANIMATE: Final = "animate"
EXTEND: Final = "extend"
_APART: Final = frozenset({"of", "say"})
"""What of an order lies elsewhere than among the options that are kept."""


def check_clip(here: "Deployment", order: "Order", *, has_file: bool, most_s: float) -> None:
    """Check that an order of a clip fits together, as far as that can be said without its file.

    Args:
        here: the gate of who orders.
        order: with a clip.
        has_file: whether a file comes with it.
        most_s: how long it may be, or how much longer.

    Raises:
        InvalidRequestError: it does not.
    """
    name, clip = _name_field(order), order.clip
    assert clip is not None
    if order.animate and order.extend:
        raise _refuse(name, f"expected {ANIMATE} or {EXTEND}, got both")
    if has_file == bool(clip.of):
        raise _refuse(
            name, f"expected a file, or {name}.of with the id of a release, got {'both' if clip.of else 'neither'}"
        )
    if order.recipe is not None:
        raise _refuse("recipe", "expected a recipe of what was made elsewhere: a clip that is made here has its own")
    if clip.seconds > most_s:
        raise _refuse(f"{name}.seconds", f"expected at most {most_s:g} seconds here, got {clip.seconds:g}")
    try:
        verify_takes_clips(here)
    except ConfigurationError as exc:
        raise _refuse(name, str(exc)) from exc


def build_clip(here: "Deployment", order: "Order", source: "Blob", name: str) -> ClipWish:
    """Return what clip is to be made of a file.

    Args:
        here: the gate of who orders.
        order: that was checked.
        source: a picture, or a clip.
        name: of it.

    Raises:
        InvalidRequestError: it is neither, not what the order needs, or a line cannot be spoken.
    """
    found, is_longer = here.media.find(source.read_at(0, 4096)), order.animate is None
    wanted = "video/" if is_longer else "image/"
    if found is None or not found[1].value.startswith(wanted):
        told = "what it is nobody here knows" if found is None else f"got {found[1]}"
        raise _refuse(
            _name_field(order), f"expected {'a clip to go on from' if is_longer else 'a picture to animate'}, {told}"
        )
    options, lines = _keep_options(order), _say(order)
    try:
        _build_wanted(options, order.seed, name, lines, "h264")
    except GenerationError as exc:
        raise _refuse(_name_field(order), str(exc)) from exc
    made = name_clip(name or ("clip" if is_longer else "picture"), is_longer=is_longer)
    return ClipWish(EXTEND if is_longer else ANIMATE, source, made[:255], options, lines)


def make_clip(settings: "Settings", here: "Deployment", wish: "Wish", makers: Makers = OWN) -> "Submission | Decision":
    """Make a clip that waits, and return it to be handed in, or the decision that blocks its words.

    Raises:
        GateError: it cannot be made.
    """
    clip = wish.clip
    assert clip is not None
    wanted = _build_wanted(clip.options, wish.seed, clip.name, clip.lines, choose_encoder(settings))
    words = join_words(wish.prompt, wanted.lines)
    if words and (refusal := judge_prompt(here, words, packs=wish.packs)) is not None:
        return refusal
    if clip.kind == EXTEND:
        return extend_clip(
            here, clip.source, wanted, name=clip.name, packs=wish.packs, prompt=wish.prompt or None, makers=makers
        )
    begun = replace(begin_with(here, clip.source), prompt=wish.prompt or None)
    return animate_picture(here, begun, wanted, name=clip.name, packs=wish.packs, makers=makers)


def _build_wanted(options: Mapping[str, Any], seed: int, name: str, lines: tuple[str, ...], encoder: str) -> "Wanted":
    """Return what `generation.clip` makes."""
    from generation.animation.animator import Motion
    from generation.clip import Wish as Wanted
    from generation.voices.speech import read_line

    given = dict(options)
    return Wanted(
        seconds=given["seconds"],
        side=given.get("side", 720),
        rate=given.get("rate", 30),
        seed=seed,
        motion=Motion(given.get("move", "auto"), given["strength"], given["particles"]),
        has_music=given["music"],
        words=(name.rsplit(".", 1)[0],),
        encoder=encoder,
        lines=tuple(read_line(line) for line in lines),
        ambience=given.get("ambience", ""),
    )


def _keep_options(order: "Order") -> dict[str, Any]:
    clip = order.clip
    assert clip is not None
    return clip.model_dump(exclude=set(_APART))


def _say(order: "Order") -> tuple[str, ...]:
    return tuple(order.clip.say) if isinstance(order.clip, Animation) else ()


def _name_field(order: "Order") -> str:
    return ANIMATE if order.animate else EXTEND


def _refuse(field: str, told: str) -> InvalidRequestError:
    return InvalidRequestError(told, [{"field": field, "detail": told}])

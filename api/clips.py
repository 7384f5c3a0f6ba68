"""What is ordered over HTTP and at the desk to be made of a file: a clip, a longer clip, a portrait.

What can be told from an order alone is told at once. It is made later, by whoever draws what waits, and walks the gate
as what `chopmark animate`, `extend` and `create --photo` make does.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from api.animating import (
    animate_picture,
    begin_with,
    begin_with_drawn,
    choose_encoder,
    extend_clip,
    film_prompt,
    films_words,
    join_words,
    name_clip,
    verify_takes_clips,
)
from api.refusals import InvalidRequestError
from api.schemas.release import Animation, Restyling
from policies.line.prompting import judge_prompt
from policies.line.wish import FileWish
from policies.rules.decision import Decision
from provenance.errors import ConfigurationError, GenerationError

if TYPE_CHECKING:
    from api.schemas.release import Order
    from api.wiring import Site
    from generation.clip import Wish as Wanted
    from policies.line.deployment import Deployment, Submission
    from policies.line.wish import Wish
    from provenance.storage.blob import Blob

ANIMATE: Final = "animate"
EXTEND: Final = "extend"
RESTYLE: Final = "restyle"
PORTRAITS: Final = "portraits"
"""The pack that decides about every portrait, beside the site's own."""
PORTRAIT_PURPOSE: Final = "avatar"
"""What a portrait is for where nobody says, as consents name it."""
PORTRAIT_SIDE: Final = 1024
"""Longer side of a portrait in pixels, at most."""
_APART: Final = frozenset({"of", "say"})
"""What of an order lies elsewhere than among the options that are kept."""


def check_of_file(here: "Deployment", order: "Order", *, has_file: bool, most_s: float) -> None:
    """Check that an order of what is made of a file fits together, as far as that can be said without the file.

    Args:
        here: the gate of who orders.
        order: with `animate`, `extend` or `restyle`.
        has_file: whether a file comes with it.
        most_s: how long a clip may be, or how much longer.

    Raises:
        InvalidRequestError: it does not.
    """
    name, wanted = _name_field(order), order.of_file
    assert wanted is not None
    if sum(map(bool, (order.animate, order.extend, order.restyle))) > 1:
        raise _refuse(name, f"expected {ANIMATE}, {EXTEND} or {RESTYLE}, got several")
    is_drawn = is_drawn_first(order, has_file=has_file)
    if has_file == bool(wanted.of) and not is_drawn:
        raise _refuse(
            name, f"expected a file, or {name}.of with the id of a release, got {'both' if wanted.of else 'neither'}"
        )
    if order.recipe is not None:
        raise _refuse("recipe", "expected a recipe of what was made elsewhere: a clip that is made here has its own")
    if isinstance(wanted, Restyling):
        return
    if wanted.seconds > most_s:
        raise _refuse(f"{name}.seconds", f"expected at most {most_s:g} seconds here, got {wanted.seconds:g}")
    try:
        verify_takes_clips(here)
    except ConfigurationError as exc:
        raise _refuse(name, str(exc)) from exc


def is_drawn_first(order: "Order", *, has_file: bool) -> bool:
    """Return whether the picture that is to move is drawn first, from the order's words."""
    return order.animate is not None and not has_file and not order.animate.of and order.prompt is not None


def build_of_file(here: "Deployment", order: "Order", source: "Blob | None", name: str) -> FileWish:
    """Return what is to be made of a file.

    Args:
        here: the gate of who orders.
        order: that was checked.
        source: a picture, or a clip; None for a picture that is drawn first.
        name: of it.

    Raises:
        InvalidRequestError: it is neither, not what the order needs, or a line cannot be spoken.
    """
    is_longer = order.extend is not None
    found = None if source is None else here.media.find(source.read_at(0, 4096))
    if source is None:
        assert is_drawn_first(order, has_file=False)
    elif found is None or not found[1].value.startswith("video/" if is_longer else "image/"):
        told = "what it is nobody here knows" if found is None else f"got {found[1]}"
        raise _refuse(
            _name_field(order), f"expected {'a clip to go on from' if is_longer else 'a picture to begin with'}, {told}"
        )
    if order.restyle is not None:
        stem = name.rsplit(".", 1)[0] or "picture"
        style = order.restyle.style
        return FileWish(RESTYLE, source, f"{stem[:200]}-{style}.png", {"style": style})
    options, lines = _keep_options(order), _say(order)
    try:
        _build_wanted(options, order.seed, name, lines, "h264")
    except GenerationError as exc:
        raise _refuse(_name_field(order), str(exc)) from exc
    made = name_clip(name or ("clip" if is_longer else "picture"), is_longer=is_longer)
    return FileWish(EXTEND if is_longer else ANIMATE, source, made[:255], options, lines)


def restyle(site: "Site", here: "Deployment", wish: "Wish") -> "Submission | Decision":
    """Lay a photograph anew, and return it to be handed in, or the decision that blocks its words.

    Raises:
        GateError: it cannot be made.
    """
    wanted = wish.of_file
    assert wanted is not None
    assert wanted.source is not None
    style = str(wanted.options["style"])
    made = site.draw(
        wish.prompt or f"a picture, {style} style",
        seed=wish.seed,
        size=(PORTRAIT_SIDE, PORTRAIT_SIDE),
        source=wanted.source.read(),
        style=style,
        packs=wish.packs,
        here=here,
    )
    return made if isinstance(made, Decision) else replace(made, name=wanted.name)


def make_clip(site: "Site", here: "Deployment", wish: "Wish") -> "Submission | Decision":
    """Make a clip that waits, and return it to be handed in, or the decision that blocks its words.

    A picture that is drawn first becomes an ingredient of the clip, as one that was handed in does.

    Raises:
        GateError: it cannot be made.
    """
    makers = site.makers
    clip = wish.of_file
    assert clip is not None
    wanted = _build_wanted(clip.options, wish.seed, clip.name, clip.lines, choose_encoder(site.settings))
    words = join_words(wish.prompt, wanted.lines)
    if words and (refusal := judge_prompt(here, words, packs=wish.packs)) is not None:
        return refusal
    if clip.kind == EXTEND:
        assert clip.source is not None
        return extend_clip(
            here, clip.source, wanted, name=clip.name, packs=wish.packs, prompt=wish.prompt or None, makers=makers
        )
    if clip.source is None and films_words(makers):
        return film_prompt(wish.prompt, wanted, makers, name=clip.name, packs=wish.packs)
    if clip.source is not None:
        begun = replace(begin_with(here, clip.source), prompt=wish.prompt or None)
    else:
        drawn = site.draw(wish.prompt, seed=wish.seed, size=wish.size, steps=wish.steps, packs=wish.packs, here=here)
        if isinstance(drawn, Decision):
            return drawn
        begun = begin_with_drawn(here, drawn)
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
    clip = order.of_file
    assert clip is not None
    return clip.model_dump(exclude=set(_APART))


def _say(order: "Order") -> tuple[str, ...]:
    return tuple(order.of_file.say) if isinstance(order.of_file, Animation) else ()


def _name_field(order: "Order") -> str:
    return ANIMATE if order.animate else EXTEND if order.extend else RESTYLE


def _refuse(field: str, told: str) -> InvalidRequestError:
    return InvalidRequestError(told, [{"field": field, "detail": told}])

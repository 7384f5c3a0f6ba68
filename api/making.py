"""What a prompt becomes: a picture, a clip, a piece of music or spoken words, by whatever the site makes them with."""

from typing import TYPE_CHECKING, Final

from api.animating import choose_encoder, compose, film_prompt, films_words, speak, verify_takes_clips
from api.console import CommandUsageError
from api.wiring import build_name
from policies.line.prompting import judge_prompt
from provenance.asset import MediaType
from provenance.errors import ConfigurationError
from provenance.media.containers.movie import MP4

if TYPE_CHECKING:
    from api.wiring import Site
    from generation.base import Progress
    from policies.line.deployment import Submission
    from policies.rules.decision import Decision

WAV: Final = MediaType.add("audio/wav", extension=".wav")
TYPES: Final = {"picture": MediaType.PNG, "clip": MP4, "music": WAV, "speech": WAV}
"""What can be made of a prompt, and as what it is handed in."""


def verify_kind(kind: str) -> None:
    """Check what a prompt is to become.

    Raises:
        CommandUsageError: there is no such thing.
    """
    if kind not in TYPES:
        raise CommandUsageError(f"expected --as to be one of {', '.join(TYPES)}, got {kind[:40]!r}")


def verify_makes(site: "Site", kind: str) -> None:
    """Check, before anything is made, that this site makes such a thing and that the gate will take it.

    Raises:
        ConfigurationError: it does not.
    """
    if kind == "clip":
        verify_takes_clips(site.deployment)
        if not films_words(site.makers):
            raise ConfigurationError(
                "no model here makes clips of words: name one by the setting makers.clips, or have a picture drawn and "
                "animated, by chopmark animate --prompt"
            )
    elif kind != "picture" and "sound" not in {medium.name for medium in site.deployment.media}:
        raise ConfigurationError(
            f"{kind} is made for a site that takes sound: CHOPMARK_MEDIA=picture,sound, "
            "and pip install 'chopmark[video]'"
        )


def name_made(kind: str, prompt: str, seed: int) -> str:
    """Return a name for what a prompt becomes, which holds none of its words."""
    return build_name(prompt, seed).removesuffix(".png").replace("drawn", _VERBS[kind]) + TYPES[kind].extension


_VERBS: Final = {"picture": "drawn", "clip": "filmed", "music": "composed", "speech": "spoken"}


def make(
    site: "Site",
    kind: str,
    prompt: str,
    *,
    seconds: float = 5.0,
    seed: int = 0,
    packs: tuple[str, ...] = (),
    progress: "Progress | None" = None,
) -> "Submission | Decision":
    """Make what a prompt becomes, and hand it in; a prompt that is blocked is not made into anything.

    Args:
        site: that makes it.
        kind: out of `TYPES`.
        prompt: what it is made of.
        seconds: of a clip or of music.
        seed: same seed, same thing.
        packs: that decide.
        progress: told of steps or frames done.

    Raises:
        GenerationError: it cannot be made.
    """
    if kind == "picture":
        return site.draw(prompt, seed=seed, packs=packs, progress=progress)
    refusal = judge_prompt(site.deployment, prompt, packs=packs)
    if refusal is not None:
        return refusal
    name = name_made(kind, prompt, seed)
    if kind == "music":
        return compose(site.deployment, site.makers, prompt, seconds, seed, name=name, packs=packs)
    if kind == "speech":
        return speak(site.makers, prompt, seed, name=name, packs=packs)
    from generation.clip import Wish

    wish = Wish(seconds, seed=seed, words=(prompt,), encoder=choose_encoder(site.settings))
    return film_prompt(prompt, wish, site.makers, name=name, packs=packs, progress=progress)

"""A gala on its way through the gate: each piece is made, released and kept under its own key, then all are joined.

What a key is known for is not made again, so that whoever was interrupted goes on where it was: at the piece, or within
the line. The poster that joins them is released like anything else, with every released piece as an ingredient.
"""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from api.animating import Begun, animate_picture, begin_with, compose, find_source_type, release_drawn
from api.console import take_input
from api.output import NOWHERE, Output, Place
from api.releasing import Ended, deliver, end_one
from api.wiring import Site, spell_recipe
from generation.base import Progress, Recipe
from generation.gala import poster
from generation.gala.poster import Shown, draw_poster
from generation.gala.programme import Piece, Programme
from policies.gate import walk
from policies.line.deployment import Submission
from policies.line.keying import find_key
from policies.line.prompting import build_refusal, judge_prompt
from policies.line.released import find_released, is_released, load_released
from policies.rules.decision import Decision, Outcome
from provenance.asset import Digest, MediaType, Origin, sha256_hex
from provenance.errors import GateError
from provenance.manifests.components import FIELD, Component, describe_components
from provenance.manifests.report import AI_SOURCE_TYPES, IPTC_PREFIX
from provenance.media.containers.movie import MP4
from provenance.media.medium import Claims
from provenance.media.picture.image import encode_frame
from provenance.media.view import PICTURE
from provenance.storage.blob import Blob

_WAV: Final = MediaType.add("audio/wav", extension=".wav")
_TYPES: Final = {"picture": MediaType.PNG, "clip": MP4, "music": _WAV}
_POSTER: Final = "poster"
_STILL: Final = (640, 360)

Tell = Callable[[str], None]
"""Told what is done now."""


@dataclass(frozen=True, slots=True)
class Played:
    """A piece and how it ended."""

    piece: Piece
    ended: Ended

    @property
    def is_released(self) -> bool:
        """Whether it is part of what is joined."""
        result = self.ended.result
        return result is not None and result.outcome is Outcome.RELEASE


def find_needs(has: AbstractSet[str], programme: Programme) -> str:
    """Say what a site that takes these media lacks for a programme, or ""."""
    wanted = {"clip": "video", "music": "sound"}
    missing = sorted({wanted[one.kind] for one in programme.pieces if one.kind in wanted} - has)
    if not missing:
        return ""
    media = ",".join(("picture", *sorted({*missing, *has} - {"picture"})))
    return (
        f"this programme has pieces for which the site takes no {' and no '.join(missing)}: "
        f"CHOPMARK_MEDIA={media}, and "
        "pip install 'chopmark[video]'"
    )


def play(
    site: Site, piece: Piece, programme: Programme, target: Output, *, tell: Tell, progress: Progress | None = None
) -> Played:
    """Make and release one piece, or take up what was made of it before; whatever goes wrong is its end alone."""
    name = f"{piece.number:02d} {piece.title}"
    packs = _choose_packs(site, programme, piece)
    key = f"gala {sha256_hex(' '.join((piece.key, *packs)).encode())[:48]}"
    try:
        known = _find_known(site, key)
        place = _choose_place(site, target, _spell(name), _find_type(site, piece))
        if known is not None:
            tell("going on")
            result = walk(site.deployment, known)
            return Played(piece, deliver(site, result, place, shown=name, is_repeat=True))
        tell({"picture": "drawing", "clip": "animating", "music": "composing"}[piece.kind])
        made = _make(site, piece, packs, progress)
        if isinstance(made, Decision):
            return Played(piece, Ended(name, result=build_refusal(name, made)))
        if isinstance(made, Ended):
            return Played(piece, replace(made, name=name))
        tell("releasing")
        return Played(piece, end_one(site, replace(made, key=key), place, shown=name))
    except GateError as exc:
        return Played(piece, Ended(name, error=exc))


def join(site: Site, programme: Programme, played: Sequence[Played], target: Output) -> Ended:
    """Release the poster, of which every released piece is an ingredient.

    Raises:
        GateError: nothing was released, or it cannot be made.
    """
    shown, components = [], []
    for one in played:
        if not one.is_released:
            continue
        file, media_type = _load(site, one.ended)
        shown.append(Shown(one.piece.number, one.piece.title, _find_still(site, file)))
        components.append(Component(file, media_type, "componentOf", find_source_type(file, media_type)))
    if not components:
        raise GateError("no piece was released, so there is nothing to join")
    packs = _choose_packs(site, programme)
    named = [programme.title, *packs, *(str(one.file.sha256) for one in components)]
    key = f"gala poster {sha256_hex(' '.join(named).encode())[:40]}"
    place = _choose_place(site, target, _POSTER, MediaType.PNG)
    known = _find_known(site, key)
    if known is not None:
        return deliver(site, walk(site.deployment, known), place, shown=_POSTER, is_repeat=True)
    ai_made = any(IPTC_PREFIX + one.digital_source_type in AI_SOURCE_TYPES for one in components)
    recipe = Recipe(
        backend=f"gala/{poster.VERSION}",
        model_name="",
        digital_source_type="compositeSynthetic" if ai_made else "composite",
        prompt_sha256=Digest(""),
        seed=0,
        parameters={"pieces": len(components)},
    )
    submission = Submission(
        Blob.from_bytes(encode_frame(draw_poster(programme.title, shown))),
        name=f"{_POSTER}.png",
        recipe=spell_recipe(recipe) | {FIELD: describe_components(components)},
        origin=Origin.GENERATED,
        packs=packs,
        key=key,
        components=tuple(components),
    )
    return end_one(site, submission, place, shown=_POSTER)


def _choose_packs(site: Site, programme: Programme, piece: Piece | None = None) -> tuple[str, ...]:
    named = (*programme.packs, *(piece.packs if piece is not None else ()))
    return tuple(dict.fromkeys((*site.deployment.deciding, *named))) if named else ()


def _choose_place(site: Site, target: Output, stem: str, media_type: MediaType) -> Place:
    """Return where a piece goes; what an earlier turn put there, which `fetch` gives back any time, it may replace."""
    place = target.choose(f"{stem}.x", media_type)
    digest = place.find_digest()
    if digest is None:
        return place
    with site.deployment.database.read() as connection:
        is_ours = is_released(connection, digest, tenant=site.deployment.tenant)
    return replace(place, replace=place.replace or is_ours)


def _find_known(site: Site, key: str) -> Any:  # noqa: ANN401 - AssetId or None
    with site.deployment.database.read() as connection:
        return find_key(connection, site.deployment.tenant, key)


def _find_type(site: Site, piece: Piece) -> MediaType:
    """Return the type as which a piece ships."""
    if piece.kind != "picture" or piece.picture is None:
        return _TYPES[piece.kind]
    file = take_input(str(piece.picture), most_bytes=site.settings.max_bytes)
    return begin_with(site.deployment, file, piece.picture.name).component.media_type


def _make(site: Site, piece: Piece, packs: tuple[str, ...], progress: Progress | None) -> Submission | Decision | Ended:
    if piece.kind == "music":
        words = piece.words or piece.title
        refusal = judge_prompt(site.deployment, words, packs=packs) if site.makers.music is not None else None
        name = f"{_spell(piece.title)}.wav"
        return refusal or compose(
            site.deployment, site.makers, words, piece.seconds, piece.seed, name=name, packs=packs
        )
    if piece.picture is not None:
        file = take_input(str(piece.picture), most_bytes=site.settings.max_bytes)
        if piece.wish is None:
            return Submission(file, name=piece.picture.name, packs=packs)
        begun = begin_with(site.deployment, file, piece.picture.name)
    else:
        drawn = site.draw(piece.prompt, seed=piece.seed, size=piece.size, packs=packs, progress=progress)
        if piece.wish is None or isinstance(drawn, Decision):
            return drawn
        ended = end_one(site, drawn, NOWHERE)
        if ended.result is None or ended.result.outcome is not Outcome.RELEASE:
            return ended  # what its picture may not be, the clip is not
        begun = _begin(site, drawn, ended)
    assert piece.wish is not None
    return animate_picture(
        site.deployment,
        begun,
        piece.wish,
        name=f"{_spell(piece.title)}.mp4",
        packs=packs,
        makers=site.makers,
        progress=progress,
    )


def _begin(site: Site, drawn: Submission, ended: Ended) -> Begun:
    return release_drawn(drawn, *_load(site, ended))


def _load(site: Site, ended: Ended) -> tuple[Blob, MediaType]:
    assert ended.result is not None
    here = site.deployment
    with here.database.read() as connection:
        released = find_released(connection, ended.result.asset_id, tenant=here.tenant)
    return load_released(here.blobs.public, released), released.media_type


def _find_still(site: Site, file: Blob) -> Any:  # noqa: ANN401 - a Frame
    """Return what stands for a released file: its picture, a clip's first frame, a sound's drawing."""
    here = site.deployment
    content: Any = here.media.take(file, Claims(), here.limits)
    view = next((view for view in content.views() if view.kind == PICTURE), None)
    picture = content.draw() if view is None else view.carrier
    frame = np.asarray(picture.frame, np.uint8)
    import cv2

    scale = min(1.0, _STILL[0] / frame.shape[1], _STILL[1] / frame.shape[0] * 2)
    size = (max(1, round(frame.shape[1] * scale)), max(1, round(frame.shape[0] * scale)))
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)


def _spell(text: str) -> str:
    """Return a title as a file's name: letters and digits of any script, and hyphens."""
    kept = "".join(sign if sign.isalnum() else "-" for sign in text.lower())
    return "-".join(part for part in kept.split("-") if part)[:60] or "piece"

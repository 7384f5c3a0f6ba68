"""Clips by a model: of words, of a picture, or as a clip goes on; with the sounds of any other clip.

The model is whatever backend of `generation.base.CLIPS` the site names. It works at sides and a rate of its own: frames
are brought to the size that is wished for, and shown at its rate. The recipe is the backend's, and says both.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import chain
from typing import Final

import numpy as np

from generation.animation.ending import Clean, Unwound
from generation.animation.reel import Still, stills, to_frame, write_reel
from generation.animation.soundtrack import join, read_soundtrack
from generation.base import Progress, VideoBackend, VideoRequest
from generation.clip import MadeClip, Wish, fit_picture, go_on_sounding, hear, tell_frames, verify_length
from generation.sounding import TRAINED, Makers, add_sound
from provenance.asset import Frame, MediaType, sha256_hex
from provenance.errors import GenerationError
from provenance.manifests.report import AI_SOURCE_TYPES, IPTC_PREFIX
from provenance.storage.blob import Blob

_WIDE: Final = 16 / 9


def film(
    prompt: str,
    wish: Wish,
    makers: Makers,
    *,
    picture: Frame | None = None,
    progress: Progress | None = None,
) -> MadeClip:
    """Have a model make a clip of words, or of a picture and words.

    Args:
        prompt: what is to be seen; kept nowhere.
        wish: what is wanted; its `rate` and `motion` are the model's own.
        makers: who makes clips, and what is heard.
        picture: (H, W, 3), that it begins with; not modified.
        progress: told of frames done.

    Raises:
        GenerationError: it cannot be made.
        MissingExtraError: PyAV is not installed.
    """
    backend = _find(makers)
    fitted = None if picture is None else fit_picture(picture, wish.side)
    size = (_even(wish.side * _WIDE), _even(wish.side)) if fitted is None else (fitted.shape[1], fitted.shape[0])
    made = backend.generate(
        VideoRequest(prompt, width=size[0], height=size[1], seconds=wish.seconds, seed=wish.seed, start=fitted)
    )
    heard = hear(fitted, wish, makers)
    count = round(wish.seconds * made.rate)
    frames = tell_frames(stills(_resize(made.frames, size), made.rate), count, progress)
    file = write_reel(frames, _spell_rate(made.rate), size, sound=heard.sound, encoder=wish.encoder)
    recipe = made.recipe if picture is None else replace(made.recipe, source_sha256=sha256_hex(picture.tobytes()))
    return MadeClip(file, add_sound(recipe, heard), heard.parts)


def film_on(
    file: Blob,
    media_type: MediaType,
    prompt: str,
    wish: Wish,
    makers: Makers,
    *,
    source_type: str = "",
    clean: Callable[[], Clean] | None = None,
    progress: Progress | None = None,
) -> MadeClip:
    """Have a model go on from where a clip ends; what it was before stays as it is.

    Args:
        file: a clip whose structure was checked.
        media_type: of it.
        prompt: what is to be seen; kept nowhere.
        wish: what is wanted; `seconds` come on top.
        makers: who makes clips, and what is heard.
        source_type: how the clip came about, as an IPTC NewsCode; "" where nobody knows.
        clean: as for `generation.clip.extend`.
        progress: told of new frames done.

    Raises:
        AssetError: the clip cannot be decoded.
        GenerationError: it cannot be made, or would be longer than a clip may be.
        MissingExtraError: PyAV is not installed.
    """
    backend = _find(makers)
    if not backend.lead:
        raise GenerationError(f"the backend {backend.name} makes clips of words alone: it cannot go on from one")
    unwound = Unwound(file, media_type, clean)
    before = verify_length(unwound, wish)
    tail, ends_s = _find_tail(unwound, backend)
    size = unwound.size
    made = backend.generate(
        VideoRequest(prompt, width=size[0], height=size[1], seconds=wish.seconds, seed=wish.seed, before=tail)
    )
    heard = go_on_sounding(tail[-1], wish, makers)
    sound = join(read_soundtrack(file, media_type), heard.music, before, before + wish.seconds)
    more = stills(_resize(made.frames, size), made.rate, after_s=ends_s)
    frames = chain(unwound.frames(), tell_frames(more, round(wish.seconds * made.rate), progress))
    reel = write_reel(frames, unwound.rate, size, sound=sound, encoder=wish.encoder, colours=unwound.colours)
    recipe = replace(
        made.recipe,
        digital_source_type=name_longer(source_type),
        source_sha256=str(file.sha256),
        parameters={**made.recipe.parameters, "before_s": round(before, 3)},
    )
    return MadeClip(reel, add_sound(recipe, heard), heard.parts)


def name_longer(source_type: str) -> str:
    """Return what a clip is, by what it was before a model went on from it."""
    if source_type == TRAINED:
        return TRAINED
    is_ai = f"{IPTC_PREFIX}{source_type}" in AI_SOURCE_TYPES
    return "compositeSynthetic" if is_ai else "compositeWithTrainedAlgorithmicMedia"


def _find(makers: Makers) -> VideoBackend:
    if makers.clips is None:
        raise GenerationError("no backend makes clips here: name one by the setting makers.clips")
    return makers.clips


def _find_tail(unwound: Unwound, backend: VideoBackend) -> tuple[tuple[Frame, ...], float]:
    """Return the last frames of a clip at a backend's rate, the last one last, and when a next one is due."""
    span = backend.lead / backend.rate + 1
    held: deque[Still] = deque()
    for still in unwound.frames():
        held.append(still)
        while held[0].at_s < still.at_s - span:
            held.popleft()
    end = held[-1].at_s
    times = [end - back / backend.rate for back in range(backend.lead - 1, -1, -1) if back / backend.rate <= end + 1e-6]
    nearest = [min(held, key=lambda one, at=at: abs(one.at_s - at)) for at in times]  # type: ignore[misc]  # at is a float
    return tuple(to_frame(one.planes) for one in nearest), end + 1 / float(unwound.rate)


def _resize(frames: Iterator[Frame], size: tuple[int, int]) -> Iterator[Frame]:
    import cv2

    for frame in frames:
        how = cv2.INTER_AREA if frame.shape[1] > size[0] else cv2.INTER_CUBIC
        yield np.ascontiguousarray(cv2.resize(frame, size, interpolation=how), np.uint8)


def _even(length: float) -> int:
    return max(2, round(length / 2) * 2)


def _spell_rate(rate: float) -> Fraction:
    return Fraction(rate).limit_denominator(1001)

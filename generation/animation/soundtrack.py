"""The sound of a clip that goes on: what it had, then silence or music, the one fading into the other."""

from typing import Final

import numpy as np

from generation.animation.reel import RATE_HZ, Sound
from provenance.asset import MediaType
from provenance.media.video.stream import open_clip, translating
from provenance.storage.blob import Blob

_FADE_S: Final = 0.6
_MOST_S: Final = 200


def read_soundtrack(file: Blob, media_type: MediaType) -> Sound | None:
    """Return the first soundtrack of a clip in stereo, or None where it has none; what is too long is cut.

    Raises:
        AssetError: it cannot be decoded.
    """
    import av

    with file.open() as source, open_clip(file=source, media_type=media_type) as clip:
        if not clip.sounds:
            return None
        # One plane for both channels: PyAV 18.1 reads past the end of frames with many planes.
        resampler = av.AudioResampler(format="flt", layout="stereo", rate=RATE_HZ)
        held, count = [], 0
        with translating(media_type.value):
            for frame in clip.container.decode(clip.sounds[0]):
                for made in resampler.resample(frame):
                    held.append(np.asarray(made.to_ndarray(), np.float32).reshape(-1, 2).T)
                    count += held[-1].shape[1]
                if count > _MOST_S * RATE_HZ:
                    break
            held += [np.asarray(made.to_ndarray(), np.float32).reshape(-1, 2).T for made in resampler.resample(None)]
    return np.ascontiguousarray(np.concatenate(held, axis=1)) if held else None


def join(before: Sound | None, music: Sound | None, at_s: float, until_s: float) -> Sound | None:
    """Return what is heard in all: `before` up to `at_s` and fading, then `music`; None where nothing is."""
    if before is None and music is None:
        return None
    joined = np.zeros((2, round(until_s * RATE_HZ)), np.float32)
    start, fade = round(at_s * RATE_HZ), round(_FADE_S * RATE_HZ)
    if before is not None:
        kept = before[:, : min(start, before.shape[1])].copy()
        last = min(fade, kept.shape[1])
        kept[:, kept.shape[1] - last :] *= np.cos(np.linspace(0, np.pi / 2, last, dtype=np.float32))
        joined[:, : kept.shape[1]] = kept
    if music is not None:
        joined[:, start : start + music.shape[1]] += music[:, : joined.shape[1] - start]
    return joined

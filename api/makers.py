"""Which backends make clips, music and speech, where the site names any; else what comes along does it."""

from typing import TYPE_CHECKING

from api.blaming import blaming
from generation.base import MUSIC, SPEECH, build_sound_backend, build_video_backend
from generation.sounding import Makers

if TYPE_CHECKING:
    from api.settings import Settings


def build_makers(settings: "Settings") -> Makers:
    """Return the named backends, warm.

    Raises:
        ConfigurationError: one is named that makes something else, or its options cannot work.
        BackendUnavailableError: weights are missing or damaged.
    """
    named, options = settings.makers, settings.backend_options
    clips = music = voices = None
    with blaming("makers.clips"):
        if named.clips:
            clips = build_video_backend(named.clips, options.get(named.clips, {}))
            clips.warm()
    with blaming("makers.music"):
        if named.music:
            music = build_sound_backend(named.music, options.get(named.music, {}), MUSIC)
            music.warm()
    with blaming("makers.voices"):
        if named.voices:
            voices = build_sound_backend(named.voices, options.get(named.voices, {}), SPEECH)
            voices.warm()
    return Makers(clips, music, voices)

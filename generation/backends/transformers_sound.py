"""Music and speech by models of transformers, from a folder or from the hub at a pinned commit, pulled before.

Safetensors only, no code from the folder, and no host is asked unless the options say so.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from generation.backends.diffusers_local import MAX_SEED
from generation.base import MUSIC, SPEECH, GeneratedSound, Progress, SoundRequest
from generation.one_model import OneModel
from generation.pinned import parse_count, parse_number, parse_pinned
from provenance.errors import GenerationError

if TYPE_CHECKING:
    from generation._transformers_net import MusicNet, SpeechNet

GUIDANCE: Final = 3.0
"""Of MusicGen, from its paper and its generation config."""
_MOST_S: Final = 600.0
_MOST_PASSES: Final = 40


class TransformersMusic(OneModel["MusicNet"]):
    """Makes music of words, by MusicGen.

    Options:
        model, revision, models_dir, device, dtype, allow_download: as `diffusers_video` has them.
        guidance: how much the words weigh; 3 unless given.
        longest: seconds that are made in a pass; 30 unless given, which MusicGen was trained on.

    Limits: made for 30 seconds; a longer piece is made in passes, each of which hears a fifth of the one before, and
    has no plan for the whole.
    """

    name: Final = "transformers_music"
    makes: Final = MUSIC
    voices: Final[tuple[str, ...]] = ()

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(parse_pinned(self.name, "transformers", options, ("guidance", "longest")))
        guidance = parse_number(self.name, options, "guidance")
        self._guidance = GUIDANCE if guidance is None else guidance
        self._longest = parse_count(self.name, options, "longest")

    def _import_net(self) -> "type[MusicNet]":
        from generation._transformers_net import MusicNet

        return MusicNet

    def generate(self, request: SoundRequest, progress: Progress | None = None) -> GeneratedSound:
        """Make one piece; loads the weights first if `warm` was not called.

        Raises:
            GenerationError: too long, a seed that is none, a voice, or too little memory.
        """
        if request.voice:
            raise GenerationError("music has no voices to choose from")
        if not 0 < request.seconds <= _MOST_S:
            raise GenerationError(f"expected more than 0 and at most {_MOST_S:.0f} seconds, got {request.seconds:g}")
        _verify_seed(request.seed)
        net = self._warm()
        net.longest_s = self._longest or net.longest_s
        if net.count_passes(request.seconds) > _MOST_PASSES:
            raise GenerationError(f"this piece takes more than {_MOST_PASSES} passes: raise the option longest")
        with self._lock:
            sound = net.compose(request.text, request.seconds, self._guidance, request.seed, progress)
        told = {
            "seconds": request.seconds,
            "guidance": self._guidance,
            "passes": net.count_passes(request.seconds),
            "rate_hz": net.rate_hz,
        }
        return GeneratedSound(sound, net.rate_hz, self._describe(request.text, request.seed, told))


class TransformersSpeech(OneModel["SpeechNet"]):
    """Speaks, by VITS: MMS's voices for some thousand languages among them.

    Options:
        model, revision, models_dir, device, dtype, allow_download: as `diffusers_video` has them.

    Limits: a model has letters for its language, and a line with others is refused. Voices of a model that has several
    are called voice-0, voice-1 and so on: it has no names for them.
    """

    name: Final = "transformers_speech"
    makes: Final = SPEECH

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(parse_pinned(self.name, "transformers", options, ()))

    def _import_net(self) -> "type[SpeechNet]":
        from generation._transformers_net import SpeechNet

        return SpeechNet

    @property
    def voices(self) -> tuple[str, ...]:
        """Who can speak, the usual one first."""
        return tuple(f"voice-{number}" for number in range(self._warm().voices))

    def generate(self, request: SoundRequest, progress: Progress | None = None) -> GeneratedSound:
        """Speak; loads the weights first if `warm` was not called.

        Raises:
            GenerationError: no such voice, signs that it cannot read, a seed that is none, or too little memory.
        """
        _verify_seed(request.seed)
        voices = self.voices
        voice = request.voice or voices[0]
        if voice not in voices:
            raise GenerationError(f"no voice is called {voice[:40]!r}: {', '.join(voices[:20])}")
        net = self._warm()
        with self._lock:
            sound = net.speak(request.text, voices.index(voice), request.seed)
        if progress is not None:
            progress(1, 1)
        told = {"voice": voice, "rate_hz": net.rate_hz}
        return GeneratedSound(sound, net.rate_hz, self._describe(request.text, request.seed, told))


def _verify_seed(seed: int) -> None:
    if not 0 <= seed <= MAX_SEED - _MOST_PASSES:
        raise GenerationError(f"seed must be 0 to {MAX_SEED - _MOST_PASSES}, got {seed}")

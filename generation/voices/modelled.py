"""A backend that speaks, as an engine for lines."""

from typing import Final

import numpy as np

from generation.base import Recipe, SoundBackend, SoundRequest
from generation.voices.engine import Model, Mono, VoiceError
from provenance.errors import GenerationError


class BackendVoice:
    """Lines spoken by a backend of `generation.base.SPEECH`.

    Attributes:
        rate_hz: of what it spoke last; 0 before it spoke.
    """

    def __init__(self, backend: SoundBackend) -> None:
        self._backend: Final = backend
        self._recipe: Recipe | None = None
        self.rate_hz = 0

    @property
    def name(self) -> str:
        """Plugin name."""
        return self._backend.name

    @property
    def voices(self) -> tuple[str, ...]:
        """Names of voices, the usual one first."""
        return self._backend.voices

    @property
    def model(self) -> Model:
        """What spoke.

        Raises:
            VoiceError: nothing was spoken yet.
        """
        if self._recipe is None:
            raise VoiceError("nothing was spoken yet, so nobody knows by which model")
        told = self._recipe
        return Model(told.model_name, told.model_sha256, told.model_identifier, told.model_type)

    def speak(self, text: str, voice: str, seed: int) -> Mono:
        """Return `text` as it is spoken.

        Raises:
            VoiceError: there is no such voice, or nothing in `text` can be spoken.
        """
        try:
            made = self._backend.generate(SoundRequest(text, seed=seed, voice=voice))
        except GenerationError as exc:
            raise VoiceError(str(exc)) from exc
        said = np.asarray(made.sound.mean(axis=0), np.float32)
        if not said.any():
            raise VoiceError("the voice said nothing")
        self._recipe, self.rate_hz = made.recipe, made.rate_hz
        return said

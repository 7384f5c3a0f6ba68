"""A clip's soundtrack, packet by packet: what is kept of it, in the process that looks through the clip."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from provenance.asset import MediaType
from provenance.media.sound.decoding import Samples, describe_track, part_channels
from provenance.media.sound.survey import Survey
from provenance.media.video.stream import Source, translating

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.packet import Packet


class Soundtrack:
    """What is kept of a clip's soundtrack, packet by packet."""

    def __init__(self, source: Source, media_type: MediaType) -> None:
        """Expect packets of the first track of sound.

        Raises:
            UndecodableAssetError: it says of itself what no sound is.
        """
        import av

        self._name = media_type.value
        self.track = describe_track(source.container, source.sounds[0], media_type)
        self._survey = Survey(self.track.rate_hz, self.track.channels)
        self._resampler = av.AudioResampler(format="flt", layout=self.track.layout, rate=self.track.rate_hz)
        self._held: list[Samples] = []
        self._count = 0

    def take(self, packet: "Packet[AudioStream]") -> None:
        """Listen to a packet.

        Raises:
            UndecodableAssetError: it is damaged.
        """
        with translating(self._name):
            for frame in packet.decode():
                self._add(self._resampler.resample(frame))

    def describe(self, memory: int, start: int) -> dict[str, Any] | None:
        """Return all of it, JSON-able; None for a track without any sound."""
        with translating(self._name):
            self._add(self._resampler.resample(None))
        self._listen()
        return {"track": asdict(self.track), **self._survey.describe(memory, start)} if self._survey.count else None

    def _add(self, frames: "list[AudioFrame]") -> None:
        self._held += [part_channels(frame, self.track.channels) for frame in frames]
        self._count += sum(frame.samples for frame in frames)
        if self._count >= self.track.rate_hz:
            self._listen()

    def _listen(self) -> None:
        if self._held:
            self._survey.take(np.concatenate(self._held, axis=1))
        self._held, self._count = [], 0

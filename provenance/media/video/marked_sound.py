"""A soundtrack that is marked and encoded anew while its packets go by; what needs no mark is copied elsewhere."""

from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np

from provenance.asset import MediaType
from provenance.media.containers.matroska import MKV, WEBM
from provenance.media.sound.decoding import Samples, Track, part_channels
from provenance.media.sound.encoding import build_sound_frame
from provenance.media.video.stream import translating
from provenance.watermarks.chord.embedding import Marker

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.packet import Packet

MOST_CHANNELS: Final = 2
"""Encoders lay out more of them in ways of their own."""

_OPUS_HZ: Final = 48_000
_AAC_HZ: Final = frozenset({96_000, 88_200, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000})
# Bits a second for each channel: least, most, and where the file does not say.
_LEAST, _MOST, _USUAL = 64_000, 160_000, 96_000
# A hole in a track's times is filled up with silence, so that what follows stays beside its pictures.
_HOLE_S: Final = 0.1
_MOST_HOLE_S: Final = 60.0


class MarkedSound:
    """One soundtrack of a file that is being written."""

    def __init__(self, container: "OutputContainer", media_type: MediaType, track: Track, marker: Marker) -> None:
        """Add it to `container`: Opus in WebM and Matroska, AAC in MP4 and QuickTime."""
        import av

        is_opus = media_type in {WEBM, MKV}
        rate = _OPUS_HZ if is_opus else track.rate_hz if track.rate_hz in _AAC_HZ else _OPUS_HZ
        stream = container.add_stream("libopus" if is_opus else "aac", rate=rate, layout=track.layout)
        self._container, self._stream, self._track, self._marker = container, stream, track, marker
        given = track.bit_rate // track.channels if track.bit_rate else _USUAL
        self._stream.bit_rate = min(max(given, _LEAST), _MOST) * track.channels
        self._stream.format = "flt" if is_opus else "fltp"
        self._stream.codec_context.open(strict=False)
        size = self._stream.codec_context.frame_size or None
        self._flat = av.AudioResampler(format="flt", layout=track.layout, rate=track.rate_hz)
        self._last = av.AudioResampler(format=self._stream.format, layout=track.layout, rate=rate, frame_size=size)
        self._held: list[Samples] = []
        self._count, self._taken, self._given = 0, 0, 0
        self._rate, self._start_s = rate, None if track.rate_hz else 0.0

    def take(self, packet: "Packet[AudioStream]") -> None:
        """Mark what a packet holds.

        Raises:
            UndecodableAssetError: it is damaged.
        """
        with translating("clip"):
            for frame in packet.decode():
                self._keep_time(frame)
                for made in self._flat.resample(frame):
                    self._hold(part_channels(made, self._track.channels))

    def finish(self) -> None:
        """Mark and encode what is held back."""
        for made in self._flat.resample(None):
            self._hold(part_channels(made, self._track.channels))
        self._mark()
        self._encode(self._marker.finish())
        self._write(self._last.resample(None))
        self._container.mux(self._stream.encode(None))

    def _keep_time(self, frame: "AudioFrame") -> None:
        if frame.time is None:
            return
        if self._start_s is None:
            self._start_s = frame.time
        hole_s = frame.time - self._start_s - self._taken / self._track.rate_hz
        if _HOLE_S < hole_s < _MOST_HOLE_S:
            self._hold(np.zeros((self._track.channels, round(hole_s * self._track.rate_hz)), np.float32))

    def _hold(self, block: Samples) -> None:
        self._held.append(block)
        self._count += block.shape[1]
        self._taken += block.shape[1]
        if self._count >= self._track.rate_hz:
            self._mark()

    def _mark(self) -> None:
        if self._held:
            self._encode(self._marker.push(np.concatenate(self._held, axis=1)))
        self._held, self._count = [], 0

    def _encode(self, block: Samples) -> None:
        if block.shape[1]:
            self._write(self._last.resample(build_sound_frame(block, self._track)))

    def _write(self, frames: "list[AudioFrame]") -> None:
        for frame in frames:
            frame.pts = round((self._start_s or 0.0) * self._rate) + self._given
            frame.time_base = Fraction(1, self._rate)
            self._given += frame.samples
            self._container.mux(self._stream.encode(frame))

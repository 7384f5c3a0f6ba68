"""The only decoder of sound: blocks of samples out of a file, whatever its length, in the memory of one block.

PyAV (BSD) is imported here and in `encoding`, when it is first needed; its wheel carries FFmpeg with GPL encoders that
are never asked for.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from provenance.asset import MediaType
from provenance.errors import AssetTooLargeError, MissingExtraError, UndecodableAssetError
from provenance.media.containers.matroska import MKV, WEBM
from provenance.media.containers.movie import MOV, MP4
from provenance.media.sound.kind import FLAC, M4A, MP3, OGG, WAV
from provenance.storage.blob import Blob

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer

Samples = NDArray[np.float32]
"""(C, N) float32, -1 to 1."""

MOST_S: Final = 4 * 3600
MOST_CHANNELS: Final = 8
RATES_HZ: Final = (8_000, 192_000)
BLOCK_S: Final = 1.0

DEMUXERS: Final[Mapping[MediaType, str]] = {WAV: "wav", FLAC: "flac", MP3: "mp3", M4A: "mp4", OGG: "ogg",
                   MP4: "mov", MOV: "mov", WEBM: "matroska", MKV: "matroska"}  # fmt: skip
_ISO: Final = frozenset({M4A, MP4, MOV})
# A file may say that it is longer by what encoders pad.
_SLACK_S: Final = 0.5
_SLACK: Final = 0.98


@dataclass(frozen=True, slots=True)
class Track:
    """What a file says of its sound.

    Attributes:
        codec: FFmpeg's name of it.
        rate_hz, channels: of the sound.
        layout: FFmpeg's name of how the channels stand.
        bits: of a sample where it is stored as one, else 0.
        bit_rate: bits a second, 0 where the file does not say.
        stated_s: duration by the headers; 0 where there is none.
        covers: pictures beside the sound.
        others: further tracks.
        tags: texts by name, of file and track.
    """

    codec: str
    rate_hz: int
    channels: int
    layout: str
    bits: int
    bit_rate: int
    stated_s: float
    covers: int
    others: int
    tags: dict[str, str]


def import_av() -> Any:  # noqa: ANN401 - a module
    """Return PyAV.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import av
    except ImportError as exc:
        raise MissingExtraError(f"sound needs PyAV: pip install 'chopmark[video]' ({exc})") from exc
    # Any other level has FFmpeg's threads wait for the interpreter, which waits for them where a decoder is closed.
    av.logging.set_level(None)
    return av


@contextmanager
def open_track(file: Blob, media_type: MediaType) -> Iterator[tuple["InputContainer", "AudioStream", Track]]:
    """Open a sound, or a clip for its soundtrack.

    Raises:
        UndecodableAssetError: there is no sound in it that can be decoded.
    """
    av = import_av()
    with file.open() as source, _translating(media_type):
        options = {"use_mfra_for": "pts", "enable_drefs": "0"} if media_type in _ISO else {}
        with av.open(source, format=DEMUXERS[media_type], metadata_errors="replace", options=options) as container:
            stream = next((one for one in container.streams.audio if one.codec_context is not None), None)
            if stream is None:
                raise UndecodableAssetError(f"{media_type}: expected a track of sound that can be decoded, got none")
            yield container, stream, describe_track(container, stream, media_type)


def describe_track(container: "InputContainer", stream: "AudioStream", media_type: MediaType) -> Track:
    """Return what a file says of its sound.

    Raises:
        UndecodableAssetError: it has no rate or number of channels that sound has.
        AssetTooLargeError: it says that it is longer than `MOST_S`.
    """
    context = stream.codec_context
    rate, channels = int(context.sample_rate or 0), int(context.channels or 0)
    if not RATES_HZ[0] <= rate <= RATES_HZ[1]:
        raise UndecodableAssetError(
            f"{media_type}: expected {RATES_HZ[0]} to {RATES_HZ[1]} samples a second, got {rate}"
        )
    if not 1 <= channels <= MOST_CHANNELS:
        raise UndecodableAssetError(f"{media_type}: expected 1 to {MOST_CHANNELS} channels, got {channels}")
    stated = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
    if stated > MOST_S:
        raise AssetTooLargeError(f"{media_type}: expected at most {MOST_S} s of sound, got {stated:.0f}")
    covers = len(container.streams.video)
    return Track(
        codec=context.name,
        rate_hz=rate,
        channels=channels,
        layout=context.layout.name,
        bits=_count_bits(context.format.name),
        bit_rate=int(stream.bit_rate or container.bit_rate or 0),
        stated_s=stated if media_type in {WAV, FLAC, M4A} else 0.0,
        covers=covers,
        others=len(container.streams) - covers - 1,
        tags={**container.metadata, **stream.metadata},
    )


def _count_bits(name: str) -> int:
    return {"u8": 8, "s16": 16, "s32": 24, "flt": 24, "dbl": 24}.get(name.removesuffix("p"), 16)


def read_blocks(file: Blob, media_type: MediaType) -> Iterator[Samples]:
    """Yield a file's sound in blocks of about a second, (C, N).

    Raises:
        UndecodableAssetError: it cannot be decoded to its end, or ends before its headers say.
        AssetTooLargeError: it is longer than `MOST_S`, whatever its headers say.
    """
    av = import_av()
    with open_track(file, media_type) as (container, stream, track), _translating(media_type):
        # One plane for all channels: PyAV 18.1 reads past the end of a frame that has eight of them, and dies of it.
        resampler = av.AudioResampler(format="flt", layout=track.layout, rate=track.rate_hz)
        held: list[Samples] = []
        count = total = 0
        for frame in container.decode(stream):
            for made in resampler.resample(frame):
                held.append(part_channels(made, track.channels))
                count += held[-1].shape[1]
            total += frame.samples
            if total > MOST_S * track.rate_hz:
                raise AssetTooLargeError(f"{media_type}: expected at most {MOST_S} s of sound, got more")
            if count >= BLOCK_S * track.rate_hz:
                yield np.concatenate(held, axis=1)
                held, count = [], 0
        held += [part_channels(made, track.channels) for made in resampler.resample(None)]
        if held:
            yield np.concatenate(held, axis=1)
        got = total / track.rate_hz
        if got < track.stated_s * _SLACK - _SLACK_S:
            raise UndecodableAssetError(
                f"{media_type}: expected {track.stated_s:.1f} s of sound by its headers, got {got:.1f}: truncated"
            )
        if not total:
            raise UndecodableAssetError(f"{media_type}: expected sound, got a track without any")


def part_channels(frame: "AudioFrame", channels: int) -> Samples:
    """Return (C, N) of a frame whose channels alternate."""
    return np.ascontiguousarray(np.asarray(frame.to_ndarray(), np.float32).reshape(-1, channels).T)


@contextmanager
def _translating(media_type: MediaType) -> Iterator[None]:
    """Have what FFmpeg says of a file be an error of ours; its own words may quote the file and are not told."""
    av = import_av()
    try:
        yield
    except (av.FFmpegError, ValueError, OverflowError, MemoryError, UnicodeError) as exc:
        raise UndecodableAssetError(
            f"{media_type}: expected a sound that can be decoded, got {type(exc).__name__}"
        ) from exc

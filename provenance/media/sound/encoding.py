"""Write sound: blocks of samples into a file of a type, with its implicit label, in the memory of a block.

Lossless types keep their depth; lossy ones the bit rate that came in, within bounds. What is written depends on what
goes in and on nothing else, so one sound gives one file.
"""

import io
import tempfile
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, BinaryIO, Final, cast

import numpy as np

from provenance.asset import MediaType
from provenance.errors import LabelError, ProvenanceError
from provenance.media.sound.decoding import Samples, Track, import_av, open_track
from provenance.media.sound.kind import FLAC, M4A, MP3, OGG, WAV
from provenance.storage.blob import SMALL_BYTES, Blob

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import OutputContainer

_MUXERS: Final = {WAV: "wav", FLAC: "flac", MP3: "mp3", M4A: "ipod", OGG: "ogg"}
# Bits a second for one channel, and for two and more: least, most.
_RATES: Final = {MP3: ((64_000, 160_000), (128_000, 320_000)), M4A: ((64_000, 160_000), (128_000, 320_000)),
                 OGG: ((48_000, 128_000), (96_000, 256_000))}  # fmt: skip
_MP3_RATES_HZ: Final = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_OPUS_HZ: Final = 48_000
_AAC_MOST_HZ: Final = 96_000
_CHUNK: Final = b"AIGC"


def write_sound(blocks: Iterable[Samples], media_type: MediaType, track: Track, tags: Mapping[str, str]) -> Blob:
    """Return a file of these blocks.

    Args:
        blocks: (C, N) each, at the rate and with the channels of `track`.
        media_type: to write.
        track: of the file that came in.
        tags: texts by name; of a WAV file only the one called ``AIGC``, as a chunk.

    Raises:
        ProvenanceError: the encoder fails.
    """
    av = import_av()
    with tempfile.TemporaryFile() as destination:
        try:
            _encode(blocks, cast("BinaryIO", destination), media_type, track, tags)
        except (av.FFmpegError, ValueError) as exc:
            raise ProvenanceError(f"the encoder of {media_type} failed: {type(exc).__name__}") from exc
        return _finish(cast("BinaryIO", destination), media_type, tags)


def _encode(
    blocks: Iterable[Samples], destination: BinaryIO, media_type: MediaType, track: Track, tags: Mapping[str, str]
) -> None:
    av = import_av()
    codec, rate, options = _choose_codec(media_type, track)
    with _open_muxer(destination, media_type, tags) as container:
        stream = cast("AudioStream", container.add_stream(codec, rate=rate, layout=track.layout, options=options))
        if media_type in _RATES and codec != "alac":
            stream.bit_rate = _choose_rate(media_type, track)
        stream.format = _choose_format(codec, track)
        resampler = av.AudioResampler(
            format=stream.format, layout=track.layout, rate=rate, frame_size=_frame_size(stream)
        )
        for block in blocks:
            if not block.shape[1]:
                continue
            for made in resampler.resample(build_sound_frame(block, track)):
                container.mux(stream.encode(made))
        for made in resampler.resample(None):
            container.mux(stream.encode(made))
        container.mux(stream.encode(None))


def build_sound_frame(block: Samples, track: Track) -> "AudioFrame":
    """Return a frame of a block (C, N); its channels alternate, as PyAV 18.1 dies of eight planes."""
    av = import_av()
    alternating = np.ascontiguousarray(np.clip(block, -1, 1).T, np.float32).reshape(1, -1)
    frame = cast("AudioFrame", av.AudioFrame.from_ndarray(alternating, format="flt", layout=track.layout))
    frame.sample_rate = track.rate_hz
    return frame


def copy_sound(file: Blob, media_type: MediaType, tags: Mapping[str, str]) -> Blob:
    """Return a file with the same packets of sound, nothing else of what was in it, and these tags."""
    av = import_av()
    with tempfile.TemporaryFile() as destination:
        try:
            with (
                open_track(file, media_type) as (source, stream, _),
                _open_muxer(cast("BinaryIO", destination), media_type, tags) as container,
            ):
                copy = container.add_stream_from_template(stream)
                copy.metadata.clear()
                for packet in source.demux(stream):
                    if packet.dts is not None:
                        packet.stream = copy
                        container.mux(packet)
        except (av.FFmpegError, ValueError) as exc:
            raise ProvenanceError(f"the writer of {media_type} failed: {type(exc).__name__}") from exc
        return _finish(cast("BinaryIO", destination), media_type, tags)


def _open_muxer(destination: BinaryIO, media_type: MediaType, tags: Mapping[str, str]) -> "OutputContainer":
    av = import_av()
    options = {"fflags": "+bitexact"}
    if media_type == MP3:
        options |= {"id3v2_version": "3", "write_xing": "1"}
    elif media_type == M4A:
        options |= {"movflags": "use_metadata_tags"}
    container = cast("OutputContainer", av.open(destination, "w", format=_MUXERS[media_type], options=options))
    if media_type != WAV:
        container.metadata.update(tags)
    return container


def _choose_codec(media_type: MediaType, track: Track) -> tuple[str, int, dict[str, str]]:
    """Return encoder, rate and options."""
    rate = track.rate_hz
    if media_type == WAV:
        return ("pcm_s24le" if track.bits > 16 else "pcm_s16le"), rate, {}
    if media_type == FLAC:
        return "flac", rate, {"compression_level": "5"}
    if media_type == OGG:
        return "libopus", _OPUS_HZ, {}
    if media_type == MP3:
        return "libmp3lame", min(_MP3_RATES_HZ, key=lambda hertz: abs(hertz - rate)), {}
    return ("alac" if track.codec == "alac" else "aac"), min(rate, _AAC_MOST_HZ), {}


def _choose_rate(media_type: MediaType, track: Track) -> int:
    least, most = _RATES[media_type][0 if track.channels == 1 else 1]
    return min(max(track.bit_rate, least), most)


def _choose_format(codec: str, track: Track) -> str:
    deep = track.bits > 16
    return {
        "pcm_s16le": "s16",
        "pcm_s24le": "s32",
        "flac": "s32" if deep else "s16",
        "alac": "s32p" if deep else "s16p",
        "libopus": "flt",
    }.get(codec, "fltp")


def _frame_size(stream: "AudioStream") -> int | None:
    """Return how many samples the encoder takes at a time, None for any; it says so once it is open."""
    stream.codec_context.open(strict=False)
    return stream.codec_context.frame_size or None


def _finish(destination: BinaryIO, media_type: MediaType, tags: Mapping[str, str]) -> Blob:
    if media_type == WAV and "AIGC" in tags:
        _append_chunk(destination, tags["AIGC"].encode())
    if destination.seek(0, io.SEEK_END) > SMALL_BYTES:
        return Blob.from_file(destination)
    destination.seek(0)
    data = destination.read()
    return Blob(data=data, size_bytes=len(data))


def _append_chunk(file: BinaryIO, text: bytes) -> None:
    """Add the label's chunk behind the sound, and say so in the header."""
    end = file.seek(0, io.SEEK_END)
    if end + len(text) + 9 >= 1 << 32:
        raise LabelError("expected a WAV file of less than 4 GiB")
    file.write(_CHUNK + len(text).to_bytes(4, "little") + text + bytes(len(text) % 2))
    size = file.tell() - 8
    file.seek(4)
    file.write(size.to_bytes(4, "little"))

"""What a decoder is given of a file of our own: where two files give it the same, it makes the same of both.

So what was read from a file before it was signed holds of the signed one, once its packets were read from that. Limits:
for files that our own muxers wrote; strangers' are decoded.
"""

import hashlib
from typing import Any

from provenance.errors import ProvenanceError
from provenance.media.sound.decoding import import_av
from provenance.storage.blob import Blob

# What FFmpeg has of a track beside its packets that pictures or sound depend on.
_OF_TRACK = ("type", "index", "time_base", "start_time", "sample_aspect_ratio", "disposition")
_OF_CODEC = (
    "name", "codec_tag", "extradata", "profile", "width", "height", "pix_fmt", "field_order", "colorspace",
    "color_range", "color_primaries", "color_trc", "sample_rate", "channels", "layout",
)  # fmt: skip


def digest_packets(file: Blob, demuxer: str) -> str:
    """Return a digest of all that decoders are given of a file, and of how its first picture is turned.

    Args:
        file: of our own making.
        demuxer: FFmpeg's name of what takes it apart.

    Raises:
        ProvenanceError: it cannot be taken apart.
    """
    av, found = import_av(), hashlib.sha256()
    try:
        with file.open() as opened, av.open(opened, format=demuxer) as container:
            for stream in container.streams:
                context = stream.codec_context
                told = [str(getattr(stream, name, None)) for name in _OF_TRACK]
                told += [repr(_spell(getattr(context, name, None))) for name in _OF_CODEC]
                found.update(repr(told).encode())
            is_turned_known = not container.streams.video
            for packet in container.demux():
                head = (packet.stream_index, packet.pts, packet.dts, packet.duration, packet.size)
                flags = (packet.is_keyframe, packet.is_discard, [_spell(part) for part in packet.iter_sidedata()])
                found.update(repr((head, flags)).encode())
                found.update(packet)
                if not is_turned_known and packet.stream.type == "video":
                    shown = packet.decode()
                    found.update(repr([(one.rotation, one.width, one.height) for one in shown[:1]]).encode())
                    is_turned_known = bool(shown)
    except (av.FFmpegError, ValueError) as exc:
        raise ProvenanceError(f"expected a file of our own that can be read, got {type(exc).__name__}") from exc
    return found.hexdigest()


def _spell(value: Any) -> object:  # noqa: ANN401 - whatever PyAV has
    """Return what a value says, never where in memory it lies."""
    if value is None or isinstance(value, int | float | str | bytes):
        return value
    name = getattr(value, "name", None)
    if name is not None:
        return str(name)
    try:
        return bytes(value)
    except TypeError:
        return str(value)

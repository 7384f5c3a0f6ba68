"""The decoder: bounded, to the end, and every failure an error of ours."""

import sys

import numpy as np
import pytest

from provenance.errors import MissingExtraError, UndecodableAssetError
from provenance.media.sound.decoding import import_av, open_track, read_blocks
from provenance.media.sound.kind import FLAC, M4A, MP3, OGG, TYPES, WAV
from provenance.storage.blob import Blob
from tests.provenance.media.sound.samples import blob, encode
from tests.sounds import RATE_HZ, melody


@pytest.mark.parametrize("media_type", TYPES)
def test_every_type_decodes_to_what_was_encoded(media_type):
    with open_track(blob(media_type), media_type) as (_, _, track):
        assert track.channels == 1
    samples = np.concatenate(list(read_blocks(blob(media_type), media_type)), axis=1)
    assert samples.dtype == np.float32
    assert samples.shape[1] / track.rate_hz == pytest.approx(6.0, abs=0.15)
    if media_type in {WAV, FLAC}:
        assert np.abs(samples - melody(6.0)).max() < 1e-4


@pytest.mark.parametrize("media_type", [FLAC, M4A])
def test_a_duration_that_is_a_lie_is_found_out(media_type):
    """Half of the sound is there, and the header is the whole one's."""
    data = encode(media_type)
    half = data[: len(data) // 2] if media_type == FLAC else data[:200] + bytes(3000) + data[3200:]
    with pytest.raises(UndecodableAssetError):
        list(read_blocks(Blob.from_bytes(half), media_type))


def test_noise_is_no_sound():
    noise = np.random.default_rng(1).bytes(20_000)
    for media_type in (MP3, OGG, M4A):
        with pytest.raises(UndecodableAssetError):
            list(read_blocks(Blob.from_bytes(noise), media_type))


def test_rates_out_of_bounds_are_refused():
    data = bytearray(encode(WAV))
    data[24:28] = (RATE_HZ * 100).to_bytes(4, "little")
    with pytest.raises(UndecodableAssetError, match="samples a second"), open_track(Blob.from_bytes(bytes(data)), WAV):
        pass


def test_without_pyav_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtraError, match=r"chopmark\[video\]"):
        import_av()


def test_ffmpeg_never_calls_into_the_interpreter():
    """A thread of a decoder that has something to say would wait for who waits for it: one clip in ten hung so."""
    assert import_av().logging.get_level() is None

"""The writers."""

import numpy as np
import pytest

from provenance.media.sound.decoding import open_track, read_blocks
from provenance.media.sound.encoding import copy_sound, write_sound
from provenance.media.sound.kind import TYPES, WAV
from provenance.storage.blob import Blob
from tests.provenance.media.sound.samples import blob
from tests.sounds import melody, pack_wav

TAGS = {"AIGC": '{"Label":"1","ContentProducer":"somebody","ProduceID":"7"}'}


@pytest.mark.parametrize("media_type", TYPES)
def test_what_is_written_is_what_went_in_each_time_the_same(media_type):
    file = blob(media_type, 2.0, channels=2)
    with open_track(file, media_type) as (_, _, track):
        pass
    made = [write_sound(read_blocks(file, media_type), media_type, track, TAGS) for _ in range(2)]
    assert made[0] == made[1]
    samples = np.concatenate(list(read_blocks(made[0], media_type)), axis=1)
    assert samples.shape == (2, pytest.approx(2.0 * track.rate_hz, abs=0.2 * track.rate_hz))
    assert abs(samples.std() / melody(2.0, channels=2).std() - 1) < 0.15


@pytest.mark.parametrize("media_type", TYPES)
def test_a_copy_has_the_same_sound_and_none_of_the_old_tags(media_type):
    file = blob(media_type, 2.0, tags=(("title", "EXAMPLE secret"), ("comment", "EXAMPLE words")))
    copy = copy_sound(file, media_type, TAGS)
    before, after = (np.concatenate(list(read_blocks(one, media_type)), axis=1) for one in (file, copy))
    assert before.shape == after.shape
    assert np.array_equal(before, after)
    assert b"EXAMPLE" not in copy.read()
    assert b"somebody" in copy.read()


def test_eight_channels_are_written_as_they_came():
    """PyAV 18.1 dies of frames with eight planes."""
    samples = np.stack([melody(1.0)[0] * (1 - number / 10) for number in range(8)])
    file = Blob.from_bytes(pack_wav(samples))
    with open_track(file, WAV) as (_, _, track):
        pass
    made = write_sound(read_blocks(file, WAV), WAV, track, {})
    again = np.concatenate(list(read_blocks(made, WAV)), axis=1)
    assert np.abs(again - samples).max() < 1e-3

"""What is kept of a sound, whatever its blocks are."""

import os
import tempfile

import numpy as np
import pytest

from provenance.errors import UndecodableAssetError
from provenance.fingerprints.landmark import LandmarkMaker, parse_landmarks
from provenance.media.sound.kind import FLAC, WAV
from provenance.media.sound.survey import Survey, survey_file
from provenance.storage.blob import Blob
from tests.provenance.media.sound.samples import blob
from tests.sounds import RATE_HZ, melody, pack_wav


def survey(samples, size):
    made = Survey(RATE_HZ, len(samples))
    for start in range(0, samples.shape[1], size):
        made.take(samples[:, start : start + size])
    with tempfile.TemporaryFile() as memory:
        return made.describe(memory.fileno())


def listen(file, media_type):
    with tempfile.TemporaryFile() as memory:
        return survey_file(file, media_type, memory.fileno())


def test_levels_are_those_of_all_samples():
    samples = np.concatenate([melody(4.0), np.zeros((1, RATE_HZ * 4), np.float32)], axis=1)
    found = survey(samples, RATE_HZ)
    assert found["duration_s"] == 8.0
    assert found["peak"] == pytest.approx(float(np.abs(samples).max()))
    assert found["loudness"] == pytest.approx(float(samples.std()), rel=0.01)
    assert 0.5 <= found["silent"] < 0.6
    assert found["clipped"] == 0
    assert survey(np.sign(samples), RATE_HZ)["clipped"] == pytest.approx(0.5, abs=0.01)


def test_a_file_of_eight_channels_is_heard():
    """PyAV 18.1 reads past the end of frames with eight planes, and dies."""
    samples = np.stack([melody(1.0)[0] * (1 - number / 10) for number in range(8)])
    found = listen(Blob.from_bytes(pack_wav(samples)), WAV)
    assert (found["track"]["channels"], found["duration_s"]) == (8, 1.0)
    assert found["peak"] == pytest.approx(float(samples.max()), abs=0.01)


def test_what_cannot_be_decoded_is_an_error_of_ours():
    with pytest.raises(UndecodableAssetError):
        listen(Blob.from_bytes(blob(FLAC).read()[:60]), FLAC)


def test_landmarks_are_written_where_they_are_said_to_lie():
    made = Survey(RATE_HZ, 1)
    made.take(melody(8.0))
    with tempfile.TemporaryFile() as memory:
        start, size, speeds = made.describe(memory.fileno(), 1000)["landmarks"]
        found = parse_landmarks(os.pread(memory.fileno(), size, start), speeds)
    maker = LandmarkMaker(RATE_HZ)
    maker.push(melody(8.0))
    assert found == maker.finish()
    assert (start, len(found.codes) > 10) == (1000, True)

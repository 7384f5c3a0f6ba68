"""Two files that decoders are given the same of have one digest; what shows or sounds otherwise has another."""

import pytest

from provenance.errors import ProvenanceError
from provenance.media.packets import digest_packets
from provenance.storage.blob import Blob
from tests.clips import clip
from tests.sounds import melody, pack_wav


def digest(data, demuxer="mov"):
    return digest_packets(Blob.from_bytes(data), demuxer)


def test_what_lies_beside_the_packets_changes_nothing():
    data = clip(sound="music")
    box = (24).to_bytes(4, "big") + b"uuid" + bytes(16)
    assert digest(data) == digest(data) == digest(data + box)
    assert digest(clip(tags=(("title", "a"),))) == digest(clip(tags=(("title", "b"),)))


@pytest.mark.parametrize("options", [{"crf": "30"}, {"turn": 90}, {"rate": 15}, {"count": 11}, {"sound": "music"}])
def test_what_is_seen_or_heard_otherwise_has_another(options):
    assert digest(clip(**options)) != digest(clip())


def test_a_byte_of_sound_counts():
    data = bytearray(pack_wav(melody(1.0)))
    before = digest(bytes(data), "wav")
    data[-1] ^= 1
    assert digest(bytes(data), "wav") != before


def test_what_cannot_be_taken_apart_is_an_error_of_ours():
    with pytest.raises(ProvenanceError, match="can be read"):
        digest(b"words" * 99)

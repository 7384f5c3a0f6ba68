"""Implicit labels, read back."""

import pytest

from provenance.labels.aigc import AigcItem, build_aigc
from provenance.media.sound.encoding import copy_sound
from provenance.media.sound.kind import MP3, TYPES, WAV
from provenance.media.sound.metadata import PLACES, read_sound_labels
from provenance.storage.blob import Blob
from tests.provenance.media.sound.samples import blob

ITEM = AigcItem("某某公司", "7")


@pytest.mark.parametrize("media_type", TYPES)
def test_a_label_that_was_written_reads_back_from_its_place(media_type):
    file = copy_sound(blob(media_type, 2.0), media_type, {"AIGC": build_aigc(ITEM)})
    found = read_sound_labels(file, media_type)
    assert [one.item for one in found.aigc] == [ITEM]
    assert found.places == (PLACES[media_type],)
    assert found.says_ai
    assert not read_sound_labels(blob(media_type, 2.0), media_type).says_ai


def test_what_is_wrong_is_told():
    bad = read_sound_labels(blob(MP3, 2.0, tags=(("AIGC", "{"),)), MP3)
    assert bad.aigc[0].item is None
    assert bad.problems
    assert read_sound_labels(Blob.from_bytes(b"ID3 no sound"), MP3).problems
    twice = blob(WAV, 2.0).read() + 2 * (b"AIGC\x02\0\0\0{}")
    assert any("2 AIGC" in problem for problem in read_sound_labels(Blob.from_bytes(twice), WAV).problems)

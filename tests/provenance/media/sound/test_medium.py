"""Sound through the medium, in every type; what all media keep to is in tests/contracts."""

import numpy as np
import pytest

from provenance.errors import UnmarkableError
from provenance.grant import MarkKind, Obligation
from provenance.media.limits import IntakeLimits
from provenance.media.medium import Claims, Kit
from provenance.media.sound.kind import MP3, OGG, TYPES, WAV
from provenance.media.sound.medium import build_medium
from provenance.media.sound.notice import TEXT
from provenance.storage.blob import Blob
from provenance.watermarks.base import WatermarkKey
from tests.contracts.test_media import orders
from tests.provenance.media.sound.samples import blob
from tests.sounds import RATE_HZ, melody, pack_wav

MEDIUM = build_medium(Kit((WatermarkKey("own", bytes(range(32))),)))
LIMITS = IntakeLimits()


def take(file):
    return MEDIUM.take(file, Claims(), LIMITS)


@pytest.mark.parametrize("media_type", TYPES)
def test_every_type_is_marked_and_read_back(media_type):
    file = blob(media_type)
    made = MEDIUM.mark(take(file), orders(file))
    assert made.media_type == media_type
    found = MEDIUM.show(made.file, made)
    assert found.problem == ""
    assert all(mark.is_made for mark in found.marks.values())
    assert made.marks.explicit_label == TEXT
    assert MEDIUM.embeds_manifests(media_type) is (media_type != OGG)
    assert take(made.file).duration_s == pytest.approx(6.0 + 1.92, abs=0.2)


def test_what_changes_nothing_is_copied():
    file = blob(MP3)
    made = MEDIUM.mark(take(file), orders(file, (MarkKind.AIGC_METADATA,)))
    before, after = (np.concatenate(list(take(one).blocks()), axis=1) for one in (file, made.file))
    assert np.array_equal(before, after)
    assert MEDIUM.read_labels(made.file).item.produce_id == "a"


def test_a_long_sound_is_labelled_at_both_ends():
    file = Blob.from_bytes(pack_wav(np.tile(melody(5.0), (1, 13))[:, ::2], RATE_HZ // 2))
    made = MEDIUM.mark(take(file), orders(file, (MarkKind.EXPLICIT_LABEL,)))
    assert made.kept.ends == 2
    assert MEDIUM.show(made.file, made).marks[MarkKind.EXPLICIT_LABEL].is_made
    cut = Blob.from_bytes(pack_wav(np.concatenate(list(take(made.file).blocks()), axis=1)[:, :-16_000], RATE_HZ // 2))
    assert not MEDIUM.show(cut, made).marks[MarkKind.EXPLICIT_LABEL].is_made


def test_what_carries_no_mark_is_refused_where_one_is_required():
    silent = Blob.from_bytes(pack_wav(np.zeros((1, 3 * RATE_HZ), np.float32)))
    wish = orders(silent, (MarkKind.WATERMARK,))
    made = MEDIUM.mark(take(silent), wish)
    assert made.marks.watermark is None
    shown = MEDIUM.show(made.file, made).marks[MarkKind.WATERMARK]
    assert not shown.is_made
    assert "too quiet" in shown.facts["problem"]
    object.__setattr__(wish.grant, "obligations", (Obligation(MarkKind.WATERMARK, required=True),))
    with pytest.raises(UnmarkableError):
        MEDIUM.mark(take(silent), wish)


def test_an_item_that_came_in_lives_on():
    text = '{"Label":"1","ContentProducer":"first","ProduceID":"9"}'
    file = blob(MP3, tags=(("AIGC", text),))
    made = MEDIUM.mark(take(file), orders(file, (MarkKind.AIGC_METADATA,)))
    item = MEDIUM.read_labels(made.file).item
    assert (item.content_producer, item.content_propagator) == ("first", "somebody")


def test_strangers_files_are_looked_at_as_far_as_can_be():
    assert MEDIUM.look(blob(WAV), LIMITS).content is not None
    damaged = MEDIUM.look(Blob.from_bytes(blob(WAV).read()[:5000]), LIMITS)
    assert damaged.media_type == WAV
    assert damaged.problem is not None

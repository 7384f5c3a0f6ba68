"""Clips through their medium: each container's labels and mark read back; what cannot be marked is said."""

from dataclasses import replace

import numpy as np
import pytest

from provenance.asset import AssetId, Digest
from provenance.errors import ConfigurationError, MissingExtraError, UnmarkableError
from provenance.grant import Grant, MarkKind, Obligation
from provenance.media.limits import IntakeLimits
from provenance.media.medium import Claims, Kit, Orders, Provider
from provenance.media.video.medium import Options, build_medium, explain_no_sound_mark
from provenance.storage.blob import Blob
from provenance.watermarks.base import WatermarkKey
from tests.clips import clip

KEYS = (WatermarkKey("own", bytes(range(32))),)
MEDIUM = build_medium(Kit(KEYS))
LIMITS = IntakeLimits()


def orders(file, kinds=MarkKind, *, required=False, parameters=None):
    given = tuple(
        Obligation(kind, parameters=(parameters or {}) if kind is MarkKind.EXPLICIT_LABEL else {}, required=required)
        for kind in kinds
    )
    grant = Grant(AssetId("a"), Digest("0" * 64), "d", (), given, 7)
    return Orders(AssetId("a"), grant, 7 << 8 | 1, Provider("somebody"), {}, file)


@pytest.mark.parametrize(
    ("kind", "codec", "is_inside"),
    [("webm", "libvpx-vp9", False), ("matroska", "libx264", False), ("mov", "libx264", True)],
)
def test_every_container_carries_its_marks(kind, codec, is_inside):
    file = Blob.from_bytes(clip(count=4, kind=kind, codec=codec, width=256, height=200))
    content = MEDIUM.take(file, Claims(), LIMITS)
    made = MEDIUM.mark(content, orders(file))
    found = MEDIUM.show(made.file, made)
    assert found.problem == ""
    assert {mark: shown.is_made for mark, shown in found.marks.items()} == dict.fromkeys(MEDIUM.marks, True)
    assert made.media_type is content.media_type
    assert MEDIUM.embeds_manifests(made.media_type) is is_inside


def test_an_aigc_item_that_came_in_lives_on_and_is_the_only_one():
    text = '{"Label":"1","ContentProducer":"other","ProduceID":"p"}'
    file = Blob.from_bytes(clip(count=4, tags=(("AIGC", text),), options=(("movflags", "use_metadata_tags"),)))
    made = MEDIUM.mark(MEDIUM.take(file, Claims(), LIMITS), orders(file, {MarkKind.AIGC_METADATA}))
    found = MEDIUM.read_labels(made.file)
    assert len(found.aigc) == 1
    assert (found.item.content_producer, found.item.produce_id) == ("other", "p")


def test_a_label_for_a_while_is_looked_for_while_it_is_shown():
    file = Blob.from_bytes(clip(count=36))
    content = MEDIUM.take(file, Claims(), LIMITS)
    made = MEDIUM.mark(content, orders(file, {MarkKind.EXPLICIT_LABEL}, parameters={"seconds": 2}))
    assert MEDIUM.show(made.file, made).marks[MarkKind.EXPLICIT_LABEL].is_made
    again = MEDIUM.take(made.file, Claims(), LIMITS)
    overlay = made.kept.overlay
    assert [overlay.is_seen(one.picture.frame) for one in again.glimpses] == [True, True, False]


def test_what_is_too_small_for_the_mark_is_said_or_refused():
    file = Blob.from_bytes(clip(count=2, width=128, height=96))
    content = MEDIUM.take(file, Claims(), LIMITS)
    made = MEDIUM.mark(content, orders(file, {MarkKind.WATERMARK}))
    assert "160" in MEDIUM.show(made.file, made).marks[MarkKind.WATERMARK].facts["problem"]
    with pytest.raises(UnmarkableError, match="160"):
        MEDIUM.mark(content, orders(file, {MarkKind.WATERMARK}, required=True))


def test_what_was_not_looked_at_is_said():
    deaf = build_medium(Kit(options={"soundtrack": "drop"}))
    assert deaf.look(Blob.from_bytes(clip(sound=True)), LIMITS).remarks == ("the sound was not listened to",)
    assert MEDIUM.look(Blob.from_bytes(clip(sound=True)), LIMITS).remarks == ()
    assert MEDIUM.look(Blob.from_bytes(clip()[:-9]), LIMITS).problem is not None


def test_without_pyav_the_start_stops_and_says_what_to_install(monkeypatch):
    monkeypatch.setattr("provenance.media.video.medium.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"chopmark\[video\]"):
        build_medium(Kit(KEYS))


@pytest.mark.parametrize("options", [{"encoder": "theora"}, {"soundtrack": "louder"}, {"most_seconds": 0}, {"no": 1}])
def test_options_that_cannot_be_meant_stop_the_start(options):
    with pytest.raises(ConfigurationError, match=r"media_options\.video"):
        build_medium(Kit(KEYS, options=options))
    assert Options().encoder == "auto"


def test_a_soundtrack_carries_the_mark_too_and_either_leads_back():
    file = Blob.from_bytes(clip(96, sound="music"))
    made = MEDIUM.mark(MEDIUM.take(file, Claims(), LIMITS), orders(file, {MarkKind.WATERMARK}))
    assert [binding.alg for binding in made.marks.beside] == ["org.chopmark.chord.1"]
    shown = MEDIUM.show(made.file, made).marks[MarkKind.WATERMARK]
    assert shown.is_made
    assert shown.facts["carriers"] == ["picture", "sound"]
    shipped = MEDIUM.take(made.file, Claims(), LIMITS)
    assert MEDIUM.read_mark(shipped).reading.carriers == ("picture", "sound")
    by_sound = MEDIUM.read_mark(replace(shipped, planes=())).reading
    assert (by_sound.carriers, by_sound.payload) == (("sound",), 7 << 8 | 1)
    silent = replace(shipped, soundtrack=None)
    assert MEDIUM.read_mark(silent).reading.carriers == ("picture",)


def test_a_soundtrack_that_cannot_carry_it_is_copied_as_it_came():
    """A tone of a second hides nothing."""
    file = Blob.from_bytes(clip(12, sound=True))
    content = MEDIUM.take(file, Claims(), LIMITS)
    made = MEDIUM.mark(content, orders(file, {MarkKind.WATERMARK}))
    assert made.marks.beside == ()
    shown = MEDIUM.show(made.file, made).marks[MarkKind.WATERMARK]
    assert (shown.is_made, shown.facts["carriers"]) == (True, ["picture"])
    assert "too short, too quiet or too steady" in shown.facts["not_in_sound"]
    before, after = (
        np.concatenate(list(one.soundtrack.blocks()), axis=1)
        for one in (content, MEDIUM.take(made.file, Claims(), LIMITS))
    )
    assert np.array_equal(before, after)


def test_what_is_heard_may_keep_a_clip_from_being_marked_in_sound():
    sound = MEDIUM.take(Blob.from_bytes(clip(12, sound=True)), Claims(), LIMITS).soundtrack
    assert explain_no_sound_mark(sound) == ""
    assert "channels" in explain_no_sound_mark(replace(sound, track=replace(sound.track, channels=6)))
    assert "silent" in explain_no_sound_mark(replace(sound, silent=1.0))
    assert explain_no_sound_mark(None) == "nothing is heard"


@pytest.fixture(scope="module")
def ten_seconds():
    """A release of ten seconds, as it was made."""
    file = Blob.from_bytes(clip(120, width=640, height=360))
    return MEDIUM.mark(MEDIUM.take(file, Claims(), LIMITS), orders(file, {MarkKind.WATERMARK}))


def test_of_a_release_only_frames_coded_by_themselves_are_looked_at(ten_seconds):
    whole, quick = MEDIUM.take(ten_seconds.file, Claims(), LIMITS), MEDIUM.look(ten_seconds.file, LIMITS).content
    assert (whole.is_quick, quick.is_quick) == (False, True)
    assert MEDIUM.read_mark(quick).reading.payload == 7 << 8 | 1
    assert {name: quick.facts[name] for name in ("frames", "width")} == {"frames": 120, "width": 640}
    assert quick.facts["duration_s"] == pytest.approx(whole.facts["duration_s"], abs=0.01)
    assert len(quick.codes) < len(whole.codes)
    sealed = next(one.value for one in ten_seconds.marks.fingerprints)
    assert MEDIUM.compare(quick, sealed, lambda: None).agrees is True
    other = MEDIUM.take(Blob.from_bytes(clip(48, name="coffee.png")), Claims(), LIMITS)
    stolen = replace(quick, codes=other.codes)
    assert MEDIUM.compare(stolen, sealed, lambda: None).agrees is not True


def test_what_carries_no_mark_where_it_was_laid_is_looked_through(ten_seconds):
    unmarked = MEDIUM.mark(MEDIUM.take(ten_seconds.file, Claims(), LIMITS), orders(ten_seconds.file, ()))
    assert not build_medium(Kit((WatermarkKey("other", bytes(32)),))).look(unmarked.file, LIMITS).content.is_quick
    assert not build_medium(Kit(())).look(ten_seconds.file, LIMITS).content.is_quick

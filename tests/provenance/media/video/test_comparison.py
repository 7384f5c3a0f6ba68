"""A part of a release is told from another clip that carries its mark."""

from dataclasses import replace

import pytest

from provenance.fingerprints.track import pack_codes
from provenance.media.containers.movie import MP4
from provenance.media.video.comparison import compare
from provenance.media.video.surveyors import SURVEYORS
from provenance.storage.blob import Blob
from tests.clips import clip


@pytest.fixture(scope="module")
def seen():
    def survey(**options):
        file = Blob.from_bytes(clip(**options))
        return SURVEYORS.survey(file, MP4, most_pixels=10**6, most_seconds=60)

    return {"whole": survey(count=24), "poor": survey(count=24, crf="34"), "other": survey(name="coffee.png")}


def test_the_same_clip_in_less_quality_agrees(seen):
    found = compare(seen["poor"], None, lambda: seen["whole"])
    assert found.agrees is True
    assert found.distance_bits <= 31


def test_a_part_agrees_by_its_codes(seen):
    part = replace(seen["poor"], codes=seen["poor"].codes[2:])
    assert compare(part, None, lambda: seen["whole"]).agrees is True


def test_codes_that_were_sealed_settle_it_without_the_file(seen):
    def load():
        raise AssertionError("what was released had to be looked through")

    sealed = pack_codes(seen["whole"].codes)
    found = compare(seen["poor"], sealed, load)
    assert (found.agrees, found.distance_bits <= 31) == (True, True)


@pytest.mark.parametrize("length_s", [8.0, 60.0])
def test_what_shares_too_few_of_its_codes_is_looked_through(seen, length_s):
    """A released clip of two seconds in another one that is longer: the mark alone must not vouch for the rest."""
    sealed, calls = pack_codes(seen["whole"].codes), []
    longer = replace(seen["poor"], facts={**seen["poor"].facts, "duration_s": length_s})
    compare(longer, sealed, lambda: calls.append(1))
    assert calls == [1]


def test_a_record_that_nothing_wrote_settles_nothing(seen):
    assert compare(seen["poor"], b"words", lambda: seen["whole"]).agrees is True
    assert compare(seen["poor"], b"words", lambda: None).agrees is None


def test_another_clip_is_told_by_the_codes_that_were_sealed(seen):
    assert compare(seen["other"], pack_codes(seen["whole"].codes), lambda: None).agrees is False


def test_what_is_cropped_agrees_by_the_details_that_frames_share(seen):
    far = tuple(replace(code, value=bytes(32)) for code in seen["poor"].codes)
    found = compare(replace(seen["poor"], codes=far), None, lambda: seen["whole"])
    assert found.agrees is True
    assert found.shared_details > 0


def test_another_clip_does_not_agree(seen):
    assert compare(seen["other"], None, lambda: seen["whole"]).agrees is False
    assert compare(seen["other"], None, lambda: None).agrees is None


def test_its_sound_under_other_pictures_is_neither_it_nor_another(seen):
    """A mark that was read from a soundtrack leads to a release whose sound this is, and whose pictures it does not show."""

    def hear(name, sound):
        file = Blob.from_bytes(clip(96, name=name, sound=sound))
        return SURVEYORS.survey(file, MP4, most_pixels=10**6, most_seconds=60)

    released, taken = hear("astronaut.png", "music"), hear("coffee.png", "music")
    assert compare(taken, None, lambda: released).agrees is None
    assert compare(replace(taken, soundtrack=None), None, lambda: released).agrees is False

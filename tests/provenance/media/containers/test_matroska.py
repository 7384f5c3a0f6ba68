"""Elements of Matroska: tracks, tags, and every lie ends in an error of ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.errors import AssetError, AssetTooLargeError, UndecodableAssetError
from provenance.media.containers.matroska import MKV, WEBM, parse_segment, sniff_doc_type
from provenance.media.limits import IntakeLimits
from tests.clips import clip

LIMITS = IntakeLimits()


@pytest.fixture(scope="module")
def webm():
    return clip(count=4, kind="webm", codec="libvpx-vp9", tags=(("AIGC", "{}"),))


def test_it_says_what_tracks_and_tags_there_are(webm):
    segment = parse_segment(webm, LIMITS, WEBM)
    assert segment.doc_type == "webm"
    assert [(track.kind, track.coding, track.width, track.height) for track in segment.tracks] == [
        ("video", b"V_VP9", 320, 240)
    ]
    assert ("AIGC", "{}") in segment.tags
    assert segment.end == len(webm)
    assert not segment.has_alpha
    assert parse_segment(clip(count=2, kind="matroska"), LIMITS, MKV).tracks[0].coding == b"V_MPEG4/ISO/AVC"


def test_a_live_stream_says_no_sizes():
    live = clip(count=4, kind="matroska", options=(("live", "1"),))
    assert parse_segment(live, LIMITS, MKV).tracks[0].kind == "video"


def test_the_kind_is_told_by_the_first_bytes(webm):
    assert sniff_doc_type(webm[:64]) == "webm"
    assert sniff_doc_type(b"\x1aE\xdf\xa3") == ""
    assert sniff_doc_type(b"RIFF") == ""


def test_lies_are_refused(webm):
    with pytest.raises(UndecodableAssetError):
        parse_segment(webm[:-40], LIMITS, WEBM)
    with pytest.raises(AssetTooLargeError):
        parse_segment(webm, IntakeLimits(max_pixels=1000), WEBM)
    with pytest.raises(UndecodableAssetError):
        parse_segment(webm[:40], LIMITS, WEBM)
    head = webm[: webm.find(b"\x18\x53\x80\x67")]
    tracks = b"\xae\x80" * 100
    many = b"\x16\x54\xae\x6b" + (0x4000 | len(tracks)).to_bytes(2, "big") + tracks
    with pytest.raises(AssetTooLargeError, match="tracks"):
        parse_segment(head + b"\x18\x53\x80\x67\xff" + many, LIMITS, WEBM)


@given(st.binary(min_size=1, max_size=200), st.integers(0, 600))
def test_whatever_is_written_over_it_it_ends_in_an_answer_or_an_error_of_ours(noise, at):
    data = clip(count=2, kind="matroska")
    damaged = data[:at] + noise + data[at + len(noise) :]
    try:
        parse_segment(damaged, LIMITS, MKV)
    except AssetError:
        return

"""Boxes of movies: what tracks there are, where labels lie, and every lie ends in an error of ours."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.errors import AssetError, AssetTooLargeError, UndecodableAssetError
from provenance.media.containers.movie import (
    MOV,
    MP4,
    XMP_UUID,
    build_packet_box,
    find_packets,
    find_texts,
    parse_movie,
    read_file,
)  # fmt: skip
from provenance.media.limits import IntakeLimits
from tests.clips import clip

LIMITS = IntakeLimits()
FIXTURES = Path(__file__).parents[5] / "shared" / "data" / "c2pa-rs-fixtures"


def box(kind, body=b""):
    return (8 + len(body)).to_bytes(4, "big") + kind + body


def test_it_says_what_tracks_there_are():
    movie = parse_movie(clip(sound=True), LIMITS, MP4)
    assert [(track.kind, track.coding) for track in movie.tracks] == [("video", b"avc1"), ("audio", b"mp4a")]
    video = movie.tracks[0]
    assert (video.width, video.height) == (320, 240)
    assert video.duration / video.timescale == pytest.approx(1.0)
    assert movie.end == len(clip(sound=True))
    assert not movie.is_fragmented


def test_fragments_are_told():
    data = clip(options=(("movflags", "frag_keyframe+empty_moov"),))
    assert parse_movie(data, LIMITS, MP4).is_fragmented


def test_labels_are_found_where_they_lie():
    data = clip(tags=(("AIGC", "{}"), ("title", "words")), options=(("movflags", "use_metadata_tags"),))
    assert find_texts(data, "AIGC", "mp4") == ("{}",)
    assert find_texts(data, "none", "mp4") == ()
    assert find_packets(data + build_packet_box(b"<x/>"), "mp4") == (b"<x/>",)
    assert XMP_UUID in data + build_packet_box(b"")


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (box(b"ftyp", b"isom" + bytes(4)), UndecodableAssetError),
        (clip()[:-9], UndecodableAssetError),
        (box(b"ftyp") + box(b"moov", box(b"moov")), UndecodableAssetError),
        (box(b"ftyp") + box(b"moov") * 2, UndecodableAssetError),
        (box(b"ftyp") + box(b"moov", box(b"trak") * 10_000), AssetTooLargeError),
        (box(b"ftyp") + box(b"moov") + box(b"free") * 30_000, AssetTooLargeError),
        (box(b"ftyp") + box(b"moov", b"\xff" * 8), UndecodableAssetError),
    ],
)
def test_lies_are_refused(data, error):
    with pytest.raises(error):
        parse_movie(data, LIMITS, MP4)


def test_pictures_out_of_bounds_are_refused_before_they_are_decoded():
    with pytest.raises(AssetTooLargeError):
        parse_movie(clip(), IntakeLimits(max_pixels=1000), MP4)


@given(st.binary(max_size=400), st.integers(0, 1200))
def test_whatever_is_written_over_it_it_ends_in_an_answer_or_an_error_of_ours(noise, at):
    data = clip()
    header = data.rfind(b"moov") - 4
    damaged = data[: header + at] + noise + data[header + at + len(noise) :]
    for look in (lambda: parse_movie(damaged, LIMITS, MOV), lambda: list(read_file(damaged, "x"))):
        try:
            look()
        except AssetError:
            continue


def test_the_nested_header_of_the_fixtures_is_refused():
    path = FIXTURES / "nested_moov_1000.mp4"
    if not path.exists():
        pytest.skip("../shared/data is not there")
    with pytest.raises(UndecodableAssetError, match="one inside another"):
        parse_movie(path.read_bytes(), LIMITS, MP4)

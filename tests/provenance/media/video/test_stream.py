"""Frames come upright, in one rising time, in 8-bit 4:2:0; what cannot ship as it is, is refused with the reason."""

import io
from fractions import Fraction
from types import SimpleNamespace

import av
import numpy as np
import pytest

from provenance.errors import UndecodableAssetError, UnsupportedMediaError
from provenance.media.containers.movie import MP4
from provenance.media.video import stream
from provenance.media.video.stream import Clock, build_frame, check_range, decode, open_clip, read_planes, show_planes
from tests.clips import clip


def shots(data, media_type=MP4):
    with open_clip(io.BytesIO(data), media_type, threads=1) as source:
        clock = Clock(source.time_base, source.video.average_rate)
        return [
            (shot.at_s, read_planes(shot.frame))
            for packet in source.packets(with_sound=False)
            for shot in decode(packet, clock, "clip")
        ]


def test_every_frame_comes_with_its_time():
    found = shots(clip(count=6))
    assert [round(at_s, 3) for at_s, _ in found] == [round(number / 12, 3) for number in range(6)]
    assert {planes.y.shape for _, planes in found} == {(240, 320)}
    assert {planes.u.shape for _, planes in found} == {(120, 160)}


def test_a_turned_clip_is_put_upright():
    plain, turned = shots(clip(count=1))[0][1], shots(clip(count=1, turn=90))[0][1]
    assert turned.y.shape == (320, 240)
    assert np.array_equal(np.rot90(turned.y, -1), plain.y) or np.array_equal(np.rot90(turned.y, 1), plain.y)


def test_an_odd_row_is_left_out():
    frame = av.VideoFrame(33, 21, "yuv444p")
    planes = read_planes(frame)
    assert (planes.y.shape, planes.u.shape) == ((20, 32), (10, 16))


def test_times_rise_whatever_a_file_says():
    clock = Clock(Fraction(1, 100), Fraction(25))
    given = [10, 14, None, 12, 30]
    ticks = [clock.read(SimpleNamespace(pts=pts)).ticks for pts in given]
    assert ticks == [10, 14, 18, 19, 30]
    with pytest.raises(UndecodableAssetError):
        clock.read(SimpleNamespace(pts=1 << 60))


@pytest.mark.parametrize(("curve", "name"), [(16, "PQ"), (18, "HLG")])
def test_high_dynamic_range_is_refused_by_name(curve, name):
    with pytest.raises(UnsupportedMediaError, match=name):
        check_range(curve, "clip")
    check_range(1, "clip")


def test_a_coding_that_is_not_taken_is_refused(monkeypatch):
    monkeypatch.setattr(stream, "CODECS", frozenset({"av1"}))
    with pytest.raises(UnsupportedMediaError, match="coded as one of av1"), open_clip(io.BytesIO(clip(count=2)), MP4):
        pass


def test_planes_come_back_as_a_frame():
    ((_, planes),) = shots(clip(count=1))
    like = SimpleNamespace(ticks=7, frame=SimpleNamespace(colorspace=1, color_range=1))
    frame = build_frame(planes, like, Fraction(1, 25))
    assert (frame.pts, frame.width, frame.height) == (7, 320, 240)
    assert all(np.array_equal(one, other) for one, other in zip(read_planes(frame), planes, strict=True))


def test_what_is_no_clip_is_an_error_of_ours():
    with pytest.raises(UndecodableAssetError), open_clip(io.BytesIO(b"words" * 100), MP4):
        pass


def test_planes_that_are_shown_are_the_frames_own_and_those_that_are_read_are_copies():
    frame = av.VideoFrame(34, 22, "yuv420p")
    shown, read = show_planes(frame), read_planes(frame)
    shown.y[:] = 7
    assert (show_planes(frame).y == 7).all()
    assert not np.shares_memory(read.y, shown.y)

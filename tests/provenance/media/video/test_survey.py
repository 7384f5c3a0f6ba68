"""One pass over a clip keeps what is needed, and no more than its bounds."""

import io

import numpy as np
import pytest

from provenance.errors import AssetTooLargeError
from provenance.media.containers.movie import MP4
from provenance.media.video.clip import MOST_SHOTS, MOST_VIEWS
from provenance.media.video.stream import Planes, open_clip
from provenance.media.video.survey import Pace, Survey, _Kept, find_keys, look_through, shrink, to_rgb
from tests.clips import clip, frames


def survey(data, *, most_pixels=100_000, most_seconds=60.0):
    made = Survey(most_pixels, most_seconds, "clip")
    with open_clip(io.BytesIO(data), MP4, threads=1) as source:
        look_through(source, made, "clip")
    return made


def test_it_keeps_the_first_of_each_shot_and_others_evenly():
    made = survey(clip(count=24))
    assert (made.frames, made.size, made.cut_times) == (24, (320, 240), [0.0])
    assert [item["at"] for item in made.views.items] == pytest.approx([0.0, 1.0])
    assert [at_s for at_s, _ in made.codes] == pytest.approx([0.0, 0.5, 1.0, 1.5])
    assert made.planes.items[0]["is_key"]
    assert made.views.items[0]["pixels"].shape == (240, 320, 3)


@pytest.mark.parametrize(("bound", "words"), [({"most_pixels": 1000}, "pixels"), ({"most_seconds": 0.5}, "0.5 s")])
def test_bounds_are_kept_while_it_looks(bound, words):
    with pytest.raises(AssetTooLargeError, match=words):
        survey(clip(count=24), **bound)


def test_however_long_it_is_what_is_kept_is_bounded():
    kept = _Kept(MOST_VIEWS, 1.0)
    for second in range(10_000):
        if kept.wants(second, always=False):
            kept.add({"at": float(second)}, stays=second == 0)
    assert MOST_VIEWS // 2 <= len(kept.items) <= MOST_VIEWS
    assert kept.items[0]["at"] == 0
    gaps = np.diff([item["at"] for item in kept.items])
    assert gaps.max() <= 2 * kept.step_s
    for shot in range(MOST_SHOTS):
        kept.add({"at": 10_000.0 + shot}, stays=True)
    assert sum(item["stays"] for item in kept.items) == MOST_SHOTS + 1


def test_colours_are_those_of_the_picture():
    import av

    (picture,) = frames(1)
    flat = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
    y, u, v = (np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size) for plane in flat.planes)
    planes = Planes(y[:, :320], u[:, :160], v[:, :160])
    assert np.abs(to_rgb(planes, 1024).astype(int) - picture).mean() < 3
    assert to_rgb(planes, 100).shape == (74, 100, 3)
    assert shrink(planes.y, 1024) is planes.y


def test_how_often_frames_are_coded_by_themselves_is_told_without_decoding():
    with open_clip(io.BytesIO(clip(count=60, codec="mpeg4")), MP4) as source:  # one in twelve
        often = find_keys(source)
    with open_clip(io.BytesIO(clip(count=24)), MP4) as source:
        first = find_keys(source)
    assert (often.keys, often.frames, often.is_enough) == (5, 60, True)
    assert often.most_gap_s == pytest.approx(1.0, abs=0.01)
    assert (first.keys, first.frames, first.is_enough) == (1, 24, False)
    assert first.end_s == first.most_gap_s == pytest.approx(23 / 12, abs=0.01)
    assert not Pace(9, 30.0, 12.0, 900).is_enough, "twelve seconds may hold anything"


def test_a_quick_look_takes_in_what_is_coded_by_itself_and_nothing_else():
    data = clip(count=24)
    with open_clip(io.BytesIO(data), MP4) as source:
        made = Survey(100_000, 60.0, "clip", pace=Pace(1, 2.0, 2.0, 24))
        look_through(source, made, "clip", keys_only=True)
    assert (made.is_quick, made.frames, len(made.planes.items), len(made.codes)) == (True, 1, 1, 1)
    assert made.planes.items[0]["is_key"]

import numpy as np
import pytest

from provenance.media.video.stream import Planes
from provenance.media.video.unmarking import Unmarker
from provenance.watermarks.base import WatermarkKey
from provenance.watermarks.clip import USUAL, ClipMark, FrameOfShot
from provenance.watermarks.tile.layout import build_layout
from provenance.watermarks.tile.shot import ShotMark as FirstShotMark
from tests.generation.animation.pictures import photograph


def luma():
    import cv2

    return cv2.cvtColor(cv2.resize(photograph(), (960, 640), interpolation=cv2.INTER_CUBIC), cv2.COLOR_RGB2GRAY)


KEY = WatermarkKey("own", bytes(range(32)))
MARK = ClipMark((KEY,))


def show(y):
    chroma = np.full((320, 480), 128, np.uint8)
    return Planes(y, chroma, chroma)


def read(y):
    reading = MARK.read([FrameOfShot(y, 0, True)])
    return None if reading is None else reading.payload


@pytest.mark.parametrize("version", ["first", "second"])
def test_who_holds_the_key_takes_the_mark_out_and_nobody_else(version):
    first = FirstShotMark(build_layout(KEY, "org.chopmark.tile.1"), 77, quality=USUAL)
    laying = first if version == "first" else MARK.begin_shot(640, 960, 77)
    marked = laying.add(luma().copy())
    planes = show(marked)
    assert read(marked) == 77
    clean = Unmarker(MARK, is_strong=False).clean(planes)
    assert read(clean.y) is None
    assert np.abs(clean.y.astype(int) - luma()).mean() < np.abs(marked.astype(int) - luma()).mean() / 2
    assert np.array_equal(planes.y, marked)
    other = ClipMark((WatermarkKey("other", bytes(32)),))
    assert read(Unmarker(other, is_strong=False).clean(planes).y) == 77


def test_each_shot_has_a_mark_of_its_own_and_what_has_none_is_left_as_it_is():
    plain, turned = luma(), np.ascontiguousarray(luma()[::-1, ::-1])
    shots = [plain // 2, MARK.begin_shot(640, 960, 77).add(plain), MARK.begin_shot(640, 960, 77).add(turned)]
    unmarker = Unmarker(MARK, is_strong=False)
    cleaned = [unmarker.clean(show(y)).y for y in shots for _ in range(2)]
    assert np.array_equal(cleaned[0], shots[0])
    assert [read(y) for y in cleaned] == [None] * 6
    assert [read(y) for y in shots] == [None, 77, 77]

import numpy as np

from provenance.media.video.stream import Planes
from provenance.media.video.unmarking import Unmarker
from provenance.watermarks.base import WatermarkKey
from provenance.watermarks.clip import ClipMark, FrameOfShot
from tests.generation.animation.pictures import photograph


def luma():
    import cv2

    return cv2.cvtColor(cv2.resize(photograph(), (960, 640), interpolation=cv2.INTER_CUBIC), cv2.COLOR_RGB2GRAY)


def test_who_holds_the_key_takes_the_mark_out_and_nobody_else():
    mark = ClipMark((WatermarkKey("own", bytes(range(32))),))
    marked = mark.begin_shot(640, 960, 77).add(luma().copy())
    assert mark.read([FrameOfShot(marked, 0, True)]).payload == 77
    chroma = np.full((320, 480), 128, np.uint8)
    planes = Planes(marked, chroma, chroma)
    clean = Unmarker(mark, (640, 960), 77, is_strong=False).clean(planes)
    assert mark.read([FrameOfShot(clean.y, 0, True)]) is None
    assert np.abs(clean.y.astype(int) - luma()).mean() < np.abs(marked.astype(int) - luma()).mean() / 2
    assert np.array_equal(planes.y, marked)
    other = ClipMark((WatermarkKey("other", bytes(32)),))
    still = Unmarker(other, (640, 960), 77, is_strong=False).clean(planes)
    assert mark.read([FrameOfShot(still.y, 0, True)]).payload == 77

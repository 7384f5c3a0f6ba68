import random

from training.captions import COLOURS, WHITE
from training.measure_draw import THINGS, WAYS
from training.wording import word

CAT = {"family": "noto", "names": ["cat"], "keywords": ["pet"], "chinese": ["猫"]}


def captions(count=3000):
    rng = random.Random(0)
    return [word(CAT, rng) for _ in range(count)]


def test_a_ground_is_white_unless_the_caption_names_another():
    names = list(COLOURS)
    for caption, ground in captions():
        told = [name for name in names if f" {name}" in caption]
        assert told == ([names[ground]] if told else [])
        assert told or ground == WHITE


def test_names_keywords_and_chinese_are_said():
    said = [caption for caption, _ in captions()]
    for part in ("cat", "pet", "猫"):
        assert any(part in caption for caption in said)


def test_what_is_measured_with_is_never_said():
    said = {caption for caption, _ in captions(20_000)}
    assert not said & {way.format("cat") for way in WAYS}
    words = {word for caption in said for word in caption.split()}
    assert not words & {"one", "small", "showing", "here", "nice", "itself"}
    assert "cat" in THINGS

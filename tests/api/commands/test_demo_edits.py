import io

import numpy as np
from PIL import Image

from api.commands.demo_edits import cut, encode_jpeg, make_poster, strip, tamper, wear_steps
from tests.sites import encode, photograph


def pixels(data):
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def test_strip_keeps_pixels_and_no_metadata():
    exif = Image.Exif()
    exif[0x010E] = "who made it"
    data = encode(photograph(), exif=exif.tobytes())
    bare = strip(data)
    assert (pixels(bare) == pixels(data)).all()
    assert b"who made it" in data
    assert b"who made it" not in bare


def test_tamper_changes_one_bit_and_it_still_decodes():
    data = encode(photograph())
    changed = tamper(data)
    (place,) = [at for at, (one, two) in enumerate(zip(data, changed, strict=True)) if one != two]
    assert (data[place] ^ changed[place]).bit_count() == 1
    assert pixels(changed).shape == pixels(data).shape


def test_a_quarter_is_cut_out():
    data = encode(photograph())
    part = cut(data)
    assert part.startswith(b"\xff\xd8")
    height, width, _ = pixels(data).shape
    assert pixels(part).shape == (height // 2, width // 2, 3)


def test_wear_grows_and_gain_brightens():
    data = encode(photograph())
    sizes = [len(worn) for worn, _ in wear_steps(data)]
    assert sizes == sorted(sizes, reverse=True)
    grey = Image.new("RGB", (64, 64), (100, 100, 100))
    assert abs(pixels(encode_jpeg(grey, quality=95, gain=1.2)).mean() - 120) < 2


def test_a_poster_is_a_corner_of_the_picture_under_a_caption():
    poster = pixels(make_poster(photograph("motorcycle_left.png", 400)))
    assert poster.shape[0] > poster.shape[1] * 0.7
    assert (poster[:4] > 240).all()
    assert poster[poster.shape[0] // 4 :].std() > 30

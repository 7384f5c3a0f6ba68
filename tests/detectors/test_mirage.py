import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from detectors.mirage import measure_mirage
from provenance.media.picture.image import Picture
from tests.detectors.subjects import photo

SIZE = (240, 240)


def grey(name):
    return np.asarray(Image.fromarray(photo(name, SIZE).frame).convert("L")).astype(float)


def mirage(light, dark):
    """A picture that shows one photograph on white and another on black."""
    on_white, on_black = 128 + grey(light) / 2, grey(dark) / 2
    alpha = np.clip(255 - (on_white - on_black), 1, 255)
    colour = np.clip(on_black * 255 / alpha, 0, 255)
    return Picture.from_frame(np.dstack([colour] * 3).astype(np.uint8), alpha.astype(np.uint8))


def drawn(*texts):
    image = Image.new("RGBA", (320, 320))
    draw = ImageDraw.Draw(image)
    for at, (text, colour) in enumerate(texts):
        draw.text((20, 40 + 150 * at), text, fill=colour, font=ImageFont.load_default(40))
    pixels = np.asarray(image)
    return Picture.from_frame(pixels[..., :3], pixels[..., 3])


@pytest.mark.parametrize(
    ("light", "dark"), [("coffee.png", "astronaut.png"), ("astronaut.png", "chelsea.png"), ("rocket.jpg", "coffee.png")]
)
def test_two_photographs_in_one_file_are_a_mirage(light, dark):
    assert measure_mirage(mirage(light, dark)) > 0.9


def test_words_for_white_and_others_for_black_are_a_mirage():
    both = drawn(("HELLO nice day", (0, 0, 0, 255)), ("SECRET words!", (255, 255, 255, 255)))
    assert measure_mirage(both) > 0.9


@pytest.mark.parametrize("name", ["coffee.png", "astronaut.png", "chelsea.png"])
def test_ordinary_transparency_is_none(name):
    frame = photo(name, SIZE).frame
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    radius = np.hypot(y - 120, x - 120)
    for alpha in (
        np.full(SIZE, 128), x * 255 // 239, np.clip((110 - radius) * 25, 0, 255), np.clip((110 - radius) * 2, 0, 255),
    ):  # fmt: skip
        assert measure_mirage(Picture.from_frame(frame, alpha.astype(np.uint8))) < 0.5


def test_what_one_background_swallows_contradicts_nothing():
    assert measure_mirage(drawn(("Brand", (0, 0, 0, 255)))) == 0.0
    assert measure_mirage(photo("coffee.png")) == 0.0

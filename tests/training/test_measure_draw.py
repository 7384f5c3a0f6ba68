import numpy as np
from PIL import Image, ImageDraw

from training.measure_draw import cropped, features, fit_judge, save_sheet


def drawn(colour, box, ground="white", is_round=False):
    picture = Image.new("RGB", (160, 160), ground)
    pen = ImageDraw.Draw(picture)
    (pen.ellipse if is_round else pen.rectangle)(box, fill=colour)
    return picture


def test_a_thing_is_seen_alike_wherever_it_lies():
    here, there = (features(drawn("red", box)) for box in ((20, 30, 99, 89), (60, 80, 139, 139)))
    assert np.abs(here - there).max() < 0.1


def test_specks_are_no_part_of_the_thing():
    picture = drawn("blue", (40, 40, 119, 119))
    picture.putpixel((3, 5), (0, 0, 0))
    assert abs(cropped(picture).width - 80 * 1.06) < 5


def test_an_empty_picture_stays_as_it_is():
    assert cropped(Image.new("RGB", (50, 40))).size == (50, 40)


def test_the_classifier_tells_shapes_and_colours_it_has_seen_elsewhere():
    kinds = [(colour, is_round) for colour in ("red", "green") for is_round in (False, True)]
    known = [drawn(colour, (20, 20, 90 + step, 90), is_round=is_round) for colour, is_round in kinds for step in (0, 9)]
    judge = fit_judge(
        np.stack([features(picture) for picture in known]), [label for label in range(4) for _ in range(2)]
    )
    new = [drawn(colour, (50, 60, 129, 135), "ivory", is_round) for colour, is_round in kinds]
    assert [judge(picture) for picture in new] == [0, 1, 2, 3]


def test_a_sheet_has_a_place_for_every_picture(tmp_path):
    save_sheet([drawn("red", (0, 0, 9, 9))] * 5, tmp_path / "sheet.png", columns=2)
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (320, 480)

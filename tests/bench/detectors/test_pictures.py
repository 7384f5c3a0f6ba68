"""The bench for pictures: labels, figures, what went wrong; and no figure on material of our own falls unseen."""

import json

import numpy as np
import pytest
from PIL import Image, ImageDraw

from bench.detectors import pictures
from bench.detectors.pictures import (
    ALL,
    Answer,
    Labelled,
    ask,
    draw_sheet,
    find_held,
    find_wrong,
    hold_limits,
    measure,
    read_folder,
    summarise,
)
from provenance.media.picture.raster import Picture
from tests.detectors.subjects import photo

# What was measured when this was written: a change may raise these, and lowers them only on purpose.
LEAST_AREA_OF_DRAWN_ALCOHOL = 0.7
LEAST_KINDS_RIGHT = 12
NAMED = {"coffee.png": "espresso", "chelsea.png": "Egyptian cat", "rocket.jpg": "drilling platform"}


def canvas(draw):
    image = Image.new("RGB", (256, 256), "white")
    draw(ImageDraw.Draw(image))
    return Picture.from_frame(np.asarray(image))


def glass(d, colour="#8b1a2b"):
    d.pieslice((78, 10, 178, 150), 0, 180, fill=colour, outline="black", width=3)
    d.line((78, 80, 78, 20), fill="black", width=3)
    d.line((178, 80, 178, 20), fill="black", width=3)
    d.line((128, 150, 128, 225), fill="black", width=6)
    d.ellipse((88, 218, 168, 238), fill="#dddddd", outline="black", width=3)


def mug(d):
    d.rectangle((70, 70, 160, 220), fill="#f5b301", outline="black", width=4)
    d.arc((140, 100, 210, 180), 270, 90, fill="black", width=10)
    d.ellipse((62, 48, 168, 92), fill="white", outline="black", width=4)


def sun(d):
    d.ellipse((70, 70, 186, 186), fill="#ffd24a", outline="black", width=4)


def house(d):
    d.rectangle((60, 120, 196, 230), fill="#d9534f", outline="black", width=4)
    d.polygon(((45, 120), (211, 120), (128, 40)), fill="#5b3a29")


def tree(d):
    d.rectangle((116, 150, 140, 240), fill="#7a4a21")
    d.ellipse((60, 30, 196, 170), fill="#3c9d3c", outline="black", width=3)


def heart(d):
    d.pieslice((50, 50, 140, 140), 180, 360, fill="red")
    d.pieslice((116, 50, 206, 140), 180, 360, fill="red")
    d.polygon(((52, 100), (204, 100), (128, 215)), fill="red")


def boat(d):
    d.polygon(((40, 170), (216, 170), (180, 220), (76, 220)), fill="#5b3a29")
    d.polygon(((128, 40), (128, 160), (200, 160)), fill="#cfe8ff", outline="black")


DRAWN = {"glass": glass, "mug": mug, "sun": sun, "house": house, "tree": tree, "heart": heart, "boat": boat}
PHOTOGRAPHS = (
    "astronaut.png",
    "chelsea.png",
    "coffee.png",
    "rocket.jpg",
    "motorcycle_left.png",
    "page.png",
    "retina.jpg",
)


@pytest.fixture(scope="module")
def answers():
    shown = {"glass": {"alcohol"}, "mug": {"alcohol"}}
    drawn = [Labelled(name, canvas(draw), frozenset(shown.get(name, ()))) for name, draw in DRAWN.items()]
    taken = [Labelled(name, photo(name), frozenset()) for name in PHOTOGRAPHS]
    return ask([*drawn, *taken])


def test_no_figure_falls_unseen(answers):
    rows = measure([one for one in answers if one.of.path in DRAWN], hold_limits())
    (alcohol,) = [row for row in rows if row["kind"] == ALL]
    assert alcohol["area"][0] >= LEAST_AREA_OF_DRAWN_ALCOHOL
    right = sum(one.kind == ("drawing" if one.of.path in DRAWN else "photograph") for one in answers)
    assert right >= LEAST_KINDS_RIGHT
    assert [one.of.path for one in answers if not one.of.shows and find_held(one, hold_limits())] == []
    assert {one.of.path: one.looks_like for one in answers if one.of.path in NAMED} == NAMED


def test_a_folder_is_labelled_by_shelf_and_by_name(tmp_path):
    for shelf, name in (
        ("weapons", "a"),
        ("harmless", "b"),
        (".", "wine_bottle"),
        (".", "corkscrew"),
        (".", "Aunt_Mary"),
    ):
        (tmp_path / shelf).mkdir(exist_ok=True)
        Image.new("RGB", (8, 8)).save(tmp_path / shelf / f"{name}.png")
    found = {one.path: one for one in read_folder(tmp_path)}
    assert set(found) == {"weapons/a.png", "harmless/b.png", "wine_bottle.png", "corkscrew.png"}
    assert found["weapons/a.png"].shows == {"weapons"}
    assert found["harmless/b.png"].shows == frozenset()
    assert (found["wine_bottle.png"].shows, found["wine_bottle.png"].name) == ({"alcohol"}, "wine bottle")
    assert (found["corkscrew.png"].shows, found["corkscrew.png"].unsure) == (frozenset(), {"alcohol"})


def said(path, shows, score, kind="photograph", place=None):
    picture = Picture.from_frame(np.full((20, 30, 3), 90, np.uint8))
    return Answer(Labelled(path, picture, frozenset(shows)), {"weapons": score, "nsfw": 0.0}, kind, place, "a name")


def test_shares_areas_and_mistakes_are_counted():
    made = [said("a", {"weapons"}, 0.9, place=0), said("b", {"weapons"}, 0.2, place=7), said("c", (), 0.8, "drawing")]
    made += [said(f"d{count}", (), 0.1) for count in range(7)]
    limits = {"weapons": 0.7, "nsfw": 0.5}
    whole, photographs = measure(made, limits)
    assert (whole["kind"], whole["shown"], whole["others"]) == (ALL, 2, 8)
    assert whole["area"][0] == pytest.approx(15 / 16)
    assert whole["found"][0] == 0.5
    assert whole["held for nothing"] == [0.125, 0.0224, 0.4709, 8]
    assert (photographs["kind"], photographs["held for nothing"][0]) == ("photograph", 0.0)
    told = summarise(made, limits)
    assert told["harmless held"][0] == 0.125
    assert told["named first"][0] == told["named among five"][0] == 0.5
    assert [(one.of.path, text) for one, text in find_wrong(made, limits)] == [
        ("b", "missed weapons"),
        ("c", "held: weapons"),
    ]
    assert draw_sheet(find_wrong(made, limits)).size == (960, 200)


def test_the_command_says_what_it_needs_and_writes_what_it_found(tmp_path, capsys):
    with pytest.raises(SystemExit):
        pictures.main([str(tmp_path)])
    assert "no picture whose label is known" in capsys.readouterr().err
    (tmp_path / "harmless").mkdir()
    Image.fromarray(photo("chelsea.png").frame).save(tmp_path / "harmless" / "cat.png")
    pictures.main([str(tmp_path), "--json", "--sheet", str(tmp_path / "sheet.png")])
    out = capsys.readouterr().out
    assert json.loads(out[: out.rindex("}") + 1])["summary"]["harmless held"][0] == 0.0
    assert (tmp_path / "sheet.png").is_file()

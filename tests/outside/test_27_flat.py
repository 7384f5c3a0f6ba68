"""Templates, identity cards, flags and logos collide in PDQ: none is blocked for another, and copies still are."""

from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import Image

from detectors.copyright import CopyrightDetector
from provenance.ledger.log import Log
from provenance.ledger.note import load_signer
from provenance.works.registry import Works
from tests.detectors.subjects import DATA, subject_of, toolbox_of
from tests.provenance.works.flat import FAMILIES, copies, meme, picture

FAULTS = DATA / "faults" / "screening"


@pytest.fixture
def registry(sqlite_database, tmp_path):
    signer = load_signer(tmp_path / "keys" / "ledger.key", origin="example.com/ledger")
    works = Works(sqlite_database, tmp_path / "index", Log(sqlite_database, signer))
    yield works
    works.close()


def scores(works, folder, image):
    return CopyrightDetector(toolbox_of(folder, works=works)).detect(subject_of(picture(image))).scores


@pytest.mark.parametrize("family", FAMILIES)
def test_one_of_a_family_is_not_blocked_for_another(registry, tmp_path, family):
    first, *others = FAMILIES[family]
    registry.register(picture(first), title="First", owner="Somebody")
    assert [scores(registry, tmp_path, other)["copyright_block"] for other in others] == [0.0] * len(others)


@pytest.mark.parametrize("family", FAMILIES)
def test_copies_are_still_blocked(registry, tmp_path, family):
    image = FAMILIES[family][0]
    registry.register(picture(image), title="First", owner="Somebody")
    assert scores(registry, tmp_path, image)["copyright_block"] == 1.0
    for edit, copy in copies(image):
        if edit == "scaled 0.6":  # the fingerprint itself loses flat graphics there (docs/works.md)
            continue
        assert scores(registry, tmp_path, copy)["copyright_block"] == 1.0, edit


@pytest.mark.parametrize("name", ["astronaut.png", "chelsea.png"])
def test_memes_on_one_photograph_are_not_blocked_for_each_other(registry, tmp_path, name):
    photograph = Image.open(Path(find_spec("skimage").origin).parent / "data" / name)
    work = meme(photograph, "nobody told me", "about the gravity")
    registry.register(picture(work), title="First", owner="Somebody")
    found = scores(registry, tmp_path, meme(photograph, "when lunch is", "finally there"))
    assert (found["copyright_block"], found["copyright_hold"]) == (0.0, 1.0)
    assert scores(registry, tmp_path, work.rotate(3, expand=True))["copyright_block"] == 1.0


def test_a_photograph_that_was_captioned_is_still_blocked(registry, tmp_path):
    photograph = Image.open(Path(find_spec("skimage").origin).parent / "data" / "chelsea.png").resize((512, 512))
    registry.register(picture(photograph), title="First", owner="Somebody")
    assert scores(registry, tmp_path, meme(photograph, "look at this", "so true"))["copyright_block"] == 1.0


@pytest.mark.skipif(not FAULTS.is_dir(), reason="needs ../shared/data/faults/screening")
@pytest.mark.parametrize(
    ("first", "second"),
    [("card0", "card2"), ("quiz1", "quiz3"), ("quiz3", "quiz5"), ("slide1", "slide5"), ("logo1", "logo4")],
)
def test_the_pairs_that_were_blocked(registry, tmp_path, first, second):
    one, other = (Image.open(FAULTS / f"{name}.png") for name in (first, second))
    registry.register(picture(one), title="First", owner="Somebody")
    assert scores(registry, tmp_path, other)["copyright_block"] == 0.0
    assert scores(registry, tmp_path, one)["copyright_block"] == 1.0

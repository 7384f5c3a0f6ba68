"""The hardest edits of the table of copies, on pictures that come with a package: what is found stays found."""

import numpy as np
import pytest

from bench.copies import distract
from bench.copy_edits import build_edits
from provenance.fingerprints.copy import Copy
from provenance.ledger.log import Log
from provenance.ledger.note import load_signer
from provenance.media.picture.image import Picture
from provenance.works.registry import Works
from tests.sites import photograph, photograph_path

WORKS = ("astronaut.png", "chelsea.png", "coffee.png")
EDITS = (
    "corner crop to 60 % of each side",
    "corner of another shape",
    "crop to 25 %",
    "mirrored half",
    "line of text",
    "screenshot",
    "off a screen",
    "picture in picture, a quarter",
    "collage of four",
)
"""Those that are lost first; all of them are found today, so that no figure falls unseen."""


@pytest.fixture
def works(sqlite_database, tmp_path):
    log = Log(sqlite_database, load_signer(tmp_path / "keys" / "ledger.key", origin="example.com/ledger"))
    registry = Works(sqlite_database, tmp_path / "index", log)
    for name in WORKS:
        registry.register(taken(photograph(name)), title=name, owner="somebody")
    yield registry
    registry.close()


def taken(image):
    return Picture.from_frame(np.asarray(image).copy())


def test_the_hardest_edits_are_found_among_strangers(works, sqlite_database):
    assert distract(sqlite_database, [photograph_path("rocket.jpg")], 1000) == 1000
    noise, found = np.random.default_rng(1), {}
    edits = build_edits([photograph_path("motorcycle_left.png")])
    for number, edit in enumerate(EDITS):
        name = WORKS[1 + number % 2]
        found[edit] = [
            match.title == name for match in works.match(taken(edits[edit](photograph(name), noise))).matches
        ]
    assert found == {edit: [True] for edit in EDITS}


def test_distractors_have_codes_of_the_present_weights(sqlite_database):
    assert distract(sqlite_database, [photograph_path("rocket.jpg")], 7) == 7
    with sqlite_database.read() as connection:
        found = connection.exec_driver_sql("SELECT DISTINCT alg, owner_id FROM codes").all()
    assert {row.alg for row in found} == {Copy.kept_as}
    assert len(found) == 7

"""Copies whose frame was changed, through the registry as the gate asks it."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from policies.audit.concordance import compare_records
from provenance.ledger.log import Log
from provenance.ledger.note import load_signer
from provenance.media.picture.image import Picture
from provenance.storage.database import Database
from provenance.works.intake import insert_work
from provenance.works.likeness import REFERENCE_SIDE, build_reference
from provenance.works.registry import Action, Registration, Works
from tests.provenance.works.conftest import open_registry
from tests.sites import photograph

WORKS = ("chelsea.png", "coffee.png", "astronaut.png", "rocket.jpg")


def taken(image):
    return Picture.from_frame(np.asarray(image.convert("RGB")).copy())


def cornered(image, share):
    return image.crop((0, 0, round(image.width * share**0.5), round(image.height * share**0.5)))


def captioned(image):
    made = Image.new("RGB", (image.width, image.height * 6 // 5), "white")
    made.paste(image, (0, image.height // 5))
    ImageDraw.Draw(made).text((20, 10), "WHEN YOU SEE IT", fill="black")
    return made


def pasted(image):
    ground = photograph("motorcycle_left.png").resize((900, 700))
    ground.paste(image.resize((450, 350)), (420, 40))
    return ground


EDITS = {
    "corner crop to 95 %": lambda image: cornered(image, 0.95),
    "corner crop to a quarter": lambda image: cornered(image, 0.25),
    "tilted by 10 degrees": lambda image: image.rotate(10, Image.Resampling.BICUBIC),
    "frame of 5 %": lambda image: ImageOps.expand(image, image.width // 20, "white"),
    "captioned": captioned,
    "a corner, tilted and captioned": lambda image: captioned(cornered(image, 0.6).rotate(5, expand=True)),
    "picture in picture": pasted,
    "mirrored corner": lambda image: ImageOps.mirror(cornered(image, 0.5)),
}


@pytest.fixture(scope="module")
def _registered(_sqlite_template, tmp_path_factory):
    """The folder of a registry of four works, made once: each test has a copy of it."""
    folder = tmp_path_factory.mktemp("registered")
    shutil.copyfile(_sqlite_template, folder / "chopmark.db")
    database = Database(f"sqlite:///{folder}/chopmark.db")
    registry = open_registry(database, folder)
    for name in WORKS:
        registry.register(taken(photograph(name)), title=name, owner="somebody")
    registry.close()
    database.close()
    return folder


@pytest.fixture
def sqlite_url(_registered, tmp_path):
    shutil.copytree(_registered, tmp_path, dirs_exist_ok=True)
    return f"sqlite:///{tmp_path}/chopmark.db"


@pytest.fixture
def works(sqlite_works):
    return sqlite_works


def test_a_copy_is_found_whatever_was_done_to_its_frame(works):
    missed = [
        (name, edit)
        for name in ("chelsea.png", "coffee.png")
        for edit, change in EDITS.items()
        if [match.title for match in works.match(taken(change(photograph(name)))).matches] != [name]
    ]
    assert missed == []


def lay(ground, *placed):
    """Return a picture of 900x700 with others on it, each as (name, left, top, width, height)."""
    made = photograph(ground).resize((900, 700))
    for name, left, top, width, height in placed:
        made.paste(photograph(name).resize((width, height)), (left, top))
    return taken(made)


def test_two_works_on_one_ground_are_both_found_and_blocked(works):
    made = lay("motorcycle_left.png", ("chelsea.png", 40, 60, 400, 300), ("coffee.png", 470, 360, 400, 300))
    matches = works.match(made).matches
    assert {match.title: match.action for match in matches} == dict.fromkeys(
        ("chelsea.png", "coffee.png"), Action.BLOCK
    )
    where = {match.title: match.overlap.in_part for match in matches}
    assert where["chelsea.png"].right < where["coffee.png"].left
    assert where["coffee.png"].bottom == pytest.approx(660 / 700, abs=0.02)


def test_two_works_side_by_side_are_both_found(works):
    made = Image.new("RGB", (900, 400))
    made.paste(photograph("astronaut.png").resize((400, 400)), (0, 0))
    made.paste(photograph("coffee.png").resize((500, 400)), (400, 0))
    assert {match.title for match in works.match(taken(made)).matches} == {"astronaut.png", "coffee.png"}


def test_a_work_on_an_eighth_of_a_picture_is_found_and_the_match_says_where(works):
    (match,) = works.match(lay("motorcycle_left.png", ("coffee.png", 300, 200, 318, 247))).matches
    assert (match.title, match.action) == ("coffee.png", Action.BLOCK)
    where = match.overlap.in_part
    assert (where.left, where.top) == pytest.approx((300 / 900, 200 / 700), abs=0.03)
    assert (where.right, where.bottom) == pytest.approx((618 / 900, 447 / 700), abs=0.03)


def test_a_strip_that_a_work_shares_with_another_picture_is_no_copy_of_it(works):
    """The strip lies between straight edges, so it is asked about alone; what lies beside it has to speak, too."""
    strip = photograph("motorcycle_left.png").resize((600, 480)).crop((0, 330, 600, 480))

    def over(name):
        made = photograph(name).resize((600, 480))
        made.paste(strip, (0, 330))
        return taken(made)

    works.register(over("ihc.png"), title="template", owner="somebody")
    matches = works.match(over("hubble_deep_field.jpg")).matches
    assert Action.BLOCK not in {match.action for match in matches}


def test_the_match_says_which_part_of_the_work_lies_where(works):
    (match,) = works.match(taken(pasted(photograph("chelsea.png")))).matches
    assert (match.action, match.alg) == (Action.BLOCK, "copy")
    where = match.overlap.in_part
    assert where.left == pytest.approx(420 / 900, abs=0.08)
    assert where.right == pytest.approx(870 / 900, abs=0.08)
    assert where.bottom == pytest.approx(390 / 700, abs=0.08)
    assert match.overlap.in_whole.area > 0.5
    assert not match.overlap.is_mirrored


def test_a_mirrored_part_is_said_to_be(works):
    (match,) = works.match(taken(ImageOps.mirror(cornered(photograph("coffee.png"), 0.5)))).matches
    assert match.overlap.is_mirrored
    assert match.overlap.in_whole.right == pytest.approx(0.7, abs=0.1)


@pytest.mark.parametrize("name", ["motorcycle_left.png", "retina.jpg", "hubble_deep_field.jpg", "ihc.png"])
def test_another_picture_matches_nothing(works, name):
    assert works.match(taken(photograph(name))).matches == ()


def test_a_withdrawn_work_is_found_no_more(works):
    copy = taken(cornered(photograph("coffee.png"), 0.5))
    (match,) = works.match(copy).matches
    works.withdraw(match.work_id, "settled")
    assert works.match(copy).matches == ()


def test_a_bank_may_ask_for_nearer_copies_or_none(works):
    copy = taken(cornered(photograph("coffee.png"), 0.5))
    (match,) = works.match(copy).matches
    works.define_bank("works", action="hold", thresholds={"copy": match.distance_bits})
    assert [one.action for one in works.match(copy).matches] == [Action.HOLD]
    works.define_bank("works", action="block", thresholds={"copy": match.distance_bits - 1})
    assert works.match(copy).matches == ()


def test_part_of_what_is_allowed_takes_nothing_back(works):
    works.define_bank("licensed", action="allow")
    works.register(taken(photograph("motorcycle_left.png")), title="ground", owner="us", bank="licensed")
    (match,) = works.match(taken(pasted(photograph("chelsea.png")))).matches
    assert (match.title, match.suppressed_by) == ("chelsea.png", None)


def test_a_small_reference_is_kept_of_each_work(works):
    (work, *_) = [work for work in works.works() if work.title == "coffee.png"]
    reference = works.reference(work.id)
    assert max(reference.width, reference.height) == REFERENCE_SIDE
    assert works.reference("nobody") is None
    assert len(build_reference(taken(photograph("coffee.png", 1024)))) < 120_000


def test_a_work_without_a_reference_convicts_nobody(works, sqlite_database):
    with sqlite_database.write() as connection:
        connection.exec_driver_sql("DELETE FROM work_references")
    assert works.match(taken(cornered(photograph("coffee.png"), 0.5))).matches == ()


def test_whoever_does_not_look_for_parts_finds_none(sqlite_database, tmp_path):
    log = Log(sqlite_database, load_signer(tmp_path / "keys" / "ledger.key", origin="example.com/ledger"))
    registry = Works(sqlite_database, tmp_path / "index", log, finds_parts=False)
    registry.register(taken(photograph("coffee.png")), title="Coffee", owner="somebody")
    report = registry.match(taken(cornered(photograph("coffee.png"), 0.5)))
    assert (report.matches, report.searched_algs) == ((), ("pdq",))
    registry.close()


def test_what_an_older_version_did_not_keep_is_made_up_for(works, sqlite_database):
    """As a registry of version 0.1 looks: PDQ and pHash, no reference, and the ledger says so."""
    picture = taken(photograph("motorcycle_left.png"))
    log = works._log
    older = Works(sqlite_database, works._indexes._folder, log, finds_parts=False)
    entry = older._prepare(Registration(picture, "Motorcycle", "somebody"))
    with sqlite_database.write() as connection:
        work = insert_work(connection, log, replace(entry, reference=b""))
    part = taken(cornered(photograph("motorcycle_left.png"), 0.5))
    assert works.match(part).matches == ()
    assert works.register(picture, title="Motorcycle", owner="somebody") == work
    assert [match.work_id for match in works.match(part).matches] == [work.id]
    assert works.register(picture, title="Motorcycle", owner="somebody") == work
    kinds = [entry.kind for entry in log.entries() if entry.subject == work.id]
    assert kinds == ["work.registered", "work.coded"]
    assert [one for one in compare_records(sqlite_database) if one.subject == work.id] == []
    with sqlite_database.write() as connection:
        connection.exec_driver_sql("UPDATE work_references SET media = x'00' WHERE work_id = ?", (work.id,))
    (found,) = [one for one in compare_records(sqlite_database) if one.subject == work.id]
    assert "another reference" in found.text

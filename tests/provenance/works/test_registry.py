import io
import json
import threading

import numpy as np
import pytest
from PIL import Image

from provenance.errors import WorksError
from provenance.fingerprints.base import Fingerprint, Unhashable
from provenance.fingerprints.pdq import Pdq
from provenance.ledger.log import Log
from provenance.media.picture.image import Picture, parse_image
from provenance.storage.database import Database
from provenance.works.registry import Action, Registration, Works, WorkStatus

OWNER = "A. Rights-Holder"
FLAT = Picture.from_frame(np.full((200, 300, 3), 127, np.uint8))


def jpeg(picture, quality=60, factor=1.0):
    """Return the picture as a recompressed and brightened file would bring it."""
    pixels = np.clip(picture.frame.astype(np.float32) * factor, 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return parse_image(buffer.getvalue())


def releases_like(works, picture):
    return works.match_releases((Pdq().compute(picture),), radius_bits=Pdq().confident_distance_bits)


def entries(works):
    return [(entry.kind, entry.fields()) for entry in works._log.entries()]


def test_a_registered_work_is_found_again_in_any_form_that_is_kept(works, photo):
    work = works.register(photo("coffee.png"), title="Coffee", owner=OWNER, claim={"licence": "none"})
    assert (work.title, work.owner, work.bank, work.status) == ("Coffee", OWNER, "works", WorkStatus.ACTIVE)
    frame = photo("coffee.png").frame
    height, width, _ = frame.shape
    crop = frame[height // 20 : height - height // 20, width // 20 : width - width // 20]
    forms = {
        "plain": jpeg(photo("coffee.png"), 40, 1.15),
        "flip_h": Picture.from_frame(frame[:, ::-1]),
        "rot90": Picture.from_frame(np.rot90(frame)),
        "crop_c90": Picture.from_frame(crop),
    }
    for variant, picture in forms.items():
        report = works.match(picture)
        (match,) = report.matches
        assert (match.work_id, match.title, match.owner, match.bank) == (work.id, "Coffee", OWNER, "works")
        assert (match.action, match.alg, match.variant, match.threshold_bits) == (Action.BLOCK, "pdq", variant, 31)
        assert 0 <= match.distance_bits <= 31
        assert match.second_opinion.alg == "phash"
        assert match.second_opinion.agrees
        assert report.best(Action.BLOCK) == match
        assert report.best(Action.HOLD) is None
        assert report.searched_algs == ("pdq", "copy")
        distance = (int(report.codes["pdq"], 16) ^ int(match.code, 16)).bit_count()
        assert distance == match.distance_bits
    assert works.match(photo("chelsea.png")).matches == ()


def test_registering_again_changes_nothing_and_other_facts_are_refused(works, photo):
    first = works.register(photo("coffee.png"), title=" Coffee ", owner=OWNER, claim={"years": [2020, 2021]})
    again = works.register(photo("coffee.png"), title="Coffee", owner=OWNER, claim={"years": (2020, 2021)})
    assert again == first
    assert works.find(first.id) == first
    named = works.register(photo("chelsea.png"), title="Cat", owner=OWNER, work_id="cat-1")
    assert works.register(photo("chelsea.png"), title="Cat", owner=OWNER, work_id="cat-1") == named
    with pytest.raises(WorksError, match="registered with another title and picture_sha256"):
        works.register(photo("coffee.png"), title="Dog", owner=OWNER, work_id="cat-1")
    assert len(works.match(photo("coffee.png")).matches) == 1
    assert [kind for kind, _ in entries(works)] == ["bank.defined", "work.registered", "work.registered"]


def test_the_ledger_holds_digests_and_no_text_of_people(works, photo):
    work = works.register(photo("coffee.png"), title="Secret title", owner="Secret owner", claim={"c": "Secret claim"})
    works.withdraw(work.id, "Secret reason")
    entry = works._log.entry(work.ledger_index)
    assert set(entry.fields()) == {
        "work_id", "bank", "picture_sha256", "facts_sha256", "codes_sha256", "reference_sha256",
    }  # fmt: skip
    assert entry.fields()["work_id"] == entry.subject == work.id
    assert "Secret" not in json.dumps(entries(works))
    assert entries(works)[-1][0] == "work.withdrawn"


def test_a_withdrawn_work_matches_no_more_and_stays_on_the_record(works, photo):
    work = works.register(photo("coffee.png"), title="Coffee", owner=OWNER)
    withdrawn = works.withdraw(work.id, "claim settled")
    assert withdrawn.status is WorkStatus.WITHDRAWN
    assert withdrawn.withdrawn_reason == "claim settled"
    assert works.withdraw(work.id, "again") == withdrawn
    assert works.match(photo("coffee.png")).matches == ()
    assert works.find(work.id) == withdrawn
    with pytest.raises(WorksError, match="was withdrawn"):
        works.register(photo("coffee.png"), title="Coffee", owner=OWNER)
    new = works.register(photo("coffee.png"), title="Coffee", owner=OWNER, work_id="second-try")
    assert [match.work_id for match in works.match(photo("coffee.png")).matches] == [new.id]


def test_banks_have_their_own_thresholds_and_actions(works, photo):
    distance = works_distance(photo("coffee.png"), near := jpeg(photo("coffee.png"), 10, 1.25))
    assert distance > 0
    works.define_bank("strict", action="hold", thresholds={"pdq": distance - 1, "copy": 0})
    works.define_bank("loose", action=Action.ATTRIBUTE, thresholds={"pdq": distance})
    for bank in ("strict", "loose"):
        works.register(photo("coffee.png"), title=bank, owner=OWNER, bank=bank)
    (match,) = works.match(near).matches
    assert (match.bank, match.action, match.threshold_bits) == ("loose", Action.ATTRIBUTE, distance)
    works.define_bank("strict", action="hold", thresholds={"pdq": 60})
    assert {match.action for match in works.match(near).matches} == {Action.HOLD, Action.ATTRIBUTE}


def works_distance(first, second):
    a, b = Pdq().compute(first), Pdq().compute(second)
    return (int.from_bytes(a.value) ^ int.from_bytes(b.value)).bit_count()


def test_thresholds_beyond_the_build_radius_stay_exact(sqlite_works, photo):
    sqlite_works.define_bank("wide", action="hold", thresholds={"pdq": 64})
    sqlite_works.register(photo("coffee.png"), title="Coffee", owner=OWNER, bank="wide")
    sqlite_works.fold()
    turned = Image.fromarray(photo("coffee.png").frame).rotate(3, Image.Resampling.BICUBIC)
    picture = Picture.from_frame(np.asarray(turned))
    distance = works_distance(photo("coffee.png"), picture)
    assert 31 < distance <= 64
    assert sqlite_works.match(picture).matches[0].distance_bits == distance


def test_an_allow_list_takes_back_matches_that_are_no_nearer(works, photo):
    blocked = works.register(photo("coffee.png"), title="Coffee", owner=OWNER)
    works.define_bank("partners", action="allow")
    near = jpeg(photo("coffee.png"), 15, 1.2)
    allowed = works.register(near, title="Licensed", owner="Partner", bank="partners")
    report = works.match(near)
    assert [match.work_id for match in report.matches] == [allowed.id, blocked.id]
    assert report.matches[1].suppressed_by == allowed.id
    assert report.best(Action.BLOCK) is None
    original = works.match(photo("coffee.png"))  # nearer to the blocked work than to the allowed one
    assert original.best(Action.BLOCK).work_id == blocked.id
    assert original.matches[0].suppressed_by is None


def test_an_allow_listed_copy_at_the_same_distance_takes_it_back(sqlite_works, photo):
    sqlite_works.register(photo("coffee.png"), title="Coffee", owner=OWNER)
    sqlite_works.define_bank("partners", action="allow")
    sqlite_works.register(photo("coffee.png"), title="Licensed", owner="Partner", bank="partners")
    assert sqlite_works.match(photo("coffee.png")).best(Action.BLOCK) is None


def test_unhashable_is_a_result_of_its_own(works, photo):
    works.register(photo("coffee.png"), title="Coffee", owner=OWNER)
    report = works.match(FLAT)
    assert report.matches == ()
    assert report.searched_algs == ()
    (unhashable,) = report.unhashable
    assert unhashable.alg == "pdq"
    assert "structure" in unhashable.reason
    with pytest.raises(WorksError, match="cannot be found again by pdq"):
        works.register(FLAT, title="Nothing", owner=OWNER)
    assert [kind for kind, _ in entries(works)] == ["bank.defined", "work.registered"]


def test_many_are_registered_in_order_and_can_be_repeated(works, photo):
    names = ["coffee.png", "chelsea.png", "rocket.jpg"]
    wanted = [Registration(photo(name), name, OWNER) for name in names]
    wanted.insert(1, Registration(FLAT, "flat", OWNER))
    made = list(works.register_many(wanted, threads=2))
    assert isinstance(made[1], Unhashable)
    assert [work.title for work in (made[0], *made[2:])] == names
    assert list(works.register_many(wanted)) == made
    assert [kind for kind, _ in entries(works)].count("work.registered") == 3
    for name in names:
        assert [match.title for match in works.match(photo(name)).matches] == [name]


def test_a_refused_batch_leaves_nothing(sqlite_works, photo):
    wanted = [
        Registration(photo("coffee.png"), "one", OWNER),
        Registration(photo("chelsea.png"), "x", OWNER, "unknown"),
    ]
    with pytest.raises(WorksError, match="no bank is named 'unknown'; known: works; define it first"):
        list(sqlite_works.register_many(wanted))
    assert list(sqlite_works.works()) == []
    assert sqlite_works.match(photo("coffee.png")).matches == ()
    assert entries(sqlite_works) == []


def test_listing_and_finding(works, photo):
    works.define_bank("Other_Bank", action="hold", description="for the list")
    cat = works.register(photo("chelsea.png"), title="Cat", owner=OWNER, bank="Other_Bank")
    cup = works.register(photo("coffee.png"), title="Coffee", owner=OWNER)
    assert {work.id for work in works.works()} == {cat.id, cup.id}
    assert list(works.works("Other_Bank")) == [cat]
    assert {bank.name: bank.action for bank in works.banks()} == {"Other_Bank": Action.HOLD, "works": Action.BLOCK}
    assert works.size() > 20
    with pytest.raises(WorksError, match="no work has the id 'nobody'"):
        works.find("nobody")
    with pytest.raises(WorksError, match="no work has the id"):
        works.withdraw("nobody", "reason")


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "'; DROP TABLE works; --", "标题 ♥", "{{7*7}}", "%s%n"])
def test_hostile_text_is_kept_as_it_is(works, photo, text):
    work = works.register(photo("coffee.png"), title=text, owner=text, claim={text: text})
    assert works.find(work.id) == work
    assert (work.title, work.owner, work.claim) == (text, text, {text: text})
    assert works.match(photo("coffee.png")).matches[0].title == text


@pytest.mark.parametrize("reason", ["", "  ", "x" * 2001, "a\x00"])
def test_a_withdrawal_needs_a_reason(sqlite_works, photo, reason):
    work = sqlite_works.register(photo("coffee.png"), title="t", owner="o")
    with pytest.raises(WorksError, match="reason"):
        sqlite_works.withdraw(work.id, reason)
    assert sqlite_works.find(work.id).status is WorkStatus.ACTIVE


def test_transparent_works_are_matched_as_they_are_seen(sqlite_works, photo):
    frame = photo("coffee.png").frame
    alpha = np.full(frame.shape[:2], 255, np.uint8)
    alpha[:, :100] = 0
    seen = Picture.from_frame(np.where(alpha[..., None] == 255, frame, 255).astype(np.uint8))
    sqlite_works.register(Picture.from_frame(frame, alpha), title="Cut out", owner=OWNER)
    assert sqlite_works.match(seen).matches[0].distance_bits == 0


def test_releases_are_found_by_what_they_look_like(works, database, photo):
    code = Pdq().compute(photo("coffee.png"))
    assert isinstance(code, Fingerprint)
    for _ in range(2):  # recording twice keeps one
        with database.write() as connection:
            works.record_release(connection, "asset-1", [code])
    with database.write() as connection:
        works.record_release(connection, "asset-2", [Pdq().compute(photo("chelsea.png"))])
    (match,) = releases_like(works, jpeg(photo("coffee.png"), 30, 1.2))
    assert (match.asset_id, match.alg, match.variant, match.threshold_bits) == ("asset-1", "pdq", "plain", 31)
    assert match.distance_bits <= 31
    assert releases_like(works, photo("rocket.jpg")) == ()
    assert works.match(photo("coffee.png")).matches == (), "a release is no work"
    with database.read() as connection:
        count = connection.exec_driver_sql("SELECT count(*) FROM codes WHERE owner_id = 'asset-1'").scalar()
    assert count == 1


def test_a_late_work_finds_what_was_released_before(works, database, photo):
    mirrored = Picture.from_frame(photo("coffee.png").frame[:, ::-1])
    with database.write() as connection:
        works.record_release(connection, "asset-1", [Pdq().compute(mirrored)])
        works.record_release(connection, "asset-2", [Pdq().compute(jpeg(photo("coffee.png"), 30))])
        works.record_release(connection, "asset-3", [Pdq().compute(photo("chelsea.png"))])
    work = works.register(photo("coffee.png"), title="Coffee", owner=OWNER)
    assert {match.asset_id for match in works.match_work_to_releases(work.id)} == {"asset-1", "asset-2"}
    with pytest.raises(WorksError, match="no work"):
        works.match_work_to_releases("nobody")


def test_a_rolled_back_release_leaves_nothing(works, database, photo):
    def fail_after_recording():
        with database.write() as connection:
            works.record_release(connection, "asset-1", [Pdq().compute(photo("coffee.png"))])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_recording()
    assert releases_like(works, photo("coffee.png")) == ()


def test_two_registries_on_one_database_see_each_other_at_once(works, database, tmp_path, photo):
    other = Works(Database(database.url), tmp_path / "index", Log(database, works._log.signer))
    assert other.match(photo("coffee.png")).matches == ()
    work = works.register(photo("coffee.png"), title="Coffee", owner=OWNER)
    assert [match.work_id for match in other.match(photo("coffee.png")).matches] == [work.id]
    other.withdraw(work.id, "reason")
    assert works.match(photo("coffee.png")).matches == ()
    other.close()
    other._database.close()


def test_the_same_work_from_many_threads_is_one_work(works, photo):
    made, failed = [], []

    def register():
        try:
            made.append(works.register(photo("rocket.jpg"), title="Rocket", owner=OWNER))
        except WorksError as exc:
            failed.append(exc)

    threads = [threading.Thread(target=register) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert len(set(made_ids := [work.id for work in made])) == 1, made_ids
    assert [kind for kind, _ in entries(works)] == ["bank.defined", "work.registered"]
    assert len(works.match(photo("rocket.jpg")).matches) == 1

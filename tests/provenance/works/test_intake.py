import hashlib
from dataclasses import replace

import numpy as np
import pytest

from provenance.errors import WorksError
from provenance.media.picture.image import Picture
from provenance.works.codes import Code, read_codes
from provenance.works.intake import build_entry, hash_frame, insert_work, parse_reason
from provenance.works.record import Registration

PICTURE = Picture.from_frame(np.arange(48, dtype=np.uint8).reshape(4, 4, 3))
CODES = (Code("pdq", "plain", bytes(32)), Code("phash", "plain", bytes(8)))


def entry(**changes):
    return build_entry(Registration(**{"picture": PICTURE, "title": "t", "owner": "o", **changes}), CODES)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"title": "x" * 501}, "the title is at most 500 characters, got 501"),
        ({"title": "a\x00b"}, "the title has printable characters only"),
        ({"title": "a\ud800"}, "the title has printable characters only"),
        ({"owner": "x" * 256}, "the owner is at most 255"),
        ({"owner": "a\nb"}, "printable"),
        ({"claim": {"a": float("nan")}}, "a claim is a JSON object"),
        ({"claim": {"a": object()}}, "a claim is a JSON object"),
        ({"claim": {"a": "x" * 20_000}}, "a claim is at most 16384 bytes"),
        ({"work_id": ""}, "a work's id is"),
        ({"work_id": "a b"}, "a work's id is"),
        ({"work_id": "../../etc"}, "a work's id is"),
        ({"work_id": "x" * 129}, "a work's id is"),
    ],
)
def test_a_registration_that_makes_no_sense_is_refused(changes, message):
    with pytest.raises(WorksError, match=message):
        build_entry(Registration(**{"picture": PICTURE, "title": "t", "owner": "o", **changes}), ())


@pytest.mark.parametrize("change", [{"title": "u"}, {"owner": "p"}, {"bank": "b"}])
def test_the_same_facts_get_the_same_id_and_others_another(change):
    assert entry().work_id == entry(claim={"licence": "none"}).work_id
    assert entry().work_id != entry(**change).work_id
    darker = Picture.from_frame(PICTURE.frame // 2)
    assert entry().work_id != entry(picture=darker).work_id


def test_a_picture_is_known_by_shape_and_pixels_not_by_its_file():
    frame = np.zeros((2, 6, 3), np.uint8)
    assert hash_frame(frame) == hashlib.sha256(b"2x6x3\n" + bytes(36)).hexdigest()
    assert hash_frame(frame) != hash_frame(frame.reshape(3, 4, 3))
    alpha = np.zeros((4, 4), np.uint8)
    unseen = Picture.from_frame(PICTURE.frame, alpha)
    assert entry(picture=unseen).picture_sha256 == hash_frame(np.full((4, 4, 3), 255, np.uint8))


def test_digests_stand_for_facts_and_codes():
    assert entry().facts_sha256 == entry(work_id="other").facts_sha256
    assert entry().facts_sha256 != entry(claim={"a": 1}).facts_sha256
    assert entry().codes_sha256 != replace(entry(), codes=CODES[:1]).codes_sha256


def test_a_work_is_written_with_all_its_codes_or_not_at_all(works, database):
    def write(thing, *, fail=False):
        with database.write() as connection:
            made = insert_work(connection, works._log, thing)
            if fail:
                raise RuntimeError
            return made

    with pytest.raises(RuntimeError):
        write(entry(), fail=True)
    assert list(works.works()) == []
    assert works._log.size() == 0
    work = write(entry(claim={"a": [1, {"b": None}]}))
    assert write(entry(claim={"a": [1, {"b": None}]})) == work
    assert work.claim == {"a": [1, {"b": None}]}
    with database.read() as connection:
        chunks = read_codes(connection, "works", alg="pdq", size_bytes=32, after=0, upto=10**6)
        assert sum(len(numbers) for numbers, _ in chunks) == 1
    with pytest.raises(WorksError, match="registered with another claim: withdraw it first"):
        write(entry(claim={"a": 2}))


def test_a_bank_nobody_defined_is_refused(works, database):
    def write():
        with database.write() as connection:
            insert_work(connection, works._log, entry(bank="<script>"))

    with pytest.raises(WorksError, match="no bank is named '<script>'; known: none; define it first"):
        write()


def test_a_reason_is_kept_without_its_margins():
    assert parse_reason("  settled ") == "settled"
    with pytest.raises(WorksError, match="a reason is expected, got none"):
        parse_reason(" ")

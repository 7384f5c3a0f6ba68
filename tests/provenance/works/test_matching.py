import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from provenance.fingerprints.base import Fingerprint
from provenance.works.codes import Code, append_codes
from provenance.works.index import Hits
from provenance.works.matching import add_second_opinions, distance_bits, nearest_of_each_owner, suppress_allowed
from provenance.works.record import Action, Match
from tests.provenance.works.samples import add


def match(work_id, action, distance, alg="pdq", variant="plain"):
    return Match(work_id, "t", "o", "b", action, alg, variant, distance, 31, "00")


def hits(*pairs):
    return Hits(np.array([number for number, _ in pairs]), np.array([distance for _, distance in pairs]))


def test_each_owner_has_its_nearest_code(database):
    codes = np.zeros((2, 32), np.uint8)
    a = add(database, codes, owner_id="a")
    b = add(database, codes, owner_id="b")
    with database.read() as connection:
        found = nearest_of_each_owner(connection, hits((b[1], 2), (a[0], 5), (a[1], 7), (b[0], 9)))
    assert [(one.code.owner_id, one.code.sequence, one.distance_bits) for one in found] == [
        ("b", b[1], 2),
        ("a", a[0], 5),
    ]


def test_the_second_opinion_is_of_the_same_variant_or_else_the_nearest(database):
    with database.write() as connection:
        kept = [Code("phash", "plain", b"\xff" * 8), Code("phash", "flip_h", b"\x0f" + bytes(7))]
        append_codes(connection, "works", owner_id="w", codes=kept)
    code = Fingerprint("phash", bytes(8), 100)
    asked = [
        match("w", Action.BLOCK, 1, variant="plain"),
        match("w", Action.BLOCK, 1, variant="flip_h"),
        match("w", Action.BLOCK, 1, variant="crop"),
        match("nobody", Action.BLOCK, 1),
    ]
    with database.read() as connection:
        answers = add_second_opinions(connection, asked, code=code, threshold_bits=10)
    opinions = [answer.second_opinion for answer in answers]
    assert [(one.distance_bits, one.agrees) for one in opinions[:3]] == [(64, False), (4, True), (4, True)]
    assert opinions[3] is None


@given(
    st.lists(
        st.tuples(st.sampled_from(list(Action)), st.integers(0, 40), st.sampled_from(["pdq", "other"])), max_size=12
    )
)
def test_an_allow_list_takes_back_exactly_what_is_no_nearer(drawn):
    confident = {"pdq": 31, "other": 10}
    matches = [match(f"w{n}", action, bits, alg) for n, (action, bits, alg) in enumerate(drawn)]
    ordered = suppress_allowed(matches, confident_bits=confident)
    nearness = [one.distance_bits / confident[one.alg] for one in ordered]
    assert nearness == sorted(nearness)
    assert {one.work_id for one in ordered} == {one.work_id for one in matches}
    allowed = min(
        (near for near, one in zip(nearness, ordered, strict=True) if one.action is Action.ALLOW), default=None
    )
    for near, one in zip(nearness, ordered, strict=True):
        is_taken_back = allowed is not None and one.action is not Action.ALLOW and near >= allowed
        assert (one.suppressed_by is not None) == is_taken_back


@given(st.binary(min_size=8, max_size=8), st.binary(min_size=8, max_size=8))
def test_distance_counts_differing_bits(first, second):
    assert distance_bits(first, second) == sum(
        a != b for a, b in zip(f"{int.from_bytes(first):064b}", f"{int.from_bytes(second):064b}", strict=True)
    )

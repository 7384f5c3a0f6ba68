import io

import pytest

from provenance.asset import MediaType
from provenance.manifests.jumbf import parse_store
from provenance.manifests.redaction import KEEPABLE, Judgement, judge_store
from provenance.manifests.signing import sign_manifest
from provenance.manifests.validation import read_store
from tests.image_bytes import box
from tests.provenance.manifests.samples import photograph, worded
from tests.provenance.manifests.test_jumbf import superbox

WORDS = "EXAMPLE a red boat under a blue moon"
URN = b"urn:c2pa:0ac1ae0a-82df-493f-bed6-72e0b4613d40"


def store_with(*assertions, claim=b"\xa0", kind=b"c2ma", label=URN, more=()):
    """A store of one manifest with these assertion boxes."""
    parts = (
        superbox(b"c2as", b"c2pa.assertions", *assertions),
        superbox(b"c2cl", b"c2pa.claim.v2", box(b"cbor", claim)),
        *more,
    )
    return superbox(b"c2pa", b"c2pa", superbox(kind, label, *parts))


def assertion(label, content=b"\xa0", kind=b"cbor"):
    return superbox(b"cbor", label, box(kind, content))


def address(label):
    return f"self#jumbf=/c2pa/{URN.decode()}/c2pa.assertions/{label}"


@pytest.fixture(scope="module")
def incoming(identity, trust):
    return sign_manifest(photograph(MediaType.JPEG), MediaType.JPEG, worded(), identity, trust=trust)


def test_what_is_not_kept_is_to_be_redacted(incoming):
    store = read_store(incoming.file.read(), MediaType.JPEG)
    judged = judge_store(store, KEEPABLE)
    assert [item.rpartition("/")[2] for item in judged.redactions] == ["com.example.generation", "stds.exif"]
    assert judged.words == ()
    assert parse_store(store) == parse_store(incoming.manifest_bytes)


def test_our_own_manifest_may_say_what_it_says(incoming):
    assert judge_store(incoming.manifest_bytes, KEEPABLE, own=incoming.manifest_id) == Judgement()


def test_words_that_cannot_be_redacted_are_found(identity, trust):
    for definition, where in (
        (worded("Jane Doe.jpg"), "c2pa.claim.v2"),
        (worded(description=WORDS), "c2pa.actions.v2"),
    ):
        signed = sign_manifest(photograph(MediaType.JPEG), MediaType.JPEG, definition, identity, trust=trust)
        assert judge_store(read_store(signed.file.read(), MediaType.JPEG), KEEPABLE).words == (where,)


@pytest.mark.parametrize(
    ("label", "keep", "is_kept"),
    [
        ("c2pa.actions", (), True),
        ("c2pa.hash.data", (), True),
        ("c2pa.ingredient.v3__2", (), True),
        ("c2pa.soft-binding__1", KEEPABLE, True),
        ("c2pa.soft-binding", (), False),
        ("c2pa.thumbnail.claim", KEEPABLE, False),
        ("c2pa.thumbnail.claim", ("c2pa.thumbnail.claim",), False),
        ("stds.exif", ("stds.exif",), False),
    ],
)
def test_which_assertions_stay(label, keep, is_kept):
    judged = judge_store(store_with(assertion(label.encode())), keep)
    assert judged == (Judgement() if is_kept else Judgement((address(label),)))


def test_a_kept_assertion_with_words_in_it_is_redacted_all_the_same():
    data = b"\xa1\x64note\x6e" + WORDS[:14].encode()
    assert judge_store(store_with(assertion(b"c2pa.soft-binding", data)), KEEPABLE).redactions == (
        address("c2pa.soft-binding"),
    )


def test_what_is_redacted_already_may_ship_if_it_is_zeros():
    zeros = superbox(b"cbor", b"stds.exif", box(b"uuid", bytes(16) + bytes(50)))
    forged = superbox(b"cbor", b"stds.exif", box(b"uuid", bytes(16) + WORDS.encode()))
    assert judge_store(store_with(zeros), KEEPABLE) == Judgement()
    assert judge_store(store_with(forged), KEEPABLE).redactions == (address("stds.exif"),)


@pytest.mark.parametrize(
    ("store", "where"),
    [
        (b"junk", "the store itself"),
        (store_with(claim=b"\xa1\x61x\x61y"), "c2pa.claim.v2"),
        (store_with(label=b"a red boat"), "manifest-in-another-form"),
        (store_with(more=(superbox(b"c2vc", b"c2pa.credentials"),)), "c2pa.credentials"),
        (store_with(more=(superbox(b"c2db", b"c2pa.databoxes"),)), "c2pa.databoxes"),
        (store_with(assertion(b"a red boat")), "aredboat"),
        (store_with(assertion(b"c2pa.actions", b"{}", b"json"), assertion(b"c2pa.actions__1", b"junk")), "c2pa.actions__1"),
        (superbox(b"c2pa", b"c2pa", superbox(b"c2cm", URN, box(b"brob", b"packed"))), "manifest-in-another-form"),
    ],
)  # fmt: skip
def test_places_for_words_that_no_redaction_reaches(store, where):
    assert judge_store(store, KEEPABLE).words == (where,)


def test_tokens_of_authorities_may_stay_and_words_among_them_not():
    token = b"\xa1\x61a\x43abc"
    assert judge_store(store_with(assertion(b"c2pa.time-stamp", token)), KEEPABLE) == Judgement()
    lists = b"\xa1\x68ocspVals\x81\x43abc"
    assert judge_store(store_with(assertion(b"c2pa.certificate-status", lists)), KEEPABLE) == Judgement()
    for wrong in (b"\xa1\x61a\x63abc", b"\x80", b"junk", b"\xa1\x65a b c\x43abc"):
        assert judge_store(store_with(assertion(b"c2pa.time-stamp", wrong)), KEEPABLE).redactions


@pytest.mark.parametrize(
    ("content", "is_plain"),
    [
        (b"\xd2\x84\x43\xa1\x01\x26\xa0\xf6\x40", True),
        (b"\xd2\x84\x43\xa1\x01\x26\xa1\x63pad\x43\0\0\0\xf6\x40", True),
        (b"\xd2\x84\x43\xa1\x01\x26\xa1\x63pad\x43abc\xf6\x40", False),
        (b"\xd2\x84\x43\xa1\x01\x26\xa1\x64note\x43abc\xf6\x40", False),
        (b"\xd2\x84\x43\xa1\x01\x26\xa0\x43abc\x40", False),
        (b"\xd2\x84\x43\xa1\x05\x26\xa0\xf6\x40", False),
        (b"\x01", False),
        (b"\xd2\x84\x40\xa0\xf6\x40", False),
    ],
)
def test_a_signature_has_the_headers_that_c2pa_gives_it(content, is_plain):
    store = store_with(more=(superbox(b"c2cs", b"c2pa.signature", box(b"cbor", content)),))
    assert (judge_store(store, KEEPABLE) == Judgement()) is is_plain


def test_a_file_without_a_manifest_has_no_store():
    assert read_store(photograph(MediaType.JPEG), MediaType.JPEG) == b""
    assert read_store(io.BytesIO(b"junk").getvalue(), MediaType.JPEG) == b""

from dataclasses import replace

import pytest

from provenance.asset import MediaType, Origin
from provenance.errors import SigningError
from provenance.manifests import signing
from provenance.manifests.claim import SOURCE_LABEL, Definition
from provenance.manifests.incoming import Incoming, plan_attempts, strip_url
from provenance.manifests.redaction import IncomingRule
from provenance.manifests.report import IngredientState
from provenance.manifests.signing import sign_manifest
from provenance.media.containers.matroska import WEBM
from provenance.storage.blob import Blob
from tests.clips import clip
from tests.provenance.manifests.samples import define, photograph, worded

WORDS = b"EXAMPLE a red boat under a blue moon"


def opened():
    return define(recipe=None, origin=Origin.SUBMITTED)


@pytest.fixture(scope="module")
def incoming(identity, trust):
    return sign_manifest(photograph(MediaType.JPEG), MediaType.JPEG, worded(), identity, trust=trust).file.read()


@pytest.fixture(scope="module")
def titled(identity, trust):
    definition = worded("Jane Doe in a red boat.jpg")
    return sign_manifest(photograph(MediaType.JPEG), MediaType.JPEG, definition, identity, trust=trust).file.read()


def resign(identity, trust, data, **options):
    return sign_manifest(
        photograph(MediaType.JPEG), MediaType.JPEG, opened(), identity, ingredient=data, trust=trust, **options
    )


def test_a_manifest_is_repeated_without_what_holds_words(incoming, identity, trust):
    signed = resign(identity, trust, incoming)
    assert signed.incoming == Incoming("embedded", "repeated", ("com.example.generation", "stds.exif"))
    assert WORDS not in signed.file.read()
    assert signed.report.actions[:3] == ("c2pa.opened", "c2pa.redacted", "c2pa.redacted")
    assert signed.report.ingredients[0].has_manifest
    assert signed.report.ingredients[0].failure_codes == ()


def test_words_that_cannot_be_redacted_leave_a_reference(titled, identity, trust):
    signed = resign(identity, trust, titled)
    assert signed.incoming == Incoming("embedded", "referenced", because=("c2pa.claim.v2",))
    assert b"Jane Doe" not in signed.file.read()
    assert WORDS not in signed.file.read()
    facts = signed.report.crjson["manifests"][0]["assertions"][SOURCE_LABEL]
    assert facts["integrity"] == "ok"
    assert facts["steps"] == ["c2pa.created"]
    assert signed.report.is_ai


def test_a_rule_may_ask_for_the_reference_alone(incoming, identity, trust):
    signed = resign(identity, trust, incoming, rule=IncomingRule("reference"))
    assert signed.incoming.form == "referenced"
    assert not signed.report.ingredients[0].has_manifest


def test_nothing_else_ships_when_the_check_of_what_was_written_finds_words(incoming, identity, trust, monkeypatch):
    real, asked = signing.judge_store, []

    def suspicious(store, keep, *, own=""):
        asked.append(own)
        return signing.Judgement(words=("anything",)) if own else real(store, keep)

    monkeypatch.setattr(signing, "judge_store", suspicious)
    signed = resign(identity, trust, incoming)
    assert signed.incoming.form == "referenced"
    assert len(asked) == 2


def test_what_cannot_be_repeated_is_referenced(incoming, identity, trust, monkeypatch):
    real = signing._sign

    def failing(encoded, media_type, attempt, *rest, **options):
        if attempt.parent is not None:
            raise SigningError("c2pa refuses")
        return real(encoded, media_type, attempt, *rest, **options)

    monkeypatch.setattr(signing, "_sign", failing)
    assert resign(identity, trust, incoming).incoming.form == "referenced"


def test_a_manifest_that_lies_beside_is_named_and_found_elsewhere(identity, trust):
    """c2pa cannot write into WebM: of a release in one the manifest is kept beside it."""
    source = Blob.from_bytes(clip(count=2, kind="webm", codec="libvpx-vp9"))
    store = sign_manifest(source, WEBM, worded(), identity, trust=trust, is_embedded=False)
    definition = replace(opened(), ingredient_media_type=WEBM, kept={str(source.sha256): store.manifest_bytes})
    signed = sign_manifest(
        photograph(MediaType.JPEG), MediaType.JPEG, definition, identity, ingredient=source, trust=trust
    )
    assert signed.incoming == Incoming("beside", "referenced")
    facts = signed.report.crjson["manifests"][0]["assertions"][SOURCE_LABEL]
    assert (facts["manifestId"], facts["integrity"]) == (store.manifest_id, "ok")
    assert signed.report.ingredients[0].state is IngredientState.ELSEWHERE
    assert WORDS not in signed.file.read()


def test_without_an_ingredient_nothing_came(identity, trust):
    assert plan_attempts(Definition({}), None, IncomingRule())[0].incoming == Incoming()
    assert [item.incoming.presence for item in plan_attempts(opened(), b"\xff\xd8junk", IncomingRule())] == [
        "unreadable"
    ]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://example.org/m.c2pa?token=abc#part", "https://example.org/m.c2pa"),
        ("https://jane:secret@example.org:8443/m.c2pa", "https://example.org:8443/m.c2pa"),
        ("http://[::1]:80/m", "http://[::1]:80/m"),
        ("https://[", ""),
        ("https://example.org:port/", ""),
        ("file:///etc/passwd", ""),
        ("javascript:alert(1)", ""),
        ("", ""),
    ],
)
def test_addresses_lose_what_may_be_a_secret(url, shown):
    assert strip_url(url) == shown

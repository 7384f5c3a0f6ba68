"""What the manifest says of the making is said to the person, with who says it and when."""

import pytest

from provenance.manifests.trust import TrustAnchors
from provenance.manifests.validation import build_settings
from tests.outside.asking import ask, fixture
from tests.outside.forgeries import IPTC, build_maker, sign, sign_with_identity
from tests.provenance.manifests.timestamp_authority import Authority, serve

MAKER = build_maker("Vendor")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("site") / "home"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """A picture as a generator signs it."""
    path = tmp_path_factory.mktemp("files") / "drawn.jpg"
    disclosure = {"label": "c2pa.ai-disclosure", "data": {"modelType": "c2pa.types.model"}}
    with serve(Authority()) as clock:
        data = sign(MAKER, source_type="trainedAlgorithmicMedia", timestamp_url=clock.url, more=(disclosure,))
    path.write_bytes(data)
    return path


def test_a_person_reads_how_it_was_made_with_what_by_whom_and_when(home, drawn):
    words = ask(home, "verify", drawn).words
    for said in (
        "its signer says made by generative AI; with Vendor Studio/7; steps: created",
        "signed by V (Vendor), whom we do not know, on 20",
        "UTC, says clock, whose clock we do not know",
    ):
        assert said in words


def test_a_program_reads_the_same(home, drawn):
    found = ask(home, "verify", drawn, "--json").layer("manifest_trust")["detail"]
    says = found["says"]
    assert says["is_ai"] is True
    assert says["digital_source_types"] == [{"uri": f"{IPTC}trainedAlgorithmicMedia", "text": "made by generative AI"}]
    assert (says["actions"], says["claim_generator"]) == (["c2pa.created"], "Vendor Studio/7")
    assert (found["signer"], found["issuer"], found["trust"]) == ("V", "Vendor", "untrusted")
    assert (found["timestamp"]["authority"], found["timestamp"]["trusted"]) == ("clock", False)


def test_an_expert_reads_the_standards_own_words(home, drawn):
    words = "".join(ask(home, "verify", drawn, "--detailed").out.split())
    for said in (f"{IPTC}trainedAlgorithmicMedia", "c2pa.created", "VendorStudio/7", "x.509trustlist"):
        assert said in words


def test_identities_are_rows_of_their_own(home):
    told = ask(home, "verify", fixture("C_with_CAWG_data.jpg"), "--json")
    row = told.layer("manifest_identity")
    assert row["status"] == "failed"
    assert row["detail"]["verified"] is True
    assert row["detail"]["trusted"] is False
    assert row["detail"]["failure_codes"] == ["cawg.x509.credential.untrusted"]
    assert told.layer("manifest_integrity")["detail"]["failure_codes"] == []
    assert "vouched for by C2PA Signer" in ask(home, "verify", fixture("C_with_CAWG_data.jpg")).words


def test_an_identity_that_cannot_be_looked_up_is_not_verified_and_nobody_is_asked(home, tmp_path):
    """Its issuer is a host that a stranger names: c2pa-rs would ask it."""
    path = tmp_path / "picture.jpg"
    path.write_bytes(sign_with_identity(MAKER, "did:web:identities.example"))
    told = ask(home, "verify", path, "--json")
    assert (told.code, told.result["state"]) == (0, "manifest_untrusted")
    row = told.layer("manifest_identity")
    assert (row["status"], row["technique"]) == ("not_checked", "cawg.identity_claims_aggregation")
    assert row["detail"]["failure_codes"] == ["cawg.ica.did_unavailable"]
    assert "vouched for by ann (did:web:identities.example); not verified" in ask(home, "verify", path).words
    assert build_settings(TrustAnchors())["core"]["allowed_network_hosts"] == []


def test_an_identity_that_is_proved_wrong_is_a_contradiction(home, tmp_path):
    path = tmp_path / "picture.jpg"
    path.write_bytes(sign_with_identity(MAKER, "did:example:nobody"))
    told = ask(home, "verify", path, "--json")
    assert (told.code, told.result["state"]) == (3, "manifest_broken")
    assert told.layer("manifest_identity")["status"] == "failed"


def test_an_edited_photograph_says_that_ai_took_part(home):
    words = ask(home, "verify", fixture("ocsp.jpg")).words
    assert "its signer says partly made by generative AI; with Adobe Photoshop/26.9.0" in words

"""Whose signature and whose clock count: lists of their own for each, and a time-stamp only where its clock is trusted."""

import base64
import time
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ObjectIdentifier

from tests.outside.asking import ask, fixture
from tests.outside.forgeries import Maker, build_leaf, build_maker, sign
from tests.provenance.manifests.timestamp_authority import Authority, serve

MAKER = build_maker()
DER = MAKER.leaf.public_bytes(serialization.Encoding.DER)
# Microsoft's purpose for signing manifests, in the interim trust list's store.cfg
OTHER_PURPOSE = "1.3.6.1.4.1.311.76.59.1.9"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("site") / "home"


@pytest.fixture(scope="module")
def clock():
    with serve(Authority()) as authority:
        yield authority


@pytest.fixture(scope="module")
def short(clock):
    """Files that were signed and stamped by a certificate that has ended since: of claims v1 and v2."""
    ends = timedelta(seconds=2)
    leaf = build_leaf(MAKER.root, MAKER.root_key, MAKER.key, ends=ends)
    brief = Maker(MAKER.root, MAKER.root_key, leaf, MAKER.key)
    files = {version: sign(brief, timestamp_url=clock.url, claim_version=version) for version in (1, 2)}
    time.sleep(max(0.0, (leaf.not_valid_after_utc - datetime.now(UTC)).total_seconds()) + 1.1)
    return files


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def trust(home, folder, data, **lists):
    """Verify `data` under trust lists of these names."""
    settings = {
        f"CHOPMARK_SIGNING__{name.upper()}": str(write(folder, f"{name}.pem", text)) for name, text in lists.items()
    }
    told = ask(home, "verify", write(folder, "picture.jpg", data), "--json", **settings)
    return told.result["state"], told.layer("manifest_trust")["detail"]


def test_an_expired_certificate_needs_a_clock_that_we_trust(home, short, clock, tmp_path):
    state, found = trust(home, tmp_path, short[2], trust_anchors=MAKER.root_pem, timestamp_anchors=clock.root_pem)
    assert (state, found["trust"], found["timestamp"]["trusted"]) == ("manifest_intact", "trusted", True)
    for version in (1, 2):
        state, found = trust(home, tmp_path, short[version], trust_anchors=MAKER.root_pem)
        assert (state, found["trust"]) == ("signer_expired", "expired")
        assert (found["timestamp"] or {"trusted": False})["trusted"] is False


def test_nobodys_clock_counts_for_old_claims(home, short, clock, tmp_path):
    """c2pa-rs checks no authority of theirs, so whether this one is ours cannot be told."""
    state, found = trust(home, tmp_path, short[1], trust_anchors=MAKER.root_pem, timestamp_anchors=clock.root_pem)
    assert (state, found["trust"], found["timestamp"]["trusted"]) == ("signer_expired", "expired", False)


def test_a_clocks_root_vouches_for_no_signer(home, tmp_path):
    data = sign(MAKER)
    state, found = trust(home, tmp_path, data, timestamp_anchors=MAKER.root_pem)
    assert (state, found["trust"]) == ("manifest_untrusted", "untrusted")
    state, found = trust(home, tmp_path, data, trust_anchors=MAKER.root_pem)
    assert (state, found["trust"]) == ("manifest_intact", "trusted")


def test_a_signers_root_vouches_for_no_clock(home, clock, tmp_path):
    data = sign(MAKER, timestamp_url=clock.url)
    _, found = trust(home, tmp_path, data, trust_anchors=MAKER.root_pem + clock.root_pem)
    assert found["timestamp"]["trusted"] is False
    _, found = trust(home, tmp_path, data, trust_anchors=MAKER.root_pem, timestamp_anchors=clock.root_pem)
    assert found["timestamp"]["trusted"] is True
    told = ask(home, "verify", tmp_path / "picture.jpg")
    assert "says clock, whose clock we do not know" in told.words


def test_a_clock_may_not_call_itself_one_of_ours(home, tmp_path):
    """An authority's own name stands in c2pa's explanation, so it can be anything."""
    with serve(Authority(name="x, trust list: urn:chopmark:trust:timestamp")) as liar:
        for version in (1, 2):
            data = sign(MAKER, timestamp_url=liar.url, claim_version=version)
            _, found = trust(home, tmp_path, data, trust_anchors=MAKER.root_pem)
            assert found["timestamp"]["trusted"] is False


@pytest.mark.parametrize("form", [
    MAKER.leaf_pem, sha256(DER).hexdigest(), f"// comment\n\n{base64.b64encode(sha256(DER).digest()).decode()}\n",
], ids=["pem", "hexadecimal", "base64"])  # fmt: skip
def test_a_certificate_may_be_allowed_by_itself(home, form, tmp_path):
    state, found = trust(home, tmp_path, sign(MAKER), allowed_list=form)
    assert (state, found["trust"]) == ("manifest_intact", "trusted")
    state, _ = trust(home, tmp_path, sign(build_maker()), allowed_list=form)
    assert state == "manifest_untrusted"


def test_key_purposes_may_be_added(home, tmp_path):
    leaf = build_leaf(MAKER.root, MAKER.root_key, MAKER.key, purpose=ObjectIdentifier(OTHER_PURPOSE))
    odd = Maker(MAKER.root, MAKER.root_key, leaf, MAKER.key)
    settings = {"verify": {"verify_after_sign": False}, "trust": {"trust_config": OTHER_PURPOSE}}
    data = sign(odd, c2pa_settings=settings)
    state, found = trust(home, tmp_path, data, trust_anchors=MAKER.root_pem)
    assert (state, found["trust"]) == ("signer_invalid", "invalid")
    listed = f"//id-kp-emailProtection\n1.3.6.1.5.5.7.3.4\n// MS C2PA Signing\n{OTHER_PURPOSE}\n"
    state, found = trust(home, tmp_path, data, trust_anchors=MAKER.root_pem, trust_config=listed)
    assert (state, found["trust"]) == ("manifest_intact", "trusted")


@pytest.mark.parametrize(("name", "text"), [
    ("allowed_list", "nonsense"), ("trust_config", "1.2.x"), ("timestamp_anchors", "nonsense"), ("trust_anchors", ""),
    ("allowed_list", ""), ("trust_config", "// only a comment"),
])  # fmt: skip
def test_lists_that_are_none_stop_the_start(home, name, text, tmp_path):
    path = write(tmp_path, "list.pem", text)
    picture = write(tmp_path, "picture.jpg", sign(MAKER))
    told = ask(home, "verify", picture, **{f"CHOPMARK_SIGNING__{name.upper()}": str(path)})
    assert told.code == 2
    assert "[configuration]" in told.err


def test_a_staple_is_shown(home):
    told = ask(home, "verify", fixture("ocsp.jpg"), "--json")
    assert told.layer("manifest_trust")["detail"]["revocation"] == "not_judged"
    told = ask(home, "verify", fixture("C.jpg"), "--detailed")
    assert "certificate not checked: no answer came with it" in told.words


def test_a_list_that_cannot_be_read_is_named_with_its_reason(home, tmp_path):
    half = tmp_path / "half.pem"
    half.write_text(MAKER.root_pem.replace("MII", "MIJ", 1))
    for path, words in ((half, "expected whole CERTIFICATE blocks"), (tmp_path, "is a directory")):
        told = ask(home, "verify", __file__, CHOPMARK_SIGNING__TRUST_ANCHORS=f'["{path}"]')
        assert told.code == 2
        assert path.name in told.err
        assert words in " ".join(told.err.split())

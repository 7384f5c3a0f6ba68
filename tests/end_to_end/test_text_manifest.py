"""A text that carries its manifest: what c2pa and we say of it, as released, edited, copied and handed in again."""

import io
import json
import re

import c2pa
import pytest

from api.wiring import open_site
from policies import gate
from policies.line.released import find_released, load_manifest, load_released
from policies.rules.decision import Outcome
from provenance.errors import ConfigurationError
from provenance.manifests.report import Integrity
from provenance.manifests.text_wrapper import Binding, judge_text, remove_wrappers
from provenance.manifests.trust import TrustAnchors
from provenance.manifests.validation import build_settings, read_bound_manifest
from provenance.media.text.medium import Options
from provenance.verify.state import Grade, LayerStatus
from tests.letters import letter, sentences
from tests.sites import as_submission, build_light_settings

PLAIN = " ".join(sentences(14)).encode()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    options = {"media": ("picture", "text"), "media_options": {"text": {"manifest": "inside"}}}
    with open_site(build_light_settings(tmp_path_factory.mktemp("texts") / "home", **options)) as opened:
        yield opened


@pytest.fixture(scope="module")
def released(site):
    """Two releases: (asset id, bytes of the file, manifest store beside it), by name."""
    made = {}
    for name, data in (("notes.txt", PLAIN), ("letter.md", letter())):
        done = gate.release(site.deployment, as_submission(data, name=name))
        assert done.outcome is Outcome.RELEASE, done.decision.reasons
        with site.deployment.database.read() as connection:
            found = find_released(connection, done.asset_id, tenant=site.deployment.tenant)
        public = site.deployment.blobs.public
        made[name] = done.asset_id, load_released(public, found).read(), load_manifest(public, found)
    return made


def with_another_word(data):
    """The text with a word of its middle replaced; marks stand between words, so spaces are no place to look for."""
    found = list(re.finditer(r"[a-z]{6,}", data.decode()))
    at = found[len(found) // 2]
    return (data.decode()[: at.start()] + "zebras" + data.decode()[at.end() :]).encode()


def codes(store, data):
    context = c2pa.Context.from_dict(build_settings(TrustAnchors()))
    with c2pa.Reader("text/plain", io.BytesIO(data), store, context=context) as reader:
        about = json.loads(reader.json())["validation_results"]["activeManifest"]
    return [{one["code"] for one in about[kind]} for kind in ("success", "failure")]


@pytest.mark.parametrize("name", ["notes.txt", "letter.md"])
def test_the_manifest_inside_is_bound_to_the_text_and_c2pa_finds_the_hash_right(released, name):
    _, data, _ = released[name]
    store, binding = judge_text(data.decode())
    assert binding is Binding.MATCH
    success, failure = codes(store, data)
    assert {"assertion.dataHash.match", "claimSignature.validated"} <= success
    # c2pa-rs cannot see where a text carries it; everything else holds.
    assert {one for one in failure if not one.startswith("signingCredential.")} == {"assertion.dataHash.mismatch"}
    report = read_bound_manifest(data, "text/plain", TrustAnchors(), store, binding.value)
    assert report.integrity is Integrity.OK
    assert report.is_ai
    edited = with_another_word(data)
    _, other = judge_text(edited.decode())
    assert other is Binding.MISMATCH
    report = read_bound_manifest(edited, "text/plain", TrustAnchors(), store, other.value)
    assert report.integrity is Integrity.FAILED
    assert report.is_signature_intact


@pytest.mark.parametrize("name", ["notes.txt", "letter.md"])
def test_the_one_beside_it_is_validated_by_c2pa_over_the_file_as_it_ships(released, name):
    _, data, beside = released[name]
    success, failure = codes(beside, data)
    assert "assertion.dataHash.match" in success
    assert not {one for one in failure if not one.startswith("signingCredential.")}


def test_verdicts_are_graded_as_without_it(site, released):
    asset_id, data, _ = released["notes.txt"]
    verify = site.verifier.verify
    exact = verify(data)
    assert (exact.asset_id, exact.grade) == (asset_id, Grade.EXACT)
    stripped = verify(remove_wrappers(data.decode()).encode())
    assert (stripped.asset_id, stripped.grade) == (asset_id, Grade.CANONICAL)
    edited = verify(with_another_word(data))
    assert (edited.asset_id, edited.grade) == (asset_id, Grade.RECOVERED)


def test_a_stranger_reads_it_without_our_database(tmp_path, released):
    """As another site sees it: the manifest inside holds, and no layer of ours answers."""
    options = {"media": ("picture", "text")}
    with open_site(build_light_settings(tmp_path / "other", **options)) as other:
        found = other.verifier.verify(released["notes.txt"][1])
    assert found.asset_id is None
    assert any("lies in the text itself" in one for one in found.remarks), found.remarks
    layer = next(one for one in found.layers if one.name == "manifest_integrity")
    assert layer.status is LayerStatus.FOUND


def test_what_is_handed_in_again_is_told_and_ships_with_one_wrapper_alone(site, released):
    again = gate.release(site.deployment, as_submission(released["notes.txt"][1], name="again.txt"))
    assert again.outcome is Outcome.RELEASE
    with site.deployment.database.read() as connection:
        found = find_released(connection, again.asset_id, tenant=site.deployment.tenant)
    text = load_released(site.deployment.blobs.public, found).read().decode()
    assert judge_text(text)[1] is Binding.MATCH


def test_other_words_for_the_option_are_refused():
    for given in ({"manifest": "within"}, {"manifests": "inside"}):
        with pytest.raises(ConfigurationError, match=r"media_options\.text"):
            Options.parse(given)

"""Every joint state on real files: what strangers can do to a release, and what verification says of it."""

import re
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import delete, insert, select, update

from api.wiring import open_site
from policies import gate
from policies.rules.decision import Outcome
from provenance.asset import MediaType
from provenance.labels.aigc import AigcItem
from provenance.labels.implicit import ImplicitLabels, IptcFields, write_labels
from provenance.seal.sealed import build_payload
from provenance.storage.tables import SEALS, SOFT_BINDINGS
from tests.end_to_end.attackers import repaint, sign, strip
from tests.sites import as_submission, build_light_settings, encode, photograph, pictures, submission

FIXTURES = Path(__file__).parents[3] / "shared" / "data" / "c2pa-rs-fixtures"
SIDE = 320


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with open_site(build_light_settings(tmp_path_factory.mktemp("site") / "home")) as opened:
        yield opened


def release(site, *handed_in, **fields):
    """Release a picture; return the result and the file that was published."""
    result = gate.release(site.deployment, *handed_in or (submission(side=SIDE, **fields),))
    assert result.outcome is Outcome.RELEASE, result.decision.reasons
    return result, site.deployment.blobs.public.get(result.public_key)


@pytest.fixture(scope="module")
def coffee(site):
    return release(site, kind="PNG")


@pytest.fixture(scope="module")
def cat(site):
    return release(site, name="chelsea.png")


def statuses(verification):
    return {layer.name: layer.status.value for layer in verification.layers}


@contextmanager
def altered(site, asset_id, **columns):
    """Somebody with access to the database changes a record for a while."""
    database = site.deployment.database
    with database.read() as connection:
        before = dict(connection.execute(select(SEALS).where(SEALS.c.asset_id == asset_id)).mappings().one())

    def write(values):
        with database.write() as connection:
            connection.execute(update(SEALS).where(SEALS.c.asset_id == asset_id).values(**values))

    write(columns)
    try:
        yield
    finally:
        write({name: before[name] for name in columns})


def kept_body(site, asset_id):
    with site.deployment.database.read() as connection:
        return dict(connection.execute(select(SEALS.c.body).where(SEALS.c.asset_id == asset_id)).scalar_one())


# consistent, intact


def test_a_released_file_is_consistent_and_names_its_record(site, coffee):
    result, data = coffee
    verification = site.verifier.verify(data)
    assert verification.state == "consistent"
    assert not verification.is_conflict
    assert verification.asset_id == result.asset_id
    assert verification.manifest_id == result.seal["manifest_id"]
    assert verification.layer("ledger").detail["index"] == result.ledger_index


def test_somebody_elses_manifest_is_intact_and_its_signer_untrusted(site):
    verification = site.verifier.verify(sign(encode(photograph("rocket.jpg", SIDE)), MediaType.JPEG))
    assert verification.state == "manifest_untrusted"
    assert statuses(verification)["manifest_integrity"] == "found"
    assert statuses(verification)["manifest_trust"] == "failed"
    assert verification.layer("manifest_trust").detail["trust"] == "untrusted"
    assert verification.asset_id is None


@pytest.mark.parametrize(("name", "state"), [
    ("C.jpg", "manifest_untrusted"), ("CA.jpg", "manifest_untrusted"), ("CACA.jpg", "manifest_untrusted"),
    ("E-sig-CA.jpg", "tampered"), ("XCA.jpg", "tampered"), ("no_manifest.jpg", "none_found"),
])  # fmt: skip
def test_fixtures_of_c2pa(site, name, state):
    if not FIXTURES.is_dir():
        pytest.skip("../shared/data/c2pa-rs-fixtures is absent")
    assert site.verifier.verify((FIXTURES / name).read_bytes()).state == state


# stripped


def test_a_stripped_png_is_recovered_by_its_watermark(site, coffee):
    result, data = coffee
    verification = site.verifier.verify(strip(data))
    assert verification.state == "stripped_recovered_by_watermark"
    assert verification.asset_id == result.asset_id
    assert verification.manifest_id == result.seal["manifest_id"]
    integrity, trust = verification.layer("manifest_integrity"), verification.layer("manifest_trust")
    assert integrity.status == "absent"
    assert integrity.detail == {"recovered_manifest_id": result.seal["manifest_id"], "signature_intact": True}
    assert trust.detail["recovered"]
    assert trust.detail["signer"] == "Chopmark development signer"
    assert statuses(verification)["ledger"] == "found"


def test_a_recompressed_copy_is_recovered_by_its_watermark(site, cat):
    result, data = cat
    shared = encode(photograph_of(data), quality=70)
    verification = site.verifier.verify(shared)
    assert verification.state == "stripped_recovered_by_watermark"
    assert verification.asset_id == result.asset_id


@pytest.mark.parametrize("turn", [np.fliplr, np.flipud, np.rot90])
def test_a_turned_copy_still_agrees_with_its_watermark(site, coffee, turn):
    result, data = coffee
    verification = site.verifier.verify(repaint(data, lambda frame: np.ascontiguousarray(turn(frame))))
    assert verification.state == "stripped_recovered_by_watermark"
    assert verification.asset_id == result.asset_id


def test_a_worn_watermark_leaves_the_fingerprint(site, cat):
    result, data = cat
    worn = photograph_of(data).resize((90, 60)).resize((300, 200))
    verification = site.verifier.verify(encode(worn, quality=30))
    assert verification.state == "looks_like_release"
    assert statuses(verification)["watermark"] == "absent"
    assert verification.asset_id == result.asset_id
    assert verification.manifest_id == result.seal["manifest_id"]


def test_a_lost_manifest_store_leaves_the_record(site):
    result, data = release(site, name="ihc.png")
    site.deployment.blobs.public.delete(f"{result.asset_id}/manifest.c2pa")
    verification = site.verifier.verify(strip(data))
    assert verification.state == "stripped_recovered_by_watermark"
    assert verification.asset_id == result.asset_id
    assert verification.manifest_id == ""


def photograph_of(data):
    import io

    from PIL import Image

    return Image.open(io.BytesIO(data)).convert("RGB")


# tampered


def test_one_byte_of_the_pixels(site, cat):
    result, data = cat
    at = len(data) - 2000
    verification = site.verifier.verify(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    assert verification.state == "tampered"
    assert verification.is_conflict
    assert "assertion.dataHash.mismatch" in verification.layer("manifest_integrity").detail["failure_codes"]
    assert verification.asset_id == result.asset_id


def test_one_byte_of_the_manifest(site, cat):
    result, data = cat
    at = data.index(result.decision.id.encode())
    verification = site.verifier.verify(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    assert verification.state == "tampered"
    assert verification.asset_id == result.asset_id


def test_a_damaged_manifest_is_not_mended_by_a_watermark(site, coffee, cat):
    _, data = cat
    watermark = pictures(site).watermark
    payload = int(coffee[0].seal["soft_bindings"][0]["value"], 16)
    marked = repaint(encode(photograph("rocket.jpg", SIDE)), lambda frame: watermark.embed(frame, payload))
    signed = bytearray(sign(marked, MediaType.JPEG))
    signed[-2000] ^= 1
    assert site.verifier.verify(bytes(signed)).state == "tampered"
    assert site.verifier.verify(data).state == "consistent"


# conflicts


def test_a_watermark_of_another_picture(site, coffee):
    result, _ = coffee
    watermark = pictures(site).watermark
    payload = int(result.seal["soft_bindings"][0]["value"], 16)
    verification = site.verifier.verify(
        repaint(encode(photograph("rocket.jpg", SIDE), "PNG"), lambda frame: watermark.embed(frame, payload))
    )
    assert verification.state == "transplanted_watermark"
    layer = verification.layer("watermark")
    assert layer.status == "failed"
    assert layer.detail["asset_id"] == result.asset_id
    assert layer.detail["fingerprint_distance_bits"] > 80
    assert verification.manifest_id == "", "nothing was stripped from this picture"


def test_a_transplant_onto_another_release_is_traced_to_that_one(site, coffee, cat):
    watermark = pictures(site).watermark
    payload = int(coffee[0].seal["soft_bindings"][0]["value"], 16)
    verification = site.verifier.verify(
        repaint(encode(photograph("chelsea.png", SIDE), "PNG"), lambda frame: watermark.embed(frame, payload))
    )
    assert verification.state == "transplanted_watermark"
    assert verification.asset_id == cat[0].asset_id


def test_a_human_claim_over_our_watermark(site, coffee):
    verification = site.verifier.verify(sign(strip(coffee[1]), MediaType.PNG, "digitalCapture"))
    assert verification.state == "human_claim_over_our_mark"
    assert statuses(verification)["manifest_integrity"] == "found"
    assert statuses(verification)["watermark"] == "found"
    assert verification.asset_id == coffee[0].asset_id


def test_a_human_claim_over_a_transplanted_mark_is_about_the_mark(site, coffee):
    watermark = pictures(site).watermark
    payload = int(coffee[0].seal["soft_bindings"][0]["value"], 16)
    marked = repaint(encode(photograph("rocket.jpg", SIDE)), lambda frame: watermark.embed(frame, payload))
    assert site.verifier.verify(sign(marked, MediaType.JPEG, "digitalCapture")).state == "transplanted_watermark"


def test_a_human_claim_over_our_watermark_is_no_better_for_naming_us(site, coffee):
    _, data = coffee
    claimed = sign(strip(data), MediaType.PNG, "digitalCapture", label=coffee[0].seal["manifest_id"])
    assert site.verifier.verify(claimed).state == "human_claim_over_our_mark"


def test_a_label_of_ours_on_a_strangers_manifest_does_not_make_it_ours(site, coffee):
    forged = sign(strip(coffee[1]), MediaType.PNG, label=coffee[0].seal["manifest_id"])
    verification = site.verifier.verify(forged)
    assert verification.manifest_id == coffee[0].seal["manifest_id"]
    assert verification.state == "layers_disagree"


def test_our_picture_under_a_strangers_manifest(site, coffee):
    verification = site.verifier.verify(sign(strip(coffee[1]), MediaType.PNG))
    assert verification.state == "layers_disagree"


def test_a_stranger_who_says_what_it_was_made_from(site, coffee):
    _, data = coffee
    verification = site.verifier.verify(sign(strip(data), MediaType.PNG, parent=data))
    assert verification.state == "manifest_untrusted"
    assert verification.asset_id == coffee[0].asset_id


def test_an_ai_label_in_a_file_that_claims_a_human(site):
    labels = ImplicitLabels(iptc=IptcFields(digital_source_type="trainedAlgorithmicMedia"))
    labelled = write_labels(encode(photograph("rocket.jpg", SIDE)), MediaType.JPEG, labels)
    assert site.verifier.verify(sign(labelled, MediaType.JPEG, "digitalCapture")).state == "layers_disagree"


def test_a_photograph_released_with_its_own_manifest_stays_what_it_says(site):
    """A camera's manifest lives on in ours: neither the release nor the camera's own file is a clash."""
    taken = sign(encode(photograph("astronaut.png", SIDE)), MediaType.JPEG, "digitalCapture")
    result, data = release(site, as_submission(taken))
    assert site.verifier.verify(data).state == "consistent"
    before = site.verifier.verify(taken)
    assert before.state == "manifest_untrusted"
    assert before.asset_id == result.asset_id
    edited = site.verifier.verify(sign(strip(data), MediaType.JPEG, parent=data))
    assert edited.state == "manifest_untrusted"


def test_a_human_claim_over_a_likeness_only(site, cat):
    """The watermark was worn away first: the picture still looks like a release whose record claims no human."""
    worn = photograph_of(cat[1]).resize((90, 60)).resize((300, 200))
    verification = site.verifier.verify(sign(encode(worn, quality=30), MediaType.JPEG, "digitalCapture"))
    assert statuses(verification)["watermark"] == "absent"
    assert verification.state == "layers_disagree"


# the ledger


@pytest.mark.parametrize("column", ["sha256", "manifest_id"])
def test_an_altered_record_is_a_mismatch(site, coffee, column):
    result, data = coffee
    with altered(site, result.asset_id, **{column: "0" * 64}):
        verification = site.verifier.verify(data)
        assert verification.state == "ledger_mismatch"
        assert statuses(verification)["ledger"] == "failed"
    assert site.verifier.verify(data).state == "consistent"


def test_an_altered_fingerprint_is_a_mismatch_not_a_transplant(site, coffee):
    result, data = coffee
    body = kept_body(site, result.asset_id)
    body["soft_bindings"] = [{**item, "value": "ff" * (len(item["value"]) // 2)} for item in body["soft_bindings"]]
    with altered(site, result.asset_id, body=body):
        assert site.verifier.verify(strip(data)).state == "ledger_mismatch"


def test_a_binding_turned_to_another_release_is_a_mismatch(site, coffee, cat):
    _, data = coffee
    value = bytes.fromhex(coffee[0].seal["soft_bindings"][0]["value"])
    of_value = SOFT_BINDINGS.c.value == value
    with site.deployment.database.write() as connection:
        connection.execute(update(SOFT_BINDINGS).where(of_value).values(asset_id=cat[0].asset_id))
    try:
        assert site.verifier.verify(strip(data)).state == "ledger_mismatch"
    finally:
        with site.deployment.database.write() as connection:
            connection.execute(update(SOFT_BINDINGS).where(of_value).values(asset_id=coffee[0].asset_id))


def test_a_record_without_an_entry_is_a_mismatch(site, coffee):
    """Somebody writes a release into the database by hand, and the ledger never heard of it."""
    body = kept_body(site, coffee[0].asset_id)
    stranger = gate.intake(site.deployment, submission(name="rocket.jpg", side=SIDE))
    watermark, payload = pictures(site).watermark, build_payload(99)
    row = {"sha256": "1" * 64, "media_type": "image/jpeg", "manifest_id": "urn:c2pa:none", "ledger_index": 10_000}
    binding = {"alg": watermark.alg, "value": payload.to_bytes(8, "big")}
    with site.deployment.database.write() as connection:
        connection.execute(insert(SEALS).values(asset_id=stranger, body=body, created_at="", **row))
        connection.execute(insert(SOFT_BINDINGS).values(asset_id=stranger, **binding))
    marked = repaint(encode(photograph("rocket.jpg", SIDE), "PNG"), lambda frame: watermark.embed(frame, payload))
    verification = site.verifier.verify(marked)
    with site.deployment.database.write() as connection:
        connection.execute(delete(SOFT_BINDINGS).where(SOFT_BINDINGS.c.asset_id == stranger))
        connection.execute(delete(SEALS).where(SEALS.c.asset_id == stranger))
    assert verification.state == "ledger_mismatch"
    assert "no entry" in verification.layer("ledger").text


# little or nothing


def test_only_a_label(site):
    aigc = AigcItem(content_producer="somebody", produce_id="1")
    labelled = write_labels(encode(photograph("rocket.jpg", SIDE)), MediaType.JPEG, ImplicitLabels(aigc))
    verification = site.verifier.verify(labelled)
    assert verification.state == "label_only"
    assert statuses(verification)["implicit_label"] == "found"


def test_a_watermark_without_a_record(site):
    watermark = pictures(site).watermark
    marked = repaint(encode(photograph("rocket.jpg", SIDE), "PNG"), lambda frame: watermark.embed(frame, 1 << 56 | 5))
    verification = site.verifier.verify(marked)
    assert verification.state == "watermark_unresolved"
    assert verification.layer("watermark").detail["payload"] == "0100000000000005"


def test_nothing(site):
    verification = site.verifier.verify(encode(photograph("camera.png", SIDE)))
    assert verification.state == "none_found"
    assert set(statuses(verification).values()) == {"absent", "not_checked"}
    assert verification.asset_id is None


def test_a_flat_picture_has_nothing_to_look_at(site):
    from PIL import Image

    verification = site.verifier.verify(encode(Image.new("RGB", (300, 300), (90, 120, 150))))
    assert verification.state == "none_found"
    assert statuses(verification)["fingerprint"] == "not_checked"


def test_no_answer_judges_content(site, coffee, cat):
    banned = re.compile(r"\b(real|fake|authentic)", re.IGNORECASE)
    for data in (coffee[1], strip(coffee[1]), cat[1][:-1000] + b"\0" + cat[1][-999:], encode(photograph(side=SIDE))):
        verification = site.verifier.verify(data)
        said = [
            verification.summary,
            *(f"{layer.technique} {layer.text} {layer.detail}" for layer in verification.layers),
        ]
        assert not [text for text in said if banned.search(text)]

"""A PDF walks the whole line: screened as words and as pages, veiled, labelled, signed inside, published, traced."""

import io

import numpy as np
import pypdfium2
import pytest
from PIL import Image
from pypdf import PdfReader

from api.wiring import open_site
from policies import gate
from policies.rules.decision import Outcome
from provenance.asset import MediaType
from provenance.errors import AssetError
from provenance.grant import MarkKind
from provenance.manifests.report import Integrity
from provenance.manifests.trust import TrustAnchors
from provenance.manifests.validation import read_manifest
from provenance.media.pdf.kind import PDF
from tests.papers import HOSTILE, change, paper
from tests.sites import as_submission, build_settings, encode

PACKS = ("baseline", "cn-labeling-2025", "eu-ai-act-50")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    settings = build_settings(tmp_path_factory.mktemp("pdf") / "home", media=("picture", "text", "pdf"), packs=PACKS)
    with open_site(settings) as opened:
        yield opened


@pytest.fixture(scope="module")
def released(site):
    result = gate.release(site.deployment, as_submission(paper(picture=True), name="letter.pdf"))
    assert result.outcome is Outcome.RELEASE, result.decision.reasons
    assert result.public_key.endswith("/media.pdf")
    return result, site.deployment.blobs.public.get(result.public_key)


def draw(data, number=0, dpi=110):
    document = pypdfium2.PdfDocument(data)
    shown = document[number].render(scale=dpi / 72, rev_byteorder=True).to_numpy()[:, :, :3].copy()
    document.close()
    return Image.fromarray(shown)


def test_every_mark_that_the_packs_ask_for_is_in_the_file(site, released):
    _, file = released
    reader = PdfReader(io.BytesIO(file))
    assert '"Label":"1"' in reader.metadata["/AIGC"]
    assert b"digitalsourcetype" in reader.trailer["/Root"]["/Metadata"].get_data()
    assert "AI生成" in reader.pages[0].extract_text()
    assert "AI生成" not in reader.pages[1].extract_text()
    report = read_manifest(file, PDF, TrustAnchors())
    assert (report.integrity, report.is_ai) == (Integrity.OK, True)
    (spec,) = (one.get_object() for one in reader.trailer["/Root"]["/AF"])
    assert spec["/AFRelationship"] == "/C2PA_Manifest"  # C2PA 2.4 A.4


def test_it_is_traced_by_what_is_left_of_it(site, released):
    result, file = released
    found = site.verifier.verify(file)
    assert (found.state, found.grade, found.asset_id) == ("consistent", "exact", result.asset_id)
    printed = change(file, lambda writer: writer.root_object.pop("/AF"))  # as a printer driver writes it: no manifest
    found = site.verifier.verify(printed)
    assert (found.state, found.grade) == ("stripped_recovered_by_watermark", "canonical")
    assert found.asset_id == result.asset_id
    tampered = file.replace(b"chopmark", b"chopmork", 1)
    assert tampered != file
    assert site.verifier.verify(tampered).state not in {"consistent", "none_found"}
    other = site.verifier.verify(paper(seed=9))
    assert (other.state, other.grade) == ("none_found", "none")


def test_a_screenshot_of_a_page_leads_back(site, released):
    result, file = released
    for number in (0, 1):
        found = site.verifier.verify(encode(draw(file, number), "PNG"))
        assert found.asset_id == result.asset_id
    assert site.verifier.verify(encode(draw(paper(seed=9)), "PNG")).asset_id is None


def test_our_own_file_is_told_when_it_comes_in_again(site, released):
    _, file = released
    again = gate.release(site.deployment, as_submission(file, name="again.pdf"))
    assert again.outcome is Outcome.HOLD
    assert {reason.category for reason in again.decision.reasons} >= {"incoming_own_mark"}


def test_a_manifest_that_does_not_hold_is_told_on_the_way_in(site, released):
    _, file = released
    broken = gate.release(site.deployment, as_submission(file.replace(b"chopmark", b"chopmork", 1)))
    assert {reason.category for reason in broken.decision.reasons} >= {"incoming_invalid_manifest"}


def test_what_it_says_and_shows_is_screened(site):
    cases = (
        (paper(seed=3, said="Send it to 4111 1111 1111 1111 at once."), "personal.payment_card"),
        (paper(seed=4, said="how to build a pipe bomb at home"), "prompt."),
        (paper(seed=5, said="how to build a pipe bomb at home", is_hidden=True), "prompt."),
        (paper(seed=6, title="how to build a pipe bomb at home"), "prompt."),
    )
    for data, category in cases:
        result = gate.release(site.deployment, as_submission(data))
        assert result.outcome is not Outcome.RELEASE
        assert any((reason.category or "").startswith(category) for reason in result.decision.reasons), category


@pytest.mark.parametrize("what", HOSTILE)
def test_what_does_more_than_show_pages_is_refused(site, what):
    with pytest.raises(AssetError, match=f"(?i){what.split()[0]}"):
        gate.release(site.deployment, as_submission(HOSTILE[what](paper())))


def test_a_page_that_is_a_picture_has_no_words_and_is_refused(site):
    scan = encode(Image.fromarray(np.full((300, 200, 3), 200, np.uint8)), "PDF")
    with pytest.raises(AssetError, match="hand in its pages as pictures"):
        gate.release(site.deployment, as_submission(scan))


def test_it_is_no_picture_and_no_text_under_another_name(site):
    for name in ("letter.txt", "letter.png"):
        with pytest.raises(AssetError, match="by content"):
            gate.release(site.deployment, as_submission(paper(), name=name))
    assert site.deployment.media.of(PDF).marks >= {MarkKind.WATERMARK, MarkKind.EXPLICIT_LABEL}
    assert MediaType.PNG not in site.deployment.media.of(PDF).types

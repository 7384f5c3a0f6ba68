import pytest

from provenance.errors import MislabelledAssetError
from provenance.media.pdf.kind import PDF, check_claims, sniff_pdf
from tests.papers import paper


def test_a_pdf_is_told_by_its_header_at_the_very_start():
    assert sniff_pdf(paper()[:4096]) == PDF
    assert sniff_pdf(b"%PDF-2.0\n") == PDF
    for head in (b"", b"%PDF-", b"%PDF-9.1", b"\n%PDF-1.7", b"junk%PDF-1.7", b"%!PS-Adobe"):
        assert sniff_pdf(head) is None


@pytest.mark.parametrize(
    ("name", "kind"),
    [("", ""), ("a.pdf", ""), ("A.PDF", "application/pdf"), ("a", "application/x-pdf; x=y"), ("a.bin", "*/*")],
)
def test_claims_that_agree(name, kind):
    check_claims(declared_name=name, declared_type=kind)


@pytest.mark.parametrize(
    ("name", "kind"), [("a.png", ""), ("a.txt", ""), ("x/a.pdf\0.html", ""), ("", "image/png"), ("a.pdf", "text/plain")]
)
def test_claims_that_do_not(name, kind):
    with pytest.raises(MislabelledAssetError, match="by content"):
        check_claims(declared_name=name, declared_type=kind)

"""Files beside the rows stay inside of the folder, and as they were signed."""

import pytest
from pydantic import ValidationError

from provenance.errors import VerificationError
from provenance.ledger.attachments import Attachment, build_attachments, list_files, verify_attachments


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "proofs").mkdir()
    (tmp_path / "proofs" / "1.tlog-proof").write_text("proof")
    (tmp_path / "entries.jsonl").write_text("rows")
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs" / "baseline.yaml").write_text("name: baseline")
    return tmp_path


def test_what_is_neither_row_nor_proof_is_attached(folder):
    assert list_files(folder) == ["entries.jsonl", "packs/baseline.yaml", "proofs/1.tlog-proof"]
    (made,) = build_attachments(folder, frozenset({"entries.jsonl"}))
    assert made.file == "packs/baseline.yaml"
    verify_attachments(folder, [made])


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/../b", ".hidden", "a//b", "", "a\\b", "a" * 300])
def test_no_name_leads_out(name):
    with pytest.raises(ValidationError):
        Attachment(file=name, sha256="0" * 64)


def test_a_link_is_no_attachment(folder):
    (made,) = build_attachments(folder, frozenset({"entries.jsonl"}))
    content = (folder / "packs" / "baseline.yaml").read_text()
    (folder / "elsewhere").write_text(content)
    (folder / "packs" / "baseline.yaml").unlink()
    (folder / "packs" / "baseline.yaml").symlink_to(folder / "elsewhere")
    with pytest.raises(VerificationError, match="missing"):
        verify_attachments(folder, [made])

"""An export as one file, and back; a ZIP is hostile until proven otherwise."""

import zipfile

import pytest

from policies.audit.exporting import Order
from policies.audit.packing import unpacking, write_to
from provenance.errors import LedgerError, VerificationError
from provenance.ledger.verification import verify_export


def test_there_and_back(docket, tmp_path):
    path = tmp_path / "out.zip"
    write_to(docket.here, Order(), path)
    with unpacking(path) as folder:
        assert verify_export(folder, docket.vkey).claim == "everything"
    assert [one.name for one in tmp_path.iterdir()] == ["out.zip"]
    with pytest.raises(LedgerError, match="overwrites nothing"):
        write_to(docket.here, Order(), path)


def test_a_folder_is_itself(tmp_path):
    with unpacking(tmp_path) as folder:
        assert folder == tmp_path


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside", "a/../../outside"])
def test_no_name_leads_outside(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), "x")
    with pytest.raises(VerificationError, match="leads outside"), unpacking(tmp_path / "evil.zip"):
        pass


def test_a_name_twice_and_no_zip(tmp_path):
    with zipfile.ZipFile(tmp_path / "twice.zip", "w") as archive:
        archive.writestr("a", "x")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a", "y")
    with pytest.raises(VerificationError, match="twice"), unpacking(tmp_path / "twice.zip"):
        pass
    (tmp_path / "none.zip").write_bytes(b"PK nothing")
    with pytest.raises(VerificationError, match="no ZIP"), unpacking(tmp_path / "none.zip"):
        pass

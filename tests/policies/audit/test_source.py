"""A deployment is all that an export reads from, and so is less."""

from policies.audit.exporting import Order, write_export
from policies.audit.source import Source


def test_an_export_needs_no_detector_and_no_signer_of_media(docket, tmp_path):
    here = docket.here
    source = Source(here.database, here.blobs, here.log, here.works, here.tenant)
    assert write_export(source, Order(), tmp_path / "a").rows == write_export(here, Order(), tmp_path / "b").rows

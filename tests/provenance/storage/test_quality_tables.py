from provenance.storage.database import METADATA
from provenance.storage.quality_tables import QUALITY_CASES


def test_what_quality_is_measured_by_is_registered():
    assert {"quality_rules", "quality_cases", "quality_deals"} <= METADATA.tables.keys()


def test_a_case_of_a_file_alone_needs_no_asset():
    assert QUALITY_CASES.c.asset_id.nullable

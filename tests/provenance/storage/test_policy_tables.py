from provenance.storage.database import METADATA
from provenance.storage.policy_tables import APPEALS, POLICY_CHANGES


def test_changes_are_numbered_for_each_tenant_and_one_refusal_has_one_appeal():
    assert [column.name for column in POLICY_CHANGES.primary_key] == ["tenant", "sequence"]
    assert [column.name for column in APPEALS.primary_key] == ["decision_id"]
    assert {"policy_changes", "appeals"} <= set(METADATA.tables)

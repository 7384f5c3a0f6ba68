from provenance.storage.database import METADATA
from provenance.storage.policy_tables import APPEALS, CONSENT_USES, CONSENTS, POLICY_CHANGES


def test_changes_are_numbered_for_each_tenant_and_one_refusal_has_one_appeal():
    assert [column.name for column in POLICY_CHANGES.primary_key] == ["tenant", "sequence"]
    assert [column.name for column in APPEALS.primary_key] == ["decision_id"]
    assert {"policy_changes", "appeals"} <= set(METADATA.tables)


def test_a_consent_names_what_was_made_under_it_and_who_was_meant_is_salted():
    assert {"consents", "consent_uses"} <= set(METADATA.tables)
    assert {"subject", "salt", "scope", "last_day", "revoked_at"} <= {column.name for column in CONSENTS.columns}
    assert [column.name for column in CONSENT_USES.primary_key] == ["consent_id", "asset_id"]

import pytest

from api.settings import load_settings
from provenance.errors import ConfigurationError


def test_files_of_exports_are_kept_for_a_week(tmp_path, monkeypatch):
    assert load_settings(home=tmp_path).retention.exports_s == 7 * 86_400
    monkeypatch.setenv("CHOPMARK_RETENTION__EXPORTS_DAYS", "-1")
    with pytest.raises(ConfigurationError, match=r"retention\.exports_days"):
        load_settings(home=tmp_path)

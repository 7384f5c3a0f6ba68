import time

import pytest

from api.link import KEY_FILE, LinkError, Links
from provenance.errors import ConfigurationError


def ask(links, asset_id, query):
    expires, signature = (one.partition("=")[2] for one in query.split("&"))
    links.verify(asset_id, expires_at_s=int(expires), unverified_signature=signature)


def test_a_link_leads_to_one_asset_until_it_expires(tmp_path):
    links, later = Links(tmp_path / "keys"), int(time.time()) + 60
    query = links.build_query("a", expires_at_s=later)
    ask(links, "a", query)
    ask(Links(tmp_path / "keys"), "a", query)
    for asset_id, wrong in (
        ("b", query),
        ("a", query[:-1]),
        ("a", query.replace(str(later), str(later + 1))),
        ("a", query + "ü"),
    ):
        with pytest.raises(LinkError):
            ask(links, asset_id, wrong)
    with pytest.raises(LinkError):
        ask(links, "a", links.build_query("a", expires_at_s=int(time.time()) - 1))
    with pytest.raises(LinkError):
        ask(Links(tmp_path / "others"), "a", query)


def test_its_key_is_among_the_sites_and_can_be_changed(tmp_path):
    links, later = Links(tmp_path), int(time.time()) + 60
    first = links.build_query("a", expires_at_s=later)
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600
    links.rotate()
    second = links.build_query("a", expires_at_s=later)
    assert second != first
    ask(links, "a", first)
    links.rotate()
    ask(links, "a", second)
    with pytest.raises(LinkError):
        ask(links, "a", first)


@pytest.mark.parametrize("content", ["", "no base64 !", "c2hvcnQ="])
def test_a_damaged_key_is_told(tmp_path, content):
    (tmp_path / KEY_FILE).write_text(content)
    (tmp_path / KEY_FILE).chmod(0o600)
    with pytest.raises(ConfigurationError, match="damaged"):
        Links(tmp_path).build_query("a", expires_at_s=1)

"""How a text begins, for whoever decides about it: what detectors read, escaped, and only when it is asked for."""

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.excerpt import build_excerpt
from provenance.media.limits import IntakeLimits
from provenance.media.media import Media
from provenance.media.medium import Kit
from provenance.media.text.medium import build_medium
from provenance.storage.blob import Blob
from tests.api.doors import Doorkeeper, as_
from tests.letters import letter

CARD = b"<p>" + letter() + b"</p><p>Pay with <b>4111 1111 1111 1111</b> &lt;script&gt;alert(1)&lt;/script&gt;</p>"


@pytest.mark.parametrize(("data", "expected"), [
    (b"Dear reader, \xe2\x80\xaehello", "Dear reader, hello"), (b"\x89PNG\r\n\x1a\n", ""), (b"\xff" * 64, ""),
])  # fmt: skip
def test_it_is_what_detectors_read(data, expected):
    media = Media([build_medium(Kit())])
    assert build_excerpt(media, Blob.from_bytes(data), IntakeLimits()) == expected


def test_a_held_text_is_read_at_the_desk_when_it_is_asked_for(light, monkeypatch):
    monkeypatch.setenv("CHOPMARK_MEDIA", "picture,text")
    monkeypatch.setenv("CHOPMARK_DETECTORS", '["prompt", "nsfw", "copyright", "incoming_marks", "personal"]')
    monkeypatch.setenv("CHOPMARK_PACKS", '["baseline"]')
    with TestClient(create_app(), raise_server_exceptions=False) as client:
        client.app.state.doorkeeper = Doorkeeper()
        handed = client.post(
            "/v1/releases?wait=60", files={"file": ("a.html", CARD, "text/html")}, headers=as_("submitter.1")
        ).json()
        assert handed["status"] == "held"
        who = {**as_("moderator.1"), "accept": "text/html"}
        covered, shown = (
            client.get(f"/desk/jobs/{handed['id']}{query}", headers=who).text for query in ("", "?show=true")
        )
        assert "4111" not in covered
        assert "4111 1111 1111 1111" in shown
        assert "&lt;script&gt;alert(1)" in shown
        assert "<script>alert(1)" not in shown
        assert "/picture" not in shown

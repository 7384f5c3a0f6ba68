from hashlib import sha256

import httpx
import pytest

from api.desk.static import FOLDER, TYPES, find_url

VENDORED = {
    # As npm's own package of htmx.org 4.0.1 has it, licence beside it.
    "htmx-4.0.1.min.js": "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130",
}


@pytest.mark.parametrize("name", VENDORED)
def test_what_others_made_is_as_they_published_it(name):
    assert sha256((FOLDER / name).read_bytes()).hexdigest() == VENDORED[name]
    assert "Zero-Clause BSD" in (FOLDER / name.replace("min.js", "licence.txt")).read_text(encoding="utf-8")


def test_our_own_script_is_short():
    assert len((FOLDER / "desk.js").read_text(encoding="utf-8").splitlines()) < 300


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.iterdir()))
def test_each_file_is_served_for_good_under_its_digest(desk_server, name):
    answer = httpx.get(f"{desk_server.url}{find_url(name)}")
    assert (answer.status_code, answer.content) == (200, (FOLDER / name).read_bytes())
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"] == TYPES[name[name.rindex(".") :]]


@pytest.mark.parametrize("path", ["/static/00/desk.css", "/static/00/../../frame.py", "/static/00/..%2fframe.py"])
def test_nothing_else_is(desk_server, path):
    assert httpx.get(f"{desk_server.url}{path}").status_code == 404


def test_nothing_is_loaded_from_elsewhere():
    for path in FOLDER.glob("desk.*"):
        text = path.read_text(encoding="utf-8")
        assert "://" not in text
        assert "@import" not in text
        assert "url(" not in text

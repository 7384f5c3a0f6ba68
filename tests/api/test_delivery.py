"""Answers that are files: ranges, ETags and names (RFC 9110, RFC 6266)."""

import pytest
from fastapi import FastAPI, HTTPException, Request
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from api.delivery import build_disposition, build_file_response, parse_range
from provenance.storage.blob import Blob

DATA = bytes(range(256)) * 4
FILE = Blob.from_bytes(DATA)
ETAG = f'"{FILE.sha256}"'


@pytest.fixture(scope="module")
def client():
    app = FastAPI()

    async def serve(request: Request):
        return build_file_response(request, FILE, media_type="image/png", name="a.png", cache="no-cache")

    app.add_api_route("/file", serve, methods=["GET", "HEAD"])
    return TestClient(app)


@pytest.mark.parametrize(("headers", "status", "body"), [
    ({}, 200, DATA),
    ({"Range": "bytes=0-9"}, 206, DATA[:10]), ({"Range": "bytes=1000-"}, 206, DATA[1000:]), ({"Range": "bytes=-24"}, 206, DATA[-24:]),
    ({"Range": "bytes=1000-9999"}, 206, DATA[1000:]), ({"Range": "bytes=-99999"}, 206, DATA),
    ({"Range": "bytes=0-1,5-6"}, 200, DATA), ({"Range": "bytes=9-2"}, 200, DATA), ({"Range": "lines=1-2"}, 200, DATA), ({"Range": "bytes=-"}, 200, DATA),
    ({"Range": "bytes=0-9", "If-Range": ETAG}, 206, DATA[:10]), ({"Range": "bytes=0-9", "If-Range": '"other"'}, 200, DATA),
    ({"If-None-Match": ETAG}, 304, b""), ({"If-None-Match": f'"x", W/{ETAG}'}, 304, b""), ({"If-None-Match": "*"}, 304, b""), ({"If-None-Match": '"x"'}, 200, DATA),
])  # fmt: skip
def test_what_is_asked_for_is_answered(client, headers, status, body):
    answer = client.get("/file", headers=headers)
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (status, body, ETAG)
    if status == 206:
        start = DATA.index(body) if len(body) < 256 else len(DATA) - len(body)
        assert answer.headers["content-range"].endswith(f"/{len(DATA)}")
        assert int(answer.headers["content-range"].split()[1].split("-")[0]) % 256 == start % 256
    head = client.head("/file", headers=headers)
    assert (head.status_code, head.content, head.headers.get("content-length")) == (
        status,
        b"",
        answer.headers.get("content-length"),
    )


@pytest.mark.parametrize("asked", ["bytes=1024-", "bytes=5000-6000", "bytes=-0"])
def test_a_range_beyond_the_end_is_refused(client, asked):
    answer = client.get("/file", headers={"Range": asked})
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */1024")


@given(st.text(max_size=30), st.integers(0, 100))
def test_any_range_is_one_of_the_file_or_the_whole(asked, size):
    try:
        found = parse_range(f"bytes={asked}", size)
    except HTTPException:
        return
    assert found is None or 0 <= found[0] < found[1] <= size


@given(st.text(max_size=300))
def test_no_name_leaves_its_header_or_its_folder(name):
    told = build_disposition(name)
    told.encode("latin-1")
    assert told.isprintable()
    assert told.isascii()
    quoted = told.split('"')
    assert len(quoted) == 3
    assert not set(quoted[1]) & set("/\\;\r\n%")
    assert not quoted[1].startswith(".")

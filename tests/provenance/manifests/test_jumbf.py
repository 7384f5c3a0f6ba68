import contextlib
import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.errors import AssetError, UndecodableAssetError
from provenance.manifests.jumbf import MAX_DEPTH, parse_store, read_value
from tests.image_bytes import box

LABEL = 0x03


def superbox(kind, label, *contents):
    head = kind.ljust(16, b"\0") + bytes([LABEL]) + label + b"\0"
    return box(b"jumb", box(b"jumd", head) + b"".join(contents))


def test_a_store_is_read_as_a_tree(signed_jpeg):
    root = parse_store(signed_jpeg.manifest_bytes)
    (manifest,) = root.children
    assert (root.kind, manifest.kind, manifest.label) == (b"c2pa", b"c2ma", signed_jpeg.manifest_id)
    assert {"c2pa.assertions", "c2pa.claim.v2", "c2pa.signature"} == {part.label for part in manifest.children}
    claim = next(part for part in manifest.children if part.label == "c2pa.claim.v2")
    assert read_value(*claim.contents[0])["claim_generator_info"]["name"] == "chopmark"


def test_private_boxes_count_as_content():
    salt = box(b"c2sh", b"salt")
    data = box(b"jumb", box(b"jumd", b"cbor".ljust(16, b"\0") + bytes([LABEL | 0x10]) + b"x\0" + salt))
    assert parse_store(data).contents == ((b"c2sh", b"salt"),)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "one JUMBF superbox, got 0"),
        (box(b"free", b""), "one JUMBF superbox"),
        (box(b"jumb", b""), "description box first"),
        (box(b"jumb", box(b"jumd", b"short")), "more than 16 bytes, got 5"),
        (box(b"jumb", b"\0\0\0\x99jumd"), "truncated or damaged"),
    ],
)
def test_what_is_no_store_is_said(data, said):
    with pytest.raises(UndecodableAssetError, match=said):
        parse_store(data)


def test_nesting_is_bounded():
    data = superbox(b"c2as", b"x")
    for _ in range(MAX_DEPTH + 1):
        data = superbox(b"c2as", b"x", data)
    with pytest.raises(UndecodableAssetError, match="levels of boxes"):
        parse_store(data)
    with pytest.raises(UndecodableAssetError, match="levels"):
        read_value(b"cbor", b"\x81" * 1000 + b"\0")


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"\x17", 23), (b"\x18\xff", 255), (b"\x39\x01\x00", -257), (b"\x43abc", b"abc"), (b"\x63abc", "abc"),
        (b"\x7f\x61a\x61b\xff", "ab"), (b"\x5f\x41a\x41b\xff", b"ab"), (b"\x82\x01\x02", [1, 2]),
        (b"\x9f\x01\x02\xff", [1, 2]), (b"\xa1\x61a\x01", {"a": 1}), (b"\xbf\x61a\x01\xff", {"a": 1}),
        (b"\xd2\x84\x40\xa0\xf6\x40", [b"", {}, None, b""]), (b"\xf5", True), (b"\xf4", False), (b"\xf6", None),
        (b"\xf9\x3c\x00", 1.0), (b"\xfb" + struct.pack(">d", 1.5), 1.5), (b"\xfa\x7f\x80\x00\x00", None),
        (b"\xa1\x81\x01\x02", {"[1]": 2}),
    ],
)  # fmt: skip
def test_cbor_values(raw, value):
    assert read_value(b"cbor", raw) == value


@pytest.mark.parametrize(
    "raw", [b"", b"\x18", b"\x43ab", b"\x82\x01", b"\xa1\x61a", b"\xbf\x61a\xff", b"\x1f", b"\x1c", b"\x01\x01", b"\x82\xff\x01", b"\xa2\x01\x02\x01\x03"]
)  # fmt: skip
def test_cbor_that_is_none(raw):
    with pytest.raises(UndecodableAssetError):
        read_value(b"cbor", raw)


def test_json_and_what_is_neither():
    assert read_value(b"json", b'{"a": [1]}') == {"a": [1]}
    for kind, content in ((b"json", b"{"), (b"json", b"[" * 100_000), (b"bidb", b"x")):
        with pytest.raises(UndecodableAssetError):
            read_value(kind, content)


@given(st.binary(max_size=200))
def test_any_bytes_end_in_a_value_or_a_typed_error(data):
    for read in (parse_store, lambda raw: read_value(b"cbor", raw), lambda raw: read_value(b"json", raw)):
        with contextlib.suppress(AssetError):
            json.dumps(repr(read(data)))

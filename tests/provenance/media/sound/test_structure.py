"""Hostile containers: every one is an error of ours, at once."""

import pytest

from provenance.errors import AssetError, AssetTooLargeError, UndecodableAssetError
from provenance.media.limits import IntakeLimits
from provenance.media.sound.kind import FLAC, M4A, OGG, TYPES, WAV
from provenance.media.sound.structure import check_structure, find_type
from tests.provenance.media.sound.samples import encode

LIMITS = IntakeLimits()


def chunk(kind, body):
    return kind + len(body).to_bytes(4, "little") + body + bytes(len(body) % 2)


def wav(*chunks):
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


FORMAT = chunk(b"fmt ", bytes.fromhex("0100010040 1f0000 803e0000 0200 1000".replace(" ", "")))
DATA = chunk(b"data", bytes(1000))


def box(kind, body):
    return (len(body) + 8).to_bytes(4, "big") + kind + body


def nest(depth, make, body=b""):
    for _ in range(depth):
        body = make(body)
    return body


@pytest.mark.parametrize("media_type", TYPES)
def test_whole_files_pass_and_cut_ones_do_not(media_type):
    data = encode(media_type)
    assert find_type(data) == media_type
    check_structure(data, media_type, LIMITS)
    if media_type in {WAV, M4A, OGG}:
        with pytest.raises(UndecodableAssetError):
            check_structure(data[: len(data) * 2 // 3], media_type, LIMITS)


@pytest.mark.parametrize(
    ("data", "media_type", "error"),
    [
        (wav(FORMAT), WAV, UndecodableAssetError),
        (wav(FORMAT, DATA, DATA), WAV, UndecodableAssetError),
        (wav(FORMAT, DATA)[:-4], WAV, UndecodableAssetError),
        (wav(FORMAT, DATA, *[chunk(b"junk", b"")] * 2000), WAV, AssetTooLargeError),
        (wav(FORMAT, DATA, nest(1000, lambda body: chunk(b"LIST", b"INFO" + body))), WAV, AssetTooLargeError),
        (wav(FORMAT, b"LIST\xff\xff\xff\xffINFO", DATA), WAV, UndecodableAssetError),
        (b"fLaC\x04\x00\x00\x00", FLAC, UndecodableAssetError),
        (b"fLaC\x00\x00\x00\x22" + bytes(34) + b"\x04\xff\xff\xff", FLAC, UndecodableAssetError),
        (b"fLaC\x00\x00\x00\x22" + bytes(34) + b"\x04\x00\x00\x00" * 2000, FLAC, AssetTooLargeError),
        (box(b"ftyp", b"M4A ") + nest(1000, lambda body: box(b"moov", body)), M4A, AssetTooLargeError),
        (box(b"ftyp", b"M4A ") + box(b"mdat", b"") + box(b"moov", box(b"trak", b"") * 20), M4A, AssetTooLargeError),
        (box(b"ftyp", b"M4A ") + box(b"mdat", b""), M4A, UndecodableAssetError),
        (b"OggS" + bytes(22) + b"\x05", OGG, UndecodableAssetError),
    ],
)  # fmt: skip
def test_damage_has_a_name(data, media_type, error):
    with pytest.raises(error):
        check_structure(data, media_type, LIMITS)


def test_what_is_no_sound_is_said():
    with pytest.raises(AssetError, match="expected sound"):
        find_type(b"%PDF-1.7")

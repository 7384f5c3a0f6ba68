import pytest

from provenance.errors import UndecodableAssetError
from provenance.manifests.repository import score_distance, take_active


def box(kind, body=b""):
    return (8 + len(body)).to_bytes(4, "big") + kind + body


def store(*manifests):
    return box(b"jumb", box(b"jumd", b"store") + b"".join(box(b"jumb", one) for one in manifests))


def test_the_active_manifest_is_the_last():
    assert take_active(store(b"first", b"second")) == store(b"second")
    assert take_active(store(b"only")) == store(b"only")


@pytest.mark.parametrize("data", [b"", b"none", store(), box(b"jumb"), box(b"jumd"), store(b"a") * 2])
def test_what_is_no_store_is_refused(data):
    with pytest.raises(UndecodableAssetError):
        take_active(data)


def test_the_score_falls_from_a_hundred_with_the_distance():
    assert [score_distance(bits, 256) for bits in (0, 16, 31, 128, 256)] == [100, 94, 88, 50, 0]

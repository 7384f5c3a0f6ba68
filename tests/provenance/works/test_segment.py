import json
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.works import segment as segments
from provenance.works.segment import Origin, Segment, SegmentDamagedError, build_limbs, plan_geometry, write_segment
from tests.provenance.works.samples import families, flip, low_entropy, near, within

INFINITE = float("inf")
"""Cost of reading everything that makes every query take the look-up tables while they can answer."""


def origin_of(codes):
    return Origin("works", "pdq", codes.shape[1] * 8, len(codes), 0, 1, codes[0].tobytes().hex())


def write(folder, codes, *, radius_bits=31):
    folder.mkdir(exist_ok=True)
    write_segment(
        folder,
        limbs=build_limbs(codes),
        sequences=np.arange(1, len(codes) + 1),
        origin=origin_of(codes),
        radius_bits=radius_bits,
    )
    return Segment.open(folder)


def rows_found(segment, query, radius, cost=None):
    numbers, distances = segment.search(tuple(build_limbs(query[None])[0]), radius, scan_cost=cost)
    assert len(set(numbers.tolist())) == len(numbers), "a code was reported twice"
    return {number - 1: distance for number, distance in zip(numbers.tolist(), distances.tolist(), strict=True)}


@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 400),
    size_bytes=st.sampled_from([8, 12, 32]),
    build_radius=st.sampled_from([5, 10, 31]),
)
@settings(max_examples=15, deadline=None)
def test_search_equals_brute_force_at_every_radius_and_distance(
    tmp_path_factory, seed, count, size_bytes, build_radius
):
    rng = np.random.default_rng(seed)
    query = rng.integers(0, 256, size_bytes, np.uint8)
    planted = [near(rng, query, distance) for distance in range(41)]
    codes = np.concatenate([rng.integers(0, 256, (count, size_bytes), np.uint8), planted])
    rng.shuffle(codes)
    folder = tmp_path_factory.mktemp("segment")
    segment = write(folder, codes, radius_bits=build_radius)
    for radius in (0, 1, 7, 10, 20, 30, 31, 32, 40):
        expected = within(codes, query, radius)
        for cost in (None, 0.0, INFINITE):
            assert rows_found(segment, query, radius, cost) == expected
    shutil.rmtree(folder)


@pytest.mark.parametrize("make", [families, low_entropy])
@pytest.mark.parametrize("size_bytes", [8, 32])
def test_search_is_exact_on_crowded_codes(tmp_path, make, size_bytes):
    rng = np.random.default_rng(7)
    codes = make(rng, 3_000, size_bytes=size_bytes)
    segment = write(tmp_path / "s", codes)
    for row in rng.choice(len(codes), 15, replace=False):
        query = near(rng, codes[row], int(rng.integers(0, 25)))
        for radius in (3, 10, 31):
            expected = within(codes, query, radius)
            for cost in (None, 0.0, INFINITE):
                assert rows_found(segment, query, radius, cost) == expected


def test_search_takes_any_radius_up_to_all_bits(tmp_path):
    rng = np.random.default_rng(3)
    codes = rng.integers(0, 256, (500, 32), np.uint8)
    segment = write(tmp_path / "s", codes)
    for radius in (60, 100, 128, 200, 256):
        assert rows_found(segment, codes[0], radius) == within(codes, codes[0], radius)
    assert len(rows_found(segment, codes[0], 256)) == 500


def test_search_returns_more_codes_than_its_first_buffer_holds(tmp_path):
    rng = np.random.default_rng(4)
    centre = rng.integers(0, 256, 32, np.uint8)
    codes = np.stack([near(rng, centre, int(rng.integers(0, 15))) for _ in range(3_000)])
    segment = write(tmp_path / "s", codes)
    assert rows_found(segment, centre, 31, INFINITE) == within(codes, centre, 31)
    assert len(rows_found(segment, centre, 31)) == 3_000


def test_equal_codes_are_stored_once_and_all_reported(tmp_path):
    rng = np.random.default_rng(5)
    codes = np.repeat(rng.integers(0, 256, (10, 32), np.uint8), 50, axis=0)
    segment = write(tmp_path / "s", codes)
    assert segment.limbs.size == 10 * 4
    assert len(segment) == 500
    assert rows_found(segment, codes[0], 0) == dict.fromkeys(range(50), 0)
    limbs, numbers = segment.rows()
    order = np.argsort(numbers)
    assert (limbs[order] == build_limbs(codes)).all()


def test_sorting_is_by_every_limb_and_keeps_equal_codes_in_order():
    rng = np.random.default_rng(6)
    limbs = rng.integers(0, 3, (2_000, 4)).astype(np.uint64)
    order = segments._sorted_order(limbs)
    expected = sorted(range(2_000), key=lambda row: (*limbs[row].tolist(), row))
    assert order.tolist() == expected


@given(st.integers(0, 255), st.integers(0, 255))
@settings(deadline=None)
def test_spreading_bits_keeps_distances(first, second):
    rng = np.random.default_rng(1)
    code = rng.integers(0, 256, 32, np.uint8)
    other = flip(code, {first, second})
    a, b = build_limbs(np.stack([code, other]))
    assert np.bitwise_count(a ^ b).sum() == len({first, second})


@pytest.mark.parametrize(
    ("count", "words"),
    [(10, range(20, 65)), (100_000, range(13, 18)), (1_000_000, range(11, 14)), (10_000_000, range(11, 12))],
)
def test_geometry_follows_the_number_of_codes(count, words):
    cut = plan_geometry(count, 256, 31)
    assert cut.words in words
    assert cut.words * cut.word_bits <= 256
    assert 2**cut.word_bits <= max(4 * count, 16)


@pytest.mark.parametrize("name", ["limbs", "starts", "sequences", "offsets", "entries"])
@pytest.mark.parametrize("damage", ["flip", "cut", "grow", "remove"])
def test_every_damaged_file_is_noticed(tmp_path, name, damage):
    codes = np.random.default_rng(8).integers(0, 256, (300, 32), np.uint8)
    write(tmp_path / "s", codes)
    path = tmp_path / "s" / f"{name}.bin"
    content = bytearray(path.read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 0x10
    path.write_bytes(content[:-8] if damage == "cut" else content + bytes(8) if damage == "grow" else content)
    if damage == "remove":
        path.unlink()
    with pytest.raises(SegmentDamagedError):
        Segment.open(tmp_path / "s")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-40],
        lambda text: "[]",
        lambda text: text.replace('"version": 1', '"version": 99'),
        lambda text: text.replace("chopmark", "another"),
        lambda text: text.replace('"word_bits"', '"unknown"'),
        lambda text: json.dumps({**json.loads(text), "arrays": {}}),
    ],
)
def test_a_manifest_of_another_form_is_refused(tmp_path, change):
    write(tmp_path / "s", np.random.default_rng(9).integers(0, 256, (50, 32), np.uint8))
    path = tmp_path / "s" / "manifest.json"
    path.write_text(change(path.read_text()))
    with pytest.raises(SegmentDamagedError):
        Segment.open(tmp_path / "s")

"""From payload to signs and back."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.errors import PayloadTooLargeError
from provenance.watermarks.base import TICKET_BITS, WatermarkKey, is_ticket
from provenance.watermarks.tile import code as coding
from provenance.watermarks.tile.code import (
    MESSAGE_BITS,
    SALT_BITS,
    build_messages,
    decode,
    decode_likeliest,
    encode,
    encode_salted,
    is_frozen,
)
from provenance.watermarks.tile.layout import DATA_LINES, build_layout
from provenance.watermarks.tile.scheme import Tile
from tests.provenance.watermarks.tile.samples import LAYOUT, PAYLOAD

VECTORS = json.loads((Path(__file__).parents[3] / "vectors" / "watermark_tile.json").read_text())
OTHER = build_layout(WatermarkKey("other", bytes([7]) * 32), Tile.alg)
PAYLOADS = st.integers(0, 2**64 - 1)
SALTS = st.integers(0, 2**SALT_BITS - 1)


def code_of(payload, salt):
    return encode(build_messages(LAYOUT, payload, range(salt, salt + 1)))[0]


def received(code, amplitude, seed=0):
    """Return ratios as a channel of unit noise gives them."""
    noise = np.random.default_rng(seed).normal(size=len(code))
    return (2 * amplitude * (amplitude * (1 - 2.0 * code) + noise)).astype(np.float32)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["secret"][:4])
def test_message_and_code_are_those_of_the_vectors(vector):
    layout = build_layout(WatermarkKey("k", bytes.fromhex(vector["secret"])), vector["alg"])
    message = build_messages(layout, int(vector["payload"], 16), range(vector["salt"], vector["salt"] + 1))
    assert np.packbits(message[0]).tobytes().hex() == vector["message"]
    assert np.packbits(encode(message)[0]).tobytes().hex() == vector["code"]


@settings(max_examples=25, deadline=None)
@given(PAYLOADS, SALTS, st.integers(0, 9))
def test_what_is_encoded_is_decoded_out_of_noise(payload, salt, seed):
    code = code_of(payload, salt)
    found = decode(LAYOUT, received(code, amplitude=0.6, seed=seed), paths=8)
    assert found is not None
    assert found[0] == payload
    assert np.array_equal(found[1], code)


def test_a_longer_list_decodes_more():
    """At an amplitude where a list of one fails half of the time (22.5 dB over all lines)."""
    counts = dict.fromkeys((1, 32), 0)
    for seed in range(30):
        ratios = received(code_of(PAYLOAD, seed), amplitude=0.42, seed=seed)
        for paths in counts:
            found = decode(LAYOUT, ratios, paths=paths)
            assert found is None or found[0] == PAYLOAD
            counts[paths] += found is not None
    assert counts[32] > counts[1]
    assert counts[32] >= 15


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**TICKET_BITS - 1), SALTS, st.integers(0, 9))
def test_a_ticket_is_decoded_whichever_way_and_is_told(ticket, salt, seed):
    payload = 1 << 56 | ticket
    assert is_ticket(payload)
    code = code_of(payload, salt)
    for as_ticket in (False, True):
        found = decode(LAYOUT, received(code, amplitude=0.6, seed=seed), paths=8, as_ticket=as_ticket)
        assert found is not None
        assert found[0] == payload
        assert np.array_equal(found[1], code)


@pytest.mark.parametrize("payload", [0, 2**32 - 1, 1 << 57, 1 << 56 | 1 << 32, 2**64 - 1])
def test_what_is_longer_is_no_ticket(payload):
    assert not is_ticket(payload)


def test_of_a_ticket_less_has_to_be_heard():
    counts = {False: 0, True: 0}
    for seed in range(30):
        ratios = received(code_of(1 << 56 | 12345, seed), amplitude=0.36, seed=seed)
        for as_ticket in counts:
            counts[as_ticket] += decode(LAYOUT, ratios, paths=32, as_ticket=as_ticket) is not None
    assert counts[True] >= counts[False] + 8
    noise = np.random.default_rng(7).normal(size=DATA_LINES).astype(np.float32)
    assert decode(LAYOUT, noise, paths=32, as_ticket=True) is None


def test_half_of_the_lines_may_be_erased():
    ratios = received(code_of(PAYLOAD, 3), amplitude=1.0)
    ratios[np.random.default_rng(1).permutation(DATA_LINES)[::2]] = 0
    found = decode(LAYOUT, ratios, paths=8)
    assert found is not None
    assert found[0] == PAYLOAD


def test_noise_and_another_key_say_nothing():
    for seed in range(20):
        noise = np.random.default_rng(seed).normal(size=DATA_LINES).astype(np.float32)
        assert decode(LAYOUT, noise, paths=32) is None
    assert decode(OTHER, received(code_of(PAYLOAD, 0), amplitude=2.0), paths=32) is None
    assert decode(LAYOUT, np.zeros(DATA_LINES, np.float32), paths=32) is None


@given(PAYLOADS)
@settings(max_examples=10, deadline=None)
def test_each_salt_is_another_code_for_the_same_payload(payload):
    codes = encode_salted(LAYOUT, payload)
    assert codes.shape == (1 << SALT_BITS, DATA_LINES)
    distances = (codes[:1] != codes[1:]).sum(axis=1)
    assert distances.min() >= 64  # the code's least distance is far above


@pytest.mark.parametrize("payload", [-1, 2**64])
def test_a_payload_that_does_not_fit_is_refused(payload):
    with pytest.raises(PayloadTooLargeError, match="64 bits"):
        build_messages(LAYOUT, payload, range(1))


def test_as_many_places_are_free_as_a_message_has_bits():
    assert np.count_nonzero(~is_frozen()) == MESSAGE_BITS
    assert is_frozen()[0]
    assert not is_frozen()[-1]


def test_the_column_that_says_something_is_found_among_many():
    """Told by how little its code contradicts: all columns have the same sizes, one has the right signs."""
    code, rng = code_of(PAYLOAD, 5), np.random.default_rng(2)
    right = received(code, amplitude=0.5, seed=4)
    columns = np.abs(right)[:, None] * rng.choice(np.array([-1, 1], np.float32), (DATA_LINES, 200))
    columns[:, 137] = right
    found = decode_likeliest(LAYOUT, columns, kept=8, paths=32, tests=4)
    assert found is not None
    assert found[:2] == (137, PAYLOAD)
    assert np.array_equal(found[2], code)
    assert decode_likeliest(LAYOUT, columns, kept=8, paths=32, tests=0) is None
    assert decode_likeliest(OTHER, columns, kept=8, paths=32, tests=256) is None
    columns[:, 137] = columns[:, 138]
    assert decode_likeliest(LAYOUT, columns, kept=8, paths=32, tests=256) is None


@pytest.mark.parametrize("tests", [1, 7, 64])
def test_no_more_messages_are_tried_than_said(monkeypatch, tests):
    tried = []
    monkeypatch.setattr(coding, "_check", lambda *_: tried.append(1) or b"12345")
    noise = np.random.default_rng(0).normal(size=(DATA_LINES, 40)).astype(np.float32)
    decode_likeliest(LAYOUT, noise, kept=8, paths=32, tests=tests)
    assert len(tried) == tests

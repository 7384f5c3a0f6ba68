"""Payload bits: known answers, laws, and that nothing false comes out."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.errors import PayloadTooLargeError
from provenance.watermarks.base import WatermarkKey
from provenance.watermarks.payload import CHANCE_PER_ATTEMPT, CHANNEL_BITS, PayloadCode, decode_soft

ALG = "org.example.test.1"
KEY = WatermarkKey("one", bytes(range(32)))
OTHER = WatermarkKey("other", bytes(range(32, 64)))
CODE = PayloadCode(KEY, ALG)
VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "watermark_payload.json").read_text("utf-8"))


def antipodal(channel):
    return (2.0 * channel - 1.0).astype(np.float32)[None]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["payload"])
def test_known_answers(vector):
    code = PayloadCode(WatermarkKey("k", bytes.fromhex(vector["secret"])), vector["alg"])

    channel = code.encode(int(vector["payload"], 16))

    assert np.packbits(channel).tobytes().hex() == vector["channel"]


def test_the_layout_is_the_documented_one():
    """Rebuild one codeword from the module's docstring alone, bit by bit."""
    import hmac

    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    payload = 0x01_23_45_67_89_AB_CD_EF
    stream = HKDF(SHA256(), 32 + 52, None, b"chopmark watermark " + ALG.encode()).derive(KEY.secret)
    check = hmac.digest(stream[:32], payload.to_bytes(8, "big"), "sha256")[:5]
    message = f"{payload:064b}" + "".join(f"{byte:08b}" for byte in check)
    mask = "".join(f"{byte:08b}" for byte in stream[32:])
    channel = [0] * 416
    for t in range(104):
        # The newest bit is the lowest of the register, the oldest (ten steps back, round the ring) its highest.
        register = sum(int(message[(t - age) % 104]) << age for age in range(11))
        for g, generator in enumerate((0o2327, 0o2353, 0o2671, 0o3175)):
            i = 4 * t + g
            channel[257 * i % 416] = (register & generator).bit_count() & 1
    expected = [bit ^ int(m) for bit, m in zip(channel, mask, strict=True)]

    assert CODE.encode(payload).tolist() == expected


@given(payload=st.integers(0, 2**64 - 1))
@settings(max_examples=40, deadline=None)
def test_every_payload_comes_back(payload):
    decoded = decode_soft([CODE], antipodal(CODE.encode(payload)))

    assert decoded is not None
    assert (decoded.payload, decoded.key_id, decoded.corrected_bits) == (payload, "one", 0)


@given(payload=st.integers(0, 2**64 - 1), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_one_bit_in_eight_may_be_wrong(payload, seed):
    channel = CODE.encode(payload)
    wrong = np.random.default_rng(seed).permutation(CHANNEL_BITS)[: CHANNEL_BITS // 8]
    channel[wrong] ^= 1

    decoded = decode_soft([CODE], antipodal(channel))

    assert decoded is not None
    assert decoded.payload == payload
    assert decoded.corrected_bits == len(wrong)


def test_half_of_the_bits_may_be_erased():
    soft = antipodal(CODE.encode(99))
    soft[:, ::2] = 0

    decoded = decode_soft([CODE], soft)

    assert decoded is not None
    assert decoded.payload == 99


def test_noise_as_strong_as_the_signal_is_mended():
    rng = np.random.default_rng(20)
    found = 0
    for payload in range(30):
        soft = antipodal(CODE.encode(payload)) + rng.normal(0, 1, CHANNEL_BITS).astype(np.float32)
        decoded = decode_soft([CODE], soft)
        found += decoded is not None and decoded.payload == payload

    assert found == 30


@given(payload=st.integers(0, 2**64 - 1))
@settings(max_examples=25, deadline=None)
def test_another_key_reads_nothing(payload):
    assert decode_soft([PayloadCode(OTHER, ALG)], antipodal(CODE.encode(payload))) is None


def test_another_scheme_under_the_same_key_reads_nothing():
    assert decode_soft([PayloadCode(KEY, "org.example.test.2")], antipodal(CODE.encode(5))) is None


def test_the_key_that_fits_is_named_among_several():
    codes = [PayloadCode(OTHER, ALG), CODE]

    decoded = decode_soft(codes, antipodal(CODE.encode(7)))

    assert decoded is not None
    assert decoded.key_id == "one"


def test_a_later_attempt_is_reached():
    attempts = np.random.default_rng(4).normal(0, 1, (20, CHANNEL_BITS)).astype(np.float32)
    attempts[17] = antipodal(CODE.encode(8))[0]

    decoded = decode_soft([PayloadCode(OTHER, ALG), CODE], attempts)

    assert decoded is not None
    assert decoded.payload == 8


@pytest.mark.parametrize("kind", ["noise", "zeros", "ones", "stripes"])
def test_nothing_is_found_where_nothing_is(kind):
    soft = {
        "noise": np.random.default_rng(1).normal(0, 1, (64, CHANNEL_BITS)),
        "zeros": np.zeros((1, CHANNEL_BITS)),
        "ones": np.ones((1, CHANNEL_BITS)),
        "stripes": np.tile([1.0, -1.0], CHANNEL_BITS // 2)[None],
    }[kind]

    assert decode_soft([CODE], soft.astype(np.float32)) is None


def test_the_bound_on_chance_is_what_the_check_gives():
    assert CHANCE_PER_ATTEMPT == 2.0**-40
    assert CHANCE_PER_ATTEMPT <= 2.0**-32


def test_short_checks_match_as_often_as_arithmetic_says():
    """The first 6 of the 40 check bits of what noise decodes to match about once in 64."""
    from provenance.watermarks.payload import CHECK_BITS, _viterbi

    rng = np.random.default_rng(3)
    noise = rng.normal(0, 1, (1024, CHANNEL_BITS)).astype(np.float32)
    matches = 0
    for start in range(0, 1024, 64):
        for message in _viterbi(CODE.unmask(noise[start : start + 64])):
            value = int.from_bytes(np.packbits(message).tobytes(), "big")
            payload, check = value >> CHECK_BITS, value & ((1 << CHECK_BITS) - 1)
            matches += check >> 34 == CODE._check(payload) >> 34

    # 16 expected; 4 and 36 lie beyond three standard deviations of a binomial(1024, 1/64).
    assert 4 <= matches <= 36


@pytest.mark.parametrize("payload", [-1, 2**64, 2**80])
def test_what_does_not_fit_is_refused(payload):
    with pytest.raises(PayloadTooLargeError):
        CODE.encode(payload)


def test_a_codeword_cannot_be_moved_to_another_payload():
    """With the code linear and the mask fixed, XOR forges a codeword; the keyed check must not hold for it."""
    known, wished = 0x01_00_00_00_00_00_00_01, 0x01_00_00_00_00_00_00_02
    unkeyed = PayloadCode(OTHER, ALG)
    forged = CODE.encode(known) ^ unkeyed.encode(known) ^ unkeyed.encode(wished)

    assert decode_soft([CODE], antipodal(forged)) is None
